// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/download"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/upload"
)

// DownloadOptions are the options of DownloadFile; nil is the zero value.
type DownloadOptions struct {
	// Root is the folder that path is below. Nothing is written outside of it,
	// wherever symbolic links lead. Nil allows any folder; see [LocalPath] for paths
	// that are made of keys.
	Root *os.Root
	// IfMatch downloads only the object with this ETag, else ErrPrecondition.
	IfMatch string
	// VersionID is the version to download; empty is the latest.
	VersionID string
	// SSECustomerKey is the key that the object was put with, see [PutOptions].
	SSECustomerKey Secret
	// Resume resumes an interrupted download, and keeps partial data if this one
	// fails or its process is killed: in a file .NAME.lithops-s3.part and a journal
	// .NAME.lithops-s3.journal next to it. Such files are used only if this user wrote
	// them and the object is unchanged. Bytes that neither a checksum nor an MD5 ETag
	// of the server proves are downloaded again. If a file of the user's has the
	// journal's name, the download is not resumable.
	Resume bool
	// Sync writes the file to the disk before it replaces what was at path, which takes
	// as long as the disk does. Without it, the file survives a crash of the process,
	// but in some file systems not one of the machine in the seconds after.
	Sync bool
	// Size is the object's size in bytes if it is known, as from a listing, and else 0. An
	// object of at most 8 MiB then takes one request. If the size is wrong, the file is the
	// object all the same.
	Size int64
	// ModTime is the file's time of modification, if it is not zero. The file has it from the
	// moment that it is at path. A device or a pipe has none. If the file system refuses the
	// time, the file is there and the error says so.
	ModTime time.Time
	// Progress is called with the number of bytes written: at most once for each
	// 256 KiB, never concurrently, and a last time with all of them when the file is in
	// place. It must not block. May be nil. If it panics, the download fails, and
	// DownloadFile panics with the same value.
	Progress func(Progress)

	files *partfile.Files // see Together
	moves bool            // the object is deleted afterwards
}

// Together returns options for downloads of several objects. Downloads with copies of
// them don't replace each other's file: if the file system takes two paths for one file
// ("a" and "A", two forms of "é", a linked folder), the second download fails with
// ErrUnsafeKey and leaves the first one's bytes. A path that is downloaded to again is
// replaced, as are files that were there before.
func (o DownloadOptions) Together() DownloadOptions {
	o.files = &partfile.Files{}
	return o
}

// DownloadFile downloads an object into the file at path. It replaces the file once
// all bytes are there and have the object's checksum, if the server keeps one of the
// whole object. On any error the file at path stays as it was, and only
// DownloadOptions.Resume leaves partial data next to it. A file that is replaced keeps its
// permissions. The folder must exist. A device or a pipe at path receives the bytes as they
// arrive. A path such as /dev/fd/3 that stands for a regular file is an error.
//
// An object of at most 8 MiB takes one request, and a HEAD for the checksum if neither
// DownloadOptions.Size is known nor the answer to a range has one. A larger one is downloaded
// in ranges of 8 MiB, 24 at once, with 256 KiB of memory each, and a HEAD for the checksum. If the first response
// came within 10 ms, and as long as the connection gives 256 MiB a second for each processor
// (GOMAXPROCS), the rest comes in one range. If the server
// gives no strong ETag, the object is read with one GET, because ranges could come from
// two versions.
//
// If the object is replaced during the download, the error is ErrPrecondition. Wrong bytes are
// ErrChecksum, and a missing object is fs.ErrNotExist. Errors of the file system can be
// found with errors.Is and errors.As.
func (s *Store) DownloadFile(ctx context.Context, bucket, key, path string, opts *DownloadOptions) error {
	const op = "DownloadFile"
	if err := checkNames(op, bucket, key); err != nil {
		return err
	}
	if opts == nil {
		opts = &DownloadOptions{}
	}
	target, err := partfile.Open(opts.Root, path)
	if err != nil {
		return err
	}
	defer target.Close()
	if opts.moves && target.IsDevice() {
		return wrapError(op, bucket, key, fmt.Errorf("%s keeps no bytes, so that the object would be lost: %w", path, partfile.ErrNotRegular))
	}
	target.Share(opts.files)
	target.Stamp(opts.ModTime)
	source := &downloadSource{store: s, bucket: bucket, key: key, opts: GetOptions{
		IfMatch: opts.IfMatch, VersionID: opts.VersionID, SSECustomerKey: opts.SSECustomerKey,
	}}
	err = download.File(ctx, source, target, download.Options{
		Bucket: bucket, Key: key, ETag: opts.IfMatch, Resume: opts.Resume, Sync: opts.Sync, Progress: reportTo(opts.Progress),
		Size: opts.Size, Fast: s.pace.fastFile(), Scale: s.pace.scale,
	})
	if errors.Is(err, download.ErrChanged) && !errors.Is(err, ErrPrecondition) {
		err = fmt.Errorf("%w (%w)", err, ErrPrecondition)
	}
	if errors.Is(err, partfile.ErrOneFile) {
		err = fmt.Errorf("%w: %w", ErrUnsafeKey, err)
	}
	if known := (*Error)(nil); errors.As(err, &known) {
		return err // of a request, which it names
	}
	return wrapError(op, bucket, key, err)
}

// MoveToFile downloads an object as DownloadFile does, writes the file through to the
// disk, and deletes the object: only the version that was downloaded, and only if it is
// still there unchanged. With opts.VersionID it deletes that version.
//
// At no time is the object in neither place. If it was replaced meanwhile, it stays, the
// error is ErrPrecondition, and the file may be there too. A server must give strong
// ETags; if it gives none, nothing is downloaded. A device or a pipe at path is an error.
// The other errors are those of DownloadFile. It is safe for concurrent use.
func (s *Store) MoveToFile(ctx context.Context, bucket, key, path string, opts *DownloadOptions) error {
	const op = "MoveToFile"
	if err := checkNames(op, bucket, key); err != nil {
		return err
	}
	if opts == nil {
		opts = &DownloadOptions{}
	}
	source := GetOptions{IfMatch: opts.IfMatch, VersionID: opts.VersionID, SSECustomerKey: opts.SSECustomerKey}
	found, err := s.head(ctx, bucket, key, &source, s.client.HeadObject)
	if err != nil {
		return wrapError(op, bucket, key, err)
	}
	if err := checkMovable(found); err != nil {
		return wrapError(op, bucket, key, err)
	}
	if err := s.DownloadFile(ctx, bucket, key, path, opts.toMove(found)); err != nil {
		return err
	}
	if err := s.deleteUnchanged(ctx, bucket, key, found, source); err != nil {
		return fmt.Errorf("the file is there, and the object was not deleted: %w", wrapError(op, bucket, key, err))
	}
	return nil
}

// toMove returns the options for the object that was found, which is deleted once the file
// survives a loss of power.
func (o DownloadOptions) toMove(found *s3.HeadObjectOutput) *DownloadOptions {
	o.IfMatch, o.Size, o.Sync, o.moves = aws.ToString(found.ETag), aws.ToInt64(found.ContentLength), true, true
	return &o
}

// maxObjectSize is larger than any object in S3, which has at most 50 TB.
const maxObjectSize = 64 << 40

// A downloadSource is the object of a Store that is downloaded.
type downloadSource struct {
	store       *Store
	bucket, key string
	opts        GetOptions // of the caller
}

// pinned returns the caller's options, for the object with this ETag.
func (o *downloadSource) pinned(etag string) *GetOptions {
	opts := o.opts
	opts.IfMatch = etag
	return &opts
}

// Get opens a range of the object. It opens all of it if the server has no ranges, or if
// the object is empty.
func (o *downloadSource) Get(ctx context.Context, r download.Range) (*download.Answer, error) {
	opts := o.pinned(r.ETag)
	if r.Length >= 0 {
		opts.Range, opts.Parallel = Range(r.Offset, r.Length), 1 // package download measures the connection
	}
	object, err := o.store.GetObject(ctx, o.bucket, o.key, opts)
	if r.Offset == 0 && opts.Range != nil && (errors.Is(err, ErrInvalidRange) || errors.Is(err, proof.ErrIgnoredRange)) {
		opts.Range = nil
		object, err = o.store.GetObject(ctx, o.bucket, o.key, opts)
	}
	if err != nil {
		if r.Offset > 0 || r.ETag != o.opts.IfMatch {
			err = explainChange(err)
		}
		return nil, err
	}
	if object.Size > maxObjectSize {
		_ = object.Body.Close()
		return nil, fmt.Errorf("the server says that the object has %d bytes: %w", object.Size, ErrTooLarge)
	}
	reader, ok := object.Body.(*objectReader)
	isCompared := ok && reader.hash != nil
	return &download.Answer{
		Body: object.Body, Length: object.Length, Size: object.Size, ETag: object.ETag,
		MayHaveSum: opts.Range != nil && !isCompared && o.store.validatesChecksums(),
	}, nil
}

// Head describes the object, with the checksum of all its bytes.
func (o *downloadSource) Head(ctx context.Context, etag string) (download.Info, error) {
	out, err := o.store.head(ctx, o.bucket, o.key, o.pinned(etag), o.store.client.HeadObject, o.store.askChecksum)
	if err != nil {
		return download.Info{}, wrapError("HeadObject", o.bucket, o.key, err)
	}
	info := download.Info{Size: aws.ToInt64(out.ContentLength), ETag: aws.ToString(out.ETag)}
	if o.store.validatesChecksums() {
		info.Sum = upload.HeadChecksum(out)
	}
	return info, nil
}
