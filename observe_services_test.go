// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestObserverSeesServices checks that the requests for credentials are reported and
// logged as those to S3 are, without a secret.
func TestObserverSeesServices(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the credential processes are for a shell")
	}
	sources := secretSources(t)
	for name, want := range map[string][]string{
		"role":         {"STS AssumeRole"},
		"web identity": {"STS AssumeRoleWithWebIdentity"},
		"sso session":  {"SSO OIDC CreateToken", "SSO GetRoleCredentials"},
		"sso token":    {"SSO GetRoleCredentials"},
		"login":        {"Signin CreateOAuth2Token"},
		"container":    {"metadata GET"},
		"instance":     {"metadata PUT", "metadata GET", "metadata GET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, lookup := sources[name].lay(t, secretServer(t, "answers", "").URL)
			var mu sync.Mutex
			var seen []string
			var log bytes.Buffer
			store, err := New(t.Context(), nil, &Options{
				LookupEnv: lookup, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				Observer: func(_ context.Context, info *RequestInfo) {
					mu.Lock()
					defer mu.Unlock()
					seen = append(seen, info.Service+" "+info.Operation)
					assert.Equal(t, 200, info.Status)
					assert.Equal(t, 1, info.Attempt)
					assert.NotEmpty(t, info.Method)
					assert.NotEmpty(t, info.Host)
				},
			})
			require.NoError(t, err)
			defer func() { require.NoError(t, store.Close()) }()
			_, err = store.session.credentials.Retrieve(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want, seen)
			assert.Equal(t, len(want), bytes.Count(log.Bytes(), []byte("msg=request ")))
			assert.NotContains(t, log.String(), canary)
		})
	}
}

// TestPresignEndsWithTheCredentials checks that no presigned request claims to hold
// longer than the credentials that sign it.
func TestPresignEndsWithTheCredentials(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		left, asked, want time.Duration // left is 0 for credentials without an end; want for an error
	}{
		"no end":                 {0, time.Hour, time.Hour},
		"end later":              {2 * time.Hour, time.Hour, time.Hour},
		"end before":             {10 * time.Minute, time.Hour, 10 * time.Minute},
		"end now":                {500 * time.Millisecond, time.Hour, 0},
		"ended":                  {-time.Minute, time.Hour, 0},
		"longer than S3 accepts": {0, 8 * 24 * time.Hour, 0},
	} {
		provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK", CanExpire: test.left != 0, Expires: time.Now().Add(test.left)}, nil
		})
		store, err := New(t.Context(), &Config{Region: "us-east-1"}, &Options{Credentials: provider, Transport: &signerNotes{}, LookupEnv: testkit.Env(nil)})
		require.NoError(t, err)
		get, getErr := store.PresignGet(t.Context(), "bucket", "key", test.asked, nil)
		put, putErr := store.PresignPut(t.Context(), "bucket", "key", test.asked, nil)
		if test.want == 0 {
			require.Error(t, getErr, name)
			require.Error(t, putErr, name)
			continue
		}
		require.NoError(t, getErr, name)
		require.NoError(t, putErr, name)
		for _, request := range []*PresignedRequest{get, put} {
			address, err := url.Parse(request.URL)
			require.NoError(t, err)
			seconds, err := strconv.Atoi(address.Query().Get("X-Amz-Expires"))
			require.NoError(t, err)
			assert.InDelta(t, test.want.Seconds(), seconds, 30, name)
			assert.LessOrEqual(t, seconds, int(test.want.Seconds()), name)
			assert.WithinDuration(t, time.Now().Add(test.want), request.Expires, 30*time.Second, name)
		}
	}
}

// TestPresignEndsByTheServersClock checks that a clock that is wrong gives a request no longer
// time than the credentials have: that is the server's.
func TestPresignEndsByTheServersClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const ahead, left = 2 * time.Hour, 10 * time.Minute
		server := testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			return testkit.Answer(r, http.StatusOK, http.Header{"Date": {time.Now().Add(ahead).UTC().Format(http.TimeFormat)}}, ""), nil
		})
		provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK", CanExpire: true, Expires: time.Now().Add(ahead + left)}, nil
		})
		store, err := New(t.Context(), &Config{Region: "us-east-1"}, &Options{Credentials: provider, Transport: server, LookupEnv: testkit.Env(nil)})
		require.NoError(t, err)
		request, err := store.PresignGet(t.Context(), "bucket", "key", time.Hour, nil)
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now().Add(ahead+left), request.Expires, 2*time.Second)
		assert.Contains(t, request.URL, "X-Amz-Expires=600&", "ten minutes")
	})
}
