// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listed is the answer of a listing.
func listed(keys ...string) string {
	var text strings.Builder
	for _, key := range keys {
		_, _ = fmt.Fprintf(&text, "<Contents><Key>%s</Key><LastModified>2024-01-01T00:00:00Z</LastModified></Contents>", key)
	}
	return "<ListBucketResult>" + text.String() + "</ListBucketResult>"
}

// TestDeletePrefixCounts checks how often a prefix is listed, and how many objects count as
// deleted: an object that the server only claims to delete counts neither time.
func TestDeletePrefixCounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lists   []string // "" is a refusal
		deleted int64
		err     string
	}{
		"nothing left":      {lists: []string{listed("p/a", "p/b"), listed()}, deleted: 2},
		"nothing at all":    {lists: []string{listed(), listed()}},
		"one stays":         {lists: []string{listed("p/a", "p/b", "p/c"), listed("p/b"), listed("p/b"), listed("p/b")}, deleted: 2, err: "p/b"},
		"one is left":       {lists: []string{listed("p/a"), listed("p/b"), listed("p/b"), listed()}, deleted: 2},
		"the look fails":    {lists: []string{listed("p/a"), ""}, deleted: 1, err: "permission denied"},
		"the listing fails": {lists: []string{""}, err: "permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lists := 0
			store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				switch request.Method {
				case http.MethodDelete:
					return answer(request, http.StatusNoContent, nil, http.NoBody), nil
				case http.MethodPost:
					return answer(request, http.StatusOK, nil, strings.NewReader("<DeleteResult></DeleteResult>")), nil
				}
				lists++
				if assert.LessOrEqual(t, lists, len(test.lists)); lists > len(test.lists) || test.lists[lists-1] == "" {
					return answer(request, http.StatusForbidden, nil, http.NoBody), nil
				}
				return answer(request, http.StatusOK, nil, strings.NewReader(test.lists[lists-1])), nil
			})
			deleted, err := store.DeletePrefix(t.Context(), "bucket", "p/", nil)
			assert.Equal(t, test.deleted, deleted)
			assert.Equal(t, len(test.lists), lists)
			if test.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.err)
			}
		})
	}
}

// TestDeletePrefixWaits checks that no request is in flight any more when a panic of Each
// reaches the caller.
func TestDeletePrefixWaits(t *testing.T) {
	t.Parallel()
	keys := make([]string, 1001)
	for i := range keys {
		keys[i] = fmt.Sprintf("p/%04d", i)
	}
	var inFlight atomic.Int64
	sent := make(chan struct{})
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if request.Method != http.MethodPost {
			return answer(request, http.StatusOK, nil, strings.NewReader(listed(keys...))), nil
		}
		inFlight.Add(1)
		defer inFlight.Add(-1)
		close(sent)
		<-request.Context().Done()
		return nil, request.Context().Err()
	})
	assert.PanicsWithValue(t, "the caller", func() {
		_, _ = store.DeletePrefix(t.Context(), "bucket", "p/", &lithopss3.DeletePrefixOptions{Each: func(info lithopss3.ObjectInfo) {
			if info.Key == keys[1000] {
				<-sent
				panic("the caller")
			}
		}})
	})
	assert.Zero(t, inFlight.Load())
}
