// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"errors"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDeleteMissing takes the word of servers that, unlike S3, say of a key that is not there
// that it does not exist. Nothing else that is missing counts as deleted.
func TestDeleteMissing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		code   string
		want   error // nil for a key that is not there
	}{
		{http.StatusNotFound, "NoSuchKey", nil},
		{http.StatusNotFound, "NoSuchBucket", lithopss3.ErrNoSuchBucket},
		{http.StatusNotFound, "", fs.ErrNotExist},
		{http.StatusForbidden, "NoSuchKey", fs.ErrPermission},
	} {
		store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
			return answer(request, test.status, nil, strings.NewReader("<Error><Code>"+test.code+"</Code></Error>")), nil
		})
		for _, err := range []error{store.DeleteObject(t.Context(), "bucket", "key"), store.DeleteObjects(t.Context(), "bucket", []string{"key"})} {
			require.ErrorIs(t, err, test.want, "%d %s", test.status, test.code)
		}
	}
}

// TestDeleteLostResponse has a server that knows, unlike S3, that the first attempt has
// deleted the key.
func TestDeleteLostResponse(t *testing.T) {
	t.Parallel()
	attempts := 0
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if attempts++; attempts == 1 {
			return nil, errors.New("connection reset by peer")
		}
		return answer(request, http.StatusNotFound, nil, strings.NewReader("<Error><Code>NoSuchKey</Code></Error>")), nil
	})
	require.NoError(t, store.DeleteObject(t.Context(), "bucket", "key"))
	assert.Equal(t, 2, attempts)
}

// TestDeleteMissingAmongOthers reports only the keys that are there.
func TestDeleteMissingAmongOthers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ answer, want string }{
		"missing": {deleteResult(blames("a", "NoSuchKey"), blames("b", "NoSuchKey")), ""},
		"refused": {deleteResult(blames("a", "NoSuchKey"), blames("b", "AccessDenied")), "b"},
		"listed":  {deleteResult(blames("a", "NoSuchKey"), "<Deleted><Key>b</Key></Deleted>"), ""},
		"version": {deleteResult(blames("a", "NoSuchVersion"), blames("b", "NoSuchKey")), "a"},
	} {
		server := &deletingServer{t: t, answer: func(int, []string) (int, string, error) { return http.StatusOK, test.answer, nil }}
		err := server.open().DeleteObjects(t.Context(), "bucket", []string{"a", "b"})
		assert.Len(t, server.batches, 1, name)
		if test.want == "" {
			require.NoError(t, err, name)
			continue
		}
		var failed *lithopss3.DeleteError
		require.ErrorAs(t, err, &failed, name)
		require.Len(t, failed.Failed, 1, name)
		assert.Equal(t, test.want, failed.Failed[0].Key, name)
	}
}

// TestDeleteMoreThanAtOnce deletes more batches than there are requests in flight.
func TestDeleteMoreThanAtOnce(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		requests.Add(1)
		return answer(request, http.StatusOK, nil, strings.NewReader("<DeleteResult></DeleteResult>")), nil
	})
	keys := make([]string, 17*1000)
	for i := range keys {
		keys[i] = strconv.Itoa(i)
	}
	require.NoError(t, store.DeleteObjects(t.Context(), "bucket", keys))
	assert.Equal(t, int64(17), requests.Load())
}
