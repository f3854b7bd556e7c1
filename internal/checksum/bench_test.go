// SPDX-License-Identifier: Apache-2.0

package checksum

import "testing"

// BenchmarkSum measures the checksums that bodies are sent with or compared with.
func BenchmarkSum(b *testing.B) {
	data := make([]byte, 1<<20)
	for _, kind := range []*Kind{CRC32, CRC32C, CRC64NVME, SHA256} {
		b.Run(kind.Name, func(b *testing.B) {
			sum := kind.New()
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				sum.Reset()
				_, _ = sum.Write(data)
				sum.Sum(nil)
			}
		})
	}
}

// BenchmarkCombine measures the combination of the CRCs of two parts of 8 MiB.
func BenchmarkCombine(b *testing.B) {
	for _, kind := range []*Kind{CRC32, CRC64NVME} {
		b.Run(kind.Name, func(b *testing.B) {
			b.ReportAllocs()
			value := uint64(1)
			for b.Loop() {
				value = kind.Combine(value, 0x1234_5678, 8<<20)
			}
		})
	}
}
