// SPDX-License-Identifier: Apache-2.0

package checksum

import (
	"bytes"
	"testing"
	"testing/quick"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var crcs = []*Kind{CRC32, CRC32C, CRC64NVME}

// TestCheckValues compares the polynomials with the check values that the catalogue
// of CRCs gives for "123456789" (https://reveng.sourceforge.io/crc-catalogue).
func TestCheckValues(t *testing.T) {
	t.Parallel()
	for kind, want := range map[*Kind]uint64{CRC32: 0xcbf43926, CRC32C: 0xe3069283, CRC64NVME: 0xae8b14860a799888} {
		hash := kind.New()
		_, _ = hash.Write([]byte("123456789"))
		assert.Equal(t, want, kind.Value(hash.Sum(nil)), kind.Name)
		assert.Equal(t, hash.Sum(nil), kind.Bytes(want), kind.Name)
		assert.True(t, kind.CanCombine())
	}
	for _, kind := range []*Kind{SHA256, SHA512, SHA1, MD5} {
		assert.False(t, kind.CanCombine(), kind.Name)
	}
}

// TestCombine compares the combined CRC of random pieces with that of the whole.
func TestCombine(t *testing.T) {
	t.Parallel()
	combines := func(which uint, pieces [][]byte) bool {
		kind := crcs[which%3]
		whole, total := kind.New(), uint64(0)
		for _, piece := range pieces {
			piece = bytes.Repeat(piece, int(which/3%8)) // up to 350 bytes
			_, _ = whole.Write(piece)
			part := kind.New()
			_, _ = part.Write(piece)
			total = kind.Combine(total, kind.Value(part.Sum(nil)), int64(len(piece)))
		}
		return assert.Equal(t, whole.Sum(nil), kind.Bytes(total))
	}
	require.NoError(t, quick.Check(combines, nil))
}

// TestCombineFar covers lengths that a test can't hash, by way of halves.
func TestCombineFar(t *testing.T) {
	t.Parallel()
	for _, kind := range crcs {
		const length = 5 << 40
		once := kind.Combine(1, 0, length)
		half := kind.Combine(kind.Combine(1, 0, length/2), 0, length/2)
		assert.Equal(t, once, half)
		assert.NotEqual(t, once, kind.Combine(1, 0, length-1))
	}
}
