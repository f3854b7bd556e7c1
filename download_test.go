// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDownloadSizes checks the requests, the progress and the bytes of objects around the
// size of a range, and the usual size of a range.
func TestDownloadSizes(t *testing.T) {
	t.Parallel()
	checkSizes(t, openWire, unit, map[int]int{0: 2, 1: 1, 8 * unit: 1, 8*unit + 1: 3, 16 * unit: 3, 24*unit + 3: 5})
	if !testing.Short() {
		checkSizes(t, openWireFull, mib, map[int]int{8*mib + 1: 3})
	}
}

// checkSizes downloads objects of some sizes. Each takes so many requests, the first of them
// for 8 MiB.
func checkSizes(t *testing.T, open func(*testing.T, tripper) *lithopss3.Store, mib int, sizes map[int]int) {
	t.Helper()
	var mu sync.Mutex
	var requests []string
	store := open(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		mu.Lock()
		requests = append(requests, request.Method+" "+request.Header.Get("Range"))
		mu.Unlock()
		return next.RoundTrip(request)
	})
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	for size, want := range sizes {
		data := testkit.Bytes(size)
		putWhole(t, store, "key", data)
		requests = nil
		progress := &watched{t: t}
		require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{Progress: progress.report, Sync: true}))
		progress.finished(int64(size))
		assert.Len(t, requests, want, "%d bytes", size)
		assert.Equal(t, fmt.Sprintf("GET bytes=0-%d", 8*mib-1), requests[0], "the first answer tells the size")
		stored, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, stored), "%d bytes", size)
		assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
	}
}

// TestDownloadFaults checks that what breaks is mended, or is an error that leaves the
// file that was there, and nothing else.
func TestDownloadFaults(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(40 * unit)
	other := testkit.Bytes(40*unit + 1)
	second := func(request *http.Request) bool { return rangeStart(request) == 8*unit }
	for name, test := range testkit.Some(map[string]struct {
		want error
		trip func(t *testing.T, store func() *lithopss3.Store, cancel context.CancelFunc) tripper
	}{
		"resets": {nil, func(*testing.T, func() *lithopss3.Store, context.CancelFunc) tripper {
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				response, err := next.RoundTrip(request)
				if err == nil && rangeStart(request)%unit == 0 && request.Method == http.MethodGet {
					response.Body = &brokenBody{response.Body, 3*unit + 17, &resetError{}}
				}
				return response, err
			}
		}},
		"early ends": {nil, func(*testing.T, func() *lithopss3.Store, context.CancelFunc) tripper {
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				response, err := next.RoundTrip(request)
				if err == nil && request.Method == http.MethodGet && rangeStart(request)%unit == 0 {
					response.Body = &brokenBody{response.Body, 5, io.EOF}
				}
				return response, err
			}
		}},
		"slow down": {nil, func(*testing.T, func() *lithopss3.Store, context.CancelFunc) tripper {
			var told atomic.Bool
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if second(request) && !told.Swap(true) {
					return testkit.ErrorAnswer(request, http.StatusServiceUnavailable, "SlowDown"), nil
				}
				return next.RoundTrip(request)
			}
		}},
		"a byte is another": {lithopss3.ErrChecksum, func(*testing.T, func() *lithopss3.Store, context.CancelFunc) tripper {
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				response, err := next.RoundTrip(request)
				if err == nil && second(request) {
					response.Body = &flippedBody{response.Body, unit + 5}
				}
				return response, err
			}
		}},
		"refused": {fs.ErrPermission, func(*testing.T, func() *lithopss3.Store, context.CancelFunc) tripper {
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if second(request) {
					return testkit.ErrorAnswer(request, http.StatusForbidden, "AccessDenied"), nil
				}
				return next.RoundTrip(request)
			}
		}},
		"canceled": {context.Canceled, func(_ *testing.T, _ func() *lithopss3.Store, cancel context.CancelFunc) tripper {
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if second(request) {
					cancel()
				}
				return next.RoundTrip(request)
			}
		}},
		"replaced": {lithopss3.ErrPrecondition, func(t *testing.T, store func() *lithopss3.Store, _ context.CancelFunc) tripper {
			var once sync.Once
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if rangeStart(request) > 0 {
					once.Do(func() { putWhole(t, store(), "key", other) })
				}
				return next.RoundTrip(request)
			}
		}},
		"replaced and cut": {lithopss3.ErrPrecondition, func(t *testing.T, store func() *lithopss3.Store, _ context.CancelFunc) tripper {
			var once sync.Once
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				response, err := next.RoundTrip(request)
				if err == nil && rangeStart(request) == 0 {
					response.Body = &brokenBody{response.Body, unit, io.EOF}
					once.Do(func() { putWhole(t, store(), "key", other) })
				}
				return response, err
			}
		}},
	}, 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var store *lithopss3.Store
			trip := test.trip(t, func() *lithopss3.Store { return store }, cancel)
			var armed atomic.Bool
			store = openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if !armed.Load() || request.Method == http.MethodPut {
					return next.RoundTrip(request)
				}
				return trip(request, next)
			})
			putWhole(t, store, "key", data)
			armed.Store(true)
			for _, resume := range []bool{false, true} {
				folder := t.TempDir()
				path := filepath.Join(folder, "file")
				require.NoError(t, os.WriteFile(path, []byte("before"), 0o640))
				progress := &watched{t: t}
				err := store.DownloadFile(ctx, "bucket", "key", path, &lithopss3.DownloadOptions{Progress: progress.report, Resume: resume})
				stored, readErr := os.ReadFile(path)
				require.NoError(t, readErr)
				if test.want == nil {
					require.NoError(t, err)
					progress.finished(40 * unit)
					require.True(t, bytes.Equal(data, stored))
					continue
				}
				require.ErrorIs(t, err, test.want)
				progress.failed()
				assert.Equal(t, "before", string(stored))
				isReplaced := errors.Is(err, lithopss3.ErrPrecondition)
				if isReplaced {
					assert.ErrorContains(t, err, "replaced meanwhile")
				}
				if !resume || isReplaced || errors.Is(err, lithopss3.ErrChecksum) {
					assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
				}
				if isReplaced || ctx.Err() != nil {
					break // the second time, nothing happens meanwhile
				}
			}
		})
	}
}

// TestDownloadFromSimpleServers covers ones that know no ranges, no checksums, no HEAD or
// checksums of another kind.
func TestDownloadFromSimpleServers(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(20 * unit)
	composite := func(header http.Header) {
		header.Set("X-Amz-Checksum-Crc32", "AAAAAA==")
		header.Set("X-Amz-Checksum-Type", "COMPOSITE")
	}
	for name, change := range map[string]tripper{
		"no ranges": func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			if request.Method != http.MethodGet {
				return next.RoundTrip(request)
			}
			return &http.Response{
				StatusCode: http.StatusOK, Request: request, ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(bytes.NewReader(data)),
				Header: http.Header{"Etag": {`"e"`}, "Content-Length": {strconv.Itoa(len(data))}}, ContentLength: int64(len(data)),
			}, nil
		},
		"no HEAD": func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			if request.Method == http.MethodHead {
				return testkit.ErrorAnswer(request, http.StatusForbidden, ""), nil
			}
			return next.RoundTrip(request)
		},
		"a checksum of the parts' checksums": func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(request)
			if err == nil {
				composite(response.Header)
			}
			return response, err
		},
		"another polynomial": func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(request)
			if err == nil && request.Method == http.MethodHead {
				response.Header.Del("X-Amz-Checksum-Crc32")
				response.Header.Set("X-Amz-Checksum-Crc64nvme", checksumOf(t, "X-Amz-Checksum-Crc64nvme", data))
			}
			return response, err
		},
		"no polynomial": func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(request)
			if err == nil && request.Method == http.MethodHead {
				response.Header.Del("X-Amz-Checksum-Crc32")
				response.Header.Set("X-Amz-Checksum-Sha256", checksumOf(t, "X-Amz-Checksum-Sha256", data))
			}
			return response, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var armed atomic.Bool
			store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if armed.Load() {
					return change(request, next)
				}
				return next.RoundTrip(request)
			})
			putWhole(t, store, "key", data)
			armed.Store(true)
			path := filepath.Join(t.TempDir(), "file")
			require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, nil))
			stored, err := os.ReadFile(path)
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, stored))
		})
	}
}
