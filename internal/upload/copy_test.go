// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A copyingS3 is a fakeS3 that copies from one object.
type copyingS3 struct {
	*fakeS3
	source []byte
	noSums bool

	copies   []*s3.CopyObjectInput
	large    []bool       // of the copies
	onCopy   func() error // after it was copied
	onSource func(in *s3.UploadPartCopyInput) error
	flip     bool
	wholeSum bool // parts get the checksum of the source
}

func (c *copyingS3) CopyObject(_ context.Context, in *s3.CopyObjectInput, isLarge bool) (*s3.CopyObjectOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.copies, c.large = append(c.copies, in), append(c.large, isLarge)
	if c.onCopy != nil {
		if err := c.onCopy(); err != nil {
			return nil, err
		}
	}
	c.stored, c.isThere = c.source, true
	return &s3.CopyObjectOutput{CopyObjectResult: &types.CopyObjectResult{ETag: aws.String(etagOf(c.source))}}, nil
}

func (c *copyingS3) UploadPartCopy(_ context.Context, in *s3.UploadPartCopyInput) (*s3.UploadPartCopyOutput, error) {
	if c.onSource != nil {
		if err := c.onSource(in); err != nil {
			return nil, err
		}
	}
	var first, last int
	if _, err := fmt.Sscanf(*in.CopySourceRange, "bytes=%d-%d", &first, &last); err != nil {
		return nil, err
	}
	data := bytes.Clone(c.source[first : last+1])
	if c.flip {
		data[0]++
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	parts, ok := c.uploads[*in.UploadId]
	if !ok {
		return nil, &failedRequest{Text: "gone", Status: 404, Code: "NoSuchUpload", Attempts: 1}
	}
	parts[*in.PartNumber] = data
	result := &types.CopyPartResult{ETag: aws.String(etagOf(data))}
	if !c.noSums {
		result.ChecksumCRC32 = aws.String(checksum.EncodeCRC32(crc32.ChecksumIEEE(data)))
	}
	if c.wholeSum {
		result.ChecksumCRC32 = aws.String(checksum.EncodeCRC32(crc32.ChecksumIEEE(c.source)))
	}
	return &s3.UploadPartCopyOutput{CopyPartResult: result}, nil
}

// TestCopyWithChecksumsOfTheWhole copies without checksums from a server that gives each
// part the checksum of the whole source.
func TestCopyWithChecksumsOfTheWhole(t *testing.T) {
	t.Parallel()
	fake := newCopyingS3()
	fake.wholeSum = true
	opts := options()
	opts.Algorithm = types.ChecksumAlgorithmCrc32
	var last int64
	opts.Progress = func(done, _ int64) { last = done }
	_, err := Copy(t.Context(), fake, fake.describe(), opts, 300)
	require.NoError(t, err)
	assert.Equal(t, fake.source, fake.stored)
	assert.Equal(t, int64(len(fake.source)), last)
	assert.Empty(t, fake.uploads)
}

// TestCopyWithChecksumsOfTheWholeKeepsErrors holds that a part's own error is returned
// where the server's checksums are wrong too, in whichever order they come.
func TestCopyWithChecksumsOfTheWholeKeepsErrors(t *testing.T) {
	t.Parallel()
	for _, first := range []int32{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			fake := newCopyingS3()
			fake.wholeSum = true
			refused := errors.New("refused")
			var isDone atomic.Bool
			fake.onSource = func(in *s3.UploadPartCopyInput) error {
				if *in.PartNumber != first {
					time.Sleep(time.Second) // of the bubble
				}
				if *in.PartNumber == 2 && !isDone.Swap(true) {
					return refused
				}
				return nil
			}
			opts := options()
			opts.Algorithm = types.ChecksumAlgorithmCrc32
			_, err := Copy(t.Context(), fake, fake.describe(), opts, 500)
			require.ErrorIs(t, err, refused)
			assert.Empty(t, fake.uploads)
		})
	}
}

// TestCopiedPartsAtOnce checks how many parts are copied at once.
func TestCopiedPartsAtOnce(t *testing.T) {
	t.Parallel()
	for atOnce, want := range map[int]int64{0: 10, 1: 1, 3: 3} { // of ten parts
		synctest.Test(t, func(t *testing.T) {
			fake := newCopyingS3()
			var now, most atomic.Int64
			fake.onSource = func(*s3.UploadPartCopyInput) error {
				for n, m := now.Add(1), most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(time.Second)
				now.Add(-1)
				return nil
			}
			opts := options()
			opts.AtOnce = atOnce
			_, err := Copy(t.Context(), fake, fake.describe(), opts, 100)
			require.NoError(t, err)
			assert.Equal(t, want, most.Load(), "%d", atOnce)
		})
	}
}

func newCopyingS3() *copyingS3 {
	return &copyingS3{fakeS3: newFakeS3(), source: bytes.Repeat([]byte("0123456789"), 100)}
}

// describe describes the source, with its CRC32.
func (c *copyingS3) describe() Source {
	sum := checksum.Answer{CRC32: aws.String(checksum.EncodeCRC32(crc32.ChecksumIEEE(c.source))), Type: "FULL_OBJECT"}
	return Source{Name: "b/k", Size: int64(len(c.source)), ETag: aws.String(etagOf(c.source)), Sum: sum.Object()}
}

// TestCopyWhole pins the source, and carries the conditions of the destination.
func TestCopyWhole(t *testing.T) {
	t.Parallel()
	fake := newCopyingS3()
	opts := options()
	opts.IfMatch, opts.ContentType, opts.Metadata = aws.String(`"x"`), "t", map[string]string{"a": "b"}
	var done, total int64
	opts.Progress = func(d, of int64) { done, total = d, of }
	etag, err := Copy(t.Context(), fake, fake.describe(), opts, int64(len(fake.source)))
	require.NoError(t, err)
	assert.Equal(t, []int64{1000, 1000}, []int64{done, total})
	assert.Equal(t, etagOf(fake.source), etag)
	require.Len(t, fake.copies, 1)
	in := fake.copies[0]
	assert.Equal(t, []string{"b/k", etagOf(fake.source), `"x"`, "t", "b"}, []string{*in.CopySource, *in.CopySourceIfMatch, *in.IfMatch, *in.ContentType, in.Metadata["a"]})
	assert.Nil(t, in.IfNoneMatch)
	opts = options()
	opts.IfAbsent = true
	_, err = Copy(t.Context(), fake, fake.describe(), opts, 1<<20)
	require.NoError(t, err)
	assert.Equal(t, "*", *fake.copies[1].IfNoneMatch)
	assert.Nil(t, fake.copies[1].ContentType)
}

// TestCopyWithLostAnswer checks that the destination shows whether the copy was done.
func TestCopyWithLostAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		failure failedRequest
		stored  string // at the destination; empty for the source's bytes
		source  func(*Source)
		want    string // of the error
	}{
		"it was":                           {failure: failedRequest{Text: "lost", IsUnproven: true}},
		"a retry was refused":              {failure: failedRequest{Text: "refused", Status: 412, Attempts: 2}},
		"the first was refused":            {failure: failedRequest{Text: "refused", Status: 412, Attempts: 1}, want: "refused"},
		"another failure":                  {failure: failedRequest{Text: "broken", Status: 500, Attempts: 6}, want: "broken"},
		"another object is there":          {failure: failedRequest{Text: "lost", IsUnproven: true}, stored: "other", want: "lost"},
		"as many other bytes are there":    {failure: failedRequest{Text: "lost", IsUnproven: true}, stored: strings.Repeat("x", 1000), want: ErrOutcomeUnknown.Error()},
		"by the checksum, without ETag":    {failure: failedRequest{Text: "lost", IsUnproven: true}, source: func(s *Source) { s.ETag = nil }},
		"nothing to compare at the source": {failure: failedRequest{Text: "lost", IsUnproven: true}, source: func(s *Source) { s.ETag, s.Sum = nil, checksum.Sum{} }, want: ErrOutcomeUnknown.Error()},
	} {
		fake := newCopyingS3()
		fake.onCopy = func() error {
			fake.stored, fake.isThere = fake.source, true
			if test.stored != "" {
				fake.stored = []byte(test.stored)
			} else {
				fake.head.ChecksumCRC32 = aws.String(checksum.EncodeCRC32(crc32.ChecksumIEEE(fake.source)))
				fake.head.ChecksumType = types.ChecksumTypeFullObject
			}
			return &test.failure
		}
		source := fake.describe()
		if test.source != nil {
			test.source(&source)
		}
		_, err := Copy(t.Context(), fake, source, options(), 1<<20)
		if test.want == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, test.want, name)
		}
	}
}

// TestCopyParts are those of the source, each pinned, none missing and none twice.
func TestCopyParts(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{999, 500, 300, 7} {
		fake := newCopyingS3()
		var pinned atomic.Int64
		fake.onSource = func(in *s3.UploadPartCopyInput) error {
			if *in.CopySource == "b/k" && *in.CopySourceIfMatch == etagOf(fake.source) {
				pinned.Add(1)
			}
			return nil
		}
		var reports []int64
		opts := options()
		opts.Progress = func(done, total int64) { reports = append(reports, done); assert.EqualValues(t, 1000, total) }
		etag, err := Copy(t.Context(), fake, fake.describe(), opts, limit)
		require.NoError(t, err)
		assert.Equal(t, fake.source, fake.stored)
		assert.EqualValues(t, (1000+limit-1)/limit, pinned.Load())
		assert.Equal(t, *fake.head.ETag, `"`+etag+`"`)
		assert.EqualValues(t, 1000, reports[len(reports)-1])
		assert.Len(t, reports, int(pinned.Load()))
		require.Len(t, fake.completes, 1)
		assert.Equal(t, checksum.EncodeCRC32(crc32.ChecksumIEEE(fake.source)), aws.ToString(fake.completes[0].ChecksumCRC32))
		assert.Zero(t, fake.aborts)
	}
}

// TestCopyPartsThatFail leave no upload.
func TestCopyPartsThatFail(t *testing.T) {
	t.Parallel()
	errRefused := errors.New("refused")
	for name, test := range map[string]struct {
		change func(*copyingS3, *Source, *Options)
		want   error
	}{
		"a part is refused": {func(c *copyingS3, _ *Source, _ *Options) {
			c.onSource = func(in *s3.UploadPartCopyInput) error {
				if *in.PartNumber == 2 {
					return errRefused
				}
				return nil
			}
		}, errRefused},
		"other bytes": {func(c *copyingS3, _ *Source, _ *Options) { c.flip = true }, checksum.ErrMismatch},
		"the end is refused": {func(c *copyingS3, _ *Source, _ *Options) {
			c.onComplete = func(int) error { c.stored, c.isThere = nil, false; return errRefused }
		}, errRefused},
		"the upload is refused": {func(c *copyingS3, _ *Source, _ *Options) {
			c.onCreate = func(context.Context) error { clear(c.uploads); return errRefused }
		}, errRefused},
		"nothing pins it": {func(_ *copyingS3, s *Source, _ *Options) { s.ETag = nil }, errUnpinned},
	} {
		fake := newCopyingS3()
		source, opts := fake.describe(), options()
		test.change(fake, &source, &opts)
		_, err := Copy(t.Context(), fake, source, opts, 300)
		require.ErrorIs(t, err, test.want, name)
		assert.Empty(t, fake.uploads, name)
		assert.Empty(t, fake.stored, name)
	}
	fake := newCopyingS3()
	fake.onSource = func(*s3.UploadPartCopyInput) error { return errRefused }
	fake.onAbort = func(int) error { return &failedRequest{Text: "no abort", Status: 403, Attempts: 1} }
	_, err := Copy(t.Context(), fake, fake.describe(), options(), 300)
	left := (*LeftBehindError)(nil)
	require.ErrorAs(t, err, &left)
	assert.Equal(t, "id1", left.ID)
	require.ErrorIs(t, left.Cause, errRefused)
}

// TestCopyWithoutSums checks that servers that compute none are believed.
func TestCopyWithoutSums(t *testing.T) {
	t.Parallel()
	fake := newCopyingS3()
	fake.noSums = true
	_, err := Copy(t.Context(), fake, fake.describe(), options(), 300)
	require.NoError(t, err)
	assert.Equal(t, fake.source, fake.stored)
	assert.Nil(t, fake.completes[0].ChecksumCRC32)
}

// TestCopyProgressThatPanics reaches the caller, and leaves no upload.
func TestCopyProgressThatPanics(t *testing.T) {
	t.Parallel()
	fake := newCopyingS3()
	opts := options()
	opts.Progress = func(int64, int64) { panic("progress") }
	assert.PanicsWithValue(t, "progress", func() { _, _ = Copy(t.Context(), fake, fake.describe(), opts, 300) })
	assert.Empty(t, fake.uploads)
}

// TestCopyPartSize holds to the limits of S3.
func TestCopyPartSize(t *testing.T) {
	t.Parallel()
	assert.EqualValues(t, 256<<20, copyPartSize(MaxCopy+1, MaxCopy))
	assert.EqualValues(t, 100, copyPartSize(1000, 100))
	assert.EqualValues(t, 256<<20, copyPartSize(256<<20*MaxParts, MaxCopy))
	assert.EqualValues(t, 256<<20+1, copyPartSize(256<<20*MaxParts+1, MaxCopy))
	largest := int64(50) << 40
	size := copyPartSize(largest, MaxCopy)
	assert.LessOrEqual(t, (largest+size-1)/size, int64(MaxParts))
	assert.LessOrEqual(t, size, int64(MaxCopy)+1<<30)
}
