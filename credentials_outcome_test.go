// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A refusedProvider is a provider of credentials whose service answers with a status, from
// some moment on or until then. Its credentials have expired when they are used.
type refusedProvider struct {
	isRefused func() bool
	status    int
	asked     atomic.Int64
}

// Retrieve returns credentials, or the service's answer as the SDK has it.
func (p *refusedProvider) Retrieve(context.Context) (aws.Credentials, error) {
	p.asked.Add(1)
	if !p.isRefused() {
		return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK", CanExpire: true, Expires: time.Now().Add(time.Hour)}, nil
	}
	return aws.Credentials{}, &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: p.status, Header: http.Header{}}}, Err: errors.New("no such role"),
	}}
}

// storeWith opens a store with a provider of credentials.
func storeWith(t *testing.T, provider aws.CredentialsProvider, server tripper) *lithopss3.Store {
	t.Helper()
	return storeOfServer(t, server, func(opts *lithopss3.Options) { opts.Credentials = provider })
}

// TestCredentialsAreNoOutcome takes a lock whose first response is lost, so that the second
// attempt meets the lock itself. When the Store looks whose that is, a service of the
// credentials says 404. That is not to say that another process holds the lock.
func TestCredentialsAreNoOutcome(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	provider := &refusedProvider{isRefused: func() bool { return requests.Load() >= 2 }, status: http.StatusNotFound}
	store := storeWith(t, provider, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if requests.Add(1) == 1 {
			return nil, &resetError{}
		}
		return answer(request, http.StatusPreconditionFailed, nil, http.NoBody), nil
	})
	err := store.PutObject(t.Context(), "bucket", "lock", strings.NewReader("mine"), &lithopss3.PutOptions{IfAbsent: true})
	require.NotErrorIs(t, err, lithopss3.ErrPrecondition)
	failed := (*lithopss3.CredentialsError)(nil)
	require.ErrorAs(t, err, &failed)
}

// TestCredentialsLocateNoBucket presigns when the credentials work again. What their service
// answered before did not tell where the bucket is.
func TestCredentialsLocateNoBucket(t *testing.T) {
	t.Parallel()
	isRefused := true
	provider := &refusedProvider{isRefused: func() bool { return isRefused }, status: http.StatusForbidden}
	store := storeWith(t, provider, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(request, http.StatusMovedPermanently, http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}}, http.NoBody), nil
	})
	_, err := store.PresignGet(t.Context(), "bucket", "key", time.Minute, nil)
	require.Error(t, err)
	isRefused = false
	presigned, err := store.PresignGet(t.Context(), "bucket", "key", time.Minute, nil)
	require.NoError(t, err)
	assert.Contains(t, presigned.URL, "eu-west-1")
}

// TestCredentialsAreAskedOnce has a provider whose service is busy. It has made its own
// attempts, which those of the request don't multiply.
func TestCredentialsAreAskedOnce(t *testing.T) {
	t.Parallel()
	provider := &refusedProvider{isRefused: func() bool { return true }, status: http.StatusServiceUnavailable}
	store := storeWith(t, provider, nil)
	require.Error(t, second(store.HeadObject(t.Context(), "bucket", "key")))
	assert.EqualValues(t, 1, provider.asked.Load())
}
