// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/awscreds"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const roleProfile = "[default]\nrole_arn = arn:aws:iam::123456789012:role/role\nsource_profile = base\n[profile base]\naws_access_key_id = AK\naws_secret_access_key = SK\n"

// openWithSTS opens a Store whose credentials come from roleProfile; sts answers
// for STS, and s3 for S3.
func openWithSTS(t *testing.T, sdkOnly bool, sts, s3 roundTripper) *Store {
	t.Helper()
	c := scenario{Files: map[string]string{".aws/config": roleProfile}}
	_, lookup := c.lay(t, "")
	store, err := New(t.Context(), &Config{Region: "eu-west-1"}, &Options{LookupEnv: lookup, Transport: s3, SDKOnly: sdkOnly})
	require.NoError(t, err)
	store.session.providers.Services.Transport = sts
	return store
}

const assumedRole = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>AR</AccessKeyId>` +
	`<SecretAccessKey>SK</SecretAccessKey><SessionToken>T</SessionToken><Expiration>2040-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`

// TestCrowdWithoutCredentials checks that a thousand callers without credentials get one
// failure, after the attempts that botocore makes for one of them.
func TestCrowdWithoutCredentials(t *testing.T) {
	t.Parallel()
	crowd := 1000
	if testing.Short() {
		crowd = 200
	}
	for name, sdkOnly := range map[string]bool{"fast path": false, "SDK": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int64
				var broken atomic.Bool
				sts := func(r *http.Request) (*http.Response, error) {
					asked.Add(1)
					if !broken.Load() {
						return answer(r, http.StatusOK, nil, strings.Replace(assumedRole, "2040-01-01T00:00:00Z", time.Now().Add(time.Hour).UTC().Format(time.RFC3339), 1)), nil
					}
					time.Sleep(time.Millisecond)
					return nil, syscall.ECONNREFUSED
				}
				store := openWithSTS(t, sdkOnly, sts, func(r *http.Request) (*http.Response, error) {
					return answer(r, http.StatusOK, nil, ""), nil
				})
				_, err := store.HeadObject(t.Context(), "my-bucket", "key") // the fast path has seen one
				require.NoError(t, err)
				time.Sleep(2 * time.Hour)
				asked.Store(0)
				broken.Store(true)
				start := time.Now()
				var group sync.WaitGroup
				for i := range crowd {
					group.Go(func() {
						var err error
						switch i % 4 {
						case 0:
							_, err = store.HeadObject(t.Context(), "my-bucket", "key")
						case 1:
							err = store.PutObject(t.Context(), "my-bucket", "key", strings.NewReader("x"), nil)
						case 2:
							_, err = store.GetObject(t.Context(), "my-bucket", "key", nil)
						case 3:
							_, err = store.Bucket(t.Context())
						}
						var credentials *CredentialsError
						if assert.ErrorAs(t, err, &credentials) {
							assert.Equal(t, "EndpointConnectionError", credentials.Kind)
						}
						assert.NotErrorIs(t, err, fs.ErrPermission)
					})
				}
				group.Wait()
				assert.EqualValues(t, awscreds.Attempts, asked.Load(), "requests to STS")
				assert.Less(t, time.Since(start), 16*time.Second)

				broken.Store(false)
				_, err = store.HeadObject(t.Context(), "my-bucket", "key")
				require.NoError(t, err, "a failure is not remembered")
			})
		})
	}
}

// TestRefusalOfSTSIsNoneOfS3 checks that a refusal of STS is not taken for one of the
// bucket's.
func TestRefusalOfSTSIsNoneOfS3(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked int
		store := openWithSTS(t, false, func(r *http.Request) (*http.Response, error) {
			asked++
			return answer(r, http.StatusForbidden, nil, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to assume it</Message></Error></ErrorResponse>`), nil
		}, func(*http.Request) (*http.Response, error) { return nil, errors.New("S3 was asked") })
		_, err := store.HeadObject(t.Context(), "my-bucket", "key")
		require.ErrorContains(t, err, "HeadObject my-bucket/key: credentials: assume-role: STS, asked for arn:aws:iam::123456789012:role/role: AccessDenied: not authorized to assume it")
		require.NotErrorIs(t, err, fs.ErrPermission)
		assert.Equal(t, 1, asked)
		_, err = store.BucketStatus(t.Context(), "my-bucket")
		require.ErrorContains(t, err, "not authorized to assume it")
		assert.NotContains(t, err.Error(), "another account")
		assert.Equal(t, 2, asked)
	})
}

// TestCancelWhileOthersWait checks that, if one caller gives up, the others get their
// credentials.
func TestCancelWhileOthersWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := openWithSTS(t, false, func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(time.Minute / 2):
				return answer(r, http.StatusOK, nil, assumedRole), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}, func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusOK, nil, ""), nil })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var group sync.WaitGroup
		group.Go(func() {
			_, err := store.HeadObject(ctx, "my-bucket", "key")
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		})
		group.Go(func() {
			_, err := store.HeadObject(t.Context(), "my-bucket", "key")
			assert.NoError(t, err)
		})
		group.Wait()
	})
}
