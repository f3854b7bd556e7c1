// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBodyIsTheCallersAgain checks that memory is not read any more once a put over TLS
// has returned, also if the server refused it while it was sent. The race detector sees
// a read. After that, the same memory is put with other bytes, which must arrive.
func TestBodyIsTheCallersAgain(t *testing.T) {
	t.Parallel()
	var isRefusing atomic.Bool
	var arrived bytes.Buffer
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isRefusing.Load() {
			_, _ = io.CopyN(io.Discard, r.Body, 1<<20)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		arrived.Reset()
		_, _ = arrived.ReadFrom(r.Body)
		w.Header().Set("Etag", `"e"`)
	}))
	t.Cleanup(server.Close)
	store := storeOverTLS(t, server)
	data := make([]byte, 4<<20)
	arrived.Grow(len(data) + bytes.MinRead)
	for round := range byte(4) {
		isRefusing.Store(round%2 == 1)
		err := store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(data), nil)
		if round%2 == 1 {
			require.ErrorIs(t, err, fs.ErrPermission)
		} else {
			require.NoError(t, err)
			assert.True(t, bytes.Equal(data, arrived.Bytes()), round)
		}
		for i := range data {
			data[i] = round ^ byte(i>>10)
		}
	}
}
