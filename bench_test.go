// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkParseConfig is a configuration as people have it, in YAML and as the
// JSON that Lithops hands to its workers.
func BenchmarkParseConfig(b *testing.B) {
	for name, text := range map[string]string{
		"yaml": "lithops:\n  backend: aws_lambda\n  storage: aws_s3\n  monitoring_interval: 2\n\n" +
			"aws:\n  region: eu-west-1\n  access_key_id: AKIDEXAMPLE\n  secret_access_key: secret-example\n\n" +
			"aws_s3:\n  storage_bucket: my-bucket\n",
		"json": `{"lithops": {"backend": "aws_lambda", "storage": "aws_s3", "monitoring_interval": 2}, ` +
			`"aws": {"region": "eu-west-1", "access_key_id": "AKIDEXAMPLE", "secret_access_key": "secret-example"}, ` +
			`"aws_s3": {"storage_bucket": "my-bucket"}}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				config, err := ParseConfig([]byte(text))
				require.NoError(b, err)
				require.Equal(b, "my-bucket", config.StorageBucket)
			}
		})
	}
}

// BenchmarkGlobPage is a page of a listing filtered by a pattern, of which a tenth matches.
func BenchmarkGlobPage(b *testing.B) {
	glob, err := CompileGlob("lithops.jobs/*/0000?/status.json")
	require.NoError(b, err)
	var keys []string
	for i := range 100 {
		folder := fmt.Sprintf("lithops.jobs/4b99c1-0-M000/%05d/", i)
		keys = append(keys, folder+"0a1b2c3d4e5f.init", folder+"output.pickle", folder+"status.json")
	}
	b.ReportAllocs()
	for b.Loop() {
		matched := 0
		for _, key := range keys {
			if glob.Match(key) {
				matched++
			}
		}
		require.Equal(b, 10, matched)
	}
}
