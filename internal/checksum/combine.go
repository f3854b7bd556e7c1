// SPDX-License-Identifier: Apache-2.0

package checksum

// CanCombine reports whether the checksum of an object can be computed from those
// of its consecutive pieces, which is so for the CRCs.
func (k *Kind) CanCombine() bool { return k.width > 0 }

// Combine returns the CRC of two consecutive pieces, from the CRC of each and the
// length of the second. A CRC is the remainder of a division of polynomials over
// GF(2), in which appending n bytes is a multiplication by x^8n (Mark Adler's
// crc32_combine in zlib). The inversions at the start and the end of S3's CRCs
// cancel out. It begins with 0, the CRC of no bytes.
func (k *Kind) Combine(first, second uint64, n int64) uint64 {
	return k.multiply(k.power(n), first) ^ second
}

// power returns x^8n modulo the polynomial.
func (k *Kind) power(n int64) uint64 {
	result := uint64(1) << (k.width - 1) // x^0
	square := result >> 8                // x^8
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			result = k.multiply(square, result)
		}
		square = k.multiply(square, square)
	}
	return result
}

// multiply returns a·b modulo the polynomial.
func (k *Kind) multiply(a, b uint64) uint64 {
	product := uint64(0)
	for bit := uint64(1) << (k.width - 1); bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ k.poly
		} else {
			b >>= 1
		}
	}
	return product
}

// Value returns the sum of a CRC's hash as a number.
func (*Kind) Value(sum []byte) uint64 {
	value := uint64(0)
	for _, b := range sum {
		value = value<<8 | uint64(b)
	}
	return value
}

// Bytes returns a CRC as its hash's Sum would. It reverses Value.
func (k *Kind) Bytes(value uint64) []byte {
	sum := make([]byte, k.width/8)
	for i := len(sum) - 1; i >= 0; i-- {
		sum[i] = byte(value)
		value >>= 8
	}
	return sum
}
