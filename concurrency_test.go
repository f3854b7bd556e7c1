// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestManyConcurrentRequests has thousands of goroutines use one Store, all of them in the
// middle of a request at the same time, and measures their memory: at most about twice
// what was measured before, on each of the two paths. It runs alone.
func TestManyConcurrentRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for name, test := range map[string]struct {
		sdkOnly bool
		crowd   int
		ceiling int64 // in MiB
	}{"fast": {false, 10_000, 300}, "sdk": {true, 2_000, 300}} {
		t.Run(name, func(t *testing.T) {
			var inside sync.WaitGroup
			open := make(chan struct{})
			close(open)
			waits := tripper(func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				inside.Done()
				<-open
				if request.Body != nil {
					_, _ = io.Copy(io.Discard, request.Body)
					_ = request.Body.Close()
				}
				return &http.Response{
					StatusCode: http.StatusOK, Header: http.Header{"Etag": {`"e"`}, "Content-Length": {"0"}}, Body: http.NoBody, Request: request, ProtoMajor: 1, ProtoMinor: 1,
				}, nil
			})
			store, err := lithopss3.New(t.Context(), &lithopss3.Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: lithopss3.NewSecret("SK")},
				&lithopss3.Options{Endpoint: "http://127.0.0.1:1", LookupEnv: testkit.Env(nil), Transport: &wire{trip: waits}, SDKOnly: test.sdkOnly})
			require.NoError(t, err)
			use := func(i int) error {
				if i%2 == 0 {
					return store.PutObject(t.Context(), "bucket", fmt.Sprint(i), strings.NewReader("body"), nil)
				}
				_, err := store.HeadObject(t.Context(), "bucket", fmt.Sprint(i))
				return err
			}
			for i := range 2 { // which the fast path learns from
				inside.Add(1)
				require.NoError(t, use(i))
			}

			open = make(chan struct{})
			inside.Add(test.crowd)
			before := memoryInUse()
			var group sync.WaitGroup
			for i := range test.crowd {
				group.Go(func() { assert.NoError(t, use(i)) })
			}
			inside.Wait()
			used := (memoryInUse() - before) >> 20
			close(open)
			group.Wait()
			t.Logf("%d MiB for %d requests in flight", used, test.crowd)
			assert.Less(t, used, test.ceiling)
		})
	}
}

func memoryInUse() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc + stats.StackInuse)
}
