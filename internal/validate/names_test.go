// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"a", "/", " ", "é", "a\x00b", strings.Repeat("k", 1024)} {
		require.NoError(t, Key(key), "%q", key)
	}
	for key, want := range map[string]string{"": "it is empty", "\xff": "is not UTF-8", strings.Repeat("k", 1025): "1025 bytes, S3 takes at most 1024"} {
		err := Key(key)
		require.ErrorIs(t, err, s3err.ErrInvalidKey)
		require.ErrorContains(t, err, want)
	}
}

// TestIsBucket has each character that a bucket's name may have for botocore, and no other.
func TestIsBucket(t *testing.T) {
	t.Parallel()
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	for c := range 256 {
		want := strings.IndexByte(allowed, byte(c)) >= 0
		assert.Equal(t, want, IsBucket("a"+string([]byte{byte(c)})), "%q", c)
		assert.Equal(t, want, IsBucket(string([]byte{byte(c)})+"a"), "%q", c)
	}
	for name, want := range map[string]bool{
		"": false, "a": true, strings.Repeat("a", 255): true, strings.Repeat("a", 256): false,
		"arn:aws:s3:us-east-1:123456789012:accesspoint/point":                   true,
		"arn:aws-cn:s3-object-lambda:cn-north-1:123456789012:accesspoint:point": true,
		"arn:aws:s3:us-east-1:12345678901:accesspoint/point":                    false,
		"arn:aws:sns:us-east-1:123456789012:topic":                              false,
		"arn:aws:s3:::bucket": false,
		"arn:aws:s3:us-east-1:123456789012:accesspoint/" + strings.Repeat("p", 300): true,
	} {
		assert.Equal(t, want, IsBucket(name), "%q", name)
	}
}

// TestNewBucketProblem has the rules of S3 for new names.
func TestNewBucketProblem(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"abc", "a.b", "0-9", strings.Repeat("a", 63), "1.2.3", "1.2.3.4.5", "xn-a", "a.xn--b"} {
		assert.Empty(t, NewBucketProblem(name), name)
	}
	for name, want := range map[string]string{
		"": "has 0 characters", "ab": "has 2 characters, not 3 to 63", strings.Repeat("a", 64): "has 64 characters", "Abc": "has upper case letters", "a_b": "other characters",
		"-ab": "begins or ends", "ab-": "begins or ends", ".ab": "begins or ends", "ab.": "begins or ends", "a..b": "two dots", "192.168.0.1": "looks like an IP address",
		"xn--abc": "begins with xn--", "sthree-abc": "begins with sthree-", "amzn-s3-demo-abc": "begins with amzn-s3-demo-",
	} {
		assert.Contains(t, NewBucketProblem(name), want, name)
	}
}

func TestIsPrintable(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		assert.Equal(t, c >= ' ' && c < 127, isPrintable("a"+string([]byte{byte(c)})), "%q", c)
	}
}

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "localhost.": true, "s3.localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true,
		"": false, "mylocalhost": false, "localhost.example": false, "128.0.0.1": false, "::2": false, "0.0.0.0": false, "127.0.0.1.example": false,
	} {
		assert.Equal(t, want, IsLoopback(host), host)
	}
}
