package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"io"
	"os"
	"sync"
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
	target, err := openTarget(opts.Root, path)
	if err != nil {
		return err
	}
	defer target.close()
	d := &download{store: s, bucket: bucket, key: key, opts: opts, target: target}
	err = d.run(ctx)
	d.progress.end()
	if known := (*Error)(nil); errors.As(err, &known) {
		return err // of a request, which it names
	}
	return wrapError(op, bucket, key, err)
}

// A download is a DownloadFile under way.
type download struct {
	store       *Store
	bucket, key string
	opts        *DownloadOptions
	target      *target
	progress    *meter

	// What follows is for a download in ranges.
	size     int64
	etag     string
	file     *os.File
	writing  sync.Mutex
	partial  *partial // nil unless it can be resumed
	asked    chan struct{}
	checksum checksum.Sum // once asked is closed
	sums     []uint64     // of each range, where checksum is a CRC
}

func (d *download) run(ctx context.Context) error {
	if d.target.isDevice {
		return d.writeDevice(ctx)
	}
	if d.opts.Resume {
		resumed, err := d.resume(ctx)
		if resumed || err != nil {
			return err
		}
	}
	object, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }()
	if object.Size < 0 || object.ETag == "" || object.Length == object.Size {
		return d.copyWhole(object)
	}
	d.size, d.etag = object.Size, object.ETag
	if d.opts.Resume {
		d.partial, err = d.target.newPartial(journalHead{Bucket: d.bucket, Key: d.key, ETag: d.etag, Size: d.size})
		if err != nil {
			return err
		}
		return d.finishPartial(ctx, object)
	}
	temporary, err := d.target.create()
	if err != nil {
		return err
	}
	return d.target.replace(temporary, d.opts.Sync, func() error { return d.getRanges(ctx, temporary, object) }, d.done)
}

// open asks for the first range, which tells the size and the ETag too. Nothing
// is no range, and some servers know none.
func (d *download) open(ctx context.Context) (*Object, error) {
	opts := &GetOptions{Range: Range(0, rangeSize), IfMatch: d.opts.IfMatch}
	object, err := d.store.GetObject(ctx, d.bucket, d.key, opts)
	if errors.Is(err, ErrInvalidRange) || errors.Is(err, errIgnoredRange) {
		opts.Range = nil
		return d.store.GetObject(ctx, d.bucket, d.key, opts)
	}
	return object, err
}

// resume goes on with what an earlier download left, if that is still of use.
func (d *download) resume(ctx context.Context) (resumed bool, err error) {
	left, err := d.target.openPartial(d.bucket, d.key)
	if left == nil || err != nil {
		return false, err
	}
	info, sum, err := d.head(ctx, d.opts.IfMatch)
	if err != nil {
		return false, errors.Join(err, left.close())
	}
	if info.ETag != left.head.ETag || info.Size != left.head.Size {
		return false, left.discard()
	}
	d.partial, d.size, d.etag, d.checksum = left, info.Size, info.ETag, sum
	d.asked = make(chan struct{})
	close(d.asked)
	return true, d.finishPartial(ctx, nil)
}

// finishPartial gets what is missing, and leaves what came on an error that
// another attempt may not meet.
func (d *download) finishPartial(ctx context.Context, object *Object) error {
	err := d.getRanges(ctx, d.partial.file, object)
	if errors.Is(err, ErrChecksum) || errors.Is(err, ErrPrecondition) {
		return errors.Join(err, d.partial.discard())
	}
	if err != nil {
		return errors.Join(err, d.partial.close())
	}
	if err := d.partial.commit(d.target, d.opts.Sync); err != nil {
		return err
	}
	d.done()
	return nil
}

func (d *download) done() { d.progress.finish(d.size) }

// copyWhole writes an object that came, or only can come, in one answer.
func (d *download) copyWhole(object *Object) error {
	d.size = object.Length
	d.progress = newMeter(d.opts.Progress, object.Length)
	temporary, err := d.target.create()
	if err != nil {
		return err
	}
	return d.target.replace(temporary, d.opts.Sync, func() error {
		n, err := d.copyTo(temporary, object.Body)
		if err == nil && object.Length >= 0 && n != object.Length {
			err = fmt.Errorf("%d bytes came instead of %d: %w", n, object.Length, io.ErrUnexpectedEOF)
		}
		d.size = n
		return err
	}, d.done)
}

func (d *download) copyTo(file *os.File, body io.Reader) (int64, error) {
	// Without its ReaderFrom, the file takes the buffer, which is larger than its own.
	return io.CopyBuffer(struct{ io.Writer }{file}, &meteredReader{body, d.progress}, make([]byte, copySize))
}

// writeDevice has no bytes to keep and none to take back.
func (d *download) writeDevice(ctx context.Context) error {
	object, err := d.store.GetObject(ctx, d.bucket, d.key, &GetOptions{IfMatch: d.opts.IfMatch})
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }()
	d.progress = newMeter(d.opts.Progress, object.Length)
	file, err := os.OpenFile(d.target.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if d.size, err = d.copyTo(file, object.Body); err != nil {
		return errors.Join(err, file.Close())
	}
	d.done()
	return file.Close()
}

// meteredReader counts what is read.
type meteredReader struct {
	io.Reader
	progress *meter
}

// Read counts what it gives.
func (r *meteredReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.progress.add(int64(n))
	return n, err
}
