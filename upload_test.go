// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPutProgress covers files, buffers and streams, with failures on the way.
func TestPutProgress(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	var parts atomic.Int64
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if isPart(request) && parts.Add(1)%7 == 2 {
			if request.URL.Query().Get("partNumber") != "1" {
				return lose(request, next)
			}
			return testkit.ErrorAnswer(request, http.StatusServiceUnavailable, "SlowDown"), nil
		}
		return next.RoundTrip(request)
	})
	data := testkit.Bytes(30*unit + 5)
	for _, size := range []int{0, 1, 3 * unit, 5 * unit, 16 * unit, 16*unit + 1, len(data)} {
		for name, body := range map[string]io.Reader{
			"file":   bytes.NewReader(data[:size]),
			"buffer": bytes.NewBuffer(data[:size:size]),
			"stream": struct{ io.Reader }{bytes.NewReader(data[:size])},
		} {
			progress := &watched{t: t}
			require.NoError(t, store.PutObject(t.Context(), "bucket", name, body, &lithopss3.PutOptions{Progress: progress.report}))
			progress.finished(int64(size))
			stored, err := store.ReadObject(t.Context(), "bucket", name, 0)
			require.NoError(t, err)
			require.True(t, bytes.Equal(data[:size], stored), "%s of %d bytes", name, size)
		}
	}
	assert.Zero(t, uploadsLeft(t, store))
}

// TestFailedUploadIsAborted checks that, whatever ends an upload, nothing of it stays, the
// old object stays, and the error is the one that the caller knows.
func TestFailedUploadIsAborted(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for name, test := range map[string]struct {
		want error
		body func() io.Reader
		trip func(cancel context.CancelCauseFunc) tripper
	}{
		"a part is refused": {fs.ErrPermission, nil, func(context.CancelCauseFunc) tripper {
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if isPart(request) && request.URL.Query().Get("partNumber") == "2" {
					return testkit.ErrorAnswer(request, http.StatusForbidden, "AccessDenied"), nil
				}
				return next.RoundTrip(request)
			}
		}},
		"canceled between parts": {context.Canceled, nil, func(cancel context.CancelCauseFunc) tripper {
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if isPart(request) {
					cancel(nil)
				}
				return next.RoundTrip(request)
			}
		}},
		"canceled with a cause": {mine, nil, func(cancel context.CancelCauseFunc) tripper {
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if isPart(request) {
					cancel(mine)
				}
				return next.RoundTrip(request)
			}
		}},
		"canceled while it begins": {context.Canceled, nil, func(cancel context.CancelCauseFunc) tripper {
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				response, err := next.RoundTrip(request)
				if request.Method == http.MethodPost {
					cancel(nil)
				}
				return response, err
			}
		}},
		"the body fails": {mine, func() io.Reader {
			return io.MultiReader(bytes.NewReader(make([]byte, 12*unit)), iotest.ErrReader(mine))
		}, func(context.CancelCauseFunc) tripper { return straight }},
		"it can't be completed": {lithopss3.ErrPrecondition, nil, func(context.CancelCauseFunc) tripper {
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if request.Method == http.MethodPost && request.URL.Query().Has("uploadId") {
					return testkit.ErrorAnswer(request, http.StatusPreconditionFailed, "PreconditionFailed"), nil
				}
				return next.RoundTrip(request)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			trip, armed := test.trip(cancel), atomic.Bool{}
			store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if !armed.Load() {
					return next.RoundTrip(request)
				}
				return trip(request, next)
			})
			require.NoError(t, store.PutObject(ctx, "bucket", "key", strings.NewReader("before"), nil))
			armed.Store(true)
			body := io.Reader(bytes.NewReader(make([]byte, 40*unit)))
			if test.body != nil {
				body = test.body()
			}
			progress := &watched{t: t}
			err := store.PutObject(ctx, "bucket", "key", body, &lithopss3.PutOptions{Progress: progress.report})
			require.ErrorIs(t, err, test.want)
			progress.failed()
			armed.Store(false)
			assert.Zero(t, uploadsLeft(t, store))
			data, err := store.ReadObject(context.Background(), "bucket", "key", 0)
			require.NoError(t, err)
			assert.Equal(t, "before", string(data))
		})
	}
}

// TestPartsInFlightAreAborted checks that an upload is aborted again if all of a part was
// sent before a cancel, because the server may store it after the first abort.
func TestPartsInFlightAreAborted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		isSent bool
		revive int64 // how many times the upload is back
		aborts int64
	}{
		"not sent": {false, 0, 1}, "sent": {true, 0, 2}, "back once": {true, 1, 3}, "back twice": {true, 2, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var aborts atomic.Int64
			store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				switch {
				case isPart(request):
					if test.isSent {
						_, err := io.Copy(io.Discard, request.Body)
						assert.NoError(t, err)
					}
					cancel()
					<-request.Context().Done()
					return nil, context.Cause(request.Context())
				case request.Method == http.MethodDelete && aborts.Add(1) <= test.revive:
					return testkit.ErrorAnswer(request, http.StatusNoContent, ""), nil
				}
				return next.RoundTrip(request)
			})
			err := store.PutObject(ctx, "bucket", "key", bytes.NewReader(make([]byte, 20*unit)), nil)
			require.ErrorIs(t, err, context.Canceled)
			assert.Zero(t, uploadsLeft(t, store))
			assert.Equal(t, test.aborts, aborts.Load())
		})
	}
}

// TestAbortIsNotTheReason checks that, if an upload can't be aborted either, the error
// says so in addition to the reason and not instead of it.
func TestAbortIsNotTheReason(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if request.Method == http.MethodDelete {
			return testkit.ErrorAnswer(request, http.StatusForbidden, "AccessDenied"), nil
		}
		return next.RoundTrip(request)
	})
	err := store.PutObject(t.Context(), "bucket", "key", io.MultiReader(bytes.NewReader(make([]byte, 12*unit)), iotest.ErrReader(mine)), nil)
	require.ErrorIs(t, err, mine)
	assert.ErrorContains(t, err, "PutObject bucket/key: reading the body: mine")
	assert.ErrorContains(t, err, "was left behind")
	var known *lithopss3.Error
	require.ErrorAs(t, err, &known)
	assert.Zero(t, known.StatusCode)
}

// TestLostAnswers checks that a request that was served, and whose answer was lost, is
// sent again and then refused because it was served.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	var lost atomic.Bool
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		isEnd := request.Method == http.MethodPost && request.URL.Query().Has("uploadId")
		isPut := request.Method == http.MethodPut && !isPart(request)
		if (isEnd || isPut) && lost.CompareAndSwap(false, true) {
			return lose(request, next)
		}
		return next.RoundTrip(request)
	})
	large := testkit.Bytes(20 * unit)
	for name, data := range map[string][]byte{"small": []byte("mine"), "large": large, "empty": nil} {
		lost.Store(false)
		absent := &lithopss3.PutOptions{IfAbsent: true}
		require.NoError(t, store.PutObject(t.Context(), "bucket", name, bytes.NewReader(data), absent), "%s: it was stored", name)
		require.True(t, lost.Load())
		info, err := store.HeadObject(t.Context(), "bucket", name)
		require.NoError(t, err)

		lost.Store(false)
		changed := append([]byte("more "), data...)
		match := &lithopss3.PutOptions{IfMatch: info.ETag}
		require.NoError(t, store.PutObject(t.Context(), "bucket", name, bytes.NewReader(changed), match), "%s: it was replaced", name)
		stored, err := store.ReadObject(t.Context(), "bucket", name, 0)
		require.NoError(t, err)
		require.True(t, bytes.Equal(changed, stored))

		require.ErrorIs(t, store.PutObject(t.Context(), "bucket", name, bytes.NewReader(data), match), lithopss3.ErrPrecondition)
		lost.Store(false)
		require.ErrorIs(t, store.PutObject(t.Context(), "bucket", name, bytes.NewReader(data), absent), lithopss3.ErrPrecondition, "%s: another's, and a retry", name)
		require.True(t, lost.Load())
	}
	assert.Zero(t, uploadsLeft(t, store))
}

// TestOldObjectIsNotOurs checks that the same bytes that were there before the put began
// are not what it stored.
func TestOldObjectIsNotOurs(t *testing.T) {
	t.Parallel()
	for age, want := range map[string]error{"Mon, 02 Jan 2006 15:04:05 GMT": lithopss3.ErrPrecondition, "Tue, 03 Jan 2006 15:04:05 GMT": nil} {
		var puts atomic.Int64
		store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			switch {
			case request.Method == http.MethodPut && puts.Add(1) == 1:
				return nil, &resetError{}
			case request.Method == http.MethodPut:
				return testkit.ErrorAnswer(request, http.StatusPreconditionFailed, "PreconditionFailed"), nil
			case request.Method == http.MethodHead:
				response := testkit.ErrorAnswer(request, http.StatusOK, "")
				response.ContentLength, response.Body = 4, http.NoBody
				response.Header = http.Header{
					"Date": {"Tue, 03 Jan 2006 15:04:05 GMT"}, "Last-Modified": {age},
					"Content-Length": {"4"}, "Etag": {`"1cb251ec0d568de6a929b520c4aed8d1"`}, // MD5 of "text"
				}
				return response, nil
			}
			return next.RoundTrip(request)
		})
		err := store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), &lithopss3.PutOptions{IfAbsent: true})
		if want != nil {
			require.ErrorIs(t, err, want)
		} else {
			require.NoError(t, err)
		}
	}
}

// TestStreamMemory checks that no more of a stream is read than is held, and a file is not
// read ahead of at all.
func TestStreamMemory(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if isPart(request) {
			size := request.ContentLength
			response := testkit.ErrorAnswer(request, http.StatusOK, "")
			response.Header.Set("ETag", `"e"`)
			response.Body, response.ContentLength = http.NoBody, 0
			sent.Add(size)
			return response, nil
		}
		if request.Method == http.MethodPost && request.URL.Query().Has("uploadId") {
			response := testkit.ErrorAnswer(request, http.StatusOK, "")
			response.Body = io.NopCloser(strings.NewReader(`<CompleteMultipartUploadResult><ETag>"e-1"</ETag></CompleteMultipartUploadResult>`))
			return response, nil
		}
		return next.RoundTrip(request)
	})
	stream := &endless{left: 400 * unit, sent: &sent}
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", stream, nil))
	assert.EqualValues(t, 400*unit, sent.Load())
	assert.LessOrEqual(t, stream.most, int64(50*unit))
}

// endless is a stream that notes how far ahead of what was sent it is read.
type endless struct {
	left, read, most int64
	sent             *atomic.Int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	e.left -= n
	e.read += n
	e.most = max(e.most, e.read-e.sent.Load())
	return int(n), nil
}

// TestPartsAreReadAgain checks that what a retry sends is read from the file once more.
func TestPartsAreReadAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	failed := map[string]bool{}
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if number := request.URL.Query().Get("partNumber"); isPart(request) {
			mu.Lock()
			again := failed[number]
			failed[number] = true
			mu.Unlock()
			if !again {
				_, _ = io.CopyN(io.Discard, request.Body, 3*unit) // cut in the middle
				_ = request.Body.Close()
				return nil, &resetError{}
			}
		}
		return next.RoundTrip(request)
	})
	path := filepath.Join(t.TempDir(), "file")
	data := testkit.Bytes(25 * unit)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	progress := &watched{t: t}
	require.NoError(t, store.UploadFile(t.Context(), path, "bucket", "key", &lithopss3.PutOptions{Progress: progress.report, ContentType: "a/b", Metadata: map[string]string{"k": "v"}}))
	progress.finished(25 * unit)
	assert.Len(t, failed, 4)
	stored, err := store.ReadObject(t.Context(), "bucket", "key", 0)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data, stored))
	info, err := store.HeadObject(t.Context(), "bucket", "key")
	require.NoError(t, err)
	assert.Equal(t, "a/b", info.ContentType)
	assert.Equal(t, map[string]string{"k": "v"}, info.Metadata)
}

// TestLostAnswerOfUnknownOutcome checks that an error does not claim a refusal if it is
// unknown whether the put was stored, and that a cancel during the check is a cancel.
func TestLostAnswerOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, cancels := range map[string]bool{"refused": false, "canceled": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var lost atomic.Bool
			store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				switch {
				case request.Method == http.MethodPut && lost.CompareAndSwap(false, true):
					return lose(request, next)
				case request.Method == http.MethodHead && cancels:
					cancel()
					return nil, context.Cause(ctx)
				case request.Method == http.MethodHead:
					return testkit.ErrorAnswer(request, http.StatusForbidden, ""), nil
				}
				return next.RoundTrip(request)
			})
			err := store.PutObject(ctx, "bucket", "key", strings.NewReader("mine"), &lithopss3.PutOptions{IfAbsent: true})
			require.NotErrorIs(t, err, lithopss3.ErrPrecondition)
			if cancels {
				require.ErrorIs(t, err, context.Canceled)
				return
			}
			require.ErrorContains(t, err, "was stored is not known")
			require.ErrorIs(t, err, fs.ErrPermission)
		})
	}
}
