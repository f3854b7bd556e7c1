// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCheckCustomerKey checks where a customer's key may be sent.
func TestCheckCustomerKey(t *testing.T) {
	t.Parallel()
	for url, isSent := range map[string]bool{
		"https://storage.example/": true, "http://storage.example/": false, "http://127.0.0.1:9000/": true, "http://[::1]:9000/": true, "http://10.0.0.1:9000/": false,
	} {
		for _, name := range []string{"X-Amz-Server-Side-Encryption-Customer-Key", "X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
			require.NoError(t, err)
			require.NoError(t, checkCustomerKey(request), "without a key")
			request.Header.Set(name, "a2V5")
			assert.Equal(t, isSent, checkCustomerKey(request) == nil, "%s %s", url, name)
		}
	}
}
