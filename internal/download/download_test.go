// SPDX-License-Identifier: Apache-2.0

package download

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A fakeSource is an object in memory.
type fakeSource struct {
	data []byte
	etag string
	sums http.Header // what Head says

	change func(r Range, answer *Answer) error // of each answer
	head   func(info *Info) error

	mu    sync.Mutex
	gets  []Range
	heads []string
}

func (s *fakeSource) Get(_ context.Context, r Range) (*Answer, error) {
	s.mu.Lock()
	s.gets = append(s.gets, r)
	s.mu.Unlock()
	size := int64(len(s.data))
	if r.Length < 0 {
		r.Offset, r.Length = 0, size
	}
	data := s.data[r.Offset:min(r.Offset+r.Length, size)]
	answer := &Answer{Body: &openBody{Reader: bytes.NewReader(data)}, Length: int64(len(data)), Size: size, ETag: s.etag}
	if s.change != nil {
		if err := s.change(r, answer); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// An openBody gives nothing once it is closed.
type openBody struct {
	io.Reader
	isClosed bool
}

func (b *openBody) Read(p []byte) (int, error) {
	if b.isClosed {
		return 0, os.ErrClosed
	}
	return b.Reader.Read(p)
}

func (b *openBody) Close() error {
	b.isClosed = true
	return nil
}

func (s *fakeSource) Head(_ context.Context, etag string) (Info, error) {
	s.mu.Lock()
	s.heads = append(s.heads, etag)
	s.mu.Unlock()
	answer := checksum.FromHeader(s.sums)
	info := Info{Size: int64(len(s.data)), ETag: s.etag, Sum: answer.Object()}
	if s.head != nil {
		if err := s.head(&info); err != nil {
			return Info{}, err
		}
	}
	return info, nil
}

func sumsOf(name string, kind *checksum.Kind, data []byte) http.Header {
	hash := kind.New()
	_, _ = hash.Write(data)
	return http.Header{"X-Amz-Checksum-" + name: {base64.StdEncoding.EncodeToString(hash.Sum(nil))}}
}

// Downloads of these tests are cut small, so that they need no large objects.
const (
	testScale = 16
	testChunk = ChunkSize / testScale
	testNote  = noteEvery / testScale
)

// fetch downloads into folder/file.
func fetch(t *testing.T, source Source, folder string, opts Options) (string, error) {
	t.Helper()
	path := filepath.Join(folder, "file")
	target, err := partfile.Open(nil, path)
	require.NoError(t, err)
	defer target.Close()
	opts.Bucket, opts.Key, opts.Scale = "bucket", "key", testScale
	err = File(t.Context(), source, target, opts)
	content, _ := os.ReadFile(path)
	return string(content), err
}

// TestListedSize has a small object of known size be one request without a range, and one of
// a wrong size be the object all the same.
func TestListedSize(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		listed, size int
		first        int64
		gets         int
	}{
		{0, 1, testChunk, 1},
		{-1, 1, testChunk, 1},
		{1, 1, -1, 1},
		{testChunk, testChunk, -1, 1},
		{testChunk + 1, testChunk + 1, testChunk, 2},
		{1, 3*testChunk + 5, -1, 1},
		{3 * testChunk, 1, testChunk, 1},
		{5, 0, -1, 1},
	} {
		data := testkit.Bytes(test.size)
		source := &fakeSource{data: data, etag: `"e"`, sums: sumsOf("Crc32", checksum.CRC32, data)}
		got, err := fetch(t, source, t.TempDir(), Options{Size: int64(test.listed)})
		require.NoError(t, err)
		assert.True(t, got == string(data), "%+v", test)
		assert.Equal(t, test.first, source.gets[0].Length, "%+v", test)
		assert.Len(t, source.gets, test.gets, "%+v", test)
		if test.gets == 1 {
			assert.Empty(t, source.heads, "%+v", test)
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{0: 1, 1: 1, testChunk: 1, testChunk + 1: 2, 2 * testChunk: 2, 2*testChunk + 5: 3} {
		for _, resume := range []bool{false, true} {
			data := testkit.Bytes(size)
			source := &fakeSource{data: data, etag: `"e"`, sums: sumsOf("Crc32", checksum.CRC32, data)}
			folder := t.TempDir()
			var last [2]int64
			got, err := fetch(t, source, folder, Options{Resume: resume, Progress: func(done, total int64) { last = [2]int64{done, total} }})
			require.NoError(t, err)
			assert.True(t, got == string(data), "%d bytes", size)
			assert.Equal(t, [2]int64{int64(size), int64(size)}, last)
			assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
			assert.Len(t, source.gets, want, "%d bytes", size)
			assert.Equal(t, Range{Length: testChunk}, source.gets[0])
			for _, r := range source.gets[1:] {
				assert.Equal(t, `"e"`, r.ETag, "later ranges are of the first's version")
				assert.Zero(t, r.Offset%testChunk)
				assert.Equal(t, min(testChunk, int64(size)-r.Offset), r.Length)
			}
			if want == 1 {
				assert.Empty(t, source.heads)
			} else {
				assert.Equal(t, []string{`"e"`}, source.heads)
			}
		}
	}
}

// TestWrongSums compares with every kind of checksum, of small and large objects.
func TestWrongSums(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]*checksum.Kind{
		"Crc32": checksum.CRC32, "Crc32c": checksum.CRC32C, "Crc64nvme": checksum.CRC64NVME, "Sha1": checksum.SHA1, "Sha256": checksum.SHA256,
	} {
		for _, size := range []int{10, testChunk + 5} {
			for _, isWrong := range []bool{false, true} {
				for _, resume := range []bool{false, true} {
					data := testkit.Bytes(size)
					source := &fakeSource{data: data, etag: `"e"`, sums: sumsOf(name, kind, data)}
					source.change = func(_ Range, answer *Answer) error {
						answer.MayHaveSum = true
						return nil
					}
					if isWrong {
						source.sums = sumsOf(name, kind, data[1:])
					}
					folder := t.TempDir()
					got, err := fetch(t, source, folder, Options{Resume: resume})
					if isWrong {
						require.ErrorIs(t, err, checksum.ErrMismatch)
						assert.Empty(t, testkit.Files(t, folder), "not to be resumed")
						continue
					}
					require.NoError(t, err)
					assert.True(t, got == string(data))
				}
			}
		}
	}
}

// TestWithoutStrongETag gets the object as one answer.
func TestWithoutStrongETag(t *testing.T) {
	t.Parallel()
	for _, etag := range []string{"", `""`, `W/"e"`} {
		source := &fakeSource{data: testkit.Bytes(2 * testChunk), etag: etag}
		folder := t.TempDir()
		got, err := fetch(t, source, folder, Options{ETag: `"asked"`, Resume: true})
		require.NoError(t, err)
		assert.True(t, got == string(source.data))
		assert.Equal(t, []Range{{0, testChunk, `"asked"`}, {0, -1, `"asked"`}}, source.gets)
		assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
	}
}

// TestUnknownSize proves the size by a HEAD.
func TestUnknownSize(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for name, test := range map[string]struct {
		head func(info *Info) error
		want error
	}{
		"it says":          {nil, nil},
		"it says more":     {func(info *Info) error { info.Size++; return nil }, io.ErrUnexpectedEOF},
		"it says less":     {func(info *Info) error { info.Size--; return nil }, io.ErrUnexpectedEOF},
		"it does not say":  {func(*Info) error { return mine }, errUnknownSize},
		"and says its why": {func(*Info) error { return mine }, mine},
	} {
		source := &fakeSource{data: testkit.Bytes(1000), etag: `"e"`, head: test.head}
		source.change = func(_ Range, answer *Answer) error {
			answer.Length, answer.Size = -1, -1
			return nil
		}
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "file"), []byte("before"), 0o600))
		got, err := fetch(t, source, folder, Options{})
		require.ErrorIs(t, err, test.want, name)
		assert.Equal(t, test.want == nil, got == string(source.data), name)
		assert.Equal(t, test.want != nil, got == "before", name)
		assert.Equal(t, []string{`"e"`}, source.heads)
		assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
	}
}

// TestCutAnswers has a body with fewer bytes than were promised.
func TestCutAnswers(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1000, 2 * testChunk} {
		source := &fakeSource{data: testkit.Bytes(size), etag: `"e"`}
		source.change = func(r Range, answer *Answer) error {
			if r.Offset == 0 && size == 1000 || r.Offset > 0 {
				answer.Body = io.NopCloser(io.LimitReader(answer.Body, 500))
			}
			return nil
		}
		folder := t.TempDir()
		_, err := fetch(t, source, folder, Options{})
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.Empty(t, testkit.Files(t, folder))
	}
}

// TestOtherVersions has later ranges of another object.
func TestOtherVersions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(answer *Answer)
		want   error
	}{
		"another ETag":   {func(answer *Answer) { answer.ETag = `"other"` }, ErrChanged},
		"another size":   {func(answer *Answer) { answer.Size++ }, ErrChanged},
		"no ETag":        {func(answer *Answer) { answer.ETag = "" }, nil},
		"a weak ETag":    {func(answer *Answer) { answer.ETag = `W/"e"` }, nil},
		"without quotes": {func(answer *Answer) { answer.ETag = "e" }, nil},
	} {
		source := &fakeSource{data: testkit.Bytes(2 * testChunk), etag: `"e"`}
		source.change = func(r Range, answer *Answer) error {
			if r.Offset > 0 {
				test.change(answer)
			}
			return nil
		}
		folder := t.TempDir()
		_, err := fetch(t, source, folder, Options{Resume: true})
		require.ErrorIs(t, err, test.want, name)
		assert.Equal(t, test.want == nil, len(testkit.Files(t, folder)) == 1, name)
		assert.NotContains(t, testkit.Files(t, folder), ".file.lithops-s3.part", "of no use any more")
	}
}

// TestHeadOfAnotherVersion has a checksum that is not the object's.
func TestHeadOfAnotherVersion(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]func(info *Info) error{
		"another size": func(info *Info) error { info.Size++; return nil },
		"another ETag": func(info *Info) error { info.ETag = `"other"`; return nil },
		"an error":     func(*Info) error { return errors.New("forbidden") },
	} {
		source := &fakeSource{data: testkit.Bytes(2 * testChunk), etag: `"e"`, head: head}
		source.sums = sumsOf("Crc32", checksum.CRC32, nil)
		got, err := fetch(t, source, t.TempDir(), Options{})
		require.NoError(t, err, name)
		assert.True(t, got == string(source.data), name)
	}
}

// TestHeadOfAnotherWhole has an object that no strong ETag holds to a version, and that is
// replaced after its bytes came. The checksum and the size of the new one say nothing of them.
func TestHeadOfAnotherWhole(t *testing.T) {
	t.Parallel()
	for _, isUnknown := range []bool{false, true} {
		data := testkit.Bytes(1000)
		source := &fakeSource{data: data, etag: `W/"e"`, sums: sumsOf("Crc32", checksum.CRC32, data[1:])}
		source.head = func(info *Info) error {
			info.ETag = `W/"other"`
			return nil
		}
		source.change = func(_ Range, answer *Answer) error {
			answer.MayHaveSum = true
			if isUnknown {
				answer.Length, answer.Size = -1, -1
			}
			return nil
		}
		got, err := fetch(t, source, t.TempDir(), Options{})
		if isUnknown {
			require.ErrorIs(t, err, ErrChanged)
			continue
		}
		require.NoError(t, err)
		assert.True(t, got == string(data))
	}
}

type failing struct {
	err  error
	hook func()
}

func (f *failing) Read([]byte) (int, error) {
	f.hook()
	return 0, f.err
}

// TestCanceledVerify ends the comparison of a large file with its checksum.
func TestCanceledVerify(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	mine := errors.New("mine")
	cancel(mine)
	target, err := partfile.Open(nil, filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	defer target.Close()
	file, err := target.Create(10)
	require.NoError(t, err)
	defer func() { _ = file.Discard() }()
	d := &download{file: file, size: 10, sum: checksum.Sum{Kind: checksum.SHA1}}
	require.ErrorIs(t, d.verify(ctx), mine)
}

// TestDevice writes to a device, as one answer.
func TestDevice(t *testing.T) {
	t.Parallel()
	target, err := partfile.Open(nil, testkit.Device(t))
	require.NoError(t, err)
	defer target.Close()
	mine := errors.New("mine")
	for name, test := range map[string]struct {
		change func(answer *Answer)
		head   func(info *Info) error
		want   error
	}{
		"all":                       {func(*Answer) {}, nil, nil},
		"cut off":                   {func(answer *Answer) { answer.Length++ }, nil, io.ErrUnexpectedEOF},
		"of no length":              {func(answer *Answer) { answer.Length = -1 }, nil, nil},
		"of no length, cut off":     {func(answer *Answer) { answer.Length = -1 }, func(info *Info) error { info.Size++; return nil }, io.ErrUnexpectedEOF},
		"of no length, no HEAD":     {func(answer *Answer) { answer.Length = -1 }, func(*Info) error { return mine }, errUnknownSize},
		"of a connection that ends": {func(answer *Answer) { answer.Body = io.NopCloser(&failing{mine, func() {}}) }, nil, mine},
	} {
		source := &fakeSource{data: testkit.Bytes(1000), etag: `"e"`, head: test.head}
		source.change = func(_ Range, answer *Answer) error { test.change(answer); return nil }
		last := int64(-1)
		err := File(t.Context(), source, target, Options{ETag: `"asked"`, Progress: func(done, _ int64) { last = done }})
		require.ErrorIs(t, err, test.want, name)
		assert.Equal(t, test.want == nil, last == 1000, name)
		assert.Equal(t, []Range{{0, -1, `"asked"`}}, source.gets)
	}
}

func TestTeam(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	team := newTeam(t.Context())
	team.start(func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	})
	team.start(func(context.Context) error { return mine })
	require.ErrorIs(t, team.wait(), mine, "the first error ends all")

	team = newTeam(t.Context())
	team.start(func(ctx context.Context) error { <-ctx.Done(); return nil })
	team.start(func(context.Context) error { panic("mine") })
	assert.PanicsWithValue(t, "mine", func() { _ = team.wait() })

	team = newTeam(t.Context())
	team.start(func(ctx context.Context) error { <-ctx.Done(); return nil })
	team.stop()
	require.ErrorIs(t, team.wait(), context.Canceled)

	team = newTeam(t.Context())
	team.start(func(context.Context) error { return nil })
	require.NoError(t, team.wait())
}
