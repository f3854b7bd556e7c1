// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/progress"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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

// TestPartsAtOnce checks how many parts are sent at once: 24, and of a stream as many as
// are held, unless AtOnce says it.
func TestPartsAtOnce(t *testing.T) {
	t.Parallel()
	file := func() io.Reader { return zeroBody(30 * 8 * unit) }
	pipe := func() io.Reader { return stream(make([]byte, 30*5*unit)) }
	for name, test := range testkit.Some(map[string]struct {
		body         func() io.Reader
		atOnce, want int
	}{
		"a file":                  {file, 0, 24},
		"a file, one at a time":   {file, 1, 1},
		"a file, all":             {file, 100, 30},
		"a stream":                {pipe, 0, 8},
		"a stream, one at a time": {pipe, 1, 1},
		"a stream, 15":            {pipe, 15, 15},
		"a stream, 16":            {pipe, 16, 16},
		"a stream, all":           {pipe, 100, 19}, // of 8 MiB
	}, 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := options()
			opts.AtOnce = test.atOnce
			assert.EqualValues(t, test.want, partsInFlight(t, test.body(), opts))
		})
	}
}

// partsInFlight puts body and returns how many parts were sent at once.
func partsInFlight(t *testing.T, body io.Reader, opts Options) (most int64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var now, highest atomic.Int64
		fake := newFakeS3()
		fake.onPart = func(context.Context, *s3.UploadPartInput, *progress.Sending) error {
			n := now.Add(1)
			for m := highest.Load(); n > m && !highest.CompareAndSwap(m, n); m = highest.Load() {
			}
			time.Sleep(time.Second)
			now.Add(-1)
			return nil
		}
		require.NoError(t, Put(t.Context(), fake, body, opts))
		most = highest.Load()
	})
	return most
}

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
	err := p.sendAll(t.Context(), &manyParts{left: MaxParts + 1})
	require.ErrorContains(t, err, "more than 10000 parts")
	assert.LessOrEqual(t, len(fake.parts), MaxParts)

	p.parts, fake.parts = nil, nil
	require.NoError(t, p.sendAll(t.Context(), &manyParts{left: MaxParts}))
	assert.Len(t, fake.parts, MaxParts)
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
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, make([]byte, 17*unit), 0o600))
	file, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
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
		"its version":     {body: &forgetful{File: file}},
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

// TestPanicOfARequest checks that a panic in the client, as of a transport, reaches the caller
// after the upload is aborted.
func TestPanicOfARequest(t *testing.T) {
	t.Parallel()
	fake := newFakeS3()
	fake.onPart = func(ctx context.Context, in *s3.UploadPartInput, _ *progress.Sending) error {
		if *in.PartNumber == 2 {
			panic("boom")
		}
		<-ctx.Done() // all others end with it
		return context.Cause(ctx)
	}
	assert.PanicsWithValue(t, "boom", func() { _ = Put(t.Context(), fake, bytes.NewReader(make([]byte, 17*unit)), options()) })
	assert.Empty(t, fake.uploads)
	assert.Empty(t, fake.completes)
}

// A forgetful file can't tell its version after the first time.
type forgetful struct {
	*os.File
	asked atomic.Bool
}

func (f *forgetful) Stat() (fs.FileInfo, error) {
	if f.asked.Swap(true) {
		panic("boom")
	}
	return f.File.Stat()
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
