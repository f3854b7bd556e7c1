// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
)

// checkCopy checks the conditions on the destination of a copy, which gofakes3 leaves
// out. Copies with a condition are made one after the other.
func checkCopy(memory *backend, next http.Handler) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ifMatch, ifNoneMatch := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
		isCopy := r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != ""
		if !isCopy || ifMatch == "" && ifNoneMatch == "" {
			next.ServeHTTP(w, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		etag := memory.etag(r)
		if ifMatch != "" && etag == "" {
			writeError(w, r, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
			return
		}
		if ifNoneMatch != "" && etag != "" || ifMatch != "" && strings.Trim(ifMatch, `"`) != etag {
			writeError(w, r, http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// etag returns the ETag of the object that a request names, without quotes; "" if there
// is none.
func (b *backend) etag(r *http.Request) string {
	object, err := b.object(r)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(object.Hash)
}
