// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkOperations measures a request of each kind without net/http and the network.
func BenchmarkOperations(b *testing.B) {
	for _, endpoint := range []string{"http://127.0.0.1:9000", "https://127.0.0.1:9000"} {
		for name, call := range operations {
			b.Run(fmt.Sprintf("%s/%.5s", name, endpoint), func(b *testing.B) {
				client := newClient(transport(func(r *http.Request) (*http.Response, error) {
					if r.Body != nil {
						_, _ = io.Copy(io.Discard, r.Body)
						_ = r.Body.Close()
					}
					return answer(r, http.StatusOK, nil, ""), nil
				}), endpoint)
				require.NoError(b, call(b.Context(), client, "bucket", "a/key"), "the template is learned")
				b.ReportAllocs()
				for b.Loop() {
					if err := call(b.Context(), client, "bucket", "a/key"); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
