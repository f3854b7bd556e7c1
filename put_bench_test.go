// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// putTo returns a put of size bytes through a transport that reads the body and answers
// at once. An empty endpoint is AWS's.
func putTo(tb testing.TB, endpoint string, size int, opts Options) func() error {
	tb.Helper()
	header := http.Header{"Etag": {`"0123456789abcdef0123456789abcdef"`}, "X-Amz-Request-Id": {"R"}}
	buffer := make([]byte, 64<<10)
	opts.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r.Body}, buffer); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		return &http.Response{StatusCode: http.StatusOK, Header: header, Body: http.NoBody}, nil
	})
	opts.Endpoint, opts.LookupEnv = endpoint, testkit.Env(nil)
	store, err := New(tb.Context(), &Config{Region: "us-east-1", AccessKeyID: "AKID", SecretAccessKey: NewSecret("SECRET")}, &opts)
	require.NoError(tb, err)
	body := bytes.NewReader(make([]byte, size))
	put := func() error {
		_, _ = body.Seek(0, io.SeekStart)
		return store.PutObject(tb.Context(), "my-bucket", "a/key", body, nil)
	}
	require.NoError(tb, put(), "the template is learned")
	return put
}

// BenchmarkPut measures what a put costs without net/http and the network: hashing and
// reading the body, and the request.
func BenchmarkPut(b *testing.B) {
	for name, endpoint := range map[string]string{"AWS": "", "https": "https://s3.example.com", "http": "http://127.0.0.1:1"} {
		for _, size := range []int{1, 100, 1024, 16 << 10} {
			for path, opts := range map[string]Options{"fast": {}, "unsigned": {UnsignedPayload: true}, "sdk": {SDKOnly: true}} {
				put := putTo(b, endpoint, size<<10, opts)
				b.Run(fmt.Sprintf("%s/%dKiB/%s", name, size, path), func(b *testing.B) {
					b.ReportAllocs()
					b.SetBytes(int64(size) << 10)
					for b.Loop() {
						if err := put(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// TestMemoryOfPuts checks that a put allocates no buffer of its own to hash its body, and
// as little over https as over http. The SDK's own put takes 36 KiB.
func TestMemoryOfPuts(t *testing.T) {
	if poolsForget() {
		t.Skip("the race detector makes pools forget at random")
	}
	sizes := []int{1 << 10, 1 << 20, 3 << 20} // before the last, the SDK asks first
	if testing.Short() {
		sizes = sizes[:2]
	}
	for _, endpoint := range testkit.SomeOf([]string{"", "https://s3.example.com", "http://127.0.0.1:1"}, 2) {
		for _, size := range sizes {
			assert.Less(t, memoryOf(t, putTo(t, endpoint, size, Options{})), uint64(16<<10), "%q, %d bytes", endpoint, size)
			assert.Less(t, memoryOf(t, putTo(t, endpoint, size, Options{SDKOnly: true})), uint64(56<<10), "%q, %d bytes by the SDK", endpoint, size)
		}
	}
}

// memoryOf returns how many bytes a call allocates.
func memoryOf(t *testing.T, call func() error) uint64 {
	t.Helper()
	const times = 30
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		require.NoError(t, call())
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / times
}
