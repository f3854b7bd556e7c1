// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestServerTime checks that the answers of both paths, errors too, correct the Store's
// clock.
func TestServerTime(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Duration(ahead.Load())).UTC().Format(http.TimeFormat))
		w.Header().Set("ETag", `"e"`)
		if strings.HasSuffix(r.URL.Path, "/missing") {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	store := storeAt(t, server.URL)
	assert.WithinDuration(t, time.Now(), store.ServerTime(), time.Minute)
	for i, key := range []string{"key", "key", "missing", "key"} {
		hours := time.Duration(i+1) * time.Hour
		ahead.Store(int64(hours))
		_, _ = store.HeadObject(t.Context(), "bucket", key)
		assert.WithinDuration(t, time.Now().Add(hours), store.ServerTime(), time.Minute, "after request %d", i)
	}
	require.NoError(t, store.Close())
}
