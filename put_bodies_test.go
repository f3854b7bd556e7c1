// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readerFunc is a body.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// readerAtFunc is a body that is read in place.
type readerAtFunc struct {
	*bytes.Reader
	read func(p []byte, offset int64) (int, error)
}

func (f readerAtFunc) ReadAt(p []byte, offset int64) (int, error) { return f.read(p, offset) }

// TestInvalidReaders checks that a body that does what no body should is a clear error, at
// once, and leaves nothing.
func TestInvalidReaders(t *testing.T) {
	t.Parallel()
	errDisk := errors.New("the disk is broken")
	inPlace := func(size int, read func(p []byte, offset int64) (int, error)) io.Reader {
		return readerAtFunc{bytes.NewReader(make([]byte, size)), read}
	}
	after := func(size int, then func(p []byte) (int, error)) io.Reader { // of zeros
		left := size
		return readerFunc(func(p []byte) (int, error) {
			if left == 0 {
				return then(p)
			}
			n := min(len(p), left)
			left -= n
			return n, nil
		})
	}
	stuck := func([]byte) (int, error) { return 0, nil }
	tooMuch := func(p []byte) (int, error) { return len(p) + 1, nil }
	negative := func([]byte) (int, error) { return -1, nil }
	cut := func([]byte) (int, error) { return 0, io.ErrUnexpectedEOF } // as of a gzip.Reader
	request := func([]byte) (int, error) { return 0, fmt.Errorf("the request: %w", io.EOF) }
	for name, test := range map[string]struct {
		body io.Reader
		want error
		text string
	}{
		"a nil buffer":              {(*bytes.Buffer)(nil), nil, "nil *bytes.Buffer"},
		"a nil reader":              {(*bytes.Reader)(nil), nil, "nil *bytes.Reader"},
		"a nil string":              {(*strings.Reader)(nil), nil, "nil *strings.Reader"},
		"a nil file":                {(*os.File)(nil), nil, "nil *os.File"},
		"a nil function":            {readerFunc(nil), nil, "nil lithopss3_test.readerFunc"},
		"stuck":                     {readerFunc(stuck), io.ErrNoProgress, ""},
		"stuck later":               {after(12*unit, stuck), io.ErrNoProgress, ""},
		"too much":                  {readerFunc(tooMuch), nil, "impossible count"},
		"too much later":            {after(12*unit, tooMuch), nil, "impossible count"},
		"less than nothing":         {readerFunc(negative), nil, "impossible count"},
		"cut":                       {readerFunc(cut), io.ErrUnexpectedEOF, ""},
		"cut later":                 {after(10, cut), io.ErrUnexpectedEOF, ""},
		"cut after a part":          {after(12*unit, cut), io.ErrUnexpectedEOF, ""},
		"cut at a part's end":       {after(5*unit, cut), io.ErrUnexpectedEOF, ""},
		"a request's EOF":           {readerFunc(request), io.EOF, "the request"},
		"a request's EOF later":     {after(10, request), io.EOF, "the request"},
		"a request's EOF in a part": {after(12*unit, request), io.EOF, "the request"},
		"in place, stuck":           {inPlace(10, func([]byte, int64) (int, error) { return 0, nil }), io.ErrNoProgress, ""},
		"in place, large, stuck":    {inPlace(mib, func([]byte, int64) (int, error) { return 0, nil }), io.ErrNoProgress, ""},
		"in place, parts, stuck":    {inPlace(20*unit, func([]byte, int64) (int, error) { return 0, nil }), io.ErrNoProgress, ""},
		"in place, too much":        {inPlace(20*unit, func(p []byte, _ int64) (int, error) { return len(p) + 1, nil }), nil, "impossible count"},
		"in place, small, too much": {inPlace(20, func(p []byte, _ int64) (int, error) { return len(p) + 1, nil }), nil, "impossible count"},
		"in place, unreadable":      {inPlace(20*unit, func([]byte, int64) (int, error) { return 0, errDisk }), errDisk, "reading the body"},
		"in place, mib unreadable":  {inPlace(mib, func([]byte, int64) (int, error) { return 0, errDisk }), errDisk, "reading the body"},
		"in place, one unreadable":  {inPlace(1, func([]byte, int64) (int, error) { return 0, errDisk }), errDisk, "reading the body"},
		"in place, ends early":      {inPlace(20*unit, func([]byte, int64) (int, error) { return 0, io.EOF }), nil, "the body changed"},
		"in place, one ends early":  {inPlace(1, func([]byte, int64) (int, error) { return 0, io.EOF }), nil, "the body changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if request.Method == http.MethodPut {
					requests.Add(1)
				}
				return next.RoundTrip(request)
			})
			// The fast path learns, and what is there stays.
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("before"), nil))
			requests.Store(0)
			err := store.PutObject(t.Context(), "bucket", "key", test.body, nil)
			require.Error(t, err)
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
			}
			require.ErrorContains(t, err, test.text)
			assert.LessOrEqual(t, requests.Load(), int64(24), "no second attempt")
			stored, err := store.ReadObject(t.Context(), "bucket", "key", 0)
			require.NoError(t, err)
			assert.Equal(t, "before", string(stored))
			assert.Zero(t, uploadsLeft(t, store))
		})
	}
}

// TestChangingFiles checks that a file that is cut, overwritten or replaced in place while
// it is sent is refused, whatever the size.
func TestChangingFiles(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, path string){
		"cut": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 3)) },
		"overwritten": func(t *testing.T, path string) {
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = file.WriteAt([]byte("other"), 0)
			require.NoError(t, errors.Join(err, file.Close()))
			later := time.Now().Add(time.Second) // of a file system with coarse times
			require.NoError(t, os.Chtimes(path, later, later))
		},
		"longer": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.Truncate(path, info.Size()+1))
		},
	} {
		for _, size := range []int{mib, 40 * unit} {
			t.Run(fmt.Sprintf("%s, %d", name, size), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "file")
				require.NoError(t, os.WriteFile(path, make([]byte, size), 0o600))
				var puts, ends atomic.Int64
				store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
					if request.Method == http.MethodPost && request.URL.Query().Has("uploadId") {
						ends.Add(1)
					}
					if request.Method == http.MethodPut && puts.Add(1) == 2 { // the first is before
						change(t, path)
					}
					return next.RoundTrip(request)
				})
				require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("before"), nil))
				err := store.UploadFile(t.Context(), path, "bucket", "key", nil)
				require.ErrorContains(t, err, "changed while it was sent")
				assert.LessOrEqual(t, puts.Load(), int64(1+size/(8*unit)+1), "no second attempt")
				assert.Zero(t, ends.Load())
				stored, err := store.ReadObject(t.Context(), "bucket", "key", 0)
				require.NoError(t, err)
				assert.Equal(t, "before", string(stored))
				assert.Zero(t, uploadsLeft(t, store))
			})
		}
	}
}

// TestPanicsLeaveNothing checks that a panic of the caller's code reaches the caller,
// after everything is cleaned up.
func TestPanicsLeaveNothing(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	panics := func(store *lithopss3.Store, body io.Reader, opts *lithopss3.PutOptions) (value any) {
		defer func() { value = recover() }()
		_ = store.PutObject(t.Context(), "bucket", "key", body, opts)
		return nil
	}
	stream := func(size int) io.Reader { return struct{ io.Reader }{bytes.NewReader(make([]byte, size))} }
	for name, test := range map[string]func(*lithopss3.Store) any{
		"a stream": func(store *lithopss3.Store) any {
			return panics(store, io.MultiReader(stream(12*unit), readerFunc(func([]byte) (int, error) { panic(boom) })), nil)
		},
		"in place": func(store *lithopss3.Store) any {
			return panics(store, readerAtFunc{bytes.NewReader(make([]byte, 20*unit)), func([]byte, int64) (int, error) {
				panic(boom)
			}}, nil)
		},
		"in place, once sent": func(store *lithopss3.Store) any {
			var reads atomic.Int64
			return panics(store, readerAtFunc{bytes.NewReader(make([]byte, 20*unit)), func(p []byte, _ int64) (int, error) {
				if reads.Add(1) > 31 { // all have been read once for the checksum
					panic(boom)
				}
				return len(p), nil
			}}, nil)
		},
		"progress of parts": func(store *lithopss3.Store) any {
			return panics(store, bytes.NewReader(make([]byte, 20*unit)), &lithopss3.PutOptions{Progress: func(lithopss3.Progress) { panic(boom) }})
		},
		"progress of a stream": func(store *lithopss3.Store) any {
			return panics(store, stream(20*unit), &lithopss3.PutOptions{Progress: func(lithopss3.Progress) { panic(boom) }})
		},
		"progress of one request": func(store *lithopss3.Store) any {
			return panics(store, bytes.NewReader(make([]byte, mib)), &lithopss3.PutOptions{Progress: func(lithopss3.Progress) { panic(boom) }})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := openWire(t, straight)
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("before"), nil))
			assert.Equal(t, boom, test(store))
			assert.Zero(t, uploadsLeft(t, store))
			stored, err := store.ReadObject(t.Context(), "bucket", "key", 0)
			require.NoError(t, err)
			if !strings.Contains(name, "one request") { // which may be stored by then
				assert.Equal(t, "before", string(stored))
			}
		})
	}
}

// TestGoexitLeavesNothing covers a body that ends its goroutine, as a test's FailNow
// does.
func TestGoexitLeavesNothing(t *testing.T) {
	t.Parallel()
	store := openWire(t, straight)
	done := make(chan struct{})
	go func() {
		defer close(done)
		body := io.MultiReader(bytes.NewReader(make([]byte, 12*unit)), readerFunc(func([]byte) (int, error) { runtime.Goexit(); return 0, nil }))
		_ = store.PutObject(t.Context(), "bucket", "key", body, nil)
	}()
	<-done
	assert.Zero(t, uploadsLeft(t, store))
}

// TestFailedUploadLeavesNothing checks that neither a part nor the object stays.
func TestFailedUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	var aborts atomic.Int64
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if request.URL.Query().Get("partNumber") == "2" {
			return testkit.ErrorAnswer(request, http.StatusForbidden, "AccessDenied"), nil
		}
		if request.Method == http.MethodDelete && request.URL.Query().Has("uploadId") {
			aborts.Add(1)
		}
		return next.RoundTrip(request)
	})
	err := store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(make([]byte, 17*unit)), nil)
	require.ErrorIs(t, err, fs.ErrPermission)
	assert.Positive(t, aborts.Load())
	assert.Zero(t, uploadsLeft(t, store))
	keys, err := store.ListKeys(t.Context(), "bucket", "")
	require.NoError(t, err)
	assert.Empty(t, keys)
}

// TestPutParallel checks how many parts of a stream are sent at once, and that a number
// that can't be is refused before any request.
func TestPutParallel(t *testing.T) {
	t.Parallel()
	for _, parallel := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int64
			store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				text := `<CompleteMultipartUploadResult><ETag>"e-1"</ETag></CompleteMultipartUploadResult>`
				switch query := request.URL.Query(); {
				case query.Has("uploads"):
					text = `<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>`
				case query.Has("partNumber"):
					for n, m := now.Add(1), most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					_, _ = io.Copy(io.Discard, request.Body)
					time.Sleep(time.Second) // of the bubble: until all that may be sent at once is
					now.Add(-1)
					text = ""
				}
				return answer(request, http.StatusOK, http.Header{"Etag": {`"e"`}}, strings.NewReader(text)), nil
			})
			body := struct{ io.Reader }{io.LimitReader(readerFunc(func(p []byte) (int, error) { return len(p), nil }), 34*mib)}
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", body, &lithopss3.PutOptions{Parallel: parallel}))
			assert.EqualValues(t, parallel, most.Load())
			for _, wrong := range []int{-1, 10_001} {
				err := store.PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), &lithopss3.PutOptions{Parallel: wrong})
				require.ErrorContains(t, err, fmt.Sprintf("PutOptions.Parallel is %d, and must be from 0 to 10000", wrong))
			}
		})
	}
}

// growingFile is an empty file to which another process writes while it is read.
type growingFile struct {
	*os.File
	grow func()
}

// Read reads after the file has grown.
func (f growingFile) Read(p []byte) (int, error) {
	f.grow()
	return f.File.Read(p)
}

// TestGrowingFile checks that a file that was empty, and is being written, is not stored with
// what it has by chance.
func TestGrowingFile(t *testing.T) {
	t.Parallel()
	store := openWire(t, straight)
	file, err := os.OpenFile(filepath.Join(t.TempDir(), "file"), os.O_RDWR|os.O_CREATE, 0o600)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", growingFile{file, func() {}}, nil), "empty")
	grown := 0
	err = store.PutObject(t.Context(), "bucket", "key", growingFile{file, func() {
		if grown++; grown == 1 {
			_, err := file.WriteAt([]byte("half"), 0)
			assert.NoError(t, err)
		}
	}}, nil)
	require.ErrorContains(t, err, "the body changed while it was sent: it had 0 bytes, and has 4")
	data, err := store.ReadObject(t.Context(), "bucket", "key", 0)
	require.NoError(t, err)
	assert.Empty(t, data)
}
