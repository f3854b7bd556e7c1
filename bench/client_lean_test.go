// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLeanSignature compares the lean client's signature with the SDK's.
func TestLeanSignature(t *testing.T) {
	t.Parallel()
	now, body := time.Date(2026, 11, 27, 1, 2, 3, 0, time.UTC), []byte("some body")
	c := newLean(&httpClient{}, now)
	for _, target := range []string{"http://127.0.0.1:9/kept/small/000001", "https://kept." + "s3.us-east-1.amazonaws.com/small/000001"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, target, bytes.NewReader(body))
		require.NoError(t, err)
		request.Header["X-Amz-Checksum-Crc32"] = []string{crcOf(body)}
		c.sign(request, body, now)
		want := request.Clone(t.Context())
		want.Header.Del("Authorization")
		want.ContentLength = 0 // which the lean client does not sign
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		keys := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}
		require.NoError(t, signer.SignHTTP(t.Context(), keys, want, request.Header.Get("X-Amz-Content-Sha256"), "s3", region, now))
		assert.Equal(t, want.Header.Get("Authorization"), request.Header.Get("Authorization"), target)
	}
}
