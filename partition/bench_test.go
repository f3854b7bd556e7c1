// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkLines measures the lines of an object of 8 MiB in partitions of 1 MiB.
func BenchmarkLines(b *testing.B) {
	for name, line := range map[string]string{"80 bytes": strings.Repeat("x", 79) + "\n", "8 KiB": strings.Repeat("x", 8191) + "\n"} {
		b.Run(name, func(b *testing.B) {
			data := bytes.Repeat([]byte(line), 8<<20/len(line))
			storage := &memoryStorage{bucket: "bucket", objects: map[string][]byte{"key": data}}
			partitions, _, err := Objects(b.Context(), storage, []string{"s3://bucket/key"}, &Options{ChunkSize: 1 << 20, Newline: "\n"})
			require.NoError(b, err)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				lines := 0
				for i := range partitions {
					for _, err := range partitions[i].Lines(b.Context(), storage) {
						require.NoError(b, err)
						lines++
					}
				}
				require.Equal(b, len(data)/len(line), lines)
			}
		})
	}
}
