// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"io"
	"iter"
	"maps"
	"time"

	"github.com/lithops-go/lithopss3/internal/proof"
)

// Storage is the interface of an object store: what Lithops' Storage class demands of
// a backend. *Store implements it for S3; package storagetest tests any other
// implementation. All methods are safe for concurrent use, and an object that is put, replaced
// or deleted is so for every call that begins afterwards. What a method was given (a body, keys,
// maps, options) and what it returned is the caller's once it has returned, also before it
// ranges over a listing. With a context that is done, a method returns the context's error and
// changes nothing.
//
// Everything else is a function that takes a Storage, or a method of *Store, because a
// new method here would break other implementations.
type Storage interface {
	// PutObject stores all of body under key, replacing what is there with its metadata. A nil
	// body is an empty one. If body fails, PutObject returns its error and stores nothing. Of
	// several puts at once with the same IfAbsent or IfMatch, one succeeds.
	PutObject(ctx context.Context, bucket, key string, body io.Reader, opts *PutOptions) error
	// GetObject opens an object; the caller closes its Body. A missing one is fs.ErrNotExist,
	// and no other error is.
	GetObject(ctx context.Context, bucket, key string, opts *GetOptions) (*Object, error)
	// HeadObject describes an object, as GetObject does. A missing one is fs.ErrNotExist.
	HeadObject(ctx context.Context, bucket, key string) (*ObjectInfo, error)
	// DeleteObjects deletes any number of keys. A missing key is no error. Keys that
	// could not be deleted are in a *DeleteError, and all others are deleted. After any other
	// error, or one next to it, no key is known to be deleted.
	DeleteObjects(ctx context.Context, bucket string, keys []string) error
	// ListObjects yields objects in the order of their keys' UTF-8 bytes, with the size, ETag
	// and time that HeadObject gives. The first error ends the sequence. Each range over the
	// sequence lists anew.
	ListObjects(ctx context.Context, bucket string, opts *ListOptions) iter.Seq2[ObjectInfo, error]
	// HeadBucket returns nil if the bucket exists and may be used; otherwise
	// fs.ErrNotExist or fs.ErrPermission.
	HeadBucket(ctx context.Context, bucket string) error
	// CreateBucket creates a bucket. It is no error if the caller has it already, and its
	// objects stay; if another account has it, it is ErrNotOwner.
	CreateBucket(ctx context.Context, bucket string) error
}

// ObjectInfo describes an object, or, in a listing with a delimiter, a common prefix.
type ObjectInfo struct {
	Key          string
	Size         int64 // in bytes
	ETag         string
	LastModified time.Time

	// ContentType and Metadata are known after GetObject and HeadObject, not
	// from a listing.
	ContentType string
	Metadata    map[string]string
	// VersionID is the object's version in a bucket that keeps versions, else empty. It
	// is known after GetObject and HeadObject, and from [Store.ListVersions], where it is
	// "null" for an object that was stored while the bucket kept none.
	VersionID string

	// IsPrefix marks a common prefix: Key is the prefix up to and with the
	// delimiter, everything else is zero.
	IsPrefix bool
}

// An Object is an open object.
type Object struct {
	ObjectInfo
	// Body yields the object's bytes, or those of the range asked for. They are of one object:
	// if that is replaced or deleted, reading on yields the rest of it or fails. The caller
	// closes Body, at any time; to close it again is no error, and to read then is ErrClosed.
	// It is not safe for concurrent use. The Body of a *Store is an io.WriterTo, which io.Copy
	// uses.
	Body io.ReadCloser
	// Offset and Length say which part of the object Body yields, in bytes. Length and Size
	// are -1 if the server does not say.
	Offset, Length int64
}

// PutOptions are the options of PutObject; nil is the zero value.
type PutOptions struct {
	// ContentType is the content type. Empty sends none, as Python Lithops does; S3
	// then answers binary/octet-stream.
	ContentType string
	// Metadata is stored with the object: US-ASCII, 2 KiB in all. S3 returns the names in
	// small letters, and the values without spaces around them.
	Metadata map[string]string
	// IfAbsent stores only if there is no object yet; otherwise ErrPrecondition. If the
	// response is lost, an object with identical bytes is taken for this call's own. If
	// you use IfAbsent as a lock, store a unique value.
	IfAbsent bool
	// IfMatch stores only over the object with this ETag, else ErrPrecondition. If there is no
	// object, it is fs.ErrNotExist or ErrPrecondition.
	IfMatch string
	// StorageClass is S3's name of a class, such as "STANDARD_IA"; empty is the bucket's
	// default.
	StorageClass string
	// ServerSideEncryption is how the server encrypts: "AES256", "aws:kms" or
	// "aws:kms:dsse". Empty is the bucket's default, or "aws:kms" with an SSEKMSKeyID.
	ServerSideEncryption string
	// SSEKMSKeyID is the ID, ARN or alias of the key in KMS; empty is the bucket's.
	SSEKMSKeyID string
	// SSECustomerKey is an AES-256 key of 32 bytes, not encoded, that the server encrypts
	// with and does not keep (SSE-C). The same key is needed to read the object. It is
	// sent over https only, except to loopback.
	SSECustomerKey Secret
	// Tags are the object's tags, at most 10.
	Tags map[string]string
	// CacheControl, ContentEncoding and ContentDisposition are the headers of these
	// names that the server sends with the object.
	CacheControl, ContentEncoding, ContentDisposition string
	// Parallel is how many parts of a body are sent at once, each with a connection: at most
	// 10,000. 0 is 24, and 8 of a body that can be read only once, such as a pipe, whose parts of
	// 5 MiB are held in memory until they are sent. With 16 or more, its parts are of 8 MiB: 24
	// need 192 MiB. Other Storages may ignore it.
	Parallel int
	// Progress is called with the number of bytes that were sent: at most once for each
	// 256 KiB, never concurrently, and a last time with all of them when the object is
	// stored. It must not block. May be nil.
	Progress func(Progress)
}

// clone returns a copy that shares nothing that the caller may change; nil stays nil.
func (o *PutOptions) clone() *PutOptions {
	if o == nil {
		return nil
	}
	own := *o
	own.Metadata, own.Tags = maps.Clone(o.Metadata), maps.Clone(o.Tags)
	return &own
}

// GetOptions are the options of GetObject; nil is the zero value.
type GetOptions struct {
	// Range is the part to get, nil for all. See [Range] and [RangeFrom].
	Range *ByteRange
	// IfMatch gets only the object with this ETag, else ErrPrecondition.
	IfMatch string
	// IfNoneMatch gets unless the object has this ETag, else ErrNotModified.
	IfNoneMatch string
	// IfModifiedSince gets only what changed after this time (to the second), else ErrNotModified.
	IfModifiedSince time.Time
	// IfUnmodifiedSince gets only what did not change after this time (to the second), else ErrPrecondition.
	IfUnmodifiedSince time.Time
	// VersionID is the version to get; empty is the latest.
	VersionID string
	// SSECustomerKey is the key that the object was put with, see [PutOptions].
	SSECustomerKey Secret
	// Parallel is how many ranges of 8 MiB the Body of a *Store reads ahead at once, each
	// with a connection and 8 MiB of memory of its own; 7 need 57 MiB. 1 is one connection
	// and no memory.
	//
	// 0 begins with one connection. If there are 32 MiB or more to read, ranges of 2 MiB are
	// read ahead once the caller has read 4 MiB: four at once, and 32 if the caller reads
	// faster than they come. If each response to the Store's gets took more than 10 ms so far,
	// 12 MiB are enough. Ranges need a request each, and up to 28 MiB of memory, which all
	// bodies of a Store share: if it is in use, a body stays with one connection. So it
	// does if the server gives no strong ETag, or the first range does not come, and as long
	// as the connection gives 512 MiB a second.
	//
	// The bytes come in order, all of one version of the object, and are compared with the
	// object's checksum in the end. Other Storages may ignore it.
	Parallel int
}

// ListOptions are the options of ListObjects; nil is the zero value.
type ListOptions struct {
	// Prefix selects the keys that begin with it.
	Prefix string
	// StartAfter is the key after which to begin; it need not exist.
	StartAfter string
	// Delimiter, usually "/", folds keys that have it after the prefix into one entry
	// with IsPrefix.
	Delimiter string
	// Match is a pattern that the keys must match: Lithops' glob, see [CompileGlob].
	Match string
	// PageSize is how many keys to ask for at once; 0 is the most that S3 gives, 1,000.
	PageSize int
	// Parallel is how many requests to make at once; 0 and 1 are one after the other, and
	// less is an error. The keys and their order are the same. It is faster from a few
	// thousand keys on, and makes up to a fifth more requests and a handful. For each
	// request in flight, up to 7 pages of some 200 KB are in memory. A listing with a
	// Delimiter, and that of a directory bucket, stays sequential. So does one from a server
	// on the same machine, with 3 pages requested ahead, because more requests at once would
	// only wait for each other. A Storage other than *Store may ignore it.
	Parallel int
}

// clone returns a copy; nil is the zero value.
func (o *ListOptions) clone() *ListOptions {
	if o == nil {
		return &ListOptions{}
	}
	own := *o
	return &own
}

// A ByteRange is a part of an object, in bytes. [Range], [RangeFrom] and
// [RangeLast] make one.
type ByteRange struct {
	// Offset is where the range begins; below 0, it counts from the object's end.
	Offset int64
	// Length is how many bytes; below 0, all to the object's end.
	Length int64
}

// hasHeader reports whether HTTP can express the range: it has no empty one, and none whose
// begin and length count from the end.
func (r *ByteRange) hasHeader() bool { return r.Length < 0 || r.Length > 0 && r.Offset >= 0 }

// wire returns the range as a request has it.
func (r *ByteRange) wire() proof.Range { return proof.Range{Offset: r.Offset, Length: r.Length} }

// Range returns the range of length bytes from offset on. A range that exceeds the
// object's end is cut there; one that begins after it is ErrInvalidRange.
func Range(offset, length int64) *ByteRange { return &ByteRange{Offset: offset, Length: length} }

// RangeFrom returns the range of all bytes from offset on.
func RangeFrom(offset int64) *ByteRange { return &ByteRange{Offset: offset, Length: -1} }

// RangeLast returns the range of the last n bytes, or of all bytes of a shorter object.
func RangeLast(n int64) *ByteRange {
	if n <= 0 {
		return &ByteRange{}
	}
	return &ByteRange{Offset: -n, Length: -1}
}

// Progress is how far a transfer has come.
type Progress struct {
	// Done is how many bytes were sent, or received and written. It never falls:
	// what a retry sends again does not count again.
	Done int64
	// Total is how many bytes there are, -1 where that is not known yet.
	Total int64
}

// reportTo adapts a callback of the public type; nil stays nil.
func reportTo(report func(Progress)) func(done, total int64) {
	if report == nil {
		return nil
	}
	return func(done, total int64) { report(Progress{Done: done, Total: total}) }
}
