package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/download"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/proof"
)

// DownloadOptions are the options of DownloadFile; nil is the zero value.
type DownloadOptions struct {
	// Root is the folder that path is below, and that nothing is written outside
	// of, wherever symbolic links lead. Nil is any folder; see [LocalPath] for
	// paths that are made of keys.
	Root *os.Root
	// IfMatch gets only the object with this ETag, else ErrPrecondition.
	IfMatch string
	// Resume leaves what came beside path if the download fails or the process is
	// killed, in a file .NAME.lithops-s3.part and its journal, and goes on from
	// there where it finds such files of the same object, unchanged since.
	Resume bool
	// Sync has the file on the disk, and not only in the system's memory, before
	// what was at path is replaced. It costs as long as the disk takes to write.
	// Without it the file is safe from a crash of the process, but in some file
	// systems not from one of the machine in the seconds after.
	Sync bool
	// Progress hears how many bytes were written: at most once for each 256 KiB,
	// never twice at a time, and last, once the file is in place, that all were. It
	// should return soon. Nil is nobody.
	Progress func(Progress)
}

// DownloadFile gets an object into the file at path, which it replaces once all
// bytes are there and compared with the object's checksum, where the server has
// one of the whole: until then, and on any error, what was at path stays, and
// nothing else is left behind, unless by Resume. A file that is replaced keeps
// its permissions. The folder must be there. A path that is a device or a pipe is
// written to from the first byte on.
//
// An object of at most 8 MiB is one request. A larger one comes in ranges of 8 MiB,
// 24 at once, with 256 KiB of memory each, and a HEAD beside them asks for the
// checksum. If the object is replaced meanwhile, it is ErrPrecondition; bytes
// other than promised are ErrChecksum, a missing object fs.ErrNotExist. Errors of
// the file system are what errors.Is and errors.As find in them.
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
	source := &downloadSource{store: s, bucket: bucket, key: key, ifMatch: opts.IfMatch}
	err = download.File(ctx, source, target, download.Options{
		Bucket: bucket, Key: key, ETag: opts.IfMatch, Resume: opts.Resume, Sync: opts.Sync, Progress: reportTo(opts.Progress),
	})
	if errors.Is(err, download.ErrChanged) && !errors.Is(err, ErrPrecondition) {
		err = fmt.Errorf("%w (%w)", err, ErrPrecondition)
	}
	if known := (*Error)(nil); errors.As(err, &known) {
		return err // of a request, which it names
	}
	return wrapError(op, bucket, key, err)
}

// maxObjectSize is beyond the 50 TB that S3 stores.
const maxObjectSize = 64 << 40

// An downloadSource is the object of a Store that is downloaded.
type downloadSource struct {
	store       *Store
	bucket, key string
	ifMatch     string // of the caller
}

// Get opens a range of the object, or all of it where the server knows no ranges or
// the object has no bytes, and so no first ones.
func (o *downloadSource) Get(ctx context.Context, r download.Range) (*download.Answer, error) {
	opts := &GetOptions{IfMatch: r.ETag}
	if r.Length >= 0 {
		opts.Range = Range(r.Offset, r.Length)
	}
	object, err := o.store.GetObject(ctx, o.bucket, o.key, opts)
	if r.Offset == 0 && opts.Range != nil && (errors.Is(err, ErrInvalidRange) || errors.Is(err, proof.ErrIgnoredRange)) {
		opts.Range = nil
		object, err = o.store.GetObject(ctx, o.bucket, o.key, opts)
	}
	if err != nil {
		if r.Offset > 0 || r.ETag != o.ifMatch {
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
	out, err := call(ctx, o.store, o.bucket, &s3.HeadObjectInput{
		Bucket: &o.bucket, Key: &o.key, ExpectedBucketOwner: o.store.expectedOwner(o.bucket), IfMatch: ifMatchOfRead(etag),
	}, o.store.client.HeadObject, o.store.askChecksum)
	if err == nil {
		err = errors.Join(checkETag(etag, out.ETag), checkLength(out))
	}
	if err != nil {
		return download.Info{}, wrapError("HeadObject", o.bucket, o.key, err)
	}
	info := download.Info{Size: aws.ToInt64(out.ContentLength), ETag: aws.ToString(out.ETag)}
	if o.store.validatesChecksums() {
		info.Sum = headChecksum(out)
	}
	return info, nil
}
