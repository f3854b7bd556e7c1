// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDownloadSizes(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var requests []string
	store := openWireFull(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		mu.Lock()
		requests = append(requests, request.Method+" "+request.Header.Get("Range"))
		mu.Unlock()
		return next.RoundTrip(request)
	})
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	for size, want := range map[int]int{0: 2, 1: 1, 8 * mib: 1, 8*mib + 1: 3, 16 * mib: 3, 40*mib + 3: 7} {
		data := testkit.Bytes(size)
		putWhole(t, store, "key", data)
		requests = nil
		progress := &watched{t: t}
		require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{Progress: progress.report, Sync: true}))
		progress.finished(int64(size))
		assert.Len(t, requests, want, "%d bytes", size)
		assert.Equal(t, "GET bytes=0-8388607", requests[0], "the first answer tells the size")
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
	for name, test := range map[string]struct {
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
	} {
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

// TestDownloadTargets covers what is at the path, and around it.
func TestDownloadTargets(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("permissions and links of another kind")
	}
	store := openWire(t, straight)
	data := testkit.Bytes(9 * unit)
	putWhole(t, store, "key", data)
	putWhole(t, store, "small", []byte("small"))
	folder := t.TempDir()
	get := func(key, path string, opts *lithopss3.DownloadOptions) error {
		return store.DownloadFile(t.Context(), "bucket", key, path, opts)
	}

	kept := filepath.Join(folder, "kept")
	require.NoError(t, os.WriteFile(kept, nil, 0o604))
	require.NoError(t, os.Chmod(kept, 0o604))
	link := filepath.Join(folder, "link")
	require.NoError(t, os.Symlink("kept", link))
	for _, key := range []string{"key", "small"} {
		for _, resume := range []bool{false, true} {
			require.NoError(t, get(key, link, &lithopss3.DownloadOptions{Resume: resume}))
			info, err := os.Lstat(kept)
			require.NoError(t, err)
			assert.Equal(t, fs.FileMode(0o604), info.Mode(), "a file keeps its permissions")
		}
	}
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&fs.ModeSymlink, "a link stays one")

	require.NoError(t, get("key", os.DevNull, nil), "a device stays one")
	info, err = os.Stat(os.DevNull)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&fs.ModeDevice)
	if runtime.GOOS == "linux" {
		require.ErrorIs(t, get("key", "/dev/full", nil), syscall.ENOSPC)
	}

	require.ErrorIs(t, get("key", filepath.Join(folder, "none", "file"), nil), fs.ErrNotExist)
	require.ErrorContains(t, get("key", filepath.Join(kept, "file"), nil), "not a directory")
	require.ErrorIs(t, get("small", kept, &lithopss3.DownloadOptions{IfMatch: `"other"`}), lithopss3.ErrPrecondition)
	assert.ElementsMatch(t, []string{"kept", "link"}, testkit.Files(t, folder))

	if os.Getuid() != 0 { // who may write everywhere
		require.NoError(t, os.Chmod(folder, 0o500))
		require.ErrorIs(t, get("key", filepath.Join(folder, "file"), nil), fs.ErrPermission)
		require.NoError(t, os.Chmod(folder, 0o700))
	}
}

// TestDownloadStaysInRoot checks that neither a path nor a link leads out of it.
func TestDownloadStaysInRoot(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need rights there")
	}
	store := openWire(t, straight)
	putWhole(t, store, "key", []byte("new"))
	outside, inside := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "file"), []byte("before"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(inside, "folder")))
	require.NoError(t, os.Symlink(filepath.Join(outside, "file"), filepath.Join(inside, "link")))
	require.NoError(t, os.Mkdir(filepath.Join(inside, "real"), 0o700))
	root, err := os.OpenRoot(inside)
	require.NoError(t, err)
	defer func() { _ = root.Close() }()
	get := func(path string) error {
		return store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{Root: root})
	}
	for _, path := range []string{"folder/file", "folder/new", "../file", filepath.Join(outside, "file"), "real/../../x", "real", "."} {
		require.Error(t, get(path), path)
	}
	require.NoError(t, get("real/file"))
	require.NoError(t, get("link"), "which is replaced")
	content, err := os.ReadFile(filepath.Join(outside, "file"))
	require.NoError(t, err)
	assert.Equal(t, "before", string(content))
	assert.Equal(t, []string{"file"}, testkit.Files(t, outside))
	content, err = os.ReadFile(filepath.Join(inside, "link"))
	require.NoError(t, err)
	assert.Equal(t, "new", string(content))
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

func checksumOf(t *testing.T, header string, data []byte) string {
	t.Helper()
	var sum hash.Hash
	switch header {
	case "X-Amz-Checksum-Crc32":
		sum = crc32.NewIEEE()
	case "X-Amz-Checksum-Crc64nvme":
		sum = crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5))
	case "X-Amz-Checksum-Sha256":
		sum = sha256.New()
	}
	_, _ = sum.Write(data)
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// TestBodyChecksum checks that a body that broke off is compared as a whole.
func TestBodyChecksum(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(3 * unit)
	for _, flip := range []bool{false, true} {
		store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(request)
			switch {
			case err != nil || request.Method != http.MethodGet:
			case rangeStart(request) < 0:
				response.Body = &brokenBody{response.Body, unit + 3, &resetError{}}
			case flip:
				response.Body = &flippedBody{response.Body, 10}
			}
			return response, err
		})
		putWhole(t, store, "key", data)
		object, err := store.GetObject(t.Context(), "bucket", "key", nil)
		require.NoError(t, err)
		stored := make([]byte, len(data))
		_, err = io.ReadFull(object.Body, stored) // which never asks for the end
		if flip {
			require.ErrorIs(t, err, lithopss3.ErrChecksum)
		} else {
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, stored))
		}
		require.NoError(t, object.Body.Close())
	}
}

// TestTransfersOnServer runs up and down against a server that stands ready, see
// TestConformanceServer.
func TestTransfersOnServer(t *testing.T) {
	t.Parallel()
	endpoint := os.Getenv("LITHOPSS3_TEST_ENDPOINT")
	if endpoint == "" {
		t.Skip("LITHOPSS3_TEST_ENDPOINT is not set; .ci/run sets it")
	}
	store, err := lithopss3.New(t.Context(), &lithopss3.Config{
		Region: "us-east-1", AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: lithopss3.NewSecret(os.Getenv("AWS_SECRET_ACCESS_KEY")),
	}, &lithopss3.Options{Endpoint: endpoint, LookupEnv: testkit.Env(nil)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	bucket := fmt.Sprintf("transfers-%x", time.Now().UnixNano())
	require.NoError(t, store.CreateBucket(t.Context(), bucket))
	path := filepath.Join(t.TempDir(), "file")
	for _, size := range []int{0, 6 * mib, 12 * mib, 42*mib + 1} {
		data := testkit.Bytes(size)
		for name, body := range map[string]io.Reader{"file": bytes.NewReader(data), "stream": struct{ io.Reader }{bytes.NewReader(data)}} {
			require.NoError(t, store.PutObject(t.Context(), bucket, name, body, nil))
			for _, resume := range []bool{false, true} {
				progress := &watched{t: t}
				require.NoError(t, store.DownloadFile(t.Context(), bucket, name, path, &lithopss3.DownloadOptions{Resume: resume, Progress: progress.report}))
				progress.finished(int64(size))
				stored, err := os.ReadFile(path)
				require.NoError(t, err)
				require.True(t, bytes.Equal(data, stored), "%s of %d bytes", name, size)
			}
			reader, err := store.OpenReaderAt(t.Context(), bucket, name, nil)
			require.NoError(t, err)
			content, err := io.ReadAll(io.NewSectionReader(reader, 0, reader.Size()))
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, content))
			require.NoError(t, reader.Close())
			head, err := store.Client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &name, ChecksumMode: "ENABLED"})
			require.NoError(t, err)
			if head.ChecksumType != "" {
				assert.EqualValues(t, "FULL_OBJECT", head.ChecksumType, "%s of %d bytes", name, size)
				assert.Equal(t, checksumOf(t, "X-Amz-Checksum-Crc32", data), *head.ChecksumCRC32)
			}
		}
	}
}
