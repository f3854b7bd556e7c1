package lithopss3

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestChecksumKinds holds the polynomials to the check values that the catalogue
// of CRCs gives for "123456789" (https://reveng.sourceforge.io/crc-catalogue).
func TestChecksumKinds(t *testing.T) {
	t.Parallel()
	want := map[string]uint64{"X-Amz-Checksum-Crc32": 0xcbf43926, "X-Amz-Checksum-Crc32c": 0xe3069283, "X-Amz-Checksum-Crc64nvme": 0xae8b14860a799888}
	for _, kind := range checksumKinds {
		if kind.width == 0 {
			continue
		}
		hash := kind.hash()
		_, _ = hash.Write([]byte("123456789"))
		assert.Equal(t, want[kind.header], kind.value(hash.Sum(nil)), kind.header)
		assert.Equal(t, hash.Sum(nil), kind.bytes(want[kind.header]), kind.header)
		delete(want, kind.header)
	}
	assert.Empty(t, want)
}

// TestCombine: the CRC of pieces, put together, is that of the whole.
func TestCombine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := checksumKinds[rapid.IntRange(0, 2).Draw(t, "kind")]
		whole, total := kind.hash(), uint64(0)
		for _, piece := range rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 300)).Draw(t, "pieces") {
			_, _ = whole.Write(piece)
			part := kind.hash()
			_, _ = part.Write(piece)
			total = kind.combine(total, kind.value(part.Sum(nil)), int64(len(piece)))
		}
		assert.Equal(t, whole.Sum(nil), kind.bytes(total))
	})
}

// TestCombineFar: lengths beyond what a test can hash, by way of halves.
func TestCombineFar(t *testing.T) {
	t.Parallel()
	for _, kind := range checksumKinds[:3] {
		const length = 5 << 40
		once := kind.combine(1, 0, length)
		half := kind.combine(kind.combine(1, 0, length/2), 0, length/2)
		assert.Equal(t, once, half)
		assert.NotEqual(t, once, kind.combine(1, 0, length-1))
	}
}

func TestWholeChecksum(t *testing.T) {
	t.Parallel()
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	for name, test := range map[string]struct {
		header http.Header
		want   string
	}{
		"none":               {header(), ""},
		"one":                {header("X-Amz-Checksum-Crc32", "AAAAAA=="), "X-Amz-Checksum-Crc32"},
		"the fastest of two": {header("X-Amz-Checksum-Sha256", "A", "X-Amz-Checksum-Crc32c", "AAAAAA=="), "X-Amz-Checksum-Crc32c"},
		"of parts":           {header("X-Amz-Checksum-Crc32", "AAAAAA==-7"), ""},
		"typed":              {header("X-Amz-Checksum-Crc32", "AAAAAA==", "X-Amz-Checksum-Type", "FULL_OBJECT", "Content-Range", "bytes 0-1/2", "ETag", `"a-2"`), "X-Amz-Checksum-Crc32"},
		"typed as of parts":  {header("X-Amz-Checksum-Crc32", "AAAAAA==", "X-Amz-Checksum-Type", "COMPOSITE"), ""},
		"of parts, without their number, as a range has it": {header("X-Amz-Checksum-Crc32", "AAAAAA==", "Content-Range", "bytes 0-1/2", "ETag", `"a-2"`), ""},
		"of one part, as a range has it":                    {header("X-Amz-Checksum-Crc32", "AAAAAA==", "Content-Range", "bytes 0-1/2", "ETag", `"a"`), "X-Amz-Checksum-Crc32"},
		"unknown":                                           {header("X-Amz-Checksum-Xxhash3", "AAAAAA=="), ""},
	} {
		got := wholeChecksum(test.header)
		if test.want == "" {
			assert.Nil(t, got.kind, name)
			continue
		}
		require.NotNil(t, got.kind, name)
		assert.Equal(t, test.want, got.kind.header, name)
	}
	sum := checksum{kind: kindCRC32, want: base64.StdEncoding.EncodeToString([]byte{0, 0, 0, 1})}
	require.NoError(t, sum.compare([]byte{0, 0, 0, 1}))
	require.ErrorIs(t, sum.compare([]byte{0, 0, 0, 2}), ErrChecksum)
}
