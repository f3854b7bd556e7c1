// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"context"
	"encoding/hex"
	"net/http"
	"strings"
)

// checkCopy checks the conditions on the destination of a copy, which gofakes3 leaves
// out. No other write comes between the check and the copy.
func checkCopy(memory *backend, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ifMatch, ifNoneMatch := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
		isCopy := r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != ""
		if !isCopy || ifMatch == "" && ifNoneMatch == "" {
			next.ServeHTTP(w, r)
			return
		}
		ctx, unlock := memory.lock(r.Context())
		defer unlock()
		r = r.WithContext(ctx)
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
	bucket, key := namesOf(r)
	return b.etagOf(r.Context(), bucket, key)
}

func (b *backend) etagOf(ctx context.Context, bucket, key string) string {
	object, err := b.HeadObject(ctx, bucket, key)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(object.Hash)
}
