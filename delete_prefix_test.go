// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// filledBucket has so many empty objects below data/, two with keys that XML
// can't hold, and one elsewhere.
func filledBucket(t *testing.T, wrap func(http.Handler) http.Handler, count int) (*lithopss3.Store, string) {
	t.Helper()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Wrap: wrap})
	store := openStore(t, server, server.Config())
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	keys := []string{"other", "data/\x01", "data/\n"}
	for i := range count {
		keys = append(keys, fmt.Sprintf("data/%05d", i))
	}
	for _, key := range keys {
		require.NoError(t, store.PutObject(t.Context(), bucket, key, nil, nil))
	}
	return store, bucket
}

func TestDeletePrefix(t *testing.T) {
	t.Parallel()
	many := 2500
	if testing.Short() {
		many = 50 // in one request; TestDeletePrefixStops makes several
	}
	store, bucket := filledBucket(t, nil, many)
	ctx := t.Context()
	_, err := store.DeletePrefix(ctx, bucket, "", nil)
	require.ErrorIs(t, err, lithopss3.ErrEmptyPrefix)
	_, err = store.DeletePrefix(ctx, "there-is-no-such-bucket", "data/", nil)
	require.ErrorIs(t, err, lithopss3.ErrNoSuchBucket)

	var heard []string
	opts := &lithopss3.DeletePrefixOptions{DryRun: true, Each: func(info lithopss3.ObjectInfo) { heard = append(heard, info.Key) }}
	count, err := store.DeletePrefix(ctx, bucket, "data/", opts)
	require.NoError(t, err)
	assert.EqualValues(t, many+2, count)
	keys, err := store.ListKeys(ctx, bucket, "data/")
	require.NoError(t, err)
	assert.Equal(t, keys, heard)

	count, err = store.DeletePrefix(ctx, bucket, "data/", nil)
	require.NoError(t, err)
	assert.EqualValues(t, many+2, count)
	keys, err = store.ListKeys(ctx, bucket, "")
	require.NoError(t, err)
	assert.Equal(t, []string{"other"}, keys)

	count, err = store.DeletePrefix(ctx, bucket, "data/", nil)
	require.NoError(t, err)
	assert.Zero(t, count)
	count, err = store.DeletePrefix(ctx, bucket, "", &lithopss3.DeletePrefixOptions{All: true})
	require.NoError(t, err)
	assert.EqualValues(t, 1, count)
}

// TestDeletePrefixRefused checks that keys that can't be deleted are each in the error,
// and are not tried for ever.
func TestDeletePrefixRefused(t *testing.T) {
	t.Parallel()
	var answers atomic.Int64
	refuse := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			if !query.Has("delete") {
				if answers.Load() > 0 && query.Get("list-type") == "2" { // the others are gone
					query.Set("max-keys", "70")
					r.URL.RawQuery = query.Encode()
				}
				next.ServeHTTP(w, r)
				return
			}
			answers.Add(1)
			_, _ = fmt.Fprint(w, `<DeleteResult>`)
			for i := range 70 {
				_, _ = fmt.Fprintf(w, `<Error><Key>data/%05d</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`, i)
			}
			_, _ = fmt.Fprint(w, `</DeleteResult>`)
		})
	}
	store, bucket := filledBucket(t, refuse, 98)
	deleted, err := store.DeletePrefix(t.Context(), bucket, "data/", nil)
	var some *lithopss3.DeleteError
	require.ErrorAs(t, err, &some)
	assert.Len(t, some.Failed, 70)
	assert.EqualValues(t, 30, deleted)
	assert.EqualValues(t, 1, answers.Load())
	assert.ErrorContains(t, some, "70 keys were not deleted")
	assert.Equal(t, "AccessDenied", some.Failed[0].Code)
	assert.True(t, strings.HasPrefix(some.Failed[0].Key, "data/"))
}

// TestDeletePrefixLooksAgain checks that keys that a listing has left out are deleted,
// that keys stored at the same time stay, and that keys that the server only claims to
// delete are in the error.
func TestDeletePrefixLooksAgain(t *testing.T) {
	t.Parallel()
	listed, lies := 0, false
	keys := func(names ...string) string {
		text := ""
		for _, name := range names {
			text += "<Contents><Key>" + name + "</Key><LastModified>2024-01-01T00:00:00Z</LastModified></Contents>"
		}
		return text
	}
	var deletes []string
	store := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		body := "<DeleteResult></DeleteResult>"
		switch request.Method {
		case http.MethodDelete:
			deletes = append(deletes, request.URL.Path)
			return answer(request, http.StatusNoContent, nil, http.NoBody), nil
		case http.MethodPost:
			data, err := io.ReadAll(request.Body)
			require.NoError(t, err)
			deletes = append(deletes, strings.Join(regexp.MustCompile("p/[a-z]").FindAllString(string(data), -1), " "))
		case http.MethodGet:
			listed++
			young := "<Contents><Key>p/z</Key><LastModified>2099-01-01T00:00:00Z</LastModified></Contents>"
			inside := [...]string{keys("p/a", "p/b"), keys("p/c", "p/d") + young, keys("p/c", "p/d") + young, young}[listed-1]
			if lies && listed == 4 {
				inside = keys("p/c")
			}
			body = "<ListBucketResult>" + inside + "</ListBucketResult>"
		}
		return answer(request, http.StatusOK, nil, strings.NewReader(body)), nil
	})
	var each []string
	opts := &lithopss3.DeletePrefixOptions{Each: func(info lithopss3.ObjectInfo) { each = append(each, info.Key) }}
	deleted, err := store.DeletePrefix(t.Context(), "bucket", "p/", opts)
	require.NoError(t, err)
	assert.EqualValues(t, 4, deleted)
	assert.Equal(t, []string{"p/a p/b", "p/c p/d"}, deletes)
	assert.Equal(t, []string{"p/a", "p/b", "p/c", "p/d"}, each)
	assert.Equal(t, 4, listed)

	listed, lies = 0, true
	deleted, err = store.DeletePrefix(t.Context(), "bucket", "p/", nil)
	var some *lithopss3.DeleteError
	require.ErrorAs(t, err, &some)
	require.ErrorContains(t, err, "still lists it")
	require.Len(t, some.Failed, 1)
	assert.Equal(t, "p/c", some.Failed[0].Key)
	assert.LessOrEqual(t, deleted, int64(3))
}

// TestPanicInIterator checks that a panic of the caller ends all requests and goroutines.
func TestPanicInIterator(t *testing.T) {
	t.Parallel()
	var running atomic.Int64
	count := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			running.Add(1)
			defer running.Add(-1)
			if r.URL.Query().Has("delete") {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done() // until the client gives up
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	var requests atomic.Int64
	server := testkit.Server(t, devs3.Start, &devs3.Options{Wrap: func(next http.Handler) http.Handler { return count(manyKeys(&requests)(next)) }})
	store := openStore(t, server, server.Config())
	for name, panics := range map[string]func(){
		"listing": func() {
			for _, err := range store.ListObjects(t.Context(), "bucket", &lithopss3.ListOptions{Prefix: "data/"}) {
				require.NoError(t, err)
				panic("the caller")
			}
		},
		"third page": func() {
			n := 0
			for _, err := range store.ListObjects(t.Context(), "bucket", &lithopss3.ListOptions{Prefix: "data/"}) {
				require.NoError(t, err)
				if n++; n > 2500 {
					panic("the caller")
				}
			}
		},
		"in parallel": func() {
			n := 0
			for _, err := range store.ListObjects(t.Context(), "bucket", &lithopss3.ListOptions{Prefix: "data/", Parallel: 16}) {
				require.NoError(t, err)
				if n++; n > 2500 {
					panic("the caller")
				}
			}
		},
		"deletes": func() {
			n := 0
			_, _ = store.DeletePrefix(t.Context(), "bucket", "data/", &lithopss3.DeletePrefixOptions{Each: func(lithopss3.ObjectInfo) {
				if n++; n > 2500 {
					panic("the caller")
				}
			}})
		},
	} {
		assert.PanicsWithValue(t, "the caller", panics, name)
		testkit.Await(t, func() bool { return running.Load() == 0 })
	}
}

// manyKeys lists for ever, and refuses to delete.
func manyKeys(requests *atomic.Int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Query().Has("delete"):
				requests.Add(1)
				w.WriteHeader(http.StatusForbidden)
				_, _ = fmt.Fprint(w, `<Error><Code>AccessDenied</Code></Error>`)
			case r.URL.Query().Get("list-type") == "2":
				first := 0
				_, _ = fmt.Sscanf(r.URL.Query().Get("start-after"), "data/%d", &first)
				_, _ = fmt.Sscanf(r.URL.Query().Get("continuation-token"), "%d", &first)
				_, _ = fmt.Fprintf(w, `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken>`, first+1000)
				for i := range 1000 {
					_, _ = fmt.Fprintf(w, `<Contents><Key>data/%09d</Key></Contents>`, first+i+1)
				}
				_, _ = fmt.Fprint(w, `</ListBucketResult>`)
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
}

func TestDeletePrefixStops(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("lists and fails to delete 16,000 keys")
	}
	var requests atomic.Int64
	server := testkit.Server(t, devs3.Start, &devs3.Options{Wrap: manyKeys(&requests)})
	store := openStore(t, server, server.Config())
	deleted, err := store.DeletePrefix(t.Context(), "bucket", "data/", nil)
	require.ErrorContains(t, err, "stopped, because 16 requests in a row deleted nothing")
	var some *lithopss3.DeleteError
	require.ErrorAs(t, err, &some)
	assert.Zero(t, deleted)
	assert.Len(t, some.Failed, int(requests.Load())*1000)
	assert.LessOrEqual(t, requests.Load(), int64(32))
}

func TestDeletePrefixCancel(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := testkit.Server(t, devs3.Start, &devs3.Options{Wrap: manyKeys(&requests)})
	store := openStore(t, server, server.Config())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	count := 0
	deleted, err := store.DeletePrefix(ctx, "bucket", "data/", &lithopss3.DeletePrefixOptions{Each: func(lithopss3.ObjectInfo) {
		if count++; count == 2500 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, deleted)
	assert.LessOrEqual(t, requests.Load(), int64(2))
}

// TestDeletePrefixKeeps checks that what Keep keeps stays and is not looked for again.
func TestDeletePrefixKeeps(t *testing.T) {
	t.Parallel()
	store, bucket := filledBucket(t, nil, 5)
	ctx := t.Context()
	var met []string
	opts := &lithopss3.DeletePrefixOptions{
		Keep: func(info lithopss3.ObjectInfo) bool { return info.Key == "data/00001" || info.Key == "data/00004" },
		Each: func(info lithopss3.ObjectInfo) { met = append(met, info.Key) },
	}
	for _, opts.DryRun = range []bool{true, false} {
		met = nil
		count, err := store.DeletePrefix(ctx, bucket, "data/0", opts)
		require.NoError(t, err)
		assert.EqualValues(t, 3, count)
		assert.Equal(t, []string{"data/00000", "data/00002", "data/00003"}, met)
	}
	keys, err := store.ListKeys(ctx, bucket, "data/0")
	require.NoError(t, err)
	assert.Equal(t, []string{"data/00001", "data/00004"}, keys)
}
