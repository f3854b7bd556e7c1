// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// smallCalls are a put, a head and a get of 1 KiB through a transport that answers
// at once.
func smallCalls(tb testing.TB, sdkOnly bool) map[string]func() error {
	tb.Helper()
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
	ctx := tb.Context()
	store, err := New(ctx, &Config{Region: "us-east-1", AccessKeyID: "AKID", SecretAccessKey: NewSecret("SECRET")}, &Options{
		Endpoint: "http://127.0.0.1:1", Transport: transport, SDKOnly: sdkOnly, LookupEnv: func(string) (string, bool) { return "", false },
	})
	require.NoError(tb, err)
	return map[string]func() error{
		"put": func() error { return store.PutObject(ctx, "my-bucket", "a/key", bytes.NewReader(body), nil) },
		"head": func() error {
			_, err := store.HeadObject(ctx, "my-bucket", "a/key")
			return err
		},
		"get": func() error {
			object, err := store.GetObject(ctx, "my-bucket", "a/key", nil)
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, object.Body)
			_ = object.Body.Close()
			return err
		},
	}
}

// BenchmarkSmall measures small requests without net/http and the network.
func BenchmarkSmall(b *testing.B) {
	for name, sdkOnly := range map[string]bool{"fast": false, "sdk": true} {
		for op, call := range smallCalls(b, sdkOnly) {
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

// TestAllocationsOfSmallRequests holds what a request may allocate, which a step or a
// closure for each request adds to unnoticed. Pools that the collector empties
// meanwhile add a few.
func TestAllocationsOfSmallRequests(t *testing.T) {
	if poolsForget() {
		t.Skip("the race detector makes pools forget at random")
	}
	for name, most := range map[string]map[string]float64{
		"fast": {"put": 31, "head": 21, "get": 32},
		"sdk":  {"put": 487, "head": 430, "get": 459},
	} {
		for op, call := range smallCalls(t, name == "sdk") {
			require.NoError(t, call(), "the template is learned")
			got := testing.AllocsPerRun(testkit.Less(200, 50), func() {
				if err := call(); err != nil {
					t.Error(err)
				}
			})
			assert.LessOrEqual(t, got, most[op]*1.02+1, "%s/%s", op, name)
		}
	}
}

// poolsForget reports whether a sync.Pool loses much of what it is given.
func poolsForget() bool {
	made := 0
	pool := sync.Pool{New: func() any { made++; return new([64]byte) }}
	for range 200 {
		pool.Put(pool.Get())
	}
	return made > 5
}
