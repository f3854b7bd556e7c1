// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLostIndentation checks that a key of a section at the left margin is an error,
// because the file would otherwise mean another region, another bucket or other
// credentials.
func TestLostIndentation(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"aws:\nregion: eu-west-1\naccess_key_id: AK\n":                                     "configuration:2: region: is a key of the section aws: indent it below aws:",
		"aws:\naccess_key_id: AK\nsecret_access_key: SECRET\n":                             "configuration:2: access_key_id: is a key of the section aws: indent it below aws:",
		"aws_s3:\nregion: eu-west-1\n":                                                     "configuration:2: region: is a key of the section aws_s3: indent it below aws_s3:",
		"aws_s3:\nstorage_bucket: b\n":                                                     "indent it below aws_s3:",
		"aws:\n  region: r\naws_s3:\nstorage_bucket: b\n":                                  "configuration:4: storage_bucket: is a key of the section aws_s3",
		"aws:\n  region: r\nstorage_bucket: b\n":                                           "indent it below aws_s3:",
		"aws:\n  region: r\naccess_key_id: AK\n":                                           "indent it below aws:",
		"aws:\n  region: r\nsession_token:\n":                                              "indent it below aws:",
		"lithops:\nstorage: minio\n":                                                       "configuration:2: storage: is a key of the section lithops: indent it below lithops:",
		"lithops:\nmonitoring_interval: 5\n":                                               "indent it below lithops:",
		"lithops:\nbackend: aws_lambda\naws:\n  region: r\n":                               "indent it below lithops:",
		"aws_access_key_id: AK\naws_secret_access_key: SECRET\n":                           "write access_key_id, indented below aws:",
		"aws:\n  region: r\nsecret_key: SECRET\n":                                          "write secret_access_key, indented below aws:",
		"aws:\n  region: r\nprofile: dev\n":                                                "set AWS_PROFILE",
		`{"aws":{"region":"r"},"access_key_id":"AK"}`:                                      "configuration:1: access_key_id: is a key of the section aws",
		"AWS:\n  region: r\n  access_key_id: AK\n":                                         "configuration:1: AWS: is no section that Lithops reads for S3, and has keys to sign with: write aws",
		"s3:\n  region: r\n  aws_secret_access_key: SECRET\n":                              "write aws_s3",
		"aws-s3:\n  access_key: AK\n":                                                      "write aws_s3",
		"lithops:\n  storage: aws_s3\n  aws:\n    region: r\n":                             "configuration:3: lithops.aws: is a section within a section: write aws: at the left margin",
		"lithops:\n  aws_s3:\n    storage_bucket: b\n":                                     "write aws_s3: at the left margin",
		"aws:\n  region: r\n  s3:\n    storage_bucket: b\n":                                "configuration:3: aws.s3: is a section within a section: write aws_s3: at the left margin",
		"aws:\n  region: r\n  aws_s3:\n    storage_bucket: b\n":                            "aws.aws_s3: is a section within a section",
		"aws_s3:\n  aws:\n    region: r\n":                                                 "aws_s3.aws: is a section within a section",
		"aws:\n  region: r\n  lithops:\n    storage: minio\n":                              "aws.lithops: is a section within a section",
		"lithops:\n  storage_bucket: b\n":                                                  "configuration:2: lithops.storage_bucket: is read below aws_s3: only; move it there",
		"lithops:\n  region: r\n":                                                          "lithops.region: is read below aws: only",
		"lithops:\n  access_key_id: AK\n":                                                  "lithops.access_key_id: is read below aws: only",
		"aws:\n  region: r\n  storage: minio\n":                                            "aws.storage: is read below lithops: only",
		"aws_s3:\n  region: r\n  monitoring_interval: 1\n":                                 "aws_s3.monitoring_interval: is read below lithops: only",
		"aws:\n  region: r\n  profile: dev\n":                                              "configuration:3: aws.profile: is no key that Lithops reads, so that other credentials would be used",
		"aws:\n  region: r\n  role_arn: arn\n":                                             "set role_arn in a profile",
		"aws:\n  region: r\n  acces_key_id: AK\n":                                          "aws.acces_key_id: is no key that Lithops reads, so that other credentials would be used: write access_key_id",
		"aws:\n  region: r\n  access-key-id: AK\n":                                         "write access_key_id",
		"aws:\n  region: r\n  Access_Key_ID: AK\n":                                         "write access_key_id",
		"aws_s3:\n  region: r\n  secret: SECRET\n":                                         "write secret_access_key, indented below aws_s3:",
		"aws:\n  region: r\n  access_key_id: A\n  secret_key: S\n":                         "write secret_access_key",
		"aws:\n  region: r\n  access_key_id: A\n  secret_access_key: S\n  token: SECRET\n": "write session_token",
	} {
		_, err := ParseConfig([]byte(text))
		var config *ConfigError
		require.ErrorAs(t, err, &config, text)
		require.ErrorContains(t, err, want, text)
		assert.Positive(t, config.Line, text)
		assert.NotContains(t, err.Error(), "SECRET", text)
	}
}

// TestKeysOfOthers checks that what Lithops reads elsewhere, or people keep for their own,
// is no error, and no warning either.
func TestKeysOfOthers(t *testing.T) {
	t.Parallel()
	const sound = "aws:\n  region: r\n  access_key_id: AK\n  secret_access_key: SK\n"
	for _, text := range []string{
		sound + "  account_id: 1\n", "lithops:\n  backend: aws_lambda\n  mode: serverless\n  log_level: DEBUG\n  runtime: x\n  retries: 3\n",
		sound + "aws_lambda:\n  execution_role: arn\n  runtime: x\n  runtime_memory: 256\n  region: us-east-1\n",
		sound + "aws_ec2:\n  iam_role: x\n  region: us-east-1\n  key_name: k\n",
		sound + "minio:\n  endpoint: http://h\n  access_key_id: A\n  secret_access_key: S\n  storage_bucket: b\n",
		sound + "ceph:\n  access_key: A\n  secret_key: S\n", "ibm_cos:\n  access_key: A\n" + sound,
		sound + "k8s:\n  docker_password: x\n", sound + "standalone:\n  runtime: x\n  exec_mode: reuse\n",
		"region: &r eu-west-1\naws:\n  region: *r\n", "base: &b\n  region: r\n  access_key_id: A\naws:\n  <<: *b\n  secret_access_key: S\n",
		"aws:\n  region: r\n  storage_bucket: b\n", "x-mine: 5\n" + sound, "version: 1\n" + sound, "1: a\ntrue: b\nnull: c\n" + sound,
		sound + "aws_s3:\n  storage_bucket: b\n  user_agent: x\n", "aws_batch:\n  env_max_cpus: 1\n" + sound,
	} {
		config, err := ParseConfig([]byte(text))
		require.NoError(t, err, text)
		assert.Empty(t, config.Warnings, text)
	}
}

// TestUnknownKeysAreGuessed checks guesses from a table of what people write, then by
// spelling.
func TestUnknownKeysAreGuessed(t *testing.T) {
	t.Parallel()
	const keys = "  region: r\n  access_key_id: AK\n  secret_access_key: SK\n"
	for text, want := range map[string]string{
		"aws_s3:\n" + keys + "  bucket: b\n":                     "aws_s3.bucket: unknown key (did you mean storage_bucket?)",
		"aws_s3:\n" + keys + "  endpoint: http://h\n":            "aws_s3.endpoint: unknown key (Lithops reads no endpoint for aws_s3: set AWS_ENDPOINT_URL_S3)",
		"aws:\n" + keys + "  endpoint_url: http://h\n":           "set AWS_ENDPOINT_URL_S3",
		"aws:\n" + keys + "  bucket: b\n":                        "did you mean storage_bucket?",
		"lithops:\n  storage_backend: aws_s3\n":                  "lithops.storage_backend: unknown key (did you mean storage?)",
		"lithops:\n  storge: aws_s3\n":                           "did you mean storage?",
		"aws:\n" + keys + "  profile: dev\n":                     "aws.profile: unknown key (Lithops reads no profile: set AWS_PROFILE)",
		"aws:\n" + keys + "  secret_key: SECRET\n":               "aws.secret_key: unknown key (did you mean secret_access_key?)",
		"bucket: b\naws:\n" + keys:                               "1: bucket: unknown key (did you mean storage_bucket?)",
		"endpoint: http://h\naws:\n" + keys:                      "1: endpoint: unknown key (Lithops reads no endpoint",
		"storage_backend: minio\naws:\n" + keys:                  "1: storage_backend: unknown key (did you mean storage?)",
		"s3:\n  storage_bucket: b\naws:\n" + keys:                "1: s3: unknown key (did you mean aws_s3?)",
		"aws_s3:\n" + keys + "  addressing_style: path\n":        "set addressing_style in the s3 block",
		"aws_s3:\n" + keys + "  verify: false\n":                 "set AWS_CA_BUNDLE",
		"aws_s3:\n" + keys + "  wJalrXUtnFEMI/K7MDENG: SECRET\n": "aws_s3." + sanitize.Redacted + ": unknown key",
		"aws_s3:\n" + keys + "  aws_region: r\n":                 "did you mean region?",
	} {
		config, err := ParseConfig([]byte(text))
		require.NoError(t, err, text)
		told := strings.Join(config.Warnings, "\n")
		assert.Contains(t, told, want, text)
		assert.NotContains(t, told, "SECRET", text)
		assert.NotContains(t, told, "wJalr", text)
	}
}

// TestConfigValues covers names of buckets and keys that can't be, where they are read.
func TestConfigValues(t *testing.T) {
	t.Parallel()
	in := func(key, value string) string { return "aws_s3:\n  region: r\n  " + key + ": " + value + "\n" }
	for text, want := range map[string]string{
		in("storage_bucket", "arn:aws:s3:::bucket"):        "configuration:3: aws_s3.storage_bucket: is an ARN that names no access point",
		in("storage_bucket", "s3://bucket"):                "is a URL",
		in("storage_bucket", "https://b.s3.amazonaws.com"): "is a URL",
		in("storage_bucket", "'<BUCKET>'"):                 `"<BUCKET>" is not the name of a bucket (it is a placeholder)`,
		in("storage_bucket", "'lithops-{region}-x'"):       `is not the name of a bucket (it is a placeholder)`,
		in("storage_bucket", "bucket/prefix"):              "has a slash",
		in("storage_bucket", "my bucket"):                  `"my bucket" is not the name of a bucket (it has blanks)`,
		in("storage_bucket", `"b\n"`):                      "it has a line break",
		in("storage_bucket", `'"bucket"'`):                 "it has quotes",
		in("storage_bucket", "bücket"):                     "is not the name of a bucket",
		in("storage_bucket", strings.Repeat("b", 256)):     "256 characters",
		in("storage_bucket", "wJalrXUtnFEMI+K7MDENG"):      sanitize.Redacted,
		in("access_key_id", `"AK\n"`):                      "configuration:3: aws_s3.access_key_id: has a line break at its end",
		in("access_key_id", "AK ID"):                       "has white space inside",
		in("access_key_id", `"AK "`):                       "has white space at its end",
		in("access_key_id", "ÄK"):                          "which is not US-ASCII",
		in("secret_access_key", "|\n    SECRET"):           "aws_s3.secret_access_key: has a line break at its end",
		in("secret_access_key", `"SE CRET"`):               "has white space inside",
		in("session_token", `"TO\tKEN"`):                   "aws_s3.session_token: has white space inside",
		in("session_token", `"TOKEN\r\n"`):                 "line break",
		in("region", "'\"us-east-1\"'"):                    "it has quotes",
		in("region", "<YOUR_REGION>"):                      `"<YOUR_REGION>" is not a region name (it is a placeholder)`,
		in("region", `"us-east-1 # Ohio"`):                 `"us-east-1 #…"`,
		"lithops:\n  storage: '<STORAGE>'\n":               `"<STORAGE>", which Lithops does not have (it is a placeholder)`,
		"lithops:\n  storage: '\"aws_s3\"'\n":              "it has quotes",
	} {
		_, err := ParseConfig([]byte(text))
		require.Error(t, err, text)
		assert.ErrorContains(t, err, want, text)
		for _, secret := range []string{"SECRET", "CRET", "wJalr", "TOKEN"} {
			assert.NotContains(t, err.Error(), secret, text)
		}
	}
	for _, name := range []string{
		"bucket", "My_Old.Bucket", "b", "123", "arn:aws:s3:us-east-1:123456789012:accesspoint/ap", "arn:aws:s3:us-east-1:123456789012:accesspoint:ap",
		"arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-1/accesspoint/ap", "ap-alias-s3alias", "bucket--use1-az4--x-s3",
	} {
		config, err := ParseConfig([]byte(in("storage_bucket", name)))
		require.NoError(t, err, name)
		assert.Equal(t, name, config.StorageBucket)
	}
}
