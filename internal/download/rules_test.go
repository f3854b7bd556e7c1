// SPDX-License-Identifier: Apache-2.0

package download

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/partfile"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPartSizes finds the size of the parts of each client, and no other, for an object
// that ends with a part and for one that ends a byte later.
func TestPartSizes(t *testing.T) {
	t.Parallel()
	for _, length := range []int{3000, 3001} {
		data := testkit.Bytes(length)
		d := written(t, data)
		d.opts.Scale = 1 << 20 // a byte for each MiB
		for mib := 1; mib <= 1025; mib++ {
			isKnown := false
			for _, known := range partSizes {
				// Other sizes may give the same parts, of an object that is smaller.
				isKnown = isKnown || known == int64(mib)
			}
			d.etag = etagOf(data, mib)
			assert.Equal(t, isKnown, d.provedByETag(t.Context()), "%d bytes, parts of %d", length, mib)
		}
	}
	assert.Equal(t, []int64{5, 6, 8, 10, 15, 16, 20, 25, 32, 50, 64, 100, 128, 256, 512, 1024}, sorted(partSizes))
}

func sorted(sizes []int64) []int64 {
	var sorted []int64
	for size := int64(0); size <= 2048; size++ {
		for _, each := range sizes {
			if each == size {
				sorted = append(sorted, size)
			}
		}
	}
	return sorted
}

// TestNumberOfParts is decimal.
func TestNumberOfParts(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(80)
	d := written(t, data)
	d.opts.Scale = 1 << 20
	proves := etagOf(data, 8)
	require.True(t, strings.HasSuffix(proves, `-10"`))
	for etag, want := range map[string]bool{
		proves: true, strings.Replace(proves, "-10", "-a", 1): false, strings.Replace(proves, "-10", "-0x0a", 1): false, strings.Replace(proves, "-10", "-11", 1): false,
		strings.Replace(proves, "-10", "-", 1): false, strings.Replace(proves, "-10", "", 1): false,
	} {
		d.etag = etag
		assert.Equal(t, want, d.provedByETag(t.Context()), etag)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Empty(t, d.md5Of(ctx, 0, d.size), "of what can't be read")
}

// written returns a download whose file has data.
func written(t *testing.T, data []byte) *download {
	t.Helper()
	target, err := partfile.Open(nil, filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	t.Cleanup(target.Close)
	file, err := target.Create(int64(len(data)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Discard() })
	_, err = file.WriteAt(data, 0)
	require.NoError(t, err)
	return &download{file: file, size: int64(len(data))}
}

// TestScale makes sizes smaller for tests, and leaves them alone otherwise.
func TestScale(t *testing.T) {
	t.Parallel()
	for scale, want := range map[int64]int64{0: 100, 1: 100, 2: 50, 16: 6} {
		opts := Options{}
		opts.Scale = scale
		assert.Equal(t, want, opts.scaled(100))
	}
}

// TestChunkSums holds which checksums run for a chunk: the server's if it can be combined,
// and a CRC32 for the journal, which may be the same.
func TestChunkSums(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind                   *checksum.Kind
		journal                bool
		hasWhole, hasCRC, same bool
	}{
		{nil, false, false, false, false},
		{nil, true, false, true, false},
		{checksum.SHA256, false, false, false, false},
		{checksum.SHA256, true, false, true, false},
		{checksum.CRC32, false, true, false, false},
		{checksum.CRC32, true, true, true, true},
		{checksum.CRC32C, true, true, true, false}, // a Hash32 too
		{checksum.CRC64NVME, true, true, true, false},
		{checksum.CRC64NVME, false, true, false, false},
	} {
		sums := &chunkSums{start: 7, bytes: 9}
		sums.begin(test.kind, test.journal)
		assert.Equal(t, []bool{test.hasWhole, test.hasCRC, test.same, true}, []bool{sums.whole != nil, sums.crc != nil, sums.isSame, sums.begun}, "%+v", test)
		_, _ = sums.Write([]byte("123456789"))
		assert.Equal(t, []int64{7, 9}, []int64{sums.start, sums.bytes})
		if sums.crc != nil {
			assert.Equal(t, uint32(0xcbf43926), sums.crc.Sum32(), "%+v", test)
		}
	}
}

// TestProgressOfEachWay reports while bytes come, and what an earlier download left.
func TestProgressOfEachWay(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(source *fakeSource){
		"chunks":  func(*fakeSource) {},
		"whole":   func(source *fakeSource) { source.etag = "" },
		"resumed": func(*fakeSource) {},
	} {
		data := testkit.Bytes(resumeSize)
		source := &fakeSource{data: data, etag: `"e"`, sums: sumsOf("Crc32", checksum.CRC32, data)}
		change(source)
		folder := t.TempDir()
		if name == "resumed" {
			interrupt(t, source, folder)
		}
		var reports []int64
		_, err := fetch(t, source, folder, Options{Resume: name == "resumed", Progress: func(done, _ int64) { reports = append(reports, done) }})
		require.NoError(t, err, name)
		require.Greater(t, len(reports), 1, name)
		assert.Less(t, reports[0], int64(resumeSize), name)
		assert.EqualValues(t, resumeSize, reports[len(reports)-1], name)
	}
}

// TestBodiesOfRanges has bodies with more bytes than their range, and with the error at
// their end together with the last byte.
func TestBodiesOfRanges(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(body io.Reader) io.Reader{
		"longer": func(body io.Reader) io.Reader {
			return io.MultiReader(body, strings.NewReader(strings.Repeat("x", 2*testChunk)))
		},
		"an end with the last byte": iotest.DataErrReader,
		"an error after the range":  func(body io.Reader) io.Reader { return io.MultiReader(body, iotest.ErrReader(io.ErrNoProgress)) },
	} {
		source := &fakeSource{data: testkit.Bytes(resumeSize), etag: `"e"`}
		source.change = func(_ Range, answer *Answer) error {
			answer.Body = io.NopCloser(wrap(answer.Body))
			return nil
		}
		got, err := fetch(t, source, t.TempDir(), Options{})
		require.NoError(t, err, name)
		assert.True(t, got == string(source.data), name)
	}
}

// TestPanicOfProgress reaches the caller, and leaves what a resumable download has.
func TestPanicOfProgress(t *testing.T) {
	t.Parallel()
	for _, resume := range []bool{false, true} {
		source := &fakeSource{data: testkit.Bytes(resumeSize), etag: `"e"`}
		folder := t.TempDir()
		assert.PanicsWithValue(t, "mine", func() {
			_, _ = fetch(t, source, folder, Options{Resume: resume, Progress: func(int64, int64) { panic("mine") }})
		})
		assert.Len(t, testkit.Files(t, folder), map[bool]int{false: 0, true: 2}[resume])
	}
}

// TestFailuresLeaveNothing fails in each step of a download that is not resumable.
func TestFailuresLeaveNothing(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	breaks := func(answer *Answer) { answer.Body = io.NopCloser(iotest.ErrReader(mine)) }
	for name, test := range map[string]struct {
		etag   string
		change func(r Range, answer *Answer) error
	}{
		"the first request": {`"e"`, func(Range, *Answer) error { return mine }},
		"the first body":    {`"e"`, func(_ Range, answer *Answer) error { breaks(answer); return nil }},
		"a later request": {`"e"`, func(r Range, _ *Answer) error {
			if r.Offset > 0 {
				return mine
			}
			return nil
		}},
		"a later body": {`"e"`, func(r Range, answer *Answer) error {
			if r.Offset > 0 {
				breaks(answer)
			}
			return nil
		}},
		"the request for all": {"", func(r Range, _ *Answer) error {
			if r.Length > testChunk {
				return mine
			}
			return nil
		}},
		"the body of all": {"", func(_ Range, answer *Answer) error { breaks(answer); return nil }},
	} {
		source := &fakeSource{data: testkit.Bytes(resumeSize), etag: test.etag, change: test.change}
		folder := t.TempDir()
		_, err := fetch(t, source, folder, Options{})
		require.ErrorIs(t, err, mine, name)
		assert.Empty(t, testkit.Files(t, folder), name)

		target, err := partfile.Open(nil, testkit.Device(t))
		require.NoError(t, err)
		if name == "the first request" || name == "the first body" {
			require.ErrorIs(t, File(t.Context(), source, target, Options{}), mine, name)
		}
		target.Close()
	}
}

// TestTargetThatGoes fails where the folder goes, or the name is taken by a folder, while
// bytes come.
func TestTargetThatGoes(t *testing.T) {
	t.Parallel()
	for _, etag := range []string{`"e"`, ""} {
		folder := filepath.Join(t.TempDir(), "folder")
		require.NoError(t, os.Mkdir(folder, 0o700))
		source := &fakeSource{data: testkit.Bytes(resumeSize), etag: etag}
		source.change = func(Range, *Answer) error { _ = os.Remove(folder); return nil }
		_, err := fetch(t, source, folder, Options{})
		require.Error(t, err)

		folder = t.TempDir()
		source.change = func(Range, *Answer) error { _ = os.MkdirAll(filepath.Join(folder, "file", "below"), 0o700); return nil }
		_, err = fetch(t, source, folder, Options{})
		require.Error(t, err)
		assert.DirExists(t, filepath.Join(folder, "file", "below"))
	}
}

// TestKeptBytesThatBreakOff asks again for what is kept, and fails with that request.
func TestKeptBytesThatBreakOff(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	source := &fakeSource{data: testkit.Bytes(resumeSize), etag: `"e"`}
	folder := t.TempDir()
	interrupt(t, source, folder)
	source.change = func(r Range, answer *Answer) error {
		if r.Offset == 0 {
			answer.Body = io.NopCloser(io.MultiReader(io.LimitReader(answer.Body, 10), iotest.ErrReader(mine)))
		}
		return nil
	}
	_, err := fetch(t, source, folder, Options{Resume: true})
	require.ErrorIs(t, err, mine)
	assert.Len(t, testkit.Files(t, folder), 2)
}

// TestCanceledWhileAsking ends with why the context ended, although all bytes came.
func TestCanceledWhileAsking(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	ctx, cancel := context.WithCancelCause(t.Context())
	source := &fakeSource{data: testkit.Bytes(10), etag: `"e"`, head: func(*Info) error { cancel(mine); return nil }}
	source.change = func(_ Range, answer *Answer) error { answer.MayHaveSum = true; return nil }
	folder := t.TempDir()
	target, err := partfile.Open(nil, filepath.Join(folder, "file"))
	require.NoError(t, err)
	defer target.Close()
	require.ErrorIs(t, File(ctx, source, target, Options{}), mine)
	assert.Empty(t, testkit.Files(t, folder))
}

// TestEmptyObjectIsNotAskedFor has its size in the answer.
func TestEmptyObjectIsNotAskedFor(t *testing.T) {
	t.Parallel()
	source := &fakeSource{etag: `"e"`}
	target, err := partfile.Open(nil, testkit.Device(t))
	require.NoError(t, err)
	defer target.Close()
	require.NoError(t, File(t.Context(), source, target, Options{}))
	_, err = fetch(t, source, t.TempDir(), Options{})
	require.NoError(t, err)
	assert.Empty(t, source.heads)
}

// TestTeamIsStopped waits for its goroutines.
func TestTeamIsStopped(t *testing.T) {
	t.Parallel()
	team := newTeam(t.Context())
	ended := false
	team.start(func(ctx context.Context) error {
		<-ctx.Done()
		time.Sleep(5 * time.Millisecond)
		ended = true
		return nil
	})
	team.stop()
	assert.True(t, ended)
}

// A slowReader takes a second for each Read.
type slowReader struct {
	io.Reader
	reads int
}

func (s *slowReader) Read(p []byte) (int, error) {
	s.reads++
	time.Sleep(time.Second)
	return s.Reader.Read(p)
}

// A held body keeps a connection until it is closed.
type held struct {
	io.ReadCloser
	release func()
}

func (h held) Close() error {
	h.release()
	return h.ReadCloser.Close()
}

// TestOneConnection downloads with a transport that has one connection at a time: no range keeps
// it until the checksum is known, for which it is needed. What came meanwhile is compared with the
// checksum, and is in the journal.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	data := testkit.Bytes(3*testChunk + 5)
	for name, test := range map[string]struct {
		sums http.Header
		last error // of the last chunk, long after all others
		want error
		fast int64
	}{
		"right":       {sumsOf("Crc64nvme", checksum.CRC64NVME, data), nil, nil, 0},
		"right, fast": {sumsOf("Crc64nvme", checksum.CRC64NVME, data), nil, nil, 1},
		"wrong":       {sumsOf("Crc64nvme", checksum.CRC64NVME, data[1:]), nil, checksum.ErrMismatch, 0},
		"wrong, fast": {sumsOf("Crc64nvme", checksum.CRC64NVME, data[1:]), nil, checksum.ErrMismatch, 1},
		"fails":       {sumsOf("Crc32", checksum.CRC32, data), mine, mine, 0},
	} {
		folder := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			connection := make(chan struct{}, 1)
			source := &fakeSource{data: data, etag: `"e"`, sums: test.sums}
			source.change = func(r Range, answer *Answer) error {
				if r.Offset == 3*testChunk && test.last != nil {
					time.Sleep(time.Hour)
					return test.last
				}
				connection <- struct{}{}
				answer.Body = held{answer.Body, sync.OnceFunc(func() { <-connection })}
				return nil
			}
			source.head = func(*Info) error {
				connection <- struct{}{}
				<-connection
				return nil
			}
			got, err := fetch(t, source, folder, Options{Resume: true, Fast: test.fast})
			require.ErrorIs(t, err, test.want, name)
			assert.Equal(t, test.want == nil, got == string(data), name)
			if test.last == nil {
				return
			}
			source.change, source.gets = nil, nil
			got, err = fetch(t, source, folder, Options{Resume: true})
			require.NoError(t, err)
			assert.Equal(t, []Range{{3 * testChunk, 5, `"e"`}}, source.gets, "nothing else is missing")
			assert.True(t, got == string(data))
		})
	}
}

// TestFirstChunkEndsWithTheOthers checks that an error of another chunk does not wait for all
// of the first one, whose request was made before there were others.
func TestFirstChunkEndsWithTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		data := testkit.Bytes(2 * testChunk)
		first := &slowReader{Reader: bytes.NewReader(data)}
		source := &fakeSource{data: data, etag: `"e"`, change: func(r Range, answer *Answer) error {
			if r.Offset > 0 {
				time.Sleep(time.Second / 2) // while the first Read waits
				return gone
			}
			answer.Body = io.NopCloser(first)
			return nil
		}}
		_, err := fetch(t, source, t.TempDir(), Options{})
		require.ErrorIs(t, err, gone)
		assert.Equal(t, 1, first.reads)
	})
}
