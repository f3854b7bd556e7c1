// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/lithopstest"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fsStores are the storages that a file system is tested on, by name.
func fsStores(t *testing.T) map[string]struct {
	storage lithopss3.Storage
	bucket  string
} {
	t.Helper()
	type store = struct {
		storage lithopss3.Storage
		bucket  string
	}
	s3, bucket := lithopstest.NewServer(t).Open(t)
	return map[string]store{"memory": {memstore.New("bucket"), "bucket"}, "s3": {s3, bucket}}
}

func putAll(t *testing.T, storage lithopss3.Storage, bucket string, keys ...string) {
	t.Helper()
	for _, key := range keys {
		require.NoError(t, storage.PutObject(t.Context(), bucket, key, strings.NewReader("content of "+key), nil))
	}
}

func TestFS(t *testing.T) {
	t.Parallel()
	for name, on := range testkit.Some(fsStores(t), 1) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			putAll(t, on.storage, on.bucket, "a.txt", "folder/b.txt", "folder/deep/er/c.txt", "folder/deep-er.txt", "marked/", "marked/d.txt",
				"odd//x", "/lead", "odd/../y", "ünï/ö.txt", "z")
			files := lithopss3.NewFS(on.storage, on.bucket).WithContext(t.Context())
			require.NoError(t, fstest.TestFS(files, "a.txt", "folder/b.txt", "folder/deep/er/c.txt", "folder/deep-er.txt", "marked/d.txt", "ünï/ö.txt", "z"))
			sub, err := fs.Sub(files, "folder")
			require.NoError(t, err)
			require.NoError(t, fstest.TestFS(sub, "b.txt", "deep/er/c.txt", "deep-er.txt"))
			data, err := fs.ReadFile(sub, "b.txt")
			require.NoError(t, err)
			assert.Equal(t, "content of folder/b.txt", string(data))
			info, err := fs.Stat(files, "folder/b.txt")
			require.NoError(t, err)
			object, ok := info.Sys().(lithopss3.ObjectInfo)
			require.True(t, ok)
			assert.NotEmpty(t, object.ETag)
		})
	}
}

// TestFSErrors are those of package fs, with the path.
func TestFSErrors(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	putAll(t, store, "bucket", "a/b", "file")
	files := lithopss3.NewFS(store, "bucket")
	for _, open := range []func(string) error{
		func(name string) error { return second(files.Open(name)) },
		func(name string) error { return second(files.Stat(name)) },
		func(name string) error { return second(files.ReadFile(name)) },
		func(name string) error { return second(files.ReadDir(name)) },
	} {
		err := open("missing")
		require.ErrorIs(t, err, fs.ErrNotExist)
		var known *fs.PathError
		require.ErrorAs(t, err, &known)
		assert.Equal(t, "missing", known.Path)
		require.ErrorIs(t, open("../a"), fs.ErrInvalid)
	}
	require.ErrorContains(t, second(files.ReadDir("file")), "not a folder")
	require.Error(t, second(files.ReadFile("a")))
	missing := lithopss3.NewFS(store, "no-bucket")
	require.ErrorIs(t, second(missing.ReadDir(".")), lithopss3.ErrNoSuchBucket)
	require.ErrorIs(t, second(missing.Stat("a")), fs.ErrNotExist)
	file, err := files.Open("file")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	opened := file.(interface {
		io.ReadSeeker
		io.ReaderAt
	})
	require.ErrorIs(t, second(file.Read(make([]byte, 1))), fs.ErrClosed)
	require.ErrorIs(t, second(file.Stat()), fs.ErrClosed)
	require.ErrorIs(t, second(opened.Seek(0, io.SeekStart)), fs.ErrClosed)
	require.ErrorIs(t, second(opened.ReadAt(make([]byte, 1), 0)), fs.ErrClosed)
	require.ErrorIs(t, file.Close(), fs.ErrClosed)
}

// A breakingStorage has bodies that break off.
type breakingStorage struct{ *memstore.Store }

func (s breakingStorage) GetObject(ctx context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	object, err := s.Store.GetObject(ctx, bucket, key, opts)
	if err == nil {
		object.Body = io.NopCloser(io.MultiReader(io.LimitReader(object.Body, 2), iotest.ErrReader(errBody)))
	}
	return object, err
}

// TestFSBrokenBody checks that a part of a file is never taken for the file.
func TestFSBrokenBody(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	putAll(t, store, "bucket", "file")
	files := lithopss3.NewFS(breakingStorage{store}, "bucket")
	var known *fs.PathError
	err := second(files.ReadFile("file"))
	require.ErrorIs(t, err, errBody)
	require.ErrorAs(t, err, &known)
	file, err := files.Open("file")
	require.NoError(t, err)
	data, err := io.ReadAll(file)
	require.ErrorIs(t, err, errBody)
	require.ErrorAs(t, err, &known)
	assert.Equal(t, "co", string(data))
	require.ErrorIs(t, second(file.(io.ReaderAt).ReadAt(make([]byte, 5), 0)), errBody)
	require.NoError(t, file.Close())
}

// TestFSSeeks checks where a file is read, and what places it does not have.
func TestFSSeeks(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	require.NoError(t, store.PutObject(t.Context(), "bucket", "file", strings.NewReader("0123456789"), nil))
	file, err := lithopss3.NewFS(store, "bucket").Open("file")
	require.NoError(t, err)
	seeker := file.(io.ReadSeeker)
	for _, test := range []struct {
		offset int64
		whence int
		at     int64
		want   string
		err    error
	}{
		{3, io.SeekStart, 3, "34", nil},
		{2, io.SeekCurrent, 7, "78", nil},
		{-4, io.SeekCurrent, 5, "56", nil},
		{0, io.SeekCurrent, 7, "78", nil},
		{-2, io.SeekEnd, 8, "89", nil},
		{-1, io.SeekStart, 0, "", fs.ErrInvalid},
		{-11, io.SeekEnd, 0, "", fs.ErrInvalid},
		{0, 3, 0, "", fs.ErrInvalid},
		{0, io.SeekEnd, 10, "", io.EOF},
		{5, io.SeekEnd, 15, "", io.EOF},
		{0, io.SeekStart, 0, "01", nil},
	} {
		at, err := seeker.Seek(test.offset, test.whence)
		assert.Equal(t, test.at, at, "%+v", test)
		part := make([]byte, 2)
		n := 0
		if err == nil {
			n, err = io.ReadFull(seeker, part)
		}
		require.ErrorIs(t, err, test.err, "%+v", test)
		assert.Equal(t, test.want, string(part[:n]), "%+v", test)
	}
	for _, test := range []struct {
		offset int64
		size   int
		want   string
		err    error
	}{
		{3, 2, "34", nil}, {8, 2, "89", nil}, {8, 3, "89", io.EOF}, {10, 1, "", io.EOF}, {11, 1, "", io.EOF}, {10, 0, "", nil}, {-1, 1, "", fs.ErrInvalid},
	} {
		part := make([]byte, test.size)
		n, err := file.(io.ReaderAt).ReadAt(part, test.offset)
		require.ErrorIs(t, err, test.err, "%+v", test)
		assert.Equal(t, test.want, string(part[:n]), "%+v", test)
	}
	require.NoError(t, file.Close())
}

// TestFSFileIsOneVersion checks that reading a file that was replaced is an error, not a
// mixture.
func TestFSFileIsOneVersion(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	putAll(t, store, "bucket", "file")
	file, err := lithopss3.NewFS(store, "bucket").Open("file")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	require.NoError(t, store.PutObject(t.Context(), "bucket", "file", strings.NewReader("another"), nil))
	_, err = io.ReadAll(file)
	require.ErrorIs(t, err, lithopss3.ErrPrecondition)
	at, ok := file.(io.ReaderAt)
	require.True(t, ok)
	_, err = at.ReadAt(make([]byte, 3), 1)
	require.ErrorIs(t, err, lithopss3.ErrPrecondition)
}

// A hourlyStorage has gets that take an hour each, and bodies of which each Read does. Neither
// listens to its context. It counts the bodies that are open.
type hourlyStorage struct {
	lithopss3.Storage
	open atomic.Int64
}

func (s *hourlyStorage) GetObject(ctx context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	time.Sleep(time.Hour)
	object, err := s.Storage.GetObject(context.WithoutCancel(ctx), bucket, key, opts)
	if err == nil {
		s.open.Add(1)
		object.Body = &hourlyBody{object.Body, s}
	}
	return object, err
}

type hourlyBody struct {
	io.ReadCloser
	of *hourlyStorage
}

func (b *hourlyBody) Read(p []byte) (int, error) {
	time.Sleep(time.Hour)
	return b.ReadCloser.Read(p)
}

func (b *hourlyBody) Close() error {
	b.of.open.Add(-1)
	return b.ReadCloser.Close()
}

// TestFSCloseDuringRead closes a file while another goroutine reads it, as http.ServeContent does
// that serves several ranges to a client which is gone. Close does not wait, and no body stays open.
func TestFSCloseDuringRead(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{time.Minute, time.Hour + time.Minute} { // during the get, and a Read of the body
		synctest.Test(t, func(t *testing.T) {
			store := &hourlyStorage{Storage: memstore.New("bucket")}
			putAll(t, store, "bucket", "file")
			file, err := lithopss3.NewFS(store, "bucket").Open("file")
			require.NoError(t, err)
			var readErr error
			var reading sync.WaitGroup
			reading.Go(func() { _, readErr = file.Read(make([]byte, 3)) })
			time.Sleep(after)
			began := time.Now()
			require.NoError(t, file.Close())
			assert.Zero(t, time.Since(began))
			reading.Wait()
			require.ErrorIs(t, readErr, fs.ErrClosed)
			assert.Zero(t, store.open.Load(), "a body stays open")
			require.ErrorIs(t, second(file.Read(make([]byte, 3))), fs.ErrClosed)
			require.ErrorIs(t, file.Close(), fs.ErrClosed)
		})
	}
}

// A silentStorage does not say the sizes of objects.
type silentStorage struct{ lithopss3.Storage }

func (s silentStorage) HeadObject(ctx context.Context, bucket, key string) (*lithopss3.ObjectInfo, error) {
	info, err := s.Storage.HeadObject(ctx, bucket, key)
	if err == nil {
		info.Size = -1
	}
	return info, err
}

// TestFSWithoutSizes takes no file for an empty one.
func TestFSWithoutSizes(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	putAll(t, store, "bucket", "file")
	files := lithopss3.NewFS(silentStorage{store}, "bucket")
	file, err := files.Open("file")
	require.ErrorContains(t, err, "open file: the storage does not say its size", "%v", file)
	data, err := files.ReadFile("file")
	require.NoError(t, err)
	assert.Equal(t, "content of file", string(data))
}

// A lyingStorage changes what gets ask for, and what they are answered.
type lyingStorage struct {
	lithopss3.Storage
	ask    func(opts *lithopss3.GetOptions)
	answer func(object *lithopss3.Object)
}

func (l *lyingStorage) GetObject(ctx context.Context, bucket, key string, opts *lithopss3.GetOptions) (*lithopss3.Object, error) {
	asked := lithopss3.GetOptions{}
	if opts != nil {
		asked = *opts
	}
	l.ask(&asked)
	object, err := l.Storage.GetObject(ctx, bucket, key, &asked)
	if err == nil {
		l.answer(object)
	}
	return object, err
}

// TestFSOnWrongStorages checks that a file has no other bytes than its own on a storage that
// ignores ranges or conditions, or that ends bodies early.
func TestFSOnWrongStorages(t *testing.T) {
	t.Parallel()
	faithful := func(*lithopss3.Object) {}
	withBody := func(text string) func(*lithopss3.Object) {
		return func(object *lithopss3.Object) { object.Body = io.NopCloser(strings.NewReader(text)) }
	}
	for name, test := range map[string]struct {
		ask       func(*lithopss3.GetOptions)
		answer    func(*lithopss3.Object)
		replaced  string // before it is read; empty for not
		want      error  // of a read in the middle; nil is any error
		wholeFile bool   // can be read
	}{
		"no ranges":                {func(o *lithopss3.GetOptions) { o.Range = nil }, faithful, "", nil, true},
		"the range before":         {func(o *lithopss3.GetOptions) { o.Range = lithopss3.Range(0, 2) }, faithful, "", nil, false},
		"no conditions":            {func(o *lithopss3.GetOptions) { o.IfMatch = "" }, faithful, "abcdefghij", lithopss3.ErrPrecondition, true},
		"no conditions, no ETags":  {func(o *lithopss3.GetOptions) { o.IfMatch = "" }, func(o *lithopss3.Object) { o.ETag = "" }, "abcdefghijk", lithopss3.ErrPrecondition, true},
		"a body that ends early":   {func(*lithopss3.GetOptions) {}, withBody("5"), "", io.ErrUnexpectedEOF, false},
		"a body without a byte":    {func(*lithopss3.GetOptions) {}, withBody(""), "", io.ErrUnexpectedEOF, false},
		"a body that has too much": {func(*lithopss3.GetOptions) {}, withBody("0123456789abcdef"), "", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := memstore.New("bucket")
			require.NoError(t, store.PutObject(t.Context(), "bucket", "file", strings.NewReader("0123456789"), nil))
			files := lithopss3.NewFS(&lyingStorage{store, test.ask, test.answer}, "bucket")
			file, err := files.Open("file")
			require.NoError(t, err)
			if test.replaced != "" {
				require.NoError(t, store.PutObject(t.Context(), "bucket", "file", strings.NewReader(test.replaced), nil))
			}
			_, err = file.(io.Seeker).Seek(5, io.SeekStart)
			require.NoError(t, err)
			data, err := io.ReadAll(file)
			require.Error(t, err, "got %q", data)
			part := make([]byte, 3)
			n, atErr := file.(io.ReaderAt).ReadAt(part, 5)
			if name != "a body that has too much" { // of which three bytes say nothing
				require.Error(t, atErr, "got %q", part[:n])
			}
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
				require.ErrorIs(t, atErr, test.want)
			}
			require.NoError(t, file.Close())
			_, err = files.ReadFile("file")
			assert.Equal(t, test.wholeFile, err == nil, "%v", err)
		})
	}
}

// TestFSAndItsUsers covers a file server with ranges, and templates.
func TestFSAndItsUsers(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	require.NoError(t, store.PutObject(t.Context(), "bucket", "site/page.html", strings.NewReader("0123456789"), nil))
	require.NoError(t, store.PutObject(t.Context(), "bucket", "t/a.tmpl", strings.NewReader("Hello {{.}}"), nil))
	files := lithopss3.NewFS(store, "bucket")
	server := httptest.NewServer(http.FileServerFS(files))
	t.Cleanup(server.Close)
	get := func(path, bytes string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
		require.NoError(t, err)
		if bytes != "" {
			request.Header.Set("Range", bytes)
		}
		response, err := server.Client().Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, errors.Join(err, response.Body.Close()))
		return response.StatusCode, string(body)
	}
	status, body := get("/site/page.html", "")
	assert.Equal(t, 200, status)
	assert.Equal(t, "0123456789", body)
	status, body = get("/site/page.html", "bytes=2-4")
	assert.Equal(t, 206, status)
	assert.Equal(t, "234", body)
	status, body = get("/site/", "")
	assert.Equal(t, 200, status)
	assert.Contains(t, body, "page.html")
	status, _ = get("/missing", "")
	assert.Equal(t, 404, status)

	parsed, err := template.ParseFS(files, "t/*.tmpl")
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, parsed.Execute(&text, "you"))
	assert.Equal(t, "Hello you", text.String())
}
