// SPDX-License-Identifier: Apache-2.0

package s3null

import (
	"hash/crc32"
	"math/rand/v2"
	"sync"
)

// period is a prime, so that parts and ranges of any usual size that are swapped
// or shifted give other bytes. maxRun is how many bytes Content gives at once.
const (
	period = 1<<20 + 7
	maxRun = 1 << 20
)

var noise = sync.OnceValue(func() []byte {
	var seed [32]byte
	block := make([]byte, period, period+maxRun)
	_, _ = rand.NewChaCha8(seed).Read(block)
	return append(block, block[:maxRun]...)
})

// Content returns the content of the object under key from offset on: n bytes, or
// 1 MiB if that is less. Every client stores it, and every client must get it. The
// caller must not change it.
func Content(key string, offset int64, n int) []byte {
	start := (int64(crc32.ChecksumIEEE([]byte(key))) + offset) % period
	return noise()[start : start+int64(min(n, maxRun))]
}

// Body returns the content of the object under key in one piece, of any size. The
// first call for a size beyond 1 MiB takes as much memory. The caller must not change it.
func Body(key string, size int) []byte {
	if size <= maxRun {
		return Content(key, 0, size)
	}
	start := int(crc32.ChecksumIEEE([]byte(key)) % period)
	return longNoise(period + size)[start : start+size]
}

var long struct {
	mu    sync.Mutex
	noise []byte
}

// longNoise returns the noise over and over again, of at least n bytes.
func longNoise(n int) []byte {
	long.mu.Lock()
	defer long.mu.Unlock()
	for len(long.noise) < n {
		grown := make([]byte, 0, n+period)
		for len(grown) < n {
			grown = append(grown, noise()[:period]...)
		}
		long.noise = grown
	}
	return long.noise
}

// ContentCRC is the CRC32 of the first size bytes under key.
func ContentCRC(key string, size int64) uint32 {
	var sum uint32
	for offset := int64(0); offset < size; offset += maxRun {
		sum = crc32.Update(sum, crc32.IEEETable, Content(key, offset, int(min(size-offset, maxRun))))
	}
	return sum
}

// joinCRC is the CRC32 of two texts one after the other, by their own and the
// second one's length (as zlib's crc32_combine).
func joinCRC(first, second uint32, length int64) uint32 {
	var shift, square [32]uint32 // what one more zero bit does to a CRC
	shift[0] = crc32.IEEE
	for i := 1; i < 32; i++ {
		shift[i] = 1 << (i - 1)
	}
	for range 3 { // bits to bytes
		squareMatrix(&square, &shift)
		shift = square
	}
	for ; length > 0; length >>= 1 {
		if length&1 != 0 {
			first = timesVector(&shift, first)
		}
		squareMatrix(&square, &shift)
		shift = square
	}
	return first ^ second
}

func timesVector(matrix *[32]uint32, vector uint32) (sum uint32) {
	for i := 0; vector != 0; i++ {
		if vector&1 != 0 {
			sum ^= matrix[i]
		}
		vector >>= 1
	}
	return sum
}

func squareMatrix(square, matrix *[32]uint32) {
	for i := range matrix {
		square[i] = timesVector(matrix, matrix[i])
	}
}
