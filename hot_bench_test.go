package lithopss3

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"
)

// BenchmarkSmall is what a put, a head and a get of 1 KiB cost on this side of
// net/http, which answers at once.
func BenchmarkSmall(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 1024)
	header := http.Header{
		"Etag": {`"0123456789abcdef0123456789abcdef"`}, "Content-Length": {"1024"}, "Last-Modified": {"Tue, 24 Nov 2026 02:00:00 GMT"},
		"X-Amz-Checksum-Crc32": {"SNfwYw=="}, "X-Amz-Request-Id": {"R"}, "X-Amz-Server-Side-Encryption": {"AES256"},
	}
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodGet {
			return &http.Response{StatusCode: http.StatusOK, Header: header, Body: http.NoBody}, nil
		}
		return &http.Response{StatusCode: http.StatusOK, Header: header, ContentLength: 1024, Body: io.NopCloser(bytes.NewReader(body))}, nil
	})
	for name, sdkOnly := range map[string]bool{"hot": false, "sdk": true} {
		store, err := New(b.Context(), &Config{Region: "us-east-1", AccessKeyID: "AKID", SecretAccessKey: NewSecret("SECRET")}, &Options{
			Endpoint: "http://127.0.0.1:1", Transport: transport, SDKOnly: sdkOnly, LookupEnv: func(string) (string, bool) { return "", false },
		})
		require.NoError(b, err)
		for op, call := range map[string]func() error{
			"put": func() error { return store.PutObject(b.Context(), "my-bucket", "a/key", bytes.NewReader(body), nil) },
			"head": func() error {
				_, err := store.HeadObject(b.Context(), "my-bucket", "a/key")
				return err
			},
			"get": func() error {
				object, err := store.GetObject(b.Context(), "my-bucket", "a/key", nil)
				if err != nil {
					return err
				}
				_, err = io.Copy(io.Discard, object.Body)
				_ = object.Body.Close()
				return err
			},
		} {
			b.Run(op+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := call(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkSign is a signature of a get, by this package and by the SDK's signer.
func BenchmarkSign(b *testing.B) {
	credentials := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "SECRET"}
	b.Run("hot", func(b *testing.B) {
		p := &pattern{host: "127.0.0.1", prefix: "/my-bucket/", query: "x-id=GetObject", region: "us-east-1"}
		request := &hotRequest{}
		b.ReportAllocs()
		for b.Loop() {
			request.reset(http.MethodGet, "a/key")
			request.add("", "host", p.host)
			request.add("X-Amz-Content-Sha256", "x-amz-content-sha256", emptySHA256)
			request.add("X-Amz-Date", "x-amz-date", "20261124T020000Z")
			_ = request.sign("a/key", p, emptySHA256, "20261124T020000Z", &credentials)
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
