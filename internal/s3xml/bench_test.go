// SPDX-License-Identifier: Apache-2.0

package s3xml

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkDecode measures a page of a thousand keys: in the order of elements that
// S3 has, and with the other elements that servers may add.
func BenchmarkDecode(b *testing.B) {
	for name, rest := range map[string]string{
		"aws":   `<StorageClass>STANDARD</StorageClass>`,
		"owner": `<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><Owner><ID>1234</ID><DisplayName>me</DisplayName></Owner><StorageClass>STANDARD</StorageClass>`,
	} {
		var text strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&text, `<Contents><Key>lithops.jobs/4b99c1-0-M000/%05d/status.json</Key><LastModified>2026-11-25T03:%02d:%02d.000Z</LastModified>`+
				`<ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag><Size>%d</Size>%s</Contents>`, i, i/60%60, i%60, i, rest)
		}
		data := []byte(pageXML(`<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>` + text.String()))
		b.Run(name, func(b *testing.B) {
			var decoder Decoder
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if page, err := decoder.Decode(data); err != nil || len(page.Entries) != 1000 {
					b.Fatal(err)
				}
			}
		})
	}
}
