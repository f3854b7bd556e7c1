// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/encoding/httpbinding"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEscapeKey(t *testing.T) {
	t.Parallel()
	escapes := func(key []byte) bool {
		return assert.Equal(t, httpbinding.EscapePath(string(key), false), escapeKey(string(key)))
	}
	require.NoError(t, quick.Check(escapes, nil))
}

// TestSignatures checks that whatever the key and the values, the signature is the SDK's.
func TestSignatures(t *testing.T) {
	t.Parallel()
	p := newPair(t, "https://s3.example.com")
	p.learn(t, "my-bucket")
	p.refuseSDK()
	signs := func(seed uint64, body []byte) bool {
		defer func() {
			if t.Failed() {
				t.Logf("seed %d, body %q", seed, body)
			}
		}()
		random := rand.New(rand.NewPCG(seed, 0))
		key := randomText(random, 100, func() rune { return 1 + random.Int32N(1<<(1+random.IntN(20))) })
		metadata := map[string]string{}
		for range random.IntN(9) {
			name := randomText(random, 20, func() rune { return rune("abcxyz0189_.-"[random.IntN(13)]) })
			value := randomText(random, 40, func() rune { return ' ' + random.Int32N('~'-' '+1) })
			metadata[name] = "!" + strings.Join(strings.Fields(value), " ")
		}
		_, err := p.fast.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("my-bucket"), Key: &key, Body: bytes.NewReader(body), Metadata: metadata})
		require.NoError(t, err)
		assert.Equal(t, body, append([]byte{}, p.fastWire.body...))
		requireSDKSignature(t, p.fastWire.last, body, "SECRET")
		sent := 0
		for name := range p.fastWire.last.Header {
			if strings.HasPrefix(name, metaPrefix) {
				sent++
			}
		}
		return assert.Equal(t, len(metadata), sent)
	}
	require.NoError(t, quick.Check(signs, nil))
}

// randomText returns up to most characters, and at least one.
func randomText(random *rand.Rand, most int, character func() rune) string {
	text := []rune{character()}
	for range random.IntN(most) {
		text = append(text, character())
	}
	return string(text)
}

// TestSigningKeys checks that a key is used for one day, one ID and one secret.
func TestSigningKeys(t *testing.T) {
	t.Parallel()
	p := &template{region: "us-east-1"}
	first := p.signingKey("20260102", &aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S"})
	assert.Same(t, first, p.signingKey("20260102", &aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S"}))
	for _, test := range []struct{ day, id, secret string }{{"20260103", "A", "S"}, {"20260102", "B", "S"}, {"20260102", "A", "T"}} {
		p.key.Store(first)
		assert.NotSame(t, first, p.signingKey(test.day, &aws.Credentials{AccessKeyID: test.id, SecretAccessKey: test.secret}), "%v", test)
	}
}

func TestInvocationIDs(t *testing.T) {
	t.Parallel()
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, newInvocationID())
	a, b := newInvocationID(), newInvocationID()
	assert.NotEqual(t, a[:13], b[:13])
	assert.NotEqual(t, a[24:], b[24:])
}

// BenchmarkSign is a signature of a get, by this package and by the SDK's signer.
func BenchmarkSign(b *testing.B) {
	credentials := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "SECRET"}
	b.Run("fast", func(b *testing.B) {
		p := &template{host: "127.0.0.1", prefix: "/my-bucket/", query: "x-id=GetObject", region: "us-east-1"}
		b.ReportAllocs()
		for b.Loop() {
			r := newRequest(http.MethodGet, "a/key")
			r.add(hostName, "host", p.host)
			r.add("X-Amz-Content-Sha256", "x-amz-content-sha256", emptySHA256)
			r.add("X-Amz-Date", "x-amz-date", "20261124T020000Z")
			_ = r.sign("a/key", p.query, p, emptySHA256, "20261124T020000Z", &credentials)
			r.release()
		}
	})
	b.Run("sdk", func(b *testing.B) {
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		now := time.Now()
		request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://127.0.0.1/my-bucket/a/key?x-id=GetObject", http.NoBody)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			request.Header = http.Header{"X-Amz-Content-Sha256": {emptySHA256}}
			if err := signer.SignHTTP(b.Context(), credentials, request, emptySHA256, "s3", "us-east-1", now); err != nil {
				b.Fatal(err)
			}
		}
	})
}
