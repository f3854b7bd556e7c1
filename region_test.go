// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUppercaseRegion checks that a region in capitals is an error that says so: Python
// names the bucket after it as it is written, which S3 refuses.
func TestUppercaseRegion(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
	_, err := openStore(t, server, configOf(alice, "EU-WEST-1")).EnsureBucket(t.Context())
	require.ErrorIs(t, err, lithopss3.ErrInvalidBucketName)
	assert.ErrorContains(t, err, "upper case")
}

func TestBucketInAnotherRegion(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusMovedPermanently, http.StatusTemporaryRedirect} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			var wrong atomic.Int64
			calls := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
				if status == http.StatusBadRequest || !strings.Contains(r.Header.Get("Authorization"), "/us-east-1/s3/") {
					return false
				}
				wrong.Add(1)
				w.Header().Set("X-Amz-Bucket-Region", "eu-north-1")
				w.WriteHeader(status)
				return true
			}}
			server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap})
			require.NoError(t, server.AddBucket("far-away", alice.Account, "eu-north-1"))
			store := openStore(t, server, configOf(alice, "us-east-1"))
			ctx := t.Context()
			require.NoError(t, store.PutObject(ctx, "far-away", "key", strings.NewReader("text"), nil))
			before := len(calls.seen())
			data, err := store.ReadObject(ctx, "far-away", "key", 0)
			require.NoError(t, err)
			assert.Equal(t, "text", string(data))
			keys, err := store.ListKeys(ctx, "far-away", "")
			require.NoError(t, err)
			assert.Equal(t, []string{"key"}, keys)
			require.NoError(t, store.DeleteObjects(ctx, "far-away", []string{"key", "other"}))
			assert.Equal(t, before+3, len(calls.seen()), "the region is remembered")
			assert.LessOrEqual(t, wrong.Load(), int64(1))
		})
	}
}

func TestHeadFollowsRegion(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
	require.NoError(t, server.AddBucket("far-away", alice.Account, "eu-north-1"))
	store := openStore(t, server, configOf(alice, "us-east-1")+"aws_s3:\n  storage_bucket: far-away\n")
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "far-away", bucket)
	_, err = store.HeadObject(t.Context(), bucket, "missing")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestRegionInTheBody checks every kind of request against a server that names the bucket's
// region only in the body of a refusal, so that its answer to a HEAD tells nothing.
func TestRegionInTheBody(t *testing.T) {
	t.Parallel()
	calls := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.Header.Get("Authorization"), "/us-east-1/s3/") {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte("<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-north-1</Region></Error>"))
		return true
	}}
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap})
	require.NoError(t, server.AddBucket("far-away", alice.Account, "eu-north-1"))
	ctx := t.Context()
	for _, operation := range []func(*lithopss3.Store) error{
		func(s *lithopss3.Store) error {
			return s.PutObject(ctx, "far-away", "key", strings.NewReader("text"), nil)
		},
		func(s *lithopss3.Store) error {
			data, err := s.ReadObject(ctx, "far-away", "key", 0)
			assert.Equal(t, "text", string(data))
			return err
		},
		func(s *lithopss3.Store) error {
			keys, err := s.ListKeys(ctx, "far-away", "")
			assert.Equal(t, []string{"key"}, keys)
			return err
		},
		func(s *lithopss3.Store) error { return s.DeleteObjects(ctx, "far-away", []string{"key", "other"}) },
	} {
		before := len(calls.seen())
		require.NoError(t, operation(openStore(t, server, configOf(alice, "us-east-1")))) // which does not know the region yet
		assert.Equal(t, before+2, len(calls.seen()))
	}
}
