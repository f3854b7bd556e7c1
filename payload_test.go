// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPayloadHeaders holds what puts and parts say of their body: over https they sign
// no SHA-256 of it, over http they do unless they are told not to, and a CRC32 goes
// along everywhere unless AWS's settings demand none. Only the SDK, and only to AWS over
// https, sends it after the body.
func TestPayloadHeaders(t *testing.T) {
	t.Parallel()
	const signed, unsigned, trailer = "SHA-256", "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	required := map[string]string{"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required"}
	for _, test := range []struct {
		name, endpoint string
		env            map[string]string
		isUnsigned     bool
		sdk, fast      string // X-Amz-Content-Sha256
		hasCRC32       bool
	}{
		{"AWS", "", nil, false, trailer, unsigned, true},
		{"AWS, unsigned", "", nil, true, trailer, unsigned, true},
		{"AWS, no checksums", "", required, false, unsigned, unsigned, false},
		{"https", "https://s3.example.com", nil, false, unsigned, unsigned, true},
		{"https, no checksums", "https://s3.example.com", required, false, unsigned, unsigned, false},
		{"http", "http://127.0.0.1:9000", nil, false, signed, signed, true},
		{"http, no checksums", "http://127.0.0.1:9000", required, false, signed, signed, false},
		{"http, unsigned", "http://127.0.0.1:9000", nil, true, unsigned, unsigned, true},
		{"http, unsigned, no checksums", "http://127.0.0.1:9000", required, true, unsigned, unsigned, false},
	} {
		for _, size := range testkit.SomeOf([]int{0, 1, 1 << 10, 100 << 10, 256<<10 + 1, 1 << 20}, 2) {
			t.Run(fmt.Sprintf("%s/%d bytes", test.name, size), func(t *testing.T) {
				t.Parallel()
				p := newTwins(t, "us-east-1", test.endpoint, test.env, func(o *Options) { o.UnsignedPayload = test.isUnsigned })
				p.learn(t, "my-bucket")
				restore := withoutSDK(p.fast)
				defer restore()
				body := strings.Repeat("x", size)
				ofSDK := test.sdk
				if ofSDK == trailer && size == 0 {
					ofSDK = unsigned
				}
				check := func(send func(*Store) error) {
					require.NoError(t, send(p.slow))
					requirePayload(t, p.slowWire, ofSDK, body, test.hasCRC32)
					require.NoError(t, send(p.fast))
					requirePayload(t, p.fastWire, test.fast, body, test.hasCRC32)
				}
				check(func(store *Store) error {
					return store.PutObject(t.Context(), "my-bucket", "key", strings.NewReader(body), nil)
				})
				check(func(store *Store) error {
					_, err := sendPart(t.Context(), store, "my-bucket", "key", "id", 1, strings.NewReader(body))
					return err
				})
			})
		}
	}
}

// requirePayload checks the headers of the last request.
func requirePayload(t *testing.T, sent *wire, payload, body string, hasCRC32 bool) {
	t.Helper()
	header := sent.last.Header
	isTrailer := strings.HasPrefix(payload, "STREAMING-")
	if payload == "SHA-256" {
		sum := sha256.Sum256([]byte(body))
		payload = hex.EncodeToString(sum[:])
	}
	crc := ""
	if hasCRC32 && !isTrailer {
		crc = checksum.EncodeCRC32(crc32.ChecksumIEEE([]byte(body)))
	}
	assert.Equal(t, payload, header.Get("X-Amz-Content-Sha256"))
	assert.Equal(t, crc, header.Get("X-Amz-Checksum-Crc32"))
	assert.Equal(t, hasCRC32, header.Get("X-Amz-Sdk-Checksum-Algorithm") == "CRC32")
	assert.Equal(t, isTrailer, header.Get("X-Amz-Trailer") == "x-amz-checksum-crc32")
	assert.Equal(t, isTrailer, header.Get("Content-Encoding") == "aws-chunked")
	if !isTrailer {
		assert.Equal(t, body, string(sent.body))
	}
}
