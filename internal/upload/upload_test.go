// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
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

// TestFailedUploadIsAborted checks that an upload is aborted whatever ends it, and how
// often.
func TestFailedUploadIsAborted(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	body := func() io.Reader { return stream(make([]byte, 12*unit)) }
	refused := &failedRequest{Text: "refused", Status: 403, Attempts: 1}
	for name, test := range map[string]struct {
		body   io.Reader
		prime  func(fake *fakeS3, cancel context.CancelCauseFunc)
		want   error
		aborts int
		text   string
	}{
		"the body fails": {
			body: io.MultiReader(body(), iotest.ErrReader(mine)), want: mine, aborts: 1, text: "reading the body: mine",
		},
		"a part is refused": {
			prime: func(fake *fakeS3, _ context.CancelCauseFunc) {
				fake.onPart = func(context.Context, *s3.UploadPartInput, *progress.Sending) error { return refused }
			},
			want: refused, aborts: 1,
		},
		"a part is in flight": {
			prime: func(fake *fakeS3, _ context.CancelCauseFunc) { fake.onPart = losePart(mine) },
			want:  mine, aborts: 2,
		},
		"a part is in flight, and brings it back once": {
			prime: func(fake *fakeS3, _ context.CancelCauseFunc) {
				fake.onPart, fake.onAbort = losePart(mine), func(abort int) error {
					if abort == 2 {
						fake.uploads["id1"] = map[int32][]byte{}
					}
					return nil
				}
			},
			want: mine, aborts: 3,
		},
		"a part is in flight, and brings it back for ever": {
			prime: func(fake *fakeS3, _ context.CancelCauseFunc) {
				fake.onPart, fake.onAbort = losePart(mine), func(int) error {
					fake.uploads["id1"] = map[int32][]byte{}
					return nil
				}
			},
			want: mine, aborts: 4,
		},
		"it can't be completed": {
			prime: func(fake *fakeS3, _ context.CancelCauseFunc) {
				fake.onComplete = func(int) error { return &failedRequest{Text: "no", Status: 412, Attempts: 1} }
			},
			aborts: 1, text: "no",
		},
		"canceled": {
			prime: func(fake *fakeS3, cancel context.CancelCauseFunc) {
				fake.onPart = func(ctx context.Context, _ *s3.UploadPartInput, _ *progress.Sending) error {
					cancel(mine)
					return context.Cause(ctx)
				}
			},
			want: mine, aborts: 1,
		},
		"canceled while it is created": {
			prime: func(fake *fakeS3, cancel context.CancelCauseFunc) {
				fake.onCreate = func(context.Context) error { cancel(mine); return nil }
			},
			want: mine, aborts: 1,
		},
		"it is gone": {
			prime: func(fake *fakeS3, _ context.CancelCauseFunc) {
				fake.onPart = func(context.Context, *s3.UploadPartInput, *progress.Sending) error { return refused }
				fake.onAbort = func(int) error { return &failedRequest{Text: "gone", Status: 404, Code: "NoSuchUpload", Attempts: 1} }
			},
			want: refused, aborts: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				fake := newFakeS3()
				if test.prime != nil {
					test.prime(fake, cancel)
				}
				if test.body == nil {
					test.body = body()
				}
				err := Put(ctx, fake, test.body, options())
				require.Error(t, err)
				if test.want != nil {
					require.ErrorIs(t, err, test.want)
				}
				require.ErrorContains(t, err, test.text)
				var left *LeftBehindError
				assert.NotErrorAs(t, err, &left)
				assert.Equal(t, test.aborts, fake.aborts)
			})
		})
	}
}

// losePart sends a part whole, and loses the response.
func losePart(err error) func(context.Context, *s3.UploadPartInput, *progress.Sending) error {
	return func(ctx context.Context, in *s3.UploadPartInput, sending *progress.Sending) error {
		request, _ := http.NewRequestWithContext(ctx, http.MethodPut, "http://x", in.Body)
		request.ContentLength = 1
		attempt := sending.Count(request)
		_, _ = io.Copy(io.Discard, attempt)
		attempt.Fail()
		return err
	}
}

// TestLeftBehind checks that the error names an upload that can't be aborted either,
// next to the reason.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	mine, refused := errors.New("mine"), &failedRequest{Text: "refused", Status: 403, Attempts: 1}
	fake := newFakeS3()
	fake.onAbort = func(int) error { return refused }
	err := Put(t.Context(), fake, io.MultiReader(stream(make([]byte, 6*unit)), iotest.ErrReader(mine)), options())
	var left *LeftBehindError
	require.ErrorAs(t, err, &left)
	require.ErrorIs(t, err, mine)
	require.ErrorIs(t, err, refused)
	assert.Equal(t, "id1", left.ID)
	require.EqualError(t, left.Left(), "the upload id1 was left behind: failed: refused")
	require.EqualError(t, err, "reading the body: mine\nthe upload id1 was left behind: failed: refused")
	assert.Equal(t, 1, fake.aborts)
}

// TestAbortEnds checks that a silent server does not block an abort for ever.
func TestAbortEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeS3()
		fake.onPart, fake.onAbort = losePart(errors.New("lost")), func(int) error {
			fake.uploads["id1"] = map[int32][]byte{}
			time.Sleep(abortTimeout)
			return nil
		}
		began := time.Now()
		require.ErrorContains(t, Put(t.Context(), fake, stream(make([]byte, 6*unit)), options()), "lost")
		assert.LessOrEqual(t, time.Since(began), abortTimeout+SettleTime)
		assert.Equal(t, 1, fake.aborts)
	})
}

// TestCreateIsAwaited checks that a cancel leaves time to learn the upload's ID, but not
// for ever.
func TestCreateIsAwaited(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		takes  time.Duration
		aborts int
	}{"in time": {time.Second, 1}, "too late": {time.Hour, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				fake := newFakeS3()
				fake.onCreate = func(ctx context.Context) error {
					cancel()
					select {
					case <-time.After(test.takes):
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				}
				opts := options()
				opts.CreateGrace = CreateGrace
				began := time.Now()
				require.ErrorIs(t, Put(ctx, fake, stream(make([]byte, 6*unit)), opts), context.Canceled)
				assert.LessOrEqual(t, time.Since(began), CreateGrace)
				assert.Equal(t, test.aborts, fake.aborts)
			})
		})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	mine := errors.New("mine")
	cancel(mine)
	fake := newFakeS3()
	require.ErrorIs(t, Put(ctx, fake, bytes.NewReader(make([]byte, 17*unit)), options()), mine)
	assert.Empty(t, fake.creates, "canceled before")
}

// TestPartsAtOnce checks that 24 parts are sent at once, and no more.
func TestPartsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		fake := newFakeS3()
		fake.onPart = func(context.Context, *s3.UploadPartInput, *progress.Sending) error {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Second)
			now.Add(-1)
			return errStop
		}
		require.ErrorIs(t, Put(t.Context(), fake, zeroBody(30*8*unit), options()), errStop)
		assert.EqualValues(t, partsAtOnce, most.Load())
	})
}

var errStop = errors.New("enough")

// zeroBody is a body of zeros that is read in place.
func zeroBody(size int64) io.Reader {
	return io.NewSectionReader(zeros{}, 0, size)
}

func (zeros) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }

// TestTooManyParts checks that a body that does not fit ends before its last part.
func TestTooManyParts(t *testing.T) {
	t.Parallel()
	fake := newFakeS3()
	p := &multipart{put: &put{client: fake, opts: options()}, id: "id1"}
	fake.uploads["id1"] = map[int32][]byte{}
	err := p.sendAll(t.Context(), &manyParts{left: maxParts + 1})
	require.ErrorContains(t, err, "more than 10000 parts")
	assert.LessOrEqual(t, len(fake.parts), maxParts)

	p.parts, fake.parts = nil, nil
	require.NoError(t, p.sendAll(t.Context(), &manyParts{left: maxParts}))
	assert.Len(t, fake.parts, maxParts)
}

// manyParts has empty parts.
type manyParts struct {
	partReader
	left int
}

func (m *manyParts) next(context.Context) (part, error) {
	if m.left--; m.left < 0 {
		return part{}, io.EOF
	}
	return part{body: strings.NewReader(""), done: func() {}}, nil
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

// TestLostResponses checks that what an attempt stored is ours, and what another stored is
// not.
func TestLostResponses(t *testing.T) {
	t.Parallel()
	small, large := testkit.Bytes(1000), testkit.Bytes(17*unit)
	precondition := &failedRequest{Text: "refused", Status: 412, Code: "PreconditionFailed", Attempts: 2}
	unproven := &failedRequest{Text: "proves nothing", Status: 200, Attempts: 6, IsUnproven: true}
	gone := &failedRequest{Text: "gone", Status: 404, Code: "NoSuchUpload", Attempts: 1}
	other := func(f *fakeS3) { f.stored, f.head.ETag = []byte("another's"), nil }
	for name, test := range map[string]struct {
		failure *failedRequest
		change  func(f *fakeS3) // of what is stored
		want    error           // nil for stored
		heads   int
	}{
		"stored, refused":                 {failure: precondition, heads: 1},
		"stored, unproven":                {failure: unproven, heads: 1},
		"stored, gone":                    {failure: gone, heads: 1},
		"another's, refused":              {failure: precondition, change: other, want: precondition, heads: 1},
		"another's, unproven":             {failure: unproven, change: other, want: unproven, heads: 1},
		"another's, gone":                 {failure: gone, change: other, want: ErrOutcomeUnknown, heads: 1},
		"nothing, unproven":               {failure: unproven, change: func(f *fakeS3) { f.isThere = false }, want: unproven, heads: 1},
		"nothing, gone":                   {failure: gone, change: func(f *fakeS3) { f.isThere = false }, want: ErrOutcomeUnknown, heads: 1},
		"refused at once":                 {failure: &failedRequest{Text: "refused", Status: 412, Attempts: 1}, want: nil, heads: 0},
		"S3 can't be asked, refused":      {failure: precondition, change: func(f *fakeS3) { f.onHead = func() error { return &failedRequest{Text: "no", Status: 403} } }, want: ErrOutcomeUnknown, heads: 1},
		"S3 can't be asked, unproven":     {failure: unproven, change: func(f *fakeS3) { f.onHead = func() error { return &failedRequest{Text: "no", Status: 503} } }, want: ErrOutcomeUnknown, heads: 1},
		"there before the put":            {failure: precondition, change: func(f *fakeS3) { f.head.LastModified = aws.Time(f.now.Add(-time.Hour)) }, want: precondition, heads: 1},
		"by a clock of another time zone": {failure: precondition, change: func(f *fakeS3) { f.head.LastModified = aws.Time(f.now.Add(time.Hour)) }, heads: 1},
	} {
		for _, data := range [][]byte{small, large} {
			t.Run(fmt.Sprintf("%s, %d", name, len(data)), func(t *testing.T) {
				t.Parallel()
				if test.failure == gone && len(data) == len(small) {
					return // there is no upload
				}
				fake := newFakeS3()
				fail := func() error {
					if test.change != nil {
						test.change(fake)
					}
					return test.failure
				}
				fake.onPut, fake.onComplete = fail, func(int) error { return fail() }
				err := Put(t.Context(), fake, bytes.NewReader(data), options())
				assert.Len(t, fake.heads, test.heads)
				for _, head := range fake.heads {
					assert.Equal(t, types.ChecksumModeEnabled, head.ChecksumMode)
				}
				switch {
				case test.heads == 0:
					require.ErrorIs(t, err, test.failure)
				case test.want == nil:
					require.NoError(t, err)
				default:
					require.ErrorIs(t, err, test.want)
				}
				if errors.Is(test.want, ErrOutcomeUnknown) {
					require.NotErrorIs(t, err, test.failure)
					require.ErrorContains(t, err, test.failure.Text)
				}
			})
		}
	}
}

// TestStreamIsVerifiedByItsCRC32 checks that a stream, which can not be read again, is
// verified by its parts.
func TestStreamIsVerifiedByItsCRC32(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(6 * unit)
	for sum, isOurs := range map[string]bool{checksum.EncodeCRC32(crc32.ChecksumIEEE(data)): true, "AAAAAA==": false} {
		fake := newFakeS3()
		refused := &failedRequest{Text: "refused", Status: 412, Attempts: 2}
		fake.onComplete = func(int) error {
			fake.head = s3.HeadObjectOutput{
				ETag: aws.String("0123456789abcdef0123456789abcdef-2"), ServerSideEncryption: types.ServerSideEncryptionAwsKms,
				ChecksumCRC32: &sum, ChecksumType: types.ChecksumTypeFullObject,
			}
			return refused
		}
		err := Put(t.Context(), fake, stream(data), options())
		if isOurs {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, refused)
		}
	}
	for sum, want := range map[string]error{"": nil, "AAAAAAAAAAA=": ErrOutcomeUnknown} { // a CRC64NVME, which a stream does not have
		for name, body := range map[string]io.Reader{"stream": stream(data), "in place": zeroBody(17 * unit)} {
			fake := newFakeS3()
			refused := &failedRequest{Text: "refused", Status: 412, Attempts: 2}
			fake.onComplete = func(int) error {
				if sum != "" {
					fake.head = s3.HeadObjectOutput{ServerSideEncryption: types.ServerSideEncryptionAwsKms, ChecksumCRC64NVME: &sum, ETag: aws.String("x")}
				}
				return refused
			}
			err := Put(t.Context(), fake, body, options())
			switch {
			case want == nil:
				require.NoError(t, err, name)
			case name == "stream":
				require.ErrorIs(t, err, want)
			default:
				require.ErrorIs(t, err, refused, "it is read again, and is another")
			}
		}
	}
}

// TestCancelWhileVerifying is a cancel, and no outcome.
func TestCancelWhileVerifying(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for _, size := range []int{10, 17 * unit} {
		ctx, cancel := context.WithCancelCause(t.Context())
		fake := newFakeS3()
		failure := &failedRequest{Text: "refused", Status: 412, Attempts: 2}
		fake.onPut, fake.onComplete = func() error { return failure }, func(int) error { return failure }
		fake.onHead = func() error { cancel(mine); return ctx.Err() }
		err := Put(ctx, fake, zeroBody(int64(size)), options())
		require.ErrorIs(t, err, mine)
		require.NotErrorIs(t, err, ErrOutcomeUnknown)
		assert.Len(t, fake.heads, 1)
	}
	ctx, cancel := context.WithCancel(t.Context())
	fake := newFakeS3()
	fake.onComplete = func(int) error { cancel(); return ctx.Err() }
	require.ErrorIs(t, Put(ctx, fake, bytes.NewReader(make([]byte, 17*unit)), options()), context.Canceled)
	assert.Empty(t, fake.heads, "canceled before")
}

// TestCompare checks that any checksum that the server keeps decides, and then an ETag
// that is an MD5.
func TestCompare(t *testing.T) {
	t.Parallel()
	data := []byte("0123456789")
	sumBy := func(kind *checksum.Kind) []byte {
		hash := kind.New()
		_, _ = hash.Write(data)
		return hash.Sum(nil)
	}
	encode := func(sum hash.Hash) *string {
		_, _ = sum.Write(data)
		return aws.String(base64.StdEncoding.EncodeToString(sum.Sum(nil)))
	}
	all := func(kind *checksum.Kind) ([]byte, bool) { return sumBy(kind), true }
	onlyCRC32 := func(kind *checksum.Kind) ([]byte, bool) { return sumBy(kind), kind == checksum.CRC32 }
	const partsTag, otherMD5 = "d41d8cd98f00b204e9800998ecf8427e-2", "0123456789abcdef0123456789abcdef"
	kms := types.ServerSideEncryptionAwsKms
	type head = s3.HeadObjectOutput
	for name, test := range map[string]struct {
		out   head
		etag  string
		sum   func(*checksum.Kind) ([]byte, bool)
		want  verdict
		bytes int64
	}{
		"the MD5":                     {out: head{ETag: aws.String(etagOf(data))}, want: isStored},
		"the MD5, upper case":         {out: head{ETag: aws.String(strings.ToUpper(etagOf(data)))}, want: isStored},
		"another MD5":                 {out: head{ETag: aws.String(otherMD5)}, want: isAnother},
		"another MD5, KMS":            {out: head{ETag: aws.String(otherMD5), ServerSideEncryption: kms}, want: isUnknown},
		"another MD5, a KMS key":      {out: head{ETag: aws.String(otherMD5), SSEKMSKeyId: aws.String("k")}, want: isUnknown},
		"another MD5, customer's key": {out: head{ETag: aws.String(otherMD5), SSECustomerAlgorithm: aws.String("AES256")}, want: isUnknown},
		"another MD5, SSE-S3":         {out: head{ETag: aws.String(otherMD5), ServerSideEncryption: types.ServerSideEncryptionAes256}, want: isAnother},
		"the MD5 of a stream":         {out: head{ETag: aws.String(etagOf(data))}, etag: partsTag, sum: onlyCRC32, want: isUnknown},
		"no ETag":                     {want: isUnknown},
		"an odd ETag":                 {out: head{ETag: aws.String(`"v1"`)}, want: isUnknown},
		"short hex":                   {out: head{ETag: aws.String(`"abcd"`)}, want: isUnknown},
		"an ETag of parts":            {out: head{ETag: aws.String(otherMD5 + "-3")}, want: isAnother},
		"ours of parts":               {out: head{ETag: aws.String(partsTag)}, etag: partsTag, sum: onlyCRC32, want: isStored},
		"ours of parts, upper case":   {out: head{ETag: aws.String(strings.ToUpper(partsTag))}, etag: partsTag, sum: onlyCRC32, want: isStored},
		"another of parts":            {out: head{ETag: aws.String(otherMD5 + "-2")}, etag: partsTag, sum: onlyCRC32, want: isAnother},
		"another of parts, KMS":       {out: head{ETag: aws.String(otherMD5 + "-2"), ServerSideEncryption: kms}, etag: partsTag, want: isUnknown},
		"another size":                {out: head{ETag: aws.String(etagOf(data))}, bytes: 11, want: isAnother},
		"CRC32":                       {out: head{ChecksumCRC32: encode(checksum.CRC32.New())}, want: isStored},
		"CRC32C":                      {out: head{ChecksumCRC32C: encode(checksum.CRC32C.New())}, want: isStored},
		"CRC64NVME":                   {out: head{ChecksumCRC64NVME: encode(checksum.CRC64NVME.New())}, want: isStored},
		"SHA1":                        {out: head{ChecksumSHA1: encode(checksum.SHA1.New())}, want: isStored},
		"SHA256":                      {out: head{ChecksumSHA256: encode(checksum.SHA256.New())}, want: isStored},
		"SHA512":                      {out: head{ChecksumSHA512: encode(checksum.SHA512.New())}, want: isStored},
		"MD5":                         {out: head{ChecksumMD5: encode(checksum.MD5.New())}, want: isStored},
		"another CRC64NVME":           {out: head{ChecksumCRC64NVME: aws.String("AAAAAAAAAAA="), ETag: aws.String(otherMD5), ServerSideEncryption: kms}, want: isAnother},
		"CRC64NVME of a stream, KMS":  {out: head{ChecksumCRC64NVME: encode(checksum.CRC64NVME.New()), ServerSideEncryption: kms}, sum: onlyCRC32, want: isUnknown},
		"full object":                 {out: head{ChecksumCRC32: encode(checksum.CRC32.New()), ChecksumType: types.ChecksumTypeFullObject, ETag: aws.String(otherMD5 + "-2"), ServerSideEncryption: kms}, want: isStored},
		"composite of another":        {out: head{ChecksumCRC32: aws.String("AAAAAA==-2"), ChecksumType: types.ChecksumTypeComposite, ServerSideEncryption: kms}, want: isUnknown},
		"no type, an ETag of parts":   {out: head{ChecksumCRC32: encode(checksum.CRC32.New()), ETag: aws.String(otherMD5 + "-2"), ServerSideEncryption: kms}, want: isUnknown},
		"our composite":               {out: head{ChecksumCRC32: aws.String("composite-2"), ChecksumType: types.ChecksumTypeComposite, ServerSideEncryption: kms}, want: isStored},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.sum == nil {
				test.sum = all
			}
			test.out.ContentLength = aws.Int64(10)
			if test.bytes != 0 {
				test.out.ContentLength = &test.bytes
			}
			want := expected{size: 10, started: time.Now(), etag: test.etag, composite: "composite-2", sum: test.sum}
			assert.Equal(t, test.want, want.compare(&test.out))
		})
	}
	bare := expected{size: 0, started: time.Now(), sum: all}
	assert.Equal(t, isAnother, bare.compare(&s3.HeadObjectOutput{ContentLength: aws.Int64(1)}))
	assert.NotEqual(t, isStored, bare.compare(&s3.HeadObjectOutput{ContentLength: aws.Int64(0)}), "empty is not equal to empty")
}

// TestOlderObjects are not what a put stored.
func TestOlderObjects(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	want := expected{started: time.Now().Add(-10 * time.Second)}
	for age, isOlder := range map[time.Duration]bool{0: false, 10 * time.Second: false, 12 * time.Second: false, 14 * time.Second: true, -time.Minute: false} {
		out := &s3.HeadObjectOutput{LastModified: aws.Time(now.Add(-age)), ResultMetadata: serverTime(now)}
		assert.Equal(t, isOlder, want.isOlder(out), age)
	}
	assert.False(t, want.isOlder(&s3.HeadObjectOutput{LastModified: aws.Time(now.Add(-time.Hour))}), "by no clock")
	assert.False(t, want.isOlder(&s3.HeadObjectOutput{ResultMetadata: serverTime(now)}))
}

// TestPartsETag is S3's, of MD5s alone.
func TestPartsETag(t *testing.T) {
	t.Parallel()
	part := func(etag string) types.CompletedPart { return types.CompletedPart{ETag: &etag} }
	one, two := etagOf([]byte("one")), strings.Trim(etagOf([]byte("two")), `"`)
	// As Python's: hashlib.md5(bytes.fromhex(one) + bytes.fromhex(two)).hexdigest() + "-2".
	assert.Equal(t, "1397b7ee3222e3980d0d20f23a871b02-2", partsETag([]types.CompletedPart{part(one), part(two)}))
	assert.Len(t, partsETag([]types.CompletedPart{part(one)}), 34)
	assert.NotEqual(t, partsETag([]types.CompletedPart{part(one), part(two)}), partsETag([]types.CompletedPart{part(two), part(one)}))
	for _, odd := range []types.CompletedPart{part("e"), part(one[:10]), {}, part(one + "00")} {
		assert.Empty(t, partsETag([]types.CompletedPart{part(one), odd}))
	}
}

// TestCompositeSum is S3's CRC32 of the parts' CRC32s.
func TestCompositeSum(t *testing.T) {
	t.Parallel()
	sums := []uint32{crc32.ChecksumIEEE([]byte("one")), crc32.ChecksumIEEE([]byte("two"))}
	m := &multipart{parts: []sentPart{{crc32: checksum.EncodeCRC32(sums[0]), size: 3}, {crc32: checksum.EncodeCRC32(sums[1]), size: 3}}}
	first, _ := base64.StdEncoding.DecodeString(m.parts[0].crc32)
	second, _ := base64.StdEncoding.DecodeString(m.parts[1].crc32)
	assert.Equal(t, checksum.EncodeCRC32(crc32.ChecksumIEEE(append(first, second...)))+"-2", m.compositeSum())
	size, crc, isKnown := m.sum()
	assert.True(t, isKnown)
	assert.EqualValues(t, 6, size)
	assert.Equal(t, crc32.ChecksumIEEE([]byte("onetwo")), crc)
	for _, odd := range []string{"", "AAA", "AAAAAAA="} {
		m.parts[1].crc32 = odd
		assert.Empty(t, m.compositeSum())
		size, _, isKnown = m.sum()
		assert.False(t, isKnown)
		assert.EqualValues(t, 6, size)
	}
}

// TestPanicsAreCleanedUp checks that a panic reaches the caller, after the upload is
// aborted.
func TestPanicsAreCleanedUp(t *testing.T) {
	t.Parallel()
	bodyPanics := func(from int64) io.Reader {
		return &funcAt{Reader: bytes.NewReader(make([]byte, 17*unit)), read: func(p []byte, offset int64) (int, error) {
			if offset >= from {
				panic("boom")
			}
			return len(p), nil
		}}
	}
	for name, test := range map[string]struct {
		body     io.Reader
		progress func(done, total int64)
	}{
		"a stream":        {body: io.MultiReader(stream(make([]byte, 6*unit)), readFunc(func([]byte) (int, error) { panic("boom") }))},
		"in place":        {body: bodyPanics(0)},
		"in place, later": {body: bodyPanics(9 * unit)},
		"progress":        {body: bytes.NewReader(make([]byte, 17*unit)), progress: func(int64, int64) { panic("boom") }},
		"the last report": {body: strings.NewReader("x"), progress: func(int64, int64) { panic("boom") }},
		"at the end":      {body: bodyPanics(17*unit - 32<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake, opts := newFakeS3(), options()
			opts.Progress = test.progress
			fake.onPart = func(ctx context.Context, in *s3.UploadPartInput, sending *progress.Sending) error {
				request, _ := http.NewRequestWithContext(ctx, http.MethodPut, "http://x", in.Body)
				request.ContentLength = 1
				body := in.Body
				if attempt := sending.Count(request); attempt != nil {
					body = attempt
				}
				_, err := io.Copy(io.Discard, body)
				if _, back := in.Body.(io.Seeker).Seek(0, io.SeekStart); back != nil {
					return back
				}
				return errors.Join(err, ctx.Err())
			}
			assert.PanicsWithValue(t, "boom", func() { _ = Put(t.Context(), fake, test.body, opts) })
			assert.Empty(t, fake.uploads)
			assert.Empty(t, fake.completes)
		})
	}
}

// TestGoexitIsCleanedUp covers a body that ends its goroutine, as a test's FailNow does.
func TestGoexitIsCleanedUp(t *testing.T) {
	t.Parallel()
	fake := newFakeS3()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = Put(t.Context(), fake, io.MultiReader(stream(make([]byte, 6*unit)), readFunc(func([]byte) (int, error) { runtime.Goexit(); return 0, nil })), options())
	}()
	<-done
	assert.Equal(t, 1, fake.aborts)
	assert.Empty(t, fake.uploads)
}

// readFunc is a body.
type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// funcAt is a body that is read in place.
type funcAt struct {
	*bytes.Reader
	read func(p []byte, offset int64) (int, error)
}

func (f *funcAt) ReadAt(p []byte, offset int64) (int, error) { return f.read(p, offset) }
