package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/checksum"
)

const (
	// rangeSize is how many bytes one request of a download gets, rangesAtOnce how
	// many requests there are at a time.
	rangeSize    = 8 << 20
	rangesAtOnce = 24
	// copySize is each of these requests' memory.
	copySize = 256 << 10
	// maxObjectSize is beyond the 50 TB that S3 stores.
	maxObjectSize = 64 << 40
)

// getRanges gets all ranges that are not there into file, several at once. The
// first error ends the others and is returned. object, if there is one, is the
// answer to the first range.
func (d *download) getRanges(ctx context.Context, file *os.File, object *Object) error {
	if d.size > maxObjectSize {
		return fmt.Errorf("the server says that the object has %d bytes: %w", d.size, ErrTooLarge)
	}
	d.file, d.sums = file, make([]uint64, (d.size+rangeSize-1)/rangeSize)
	d.progress = newMeter(d.opts.Progress, d.size)
	if err := file.Truncate(d.size); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	if d.asked == nil {
		d.asked = make(chan struct{})
		group.Go(func() { d.askWhole(ctx) })
	}
	var next atomic.Int64
	for range min(rangesAtOnce, len(d.sums)) {
		group.Go(func() {
			buffer := make([]byte, copySize)
			for ctx.Err() == nil {
				index := int(next.Add(1) - 1)
				if index >= len(d.sums) {
					return
				}
				opened := object
				if index != 0 {
					opened = nil
				}
				if err := d.getRange(ctx, index, opened, buffer); err != nil {
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return d.verify()
}

// askWhole asks for the checksum of the whole, which comes with no range. Where
// it can't be had, lengths must do.
func (d *download) askWhole(ctx context.Context) {
	defer close(d.asked)
	if !d.store.validatesChecksums() {
		return
	}
	if _, sum, err := d.head(ctx, d.etag); err == nil {
		d.checksum = sum
	}
}

func (d *download) head(ctx context.Context, ifMatch string) (ObjectInfo, checksum.Sum, error) {
	out, err := call(ctx, d.store, d.bucket, &s3.HeadObjectInput{
		Bucket: &d.bucket, Key: &d.key, ExpectedBucketOwner: d.store.expectedOwner(d.bucket), IfMatch: quoteETag(ifMatch),
	}, d.store.client.HeadObject, d.store.askChecksum)
	if err != nil {
		return ObjectInfo{}, checksum.Sum{}, err
	}
	if err := checkLength(out); err != nil {
		return ObjectInfo{}, checksum.Sum{}, err
	}
	info := ObjectInfo{Size: aws.ToInt64(out.ContentLength), ETag: aws.ToString(out.ETag)}
	return info, headChecksum(out), nil
}

// getRange gets one range, from where an earlier download left it.
func (d *download) getRange(ctx context.Context, index int, object *Object, buffer []byte) error {
	offset := int64(index) * rangeSize
	end := min(offset+rangeSize, d.size)
	sums := &rangeSums{}
	if left := d.partial.left(index); left.Bytes > 0 {
		if err := d.waitForChecksum(ctx, sums); err != nil {
			return err
		}
		kept, err := d.keep(left, sums, buffer)
		if err != nil {
			return err
		}
		offset += kept
	}
	if offset < end {
		if err := d.fetch(ctx, index, offset, end, object, sums, buffer); err != nil {
			return err
		}
	}
	if sums.whole != nil {
		d.sums[index] = d.checksum.Kind.Value(sums.whole.Sum(nil))
	}
	return nil
}

// waitForChecksum waits until the kind of the checksum is known. It mostly is:
// the HEAD is sent with the ranges, and nothing waits to be sent for it.
func (d *download) waitForChecksum(ctx context.Context, sums *rangeSums) error {
	select {
	case <-d.asked:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	sums.begin(d.checksum.Kind, d.partial != nil)
	return nil
}

// fetch gets the bytes from offset to end, and notes what came.
func (d *download) fetch(ctx context.Context, index int, offset, end int64, object *Object, sums *rangeSums, buffer []byte) (err error) {
	if object == nil {
		if object, err = d.store.GetObject(ctx, d.bucket, d.key, &GetOptions{Range: Range(offset, end-offset), IfMatch: d.etag}); err != nil {
			return explainChange(err)
		}
		defer func() { _ = object.Body.Close() }()
	}
	if object.Size != d.size || object.ETag != d.etag || object.Length != end-offset {
		return fmt.Errorf("%w: a range of %d bytes of %s came, not %d of %s", errChanged, object.Length, object.ETag, end-offset, d.etag)
	}
	if !sums.begun {
		if err := d.waitForChecksum(ctx, sums); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, d.partial.note(index, sums)) }()
	for offset < end {
		n, readErr := object.Body.Read(buffer[:min(int64(len(buffer)), end-offset)])
		if err := d.write(buffer[:n], offset); err != nil {
			return err
		}
		_, _ = sums.Write(buffer[:n])
		offset += int64(n)
		d.progress.add(int64(n))
		if err := d.partial.noteSome(index, sums); err != nil {
			return err
		}
		if readErr != nil && offset < end {
			return fmt.Errorf("at byte %d of %d: %w", offset, d.size, readErr)
		}
	}
	return nil
}

// write writes in turn: the system locks a file for each write, and who waits for
// that lock burns CPU.
func (d *download) write(p []byte, offset int64) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	_, err := d.file.WriteAt(p, offset)
	return err
}

// keep reads what the journal says is there, and tells how much of it is.
func (d *download) keep(left journalEntry, sums *rangeSums, buffer []byte) (int64, error) {
	section := io.NewSectionReader(d.file, left.At, left.Bytes)
	n, err := io.CopyBuffer(sums, section, buffer)
	if err != nil {
		return 0, err
	}
	if n != left.Bytes || sums.crc.Sum32() != uint32(left.CRC32) {
		sums.begin(d.checksum.Kind, true) // the disk has something else
		return 0, nil
	}
	d.progress.add(n)
	return n, nil
}

// verify compares the whole with the server's checksum.
func (d *download) verify() error {
	kind := d.checksum.Kind
	switch {
	case kind == nil:
		return nil
	case !kind.CanCombine(): // no CRC, so that the parts of the sum are of no use
		sum := kind.New()
		if _, err := io.Copy(sum, io.NewSectionReader(d.file, 0, d.size)); err != nil {
			return err
		}
		return d.checksum.Compare(sum.Sum(nil))
	}
	total := uint64(0)
	for index, sum := range d.sums {
		offset := int64(index) * rangeSize
		total = kind.Combine(total, sum, min(rangeSize, d.size-offset))
	}
	return d.checksum.Compare(kind.Bytes(total))
}

// rangeSums are the running checksums of a range: for the comparison with the
// server's, and for the journal.
type rangeSums struct {
	begun bool
	bytes int64
	whole hash.Hash   // nil where the server has no CRC
	crc   hash.Hash32 // nil where there is no journal
	same  bool        // both are one
}

func (s *rangeSums) begin(kind *checksum.Kind, journal bool) {
	*s = rangeSums{begun: true}
	if kind != nil && kind.CanCombine() {
		s.whole = kind.New()
	}
	if !journal {
		return
	}
	if crc, ok := s.whole.(hash.Hash32); ok && kind == checksum.CRC32 {
		s.crc, s.same = crc, true
		return
	}
	s.crc = crc32.NewIEEE()
}

// Write adds the next bytes of the range.
func (s *rangeSums) Write(p []byte) (int, error) {
	s.bytes += int64(len(p))
	if s.whole != nil {
		_, _ = s.whole.Write(p)
	}
	if s.crc != nil && !s.same {
		_, _ = s.crc.Write(p)
	}
	return len(p), nil
}
