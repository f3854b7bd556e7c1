// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDownloadResumes checks that kept bytes are not requested again, and are compared
// before they are used.
func TestDownloadResumes(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(40 * unit)
	for name, test := range testkit.Some(map[string]struct {
		// meddle changes what the first download left.
		meddle func(t *testing.T, part, journal string)
		// most is how many bytes the second may ask for.
		most int64
	}{
		"as it was left": {func(*testing.T, string, string) {}, 16 * unit},
		"the last line is cut off": {func(t *testing.T, _, journal string) {
			text, err := os.ReadFile(journal)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(journal, text[:len(text)-7], 0o600))
		}, 24 * unit},
		"lines of nonsense": {func(t *testing.T, _, journal string) {
			file, err := os.OpenFile(journal, os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = fmt.Fprintf(file, `{"at":%d,"bytes":%d,"crc32":"00000000"}`+"\n", 8*unit, 8*unit)
			require.NoError(t, err)
			_, err = file.WriteString(`{"at":1,"bytes":99999999999,"crc32":"00000000"}` +
				"\n" + `{"at":-8388608,"bytes":8388608}` + "\n" + `{"at":9223372036846387200,"bytes":1}` + "\n\x00\x00\n[]\n{\"at\":0")
			require.NoError(t, err)
			require.NoError(t, file.Close())
		}, 16 * unit},
		"other bytes on the disk": {func(t *testing.T, part, _ string) {
			file, err := os.OpenFile(part, os.O_RDWR, 0)
			require.NoError(t, err)
			_, err = file.WriteAt(make([]byte, 100), 16*unit+5)
			require.NoError(t, err)
			_, err = file.WriteAt(make([]byte, 100), 5)
			require.NoError(t, err)
			require.NoError(t, file.Close())
		}, 32 * unit},
		"a file of another size": {func(t *testing.T, part, _ string) { require.NoError(t, os.Truncate(part, 1000)) }, 40 * unit},
		"no file":                {func(t *testing.T, part, _ string) { require.NoError(t, os.Remove(part)) }, 40 * unit},
		"no journal":             {func(t *testing.T, _, journal string) { require.NoError(t, os.Remove(journal)) }, 40 * unit},
		"an empty journal":       {func(t *testing.T, _, journal string) { require.NoError(t, os.Truncate(journal, 0)) }, 40 * unit},
		"another object's journal": {func(t *testing.T, _, journal string) {
			text, err := os.ReadFile(journal)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(journal, bytes.Replace(text, []byte(`"key":"key"`), []byte(`"key":"yek"`), 1), 0o600))
		}, 40 * unit},
		"an older object's journal": {func(t *testing.T, _, journal string) {
			text, err := os.ReadFile(journal)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(journal, regexp.MustCompile(`"etag":"[^,]*,`).ReplaceAll(text, []byte(`"etag":"\"old\"",`)), 0o600))
		}, 40 * unit},
		"a link instead of the file": {func(t *testing.T, part, _ string) {
			require.NoError(t, os.Rename(part, part+"2"))
			testkit.Symlink(t, filepath.Base(part)+"2", part)
		}, 40 * unit},
	}, 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var fetched atomic.Int64
			var first atomic.Bool
			first.Store(true)
			var came sync.WaitGroup
			came.Add(3)
			store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				start := rangeStart(request)
				if start >= 24*unit && first.Load() {
					came.Wait() // for the other ranges; then it ends
					return testkit.ErrorAnswer(request, http.StatusForbidden, "AccessDenied"), nil
				}
				response, err := next.RoundTrip(request)
				if err == nil && start >= 0 {
					fetched.Add(response.ContentLength)
					if first.Load() {
						response.Body = &endedBody{ReadCloser: response.Body, ended: came.Done}
					}
				}
				return response, err
			})
			putWhole(t, store, "key", data)
			folder := t.TempDir()
			path := filepath.Join(folder, "file")
			opts := &lithopss3.DownloadOptions{Resume: true}
			err := store.DownloadFile(t.Context(), "bucket", "key", path, opts)
			require.ErrorIs(t, err, fs.ErrPermission)
			part, journal := filepath.Join(folder, ".file.lithops-s3.part"), filepath.Join(folder, ".file.lithops-s3.journal")
			assert.Equal(t, []string{filepath.Base(journal), filepath.Base(part)}, testkit.Files(t, folder))
			info, err := os.Stat(journal)
			require.NoError(t, err)
			testkit.AssertMode(t, 0o600, info.Mode())

			test.meddle(t, part, journal)
			first.Store(false)
			fetched.Store(0)
			progress := &watched{t: t}
			require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, &lithopss3.DownloadOptions{Resume: true, Progress: progress.report}))
			progress.finished(40 * unit)
			assert.LessOrEqual(t, fetched.Load(), test.most)
			stored, err := os.ReadFile(path)
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, stored))
			_ = os.Remove(part + "2")
			assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
		})
	}
}

// TestDownloadIsKilled checks that a download can be resumed from the files as they are at
// a random moment, which is what a killed process leaves.
func TestDownloadIsKilled(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(40 * unit)
	folder, later := t.TempDir(), t.TempDir()
	var fetched, copies atomic.Int64
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err != nil || rangeStart(request) < 0 {
			return response, err
		}
		fetched.Add(response.ContentLength)
		if rangeStart(request) == 8*unit && copies.Add(1) == 1 {
			response.Body = &hookedBody{ReadCloser: response.Body, left: 7 * unit, hook: func() {
				for _, name := range []string{".file.lithops-s3.journal", ".file.lithops-s3.part"} {
					content, err := os.ReadFile(filepath.Join(folder, name))
					assert.NoError(t, err)
					assert.NoError(t, os.WriteFile(filepath.Join(later, name), content, 0o600))
				}
			}}
		}
		return response, err
	})
	putWhole(t, store, "key", data)
	opts := &lithopss3.DownloadOptions{Resume: true}
	require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", filepath.Join(folder, "file"), opts))
	require.Len(t, testkit.Files(t, later), 2)
	fetched.Store(0)
	require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", filepath.Join(later, "file"), opts))
	assert.LessOrEqual(t, fetched.Load(), int64(34*unit), "6 MiB of one range at least had come")
	stored, err := os.ReadFile(filepath.Join(later, "file"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, stored))
	assert.Equal(t, []string{"file"}, testkit.Files(t, later))
}

// hookedBody calls hook when so many bytes were read.
type hookedBody struct {
	io.ReadCloser
	left int
	hook func()
}

func (b *hookedBody) Read(p []byte) (int, error) {
	if b.left <= 0 && b.hook != nil {
		b.hook()
		b.hook = nil
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	return n, err
}

// TestDownloadTwice checks that two downloads at once don't write into the same file.
func TestDownloadTwice(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	opts := &lithopss3.DownloadOptions{Resume: true}
	var store *lithopss3.Store
	var once sync.Once
	store = openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if rangeStart(request) == 8*unit {
			once.Do(func() {
				err := store.DownloadFile(context.Background(), "bucket", "key", path, opts)
				assert.ErrorContains(t, err, "in progress")
			})
		}
		return next.RoundTrip(request)
	})
	data := testkit.Bytes(17 * unit)
	putWhole(t, store, "key", data)
	require.NoError(t, store.DownloadFile(t.Context(), "bucket", "key", path, opts))
	stored, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, stored))
	assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
}
