// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestIsValidChunk has chunks of objects, which begin where the source has one, and end
// with the chunk or the object at most.
func TestIsValidChunk(t *testing.T) {
	t.Parallel()
	ten, eight := Source{Size: 10, Chunk: 4}, Source{Size: 8, Chunk: 4}
	for _, test := range []struct {
		source    Source
		at, bytes int64
		want      bool
	}{
		{ten, 0, 1, true},
		{ten, 0, 4, true},
		{ten, 4, 4, true},
		{ten, 8, 2, true},
		{ten, 0, 0, false},
		{ten, 0, -1, false},
		{ten, 4, 5, false},
		{ten, 8, 3, false},
		{ten, 5, 1, false},
		{ten, 12, 1, false},
		{ten, -4, 4, false},
		{ten, 10, 1, false},
		{eight, 4, 4, true},
		{eight, 8, 1, false},
		{ten, math.MaxInt64 - 3, 1, false},
		{ten, math.MinInt64, 1, false},
		{Source{Size: 10}, 0, 1, false},
		{Source{Size: 10, Chunk: -4}, 0, 1, false},
	} {
		assert.Equal(t, test.want, test.source.isValid(Chunk{At: test.at, Bytes: test.bytes}), "%+v", test)
	}
}

// TestChunkOfNoSize reads a journal whose chunks have no size.
func TestChunkOfNoSize(t *testing.T) {
	t.Parallel()
	j := &journal{chunks: map[int64]Chunk{}}
	text := `{"lithops_s3_download":1,"size":10}` + "\n" + `{"at":0,"bytes":1}`
	require.NoError(t, readJournal(strings.NewReader(text), &j.source, j.add))
	assert.Empty(t, j.chunks)
}

// TestJournalEnds reads journals that end, or fail, before their first line.
func TestJournalEnds(t *testing.T) {
	t.Parallel()
	var source Source
	require.ErrorIs(t, readJournal(strings.NewReader(""), &source, nil), io.ErrUnexpectedEOF)
	mine := errors.New("mine")
	require.ErrorIs(t, readJournal(iotest.ErrReader(mine), &source, nil), mine)
	first := `{"lithops_s3_download":1,"size":10}` + "\n"
	require.ErrorIs(t, readJournal(io.MultiReader(strings.NewReader(first), iotest.ErrReader(mine)), &source, nil), mine)
}

// TestHexCRC reads back what it writes, and no more than 32 bits.
func TestHexCRC(t *testing.T) {
	t.Parallel()
	for _, crc := range []hexCRC{0, 1, 0x00c0ffee, math.MaxUint32} {
		text, err := crc.MarshalText()
		require.NoError(t, err)
		assert.Len(t, text, 8)
		var read hexCRC
		require.NoError(t, read.UnmarshalText(text))
		assert.Equal(t, crc, read)
	}
	for _, text := range []string{"", "1ffffffff", "100000000", "-1", "xyz"} {
		var read hexCRC
		require.Error(t, read.UnmarshalText([]byte(text)), text)
	}
}
