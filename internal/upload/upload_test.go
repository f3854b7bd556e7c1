// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/progress"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Puts of these tests cut a MiB as a unit, so that they need no large bodies.
const (
	testScale = 16
	unit      = 1 << 20 / testScale
)

// stream hides that a body is in memory.
func stream(data []byte) io.Reader { return struct{ io.Reader }{bytes.NewReader(data)} }

// TestPutStores checks that bodies of every kind and size arrive as they are, in as many
// requests as they should.
func TestPutStores(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(17 * unit)
	for _, test := range []struct {
		size           int
		parts, inParts int // of a stream, and of a body that is read in place
	}{
		{0, 0, 0}, {1, 0, 0}, {5*unit - 1, 0, 0}, {5 * unit, 1, 0}, {5*unit + 1, 2, 0}, {16 * unit, 4, 0}, {16*unit + 1, 4, 3}, {17 * unit, 4, 3},
	} {
		for name, body := range map[string]io.Reader{
			"in place": bytes.NewReader(data[:test.size]), "buffer": bytes.NewBuffer(data[:test.size:test.size]), "stream": stream(data[:test.size]),
		} {
			parts := test.inParts
			if name == "stream" {
				parts = test.parts
			}
			fake := newFakeS3()
			require.NoError(t, Put(t.Context(), fake, body, options()), "%s of %d", name, test.size)
			require.True(t, bytes.Equal(data[:test.size], fake.stored), "%s of %d", name, test.size)
			assert.Len(t, fake.parts, parts, "%s of %d", name, test.size)
			assert.Equal(t, parts == 0, len(fake.puts) == 1)
			assert.Zero(t, fake.aborts)
			assert.Empty(t, fake.uploads)
			assert.Empty(t, fake.heads, "nothing to verify")
		}
	}
}

// TestPutBeginsWhereTheBodyIs checks that bytes that were read from a body before are not
// stored.
func TestPutBeginsWhereTheBodyIs(t *testing.T) {
	t.Parallel()
	body := strings.NewReader("skipped rest")
	_, err := body.Seek(8, io.SeekStart)
	require.NoError(t, err)
	fake := newFakeS3()
	require.NoError(t, Put(t.Context(), fake, body, options()))
	assert.Equal(t, "rest", string(fake.stored))
}

// TestPutSendsTheOptions checks the options in one request and in parts.
func TestPutSendsTheOptions(t *testing.T) {
	t.Parallel()
	for _, test := range []Options{
		{ContentType: "a/b", Metadata: map[string]string{"k": "v"}, IfMatch: aws.String(`"e"`)},
		{IfAbsent: true},
		{},
	} {
		test.Bucket, test.Key, test.Algorithm, test.Scale = "bucket", "key", types.ChecksumAlgorithmCrc32, testScale
		fake := newFakeS3()
		require.NoError(t, Put(t.Context(), fake, strings.NewReader("text"), test))
		require.NoError(t, Put(t.Context(), fake, stream(make([]byte, 6*unit)), test))
		ifNoneMatch := ""
		if test.IfAbsent {
			ifNoneMatch = "*"
		}
		require.Len(t, fake.puts, 1)
		put, create, complete := fake.puts[0], fake.creates[0], fake.completes[0]
		assert.Equal(t, test.ContentType, aws.ToString(put.ContentType))
		assert.Equal(t, test.ContentType == "", put.ContentType == nil)
		assert.Equal(t, test.ContentType == "", create.ContentType == nil)
		assert.Equal(t, test.ContentType, aws.ToString(create.ContentType))
		assert.Equal(t, test.Metadata, put.Metadata)
		assert.Equal(t, test.Metadata, create.Metadata)
		assert.Equal(t, test.IfMatch, put.IfMatch)
		assert.Equal(t, test.IfMatch, complete.IfMatch)
		assert.Equal(t, ifNoneMatch, aws.ToString(put.IfNoneMatch))
		assert.Equal(t, ifNoneMatch, aws.ToString(complete.IfNoneMatch))
		assert.Nil(t, put.ChecksumCRC32, "the client's")
		assert.Equal(t, "bucket/key", *complete.Bucket+"/"+*complete.Key)
	}
}

// TestChecksumsOfAPut checks which checksums are sent with a put, and which complete an
// upload.
func TestChecksumsOfAPut(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(11*unit + 3)
	sum := checksum.EncodeCRC32(crc32.ChecksumIEEE(data))
	t.Run("before a request", func(t *testing.T) {
		t.Parallel()
		opts := options()
		opts.HashFirst = true
		fake := newFakeS3()
		require.NoError(t, Put(t.Context(), fake, bytes.NewReader(data), opts))
		assert.Equal(t, sum, aws.ToString(fake.puts[0].ChecksumCRC32))
		assert.True(t, bytes.Equal(data, fake.stored))
		require.NoError(t, Put(t.Context(), fake, stream(data), opts))
		for _, part := range fake.parts {
			assert.NotNil(t, part.ChecksumCRC32)
		}
	})
	t.Run("of all parts", func(t *testing.T) {
		t.Parallel()
		fake := newFakeS3()
		require.NoError(t, Put(t.Context(), fake, stream(data), options()))
		assert.Equal(t, types.ChecksumTypeFullObject, fake.creates[0].ChecksumType)
		complete := fake.completes[0]
		assert.Equal(t, sum, aws.ToString(complete.ChecksumCRC32))
		assert.Equal(t, types.ChecksumTypeFullObject, complete.ChecksumType)
		assert.EqualValues(t, len(data), aws.ToInt64(complete.MpuObjectSize))
		for i, part := range complete.MultipartUpload.Parts {
			assert.EqualValues(t, i+1, *part.PartNumber, "in order")
			assert.NotEmpty(t, part.ETag)
			assert.NotEmpty(t, part.ChecksumCRC32)
		}
	})
	t.Run("of a server that does not know them", func(t *testing.T) {
		t.Parallel()
		fake := newFakeS3()
		fake.noType = true
		require.NoError(t, Put(t.Context(), fake, stream(data), options()))
		require.Len(t, fake.creates, 2)
		assert.Equal(t, types.ChecksumAlgorithmCrc32, fake.creates[1].ChecksumAlgorithm)
		assert.Empty(t, fake.creates[1].ChecksumType)
		assert.Nil(t, fake.completes[0].ChecksumCRC32)
	})
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		fake, opts := newFakeS3(), options()
		opts.Algorithm = ""
		require.NoError(t, Put(t.Context(), fake, stream(data), opts))
		assert.Empty(t, fake.creates[0].ChecksumType)
		assert.Nil(t, fake.completes[0].ChecksumCRC32)
	})
}

// TestUnreadableBodyBeforeARequest sends no bytes of a body that can't be read for its
// checksum.
func TestUnreadableBodyBeforeARequest(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for _, size := range []int{1, 11 * unit} {
		opts := options()
		opts.HashFirst = true
		fake := newFakeS3()
		body := struct {
			io.Reader
			io.Seeker
		}{iotest.ErrReader(mine), bytes.NewReader(make([]byte, size))}
		require.ErrorIs(t, Put(t.Context(), fake, body, opts), mine)
		assert.Empty(t, fake.puts)
		assert.Empty(t, fake.parts)
	}
}

// TestUnreadableOnce sends nothing without a checksum of a body that could not be read for it,
// though it could be read again.
func TestUnreadableOnce(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for _, size := range []int{1, 17 * unit} {
		opts := options()
		opts.HashFirst = true
		var once sync.Once
		body := &funcAt{Reader: bytes.NewReader(make([]byte, size))}
		body.read = func(p []byte, offset int64) (n int, err error) {
			once.Do(func() { err = mine })
			if err == nil {
				n, err = body.Reader.ReadAt(p, offset)
			}
			return n, err
		}
		fake := newFakeS3()
		require.ErrorIs(t, Put(t.Context(), fake, body, opts), mine, "%d bytes", size)
		assert.Empty(t, fake.puts)
		assert.Empty(t, fake.completes)
	}
}

// A oneWay body tells no size, and can't be set back to where it was.
type oneWay struct {
	*bytes.Reader
	seeks int
}

func (o *oneWay) Seek(offset int64, whence int) (int64, error) {
	if o.seeks++; o.seeks == 3 {
		return 0, errOneWay
	}
	_, _ = o.Reader.Seek(offset, whence)
	return 0, nil
}

var errOneWay = errors.New("one way")

// TestSeekBackFails does not send a part of a body whose place was lost, nor compares it.
func TestSeekBackFails(t *testing.T) {
	t.Parallel()
	fake := newFakeS3()
	require.ErrorIs(t, Put(t.Context(), fake, &oneWay{Reader: bytes.NewReader([]byte("text"))}, options()), errOneWay)
	assert.Empty(t, fake.puts)
	_, isKnown := expectBytes(&oneWay{Reader: bytes.NewReader([]byte("text")), seeks: 2}, 4, time.Time{}).sum(checksum.CRC32)
	assert.False(t, isKnown)
}

// TestCreateIsNotRepeated checks that only a refusal that may be due to the type of the
// checksum is repeated.
func TestCreateIsNotRepeated(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int{400: 2, 501: 2, 403: 1, 500: 1, 0: 1} {
		fake := newFakeS3()
		fake.onCreate = func(context.Context) error { return &failedRequest{Text: "no", Status: status, Attempts: 1} }
		require.ErrorContains(t, Put(t.Context(), fake, stream(make([]byte, 6*unit)), options()), "no")
		assert.Len(t, fake.creates, want, "HTTP %d", status)
		assert.Zero(t, fake.aborts)
		assert.Empty(t, fake.parts)
	}
}

// TestProgressOfAPut checks that the last report is that all is done, and none comes after
// an error.
func TestProgressOfAPut(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 100, 17 * unit} {
		for _, fails := range []bool{false, true} {
			var reports [][2]int64
			opts := options()
			opts.Progress = func(done, total int64) { reports = append(reports, [2]int64{done, total}) }
			fake := newFakeS3()
			if fails {
				fake.onPut = func() error { return errors.New("no") }
				fake.onComplete = func(int) error { return errors.New("no") }
			}
			err := Put(t.Context(), fake, bytes.NewReader(make([]byte, size)), opts)
			assert.Equal(t, fails, err != nil)
			last := [2]int64{-1, -1}
			if len(reports) > 0 {
				last = reports[len(reports)-1]
			}
			assert.Equal(t, !fails, last == [2]int64{int64(size), int64(size)}, "%d bytes: %v", size, reports)
		}
	}
}

// TestProgressCountsWhatIsSent checks that progress leaves out bytes that are only
// hashed.
func TestProgressCountsWhatIsSent(t *testing.T) {
	t.Parallel()
	var done int64
	opts := options()
	opts.HashFirst = true
	opts.Progress = func(n, _ int64) { done = n }
	fake := newFakeS3()
	fake.onPart = func(ctx context.Context, in *s3.UploadPartInput, _ *progress.Sending) error {
		if *in.PartNumber == 1 {
			assert.Zero(t, done)
			return errors.New("no")
		}
		<-ctx.Done()
		return ctx.Err()
	}
	require.Error(t, Put(t.Context(), fake, bytes.NewReader(make([]byte, 17*unit)), opts))
	assert.Zero(t, done)
}
