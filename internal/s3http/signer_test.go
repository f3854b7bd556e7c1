// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTabsAreSignedAsSpaces signs tabs as botocore does, and sends them.
func TestTabsAreSignedAsSpaces(t *testing.T) {
	t.Parallel()
	keys := aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}
	synctest.Test(t, func(t *testing.T) {
		sign := func(values ...string) (header http.Header, url string, presigned http.Header) {
			signer := NewSigner(&Clock{})
			request := func() *http.Request {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://127.0.0.1/bucket/key", http.NoBody)
				require.NoError(t, err)
				r.Header["X-Amz-Meta-A"] = values
				return r
			}
			r := request()
			require.NoError(t, signer.SignHTTP(t.Context(), keys, r, "UNSIGNED-PAYLOAD", "s3", "us-east-1", time.Time{}))
			given := request()
			url, presigned, err := signer.PresignHTTP(t.Context(), keys, given, "UNSIGNED-PAYLOAD", "s3", "us-east-1", time.Time{})
			require.NoError(t, err)
			assert.Equal(t, values, given.Header["X-Amz-Meta-A"])
			return r.Header, url, presigned
		}
		plain, plainURL, _ := sign("x y", "z")
		for _, values := range [][]string{{"x\ty", "z"}, {"\tx \t y\t", "z"}, {"x\t\ty", "\tz"}} {
			header, url, presigned := sign(append([]string(nil), values...)...)
			assert.Equal(t, plain.Get("Authorization"), header.Get("Authorization"), "%q", values)
			assert.Equal(t, values, header["X-Amz-Meta-A"])
			assert.Equal(t, plainURL, url, "%q", values)
			assert.Equal(t, values, presigned["X-Amz-Meta-A"])
		}
		other, otherURL, _ := sign("xy", "z")
		assert.NotEqual(t, plain.Get("Authorization"), other.Get("Authorization"))
		assert.NotEqual(t, plainURL, otherURL)
		assert.True(t, strings.Contains(plain.Get("Authorization"), "x-amz-meta-a"))
	})
}

// TestHeadersWithoutTabs copies none of them, because nearly every request has no tab.
func TestHeadersWithoutTabs(t *testing.T) {
	t.Parallel()
	assert.Nil(t, replaceTabs(http.Header{"A": {"x y", ""}, "B": nil}))
	assert.Len(t, replaceTabs(http.Header{"A": {"x y"}, "B": {"x", "y\t"}}), 1)
}
