// SPDX-License-Identifier: Apache-2.0

package download

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// resumeSize is the size of an object of three chunks.
const resumeSize = 2*testChunk + 5

// interrupt leaves a download of three chunks whose last chunk was refused.
func interrupt(t *testing.T, source *fakeSource, folder string) {
	t.Helper()
	mine := errors.New("mine")
	var came sync.WaitGroup
	came.Add(2)
	change := source.change
	source.change = func(r Range, answer *Answer) error {
		if r.Offset == 2*testChunk {
			came.Wait()
			return mine
		}
		answer.Body = &lastRead{answer.Body, answer.Length, came.Done}
		return nil
	}
	_, err := fetch(t, source, folder, Options{Resume: true})
	require.ErrorIs(t, err, mine)
	require.Len(t, testkit.Files(t, folder), 2)
	source.change, source.gets, source.heads = change, nil, nil
}

// lastRead calls done once so many bytes were read.
type lastRead struct {
	io.ReadCloser
	left int64
	done func()
}

func (l *lastRead) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left == 0 && n > 0 {
		l.done()
	}
	return n, err
}

func etagOf(data []byte, partSize int) string {
	if partSize == 0 {
		sum := md5.Sum(data)
		return `"` + hex.EncodeToString(sum[:]) + `"`
	}
	hash, parts := md5.New(), 0
	for part := range slices.Chunk(data, partSize) {
		sum := md5.Sum(part)
		_, _ = hash.Write(sum[:])
		parts++
	}
	return fmt.Sprintf(`"%x-%d"`, hash.Sum(nil), parts)
}

// TestResume asks again for what the server does not prove, and for nothing else.
func TestResume(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(resumeSize)
	for name, test := range map[string]struct {
		etag string
		sums http.Header
		gets int // beyond the one that is missing
	}{
		"a checksum":                 {`"e"`, sumsOf("Crc32", checksum.CRC32, data), 0},
		"a checksum, not of CRC32":   {`"e"`, sumsOf("Crc64nvme", checksum.CRC64NVME, data), 0},
		"a checksum, of no CRC":      {`"e"`, sumsOf("Sha1", checksum.SHA1, data), 0},
		"an MD5":                     {etagOf(data, 0), nil, 0},
		"an MD5 in capitals":         {string(bytes.ToUpper([]byte(etagOf(data, 0)))), nil, 0},
		"an MD5 of parts":            {etagOf(data, 8<<20/testScale), nil, 0},
		"an MD5 of other parts":      {etagOf(data, 5<<20/testScale), nil, 0},
		"an MD5 of one part":         {etagOf(data, 32<<20/testScale), nil, 0},
		"an MD5 of parts of no size": {etagOf(data, 7<<20/testScale), nil, 2},
		"an MD5 of other bytes":      {etagOf(data[1:], 0), nil, 2},
		"parts, of other bytes":      {etagOf(data[1:], 8<<20/testScale), nil, 2},
		"no number of parts":         {etagOf(data, 0)[:33] + `-x"`, nil, 2},
		"no MD5":                     {`"e"`, nil, 2},
		"too long for an MD5":        {`"` + etagOf(data, 0)[1:33] + `00"`, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &fakeSource{data: data, etag: test.etag, sums: test.sums}
			folder := t.TempDir()
			interrupt(t, source, folder)
			var last int64
			got, err := fetch(t, source, folder, Options{Resume: true, ETag: "asked", Progress: func(done, total int64) {
				assert.GreaterOrEqual(t, done, last)
				assert.LessOrEqual(t, done, total)
				last = done
			}})
			require.NoError(t, err)
			assert.True(t, got == string(data))
			assert.Equal(t, []string{"asked"}, source.heads)
			assert.Len(t, source.gets, 1+test.gets)
			assert.Equal(t, Range{2 * testChunk, 5, test.etag}, source.gets[0])
			assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
		})
	}
}

// TestResumeAnother begins anew where the object is another by now.
func TestResumeAnother(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(source *fakeSource){
		"another ETag":  func(source *fakeSource) { source.etag = `"other"` },
		"no ETag":       func(source *fakeSource) { source.etag = "" },
		"another size":  func(source *fakeSource) { source.data = source.data[:resumeSize-1] },
		"another bytes": func(source *fakeSource) { source.etag, source.data = `"other"`, testkit.Bytes(resumeSize + 1)[1:] },
	} {
		source := &fakeSource{data: testkit.Bytes(resumeSize), etag: `"e"`}
		folder := t.TempDir()
		interrupt(t, source, folder)
		change(source)
		got, err := fetch(t, source, folder, Options{Resume: true})
		require.NoError(t, err, name)
		assert.True(t, got == string(source.data), name)
		assert.Zero(t, source.gets[0].Offset, name)
		assert.NotEqual(t, `"e"`, source.gets[0].ETag, "%s: nothing of the other is asked for", name)
		assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
	}
}

// TestResumeFails keeps what came while no other attempt is known to fail.
func TestResumeFails(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	source := &fakeSource{data: testkit.Bytes(resumeSize), etag: `"e"`, head: func(*Info) error { return mine }}
	folder := t.TempDir()
	interrupt(t, source, folder)
	_, err := fetch(t, source, folder, Options{Resume: true})
	require.ErrorIs(t, err, mine)
	assert.Empty(t, source.gets)
	assert.Len(t, testkit.Files(t, folder), 2)

	source.head = nil
	source.change = func(r Range, _ *Answer) error {
		if r.Offset == 0 {
			return mine // what is kept, which nothing proves
		}
		return nil
	}
	_, err = fetch(t, source, folder, Options{Resume: true})
	require.ErrorIs(t, err, mine)
	assert.Len(t, testkit.Files(t, folder), 2)
	source.change = func(r Range, answer *Answer) error {
		if r.Offset == 0 {
			answer.Size++
		}
		return nil
	}
	_, err = fetch(t, source, folder, Options{Resume: true})
	require.ErrorIs(t, err, ErrChanged)
	assert.Empty(t, testkit.Files(t, folder))
}

// TestResumeOfBrokenDisk reads what is kept before it is believed.
func TestResumeOfBrokenDisk(t *testing.T) {
	t.Parallel()
	for _, sums := range []http.Header{nil, sumsOf("Crc32", checksum.CRC32, testkit.Bytes(resumeSize))} {
		source := &fakeSource{data: testkit.Bytes(resumeSize), etag: etagOf(testkit.Bytes(resumeSize), 0), sums: sums}
		folder := t.TempDir()
		interrupt(t, source, folder)
		part, err := os.OpenFile(filepath.Join(folder, ".file.lithops-s3.part"), os.O_RDWR, 0)
		require.NoError(t, err)
		_, err = part.WriteAt([]byte("other"), testChunk+10)
		require.NoError(t, err)
		require.NoError(t, part.Close())
		got, err := fetch(t, source, folder, Options{Resume: true})
		require.NoError(t, err)
		assert.True(t, got == string(source.data))
		assert.Len(t, source.gets, 2)
	}
}

// TestNotes writes to the journal while a chunk comes, not only at its end.
func TestNotes(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	source := &fakeSource{data: testkit.Bytes(resumeSize), etag: etagOf(testkit.Bytes(resumeSize), 0)}
	folder := t.TempDir()
	var noted string
	source.change = func(r Range, answer *Answer) error {
		if r.Offset == testChunk {
			answer.Body = io.NopCloser(io.MultiReader(io.LimitReader(answer.Body, testNote+5), &failing{mine, func() {
				journal, err := os.ReadFile(filepath.Join(folder, ".file.lithops-s3.journal"))
				assert.NoError(t, err)
				noted = string(journal)
			}}))
		}
		return nil
	}
	_, err := fetch(t, source, folder, Options{Resume: true})
	require.ErrorIs(t, err, mine)
	assert.Contains(t, noted, fmt.Sprintf(`{"at":%d,"bytes":%d,`, testChunk, testNote))
	source.change, source.gets = nil, nil
	_, err = fetch(t, source, folder, Options{Resume: true})
	require.NoError(t, err)
	assert.Contains(t, source.gets, Range{testChunk + testNote + 5, testChunk - testNote - 5, source.etag})
}
