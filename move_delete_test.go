// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// moves are the methods that delete what they have moved.
var moves = map[string]func(*testing.T, *lithopss3.Store) error{
	"MoveObject": func(t *testing.T, s *lithopss3.Store) error {
		return s.MoveObject(t.Context(), "bucket", "key", "bucket", "moved", nil)
	},
	"MoveToFile": func(t *testing.T, s *lithopss3.Store) error {
		return s.MoveToFile(t.Context(), "bucket", "key", filepath.Join(t.TempDir(), "file"), nil)
	},
}

// TestMoveWithLostAnswer checks that a move succeeds whose DELETE was served although its
// answer was lost: the next attempt meets no object. AWS answers 404 then, and others 412.
func TestMoveWithLostAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		isNew  bool // whether another writer stores a new object meanwhile
	}{
		"404":          {status: http.StatusNotFound},
		"412":          {status: http.StatusPreconditionFailed},
		"412, another": {status: http.StatusPreconditionFailed, isNew: true},
	} {
		for move, call := range moves {
			t.Run(move+"/"+name, func(t *testing.T) {
				t.Parallel()
				var mine *lithopss3.Store
				var deletes atomic.Int64
				mine, _ = aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
					if request.Method != http.MethodDelete {
						return next.RoundTrip(request)
					}
					if deletes.Add(1) == 1 {
						return lose(request, next)
					}
					if test.isNew {
						if err := mine.PutObject(request.Context(), "bucket", "key", strings.NewReader("new"), nil); err != nil {
							return nil, err
						}
					}
					return answer(request, test.status, nil, strings.NewReader("<Error><Code>Refused</Code></Error>")), nil
				})
				require.NoError(t, mine.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
				err := call(t, mine)
				assert.Equal(t, int64(2), deletes.Load())
				if test.isNew {
					require.ErrorContains(t, err, "not deleted")
					return
				}
				require.NoError(t, err)
			})
		}
	}
}

// TestMoveOfMissingSource checks that a source that another client deleted is not taken
// for one that this move has deleted.
func TestMoveOfMissingSource(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if request.Method == http.MethodDelete {
			return answer(request, http.StatusNotFound, nil, strings.NewReader("<Error><Code>NoSuchKey</Code></Error>")), nil
		}
		return next.RoundTrip(request)
	})
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
	require.ErrorIs(t, moves["MoveObject"](t, store), fs.ErrNotExist)
}

// TestMoveWithoutConditions checks that a move works on a server that refuses the
// condition of a DELETE, as LocalStack does and S3 did, and only then without it.
func TestMoveWithoutConditions(t *testing.T) {
	t.Parallel()
	for move, call := range moves {
		t.Run(move, func(t *testing.T) {
			t.Parallel()
			var conditions atomic.Int64
			store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				if request.Method == http.MethodDelete && request.Header.Get("If-Match") != "" {
					conditions.Add(1)
					return answer(request, http.StatusNotImplemented, nil, strings.NewReader("<Error><Code>NotImplemented</Code></Error>")), nil
				}
				return next.RoundTrip(request)
			})
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
			require.NoError(t, call(t, store))
			assert.Equal(t, int64(1), conditions.Load())
			_, err := store.HeadObject(t.Context(), "bucket", "key")
			require.ErrorIs(t, err, fs.ErrNotExist)
		})
	}
}
