// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A singleServer refuses DeleteObjects, and answers a DELETE of each key.
type singleServer struct {
	mu       sync.Mutex
	status   int    // of DeleteObjects
	refusal  string // its body
	requests map[string]int
}

func (s *singleServer) trip(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
	key := strings.TrimPrefix(r.URL.Path, "/bucket/")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Method == http.MethodPost:
		s.requests["DeleteObjects"]++
		return answer(r, s.status, nil, strings.NewReader(s.refusal)), nil
	case r.Method != http.MethodDelete:
		return nil, fmt.Errorf("an unexpected %s", r.Method) //nolint:err113 // of the test
	}
	s.requests[key]++
	switch {
	case key == "refused":
		return answer(r, http.StatusForbidden, nil, strings.NewReader("<Error><Code>AccessDenied</Code></Error>")), nil
	case key == "missing":
		return answer(r, http.StatusNotFound, nil, strings.NewReader("<Error><Code>NoSuchKey</Code></Error>")), nil
	case key == "slow" && s.requests[key] == 1:
		return answer(r, http.StatusServiceUnavailable, nil, strings.NewReader("<Error><Code>SlowDown</Code></Error>")), nil
	case key == "unproven":
		return answer(r, http.StatusOK, nil, strings.NewReader("<html></html>")), nil
	}
	return answer(r, http.StatusNoContent, nil, strings.NewReader("")), nil
}

// TestDeleteWithoutDeleteObjects has servers that know no request for several keys, each of
// which is deleted by its own request then, with its own outcome.
func TestDeleteWithoutDeleteObjects(t *testing.T) {
	t.Parallel()
	keys := []string{"plain", "refused", "missing", "slow", "unproven"}
	for name, test := range map[string]struct {
		status  int
		refusal string
		failed  map[string]string
		single  bool
	}{
		"not implemented":     {501, "<Error><Code>NotImplemented</Code></Error>", map[string]string{"refused": "AccessDenied", "unproven": "DeleteObject"}, true},
		"without a code":      {501, "", map[string]string{"refused": "AccessDenied", "unproven": "DeleteObject"}, true},
		"method not allowed":  {405, "<Error><Code>MethodNotAllowed</Code></Error>", map[string]string{"refused": "AccessDenied", "unproven": "DeleteObject"}, true},
		"only the code":       {400, "<Error><Code>NotImplemented</Code></Error>", map[string]string{"refused": "AccessDenied", "unproven": "DeleteObject"}, true},
		"a refusal of others": {403, "<Error><Code>AccessDenied</Code></Error>", map[string]string{"plain": "AccessDenied", "refused": "AccessDenied", "missing": "AccessDenied", "slow": "AccessDenied", "unproven": "AccessDenied"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &singleServer{status: test.status, refusal: test.refusal, requests: map[string]int{}}
			err := storeOfServer(t, server.trip).DeleteObjects(t.Context(), "bucket", keys)
			var failed *lithopss3.DeleteError
			require.ErrorAs(t, err, &failed)
			require.Len(t, failed.Failed, len(test.failed), "%v", err)
			for _, each := range failed.Failed {
				require.Contains(t, test.failed, each.Key)
				require.ErrorContains(t, each, test.failed[each.Key])
			}
			assert.Equal(t, 1, server.requests["DeleteObjects"])
			assert.Equal(t, test.single, server.requests["plain"] == 1)
			assert.Equal(t, test.single, server.requests["slow"] == 2)
		})
	}
}

// TestDeleteManyWithoutDeleteObjects asks such a server once for each request that was made
// before its first answer, and deletes each key once.
func TestDeleteManyWithoutDeleteObjects(t *testing.T) {
	t.Parallel()
	server := &singleServer{status: 501, requests: map[string]int{}}
	keys := make([]string, 3*1000+1)
	for i := range keys {
		keys[i] = fmt.Sprintf("key%05d", i)
	}
	require.NoError(t, storeOfServer(t, server.trip).DeleteObjects(t.Context(), "bucket", keys))
	assert.LessOrEqual(t, server.requests["DeleteObjects"], 4)
	for _, key := range keys {
		assert.Equal(t, 1, server.requests[key], key)
	}
}
