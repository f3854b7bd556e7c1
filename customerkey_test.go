// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keyedCalls are the calls that send a customer's key.
var keyedCalls = map[string]func(ctx context.Context, s *Store, key Secret, folder string) error{
	"PutObject": func(ctx context.Context, s *Store, key Secret, _ string) error {
		return s.PutObject(ctx, "bucket", "key", strings.NewReader("body"), &PutOptions{SSECustomerKey: key})
	},
	"PutObject in parts": func(ctx context.Context, s *Store, key Secret, _ string) error {
		return s.PutObject(ctx, "bucket", "key", io.LimitReader(zeros{}, 17<<20/SmallScale), &PutOptions{SSECustomerKey: key})
	},
	"GetObject": func(ctx context.Context, s *Store, key Secret, _ string) error {
		object, err := s.GetObject(ctx, "bucket", "key", &GetOptions{SSECustomerKey: key})
		if err != nil {
			return err
		}
		return object.Body.Close()
	},
	"DownloadFile": func(ctx context.Context, s *Store, key Secret, folder string) error {
		return s.DownloadFile(ctx, "bucket", "key", filepath.Join(folder, "file"), &DownloadOptions{SSECustomerKey: key})
	},
	"MoveToFile": func(ctx context.Context, s *Store, key Secret, folder string) error {
		return s.MoveToFile(ctx, "bucket", "key", filepath.Join(folder, "moved"), &DownloadOptions{SSECustomerKey: key})
	},
	"OpenReaderAt": func(ctx context.Context, s *Store, key Secret, _ string) error {
		object, err := s.OpenReaderAt(ctx, "bucket", "key", &ReaderAtOptions{SSECustomerKey: key})
		if err != nil {
			return err
		}
		return object.Close()
	},
	"CopyObject": func(ctx context.Context, s *Store, key Secret, _ string) error {
		return s.CopyObject(ctx, "bucket", "key", "bucket", "copy", &CopyOptions{Source: GetOptions{SSECustomerKey: key}})
	},
}

// TestCustomerKeyNeedsTLS checks that a customer's key is sent to this machine or over
// https, on both paths, and nowhere else, also once the same call without a key has
// succeeded there.
func TestCustomerKeyNeedsTLS(t *testing.T) {
	t.Parallel()
	const raw = "0123456789abcdef0123456789ABCDEF"
	endpoints := []string{"http://storage.example", "http://10.0.0.1:9000", "http://127.0.0.1.example", "http://127.0.0.1:9000", "http://localhost", "https://storage.example"}
	for _, endpoint := range testkit.SomeOf(endpoints, 2) {
		isSent := strings.HasPrefix(endpoint, "https:") || strings.HasSuffix(endpoint, ":9000") && strings.Contains(endpoint, "127.") || endpoint == "http://localhost"
		for _, sdkOnly := range testkit.SomeOf([]bool{false, true}, 1) {
			for name, call := range keyedCalls {
				t.Run(fmt.Sprintf("%s %s %t", endpoint, name, sdkOnly), func(t *testing.T) {
					t.Parallel()
					var withKey atomic.Int64
					transport := roundTripper(func(r *http.Request) (*http.Response, error) {
						for header := range r.Header {
							if strings.HasSuffix(header, "-Customer-Key") {
								withKey.Add(1)
							}
						}
						return answerAll(r), nil
					})
					store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, &Options{
						Endpoint: endpoint, Transport: transport, SDKOnly: sdkOnly, LookupEnv: testkit.Env(nil),
					})
					require.NoError(t, err)
					store.pace.scale = SmallScale
					for range 2 { // the first request of a kind is the SDK's
						_ = call(t.Context(), store, Secret{}, t.TempDir())
					}
					require.Zero(t, withKey.Load())
					err = call(t.Context(), store, NewSecret(raw), t.TempDir())
					assert.Equal(t, isSent, withKey.Load() > 0)
					if !isSent {
						require.ErrorContains(t, err, "use an https endpoint")
						assert.NotContains(t, err.Error(), raw)
					}
				})
			}
		}
	}
}

// answerAll answers any request with success, as far as one answer can.
func answerAll(r *http.Request) *http.Response {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	body := "body"
	switch {
	case r.Method == http.MethodPost && r.URL.Query().Has("uploads"):
		body = "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>"
	case r.Method == http.MethodPost:
		body = `<CompleteMultipartUploadResult><ETag>"e-2"</ETag></CompleteMultipartUploadResult>`
	case r.Header.Get("X-Amz-Copy-Source") != "":
		body = `<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>`
	case r.Method == http.MethodPut:
		body = ""
	}
	header := http.Header{"Etag": {`"e"`}, "Content-Length": {fmt.Sprint(len(body))}}
	response := &http.Response{StatusCode: http.StatusOK, Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: r}
	if r.Method == http.MethodHead {
		response.Body = http.NoBody
	}
	return response
}
