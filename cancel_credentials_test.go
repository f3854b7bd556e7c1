// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCancelCauseWhileCredentialsAreRenewed checks that a call that is canceled while
// its credentials are renewed returns the caller's reason, on the fast path too.
func TestCancelCauseWhileCredentialsAreRenewed(t *testing.T) {
	t.Parallel()
	for name, sdkOnly := range map[string]bool{"fast path": false, "SDK": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var stalls atomic.Bool
				sts := func(r *http.Request) (*http.Response, error) {
					if stalls.Load() {
						<-r.Context().Done()
						return nil, r.Context().Err()
					}
					expiration := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
					return answer(r, http.StatusOK, nil, strings.Replace(assumedRole, "2040-01-01T00:00:00Z", expiration, 1)), nil
				}
				store := openWithSTS(t, sdkOnly, sts, func(r *http.Request) (*http.Response, error) {
					if r.Body != nil {
						_, _ = io.Copy(io.Discard, r.Body)
					}
					return answer(r, http.StatusOK, http.Header{"Etag": {`"e"`}}, ""), nil
				})
				calls := map[string]func(context.Context) error{
					"head": func(ctx context.Context) error {
						_, err := store.HeadObject(ctx, "my-bucket", "key")
						return err
					},
					"put": func(ctx context.Context) error {
						return store.PutObject(ctx, "my-bucket", "key", strings.NewReader("x"), nil)
					},
					"get": func(ctx context.Context) error {
						object, err := store.GetObject(ctx, "my-bucket", "key", nil)
						if err == nil {
							err = object.Body.Close()
						}
						return err
					},
					"identity": func(ctx context.Context) error {
						_, err := store.Bucket(ctx)
						return err
					},
					"presign": func(ctx context.Context) error {
						_, err := store.PresignGet(ctx, "my-bucket", "key", time.Minute, nil)
						return err
					},
				}
				for name, call := range calls {
					if name != "identity" {
						require.NoError(t, call(t.Context()), name) // the fast path has seen one
					}
				}
				time.Sleep(2 * time.Hour)
				stalls.Store(true)
				errMine := errors.New("mine")
				for name, call := range calls {
					ctx, cancel := context.WithCancelCause(t.Context())
					time.AfterFunc(time.Second, func() { cancel(errMine) })
					err := call(ctx)
					assert.ErrorIs(t, err, errMine, name)
					assert.ErrorIs(t, err, context.Canceled, name)
				}
			})
		})
	}
}

// TestCancelCauseOfProvider checks the same while a provider of the caller's is asked.
func TestCancelCauseOfProvider(t *testing.T) {
	t.Parallel()
	for name, sdkOnly := range map[string]bool{"fast path": false, "SDK": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stalls atomic.Bool
			provider := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
				if stalls.Load() {
					<-ctx.Done()
					return aws.Credentials{}, ctx.Err()
				}
				return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}, nil
			})
			transport := roundTripper(func(r *http.Request) (*http.Response, error) {
				return answer(r, http.StatusOK, http.Header{"Etag": {`"e"`}, "Content-Length": {"0"}}, ""), nil
			})
			store, err := New(t.Context(), &Config{Region: "eu-west-1"}, &Options{LookupEnv: testkit.Env(nil), Credentials: provider, Transport: transport, SDKOnly: sdkOnly})
			require.NoError(t, err)
			calls := map[string]func(context.Context) error{
				"head": func(ctx context.Context) error {
					_, err := store.HeadObject(ctx, "my-bucket", "key")
					return err
				},
				"presign": func(ctx context.Context) error {
					_, err := store.PresignGet(ctx, "my-bucket", "key", time.Minute, nil)
					return err
				},
			}
			for name, call := range calls {
				require.NoError(t, call(t.Context()), name)
			}
			stalls.Store(true)
			errMine := errors.New("mine")
			for name, call := range calls {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Millisecond, func() { cancel(errMine) })
				err := call(ctx)
				assert.ErrorIs(t, err, errMine, name)
				assert.ErrorIs(t, err, context.Canceled, name)
			}
		})
	}
}
