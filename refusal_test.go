// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRefusalIsNotSquatting checks that one refusal, or one because of the clock, does
// not decide who owns the user's bucket.
func TestRefusalIsNotSquatting(t *testing.T) {
	t.Parallel()
	isHead := func(r *http.Request) bool { return r.Method == http.MethodHead }
	demands := func(r *http.Request) bool { return r.Header.Get("X-Amz-Expected-Bucket-Owner") != "" }
	for name, test := range map[string]struct {
		refuse  func(r *http.Request, n int) bool
		ahead   time.Duration
		foreign bool // another account's
		refused bool
	}{
		"usable":             {refuse: func(*http.Request, int) bool { return false }},
		"one refusal":        {refuse: func(_ *http.Request, n int) bool { return n == 0 }},
		"two refusals":       {refuse: func(_ *http.Request, n int) bool { return n < 2 }},
		"another account's":  {refuse: func(r *http.Request, _ int) bool { return demands(r) }, foreign: true, refused: true},
		"not permitted":      {refuse: func(*http.Request, int) bool { return true }, refused: true},
		"last of all refuse": {refuse: func(_ *http.Request, n int) bool { return n == 0 || n == 2 }, foreign: true, refused: true},
		"clock":              {refuse: func(*http.Request, int) bool { return false }, ahead: time.Hour},
		"clock, and another account's": {
			refuse: func(r *http.Request, _ int) bool { return demands(r) }, ahead: time.Hour, foreign: true, refused: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				clock := func() time.Time { return time.Now().Add(test.ahead) }
				heads := 0
				server := &picky{clock: clock, refuse: func(r *http.Request, _ string) (int, string) {
					signed, _ := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
					if clock().Sub(signed).Abs() > 15*time.Minute {
						return http.StatusForbidden, "RequestTimeTooSkewed"
					}
					if !isHead(r) {
						return 0, ""
					}
					heads++
					if test.refuse(r, heads-1) {
						return http.StatusForbidden, "AccessDenied"
					}
					return 0, ""
				}}
				store := hastyStore(t, "http://127.0.0.1:1", server)
				bucket, err := store.EnsureBucket(t.Context())
				assert.Equal(t, test.foreign, errors.Is(err, ErrNotOwner), "%v", err)
				assert.Equal(t, test.refused, errors.Is(err, fs.ErrPermission), "%v", err)
				if !test.refused {
					require.NoError(t, err)
					assert.Equal(t, "lithops-us-east-1-user", bucket)
				}
				heads = 0
				_, err = store.BucketStatus(t.Context(), store.bucket.known())
				assert.Equal(t, test.refused, errors.Is(err, fs.ErrPermission), "%v", err)
			})
		})
	}
}

// TestForeignBucketIsLookedAtTwice checks that doctor does not take a single refusal for
// another account's bucket.
func TestForeignBucketIsLookedAtTwice(t *testing.T) {
	t.Parallel()
	for refusals, foreign := range map[int]bool{0: false, 1: false, 2: true} {
		synctest.Test(t, func(t *testing.T) {
			left := refusals
			store := hastyStore(t, "http://127.0.0.1:1", &picky{refuse: func(r *http.Request, _ string) (int, string) {
				if r.Header.Get("X-Amz-Expected-Bucket-Owner") != "" && left > 0 {
					left--
					return http.StatusForbidden, "AccessDenied"
				}
				return 0, ""
			}})
			status, err := store.BucketStatus(t.Context(), "bucket")
			require.NoError(t, err)
			assert.Equal(t, foreign, status.Foreign)
			assert.Equal(t, !foreign, status.Owner == "123456789012")
		})
	}
}

// TestRefusalsHaveKinds checks that the kind of an error does not depend on HTTP 403
// alone.
func TestRefusalsHaveKinds(t *testing.T) {
	t.Parallel()
	kinds := []error{ErrArchived, ErrClockSkew, ErrSignature, ErrQuota, fs.ErrPermission}
	for _, test := range []struct {
		status int
		code   string
		want   error
	}{
		{403, "InvalidObjectState", ErrArchived},
		{403, "RequestTimeTooSkewed", ErrClockSkew},
		{403, "RequestNotReadyYet", ErrClockSkew},
		{403, "RequestExpired", ErrClockSkew},
		{400, "RequestExpired", ErrClockSkew},
		{403, "SignatureDoesNotMatch", ErrSignature},
		{403, "InvalidSignatureException", ErrSignature},
		{403, "QuotaExceeded", ErrQuota},
		{400, "XMinioAdminBucketQuotaExceeded", ErrQuota},
		{402, "ServiceQuotaExceeded", ErrQuota},
		{507, "XMinioStorageFull", ErrQuota},
		{507, "Anything", ErrQuota},
		{507, "InsufficientStorage", ErrQuota},
		{400, "TooManyBuckets", ErrQuota},
		{403, "AccessDenied", fs.ErrPermission},
		{403, "InvalidAccessKeyId", fs.ErrPermission},
		{403, "AllAccessDisabled", fs.ErrPermission},
		{401, "Unauthorized", fs.ErrPermission},
		{403, "", fs.ErrPermission},
		{404, "NoSuchKey", fs.ErrNotExist},
	} {
		server := &picky{refuse: func(*http.Request, string) (int, string) { return test.status, test.code }}
		store := hastyStore(t, "http://127.0.0.1:1", server)
		_, err := store.GetObject(t.Context(), "bucket", "key", nil)
		require.ErrorIs(t, err, test.want, "%d %s", test.status, test.code)
		for _, kind := range kinds {
			assert.Equal(t, kind == test.want, errors.Is(err, kind), "%d %s: %v", test.status, test.code, kind) //nolint:errorlint // sentinels
		}
		if test.want != fs.ErrPermission { //nolint:errorlint // a sentinel
			assert.NotContains(t, strings.ToLower(err.Error()), "permission denied")
		}
	}
}
