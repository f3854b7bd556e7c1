// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCopiesOfListedObjects checks that an object that a listing described is copied with
// one request, whichever command lists it.
func TestCopiesOfListedObjects(t *testing.T) { // sets the environment
	var mu sync.Mutex
	methods := map[string]int{}
	store := refuse(t, func(r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		methods[r.Method]++
		return false
	})
	for _, key := range []string{"in/1", "in/2"} {
		require.NoError(t, store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("text"), nil))
	}
	for _, line := range testkit.SomeOf([]string{
		"cp -r s3://BUCKET/in/ s3://BUCKET/folder/", "cp s3://BUCKET/in/* s3://BUCKET/pattern/", "sync s3://BUCKET/in/ s3://BUCKET/synced/",
		"cp -r s3://BUCKET/in/1 s3://BUCKET/lone/",
	}, 2) {
		clear(methods)
		args := strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket))
		require.Zero(t, run(t.Context(), args, strings.NewReader(""), io.Discard, io.Discard), line)
		want := map[string]int{http.MethodPut: 2}
		if strings.Contains(line, "lone") { // which is listed as a folder, and then looked for
			want = map[string]int{http.MethodPut: 1, http.MethodHead: 1}
		}
		delete(methods, http.MethodGet)
		assert.Equal(t, want, methods, line)
	}
}
