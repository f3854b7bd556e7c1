// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const someBucket = "aws_s3:\n  storage_bucket: some-bucket\n"

// imitate starts a server that answers some requests itself, with some-bucket of owner.
func imitate(t *testing.T, owner devs3.Credential, answers func(w http.ResponseWriter, r *http.Request) bool) *devs3.Server {
	t.Helper()
	server, err := devs3.Start(&devs3.Options{Credentials: []devs3.Credential{ann, ben}, Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !answers(w, r) {
				next.ServeHTTP(w, r)
			}
		})
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, server.AddBucket("some-bucket", owner.Account, "us-east-1"))
	return server
}

// ignoring forgets conditions of ann's requests, as some servers do, and signs what is left.
func ignoring(method string, headers ...string) func(*testing.T, *http.Request) {
	return func(t *testing.T, r *http.Request) {
		t.Helper()
		if !strings.Contains(method, r.Method) {
			return
		}
		for _, name := range append(headers, "Authorization") {
			r.Header.Del(name)
		}
		r.URL.Host = r.Host
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		keys := aws.Credentials{AccessKeyID: ann.AccessKeyID, SecretAccessKey: ann.SecretAccessKey}
		assert.NoError(t, signer.SignHTTP(r.Context(), keys, r, r.Header.Get("X-Amz-Content-Sha256"), "s3", "us-east-1", time.Now()))
	}
}

// TestDoctorTriesConditions tries puts and multipart uploads with a condition that can't be
// met, deletes what was stored, leaves no upload, and writes nothing to another account's
// bucket.
func TestDoctorTriesConditions(t *testing.T) {
	const puts, parts = "ignores the conditions of a put", "ignores the conditions of multipart uploads"
	for name, test := range testkit.Some(map[string]struct {
		owner               devs3.Credential
		forget              func(*testing.T, *http.Request)
		refuses             string // method of requests that are refused
		conditions, ofParts string
		warning             string
	}{
		"kept":              {owner: ann, conditions: "kept", ofParts: "kept"},
		"all ignored":       {owner: ann, forget: ignoring("PUT POST", "If-Match", "If-None-Match"), conditions: "ignored", ofParts: "ignored", warning: puts},
		"IfMatch ignored":   {owner: ann, forget: ignoring(http.MethodPut, "If-Match"), conditions: "ignored", ofParts: "kept", warning: puts},
		"IfAbsent ignored":  {owner: ann, forget: ignoring(http.MethodPut, "If-None-Match"), conditions: "ignored", ofParts: "kept", warning: puts},
		"parts ignored":     {owner: ann, forget: ignoring(http.MethodPost, "If-Match", "If-None-Match"), conditions: "kept", ofParts: "ignored", warning: parts},
		"no permission":     {owner: ann, refuses: http.MethodPut, conditions: "unknown", ofParts: "unknown"},
		"no uploads":        {owner: ann, refuses: http.MethodPost, conditions: "kept", ofParts: "unknown"},
		"another account's": {owner: ben, conditions: "unknown", ofParts: "unknown"},
	}, 4) {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			tried := false
			server := imitate(t, test.owner, func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, "lithops-s3-doctor-") {
					return false
				}
				mu.Lock()
				tried = true
				mu.Unlock()
				if r.Method == test.refuses {
					w.WriteHeader(http.StatusForbidden)
					return true
				}
				if test.forget != nil {
					test.forget(t, r)
				}
				return false
			})
			if test.owner == ben {
				require.NoError(t, server.OpenBucket("some-bucket", devs3.OpenByPolicy))
			}
			d, text := diagnose(t, server, nil, someBucket)
			require.NotNil(t, d.Storage, text)
			assert.Equal(t, test.conditions, d.Storage.Conditions)
			assert.Equal(t, test.ofParts, d.Storage.PartConditions)
			for _, warning := range []string{puts, parts} {
				assert.Equal(t, warning == test.warning, strings.Contains(text, warning), text)
			}
			assert.Equal(t, test.owner == ann, tried)
			assert.Equal(t, "0 objects, 0 B\n", leftIn(t, server, test.owner), "what was stored is deleted")
		})
	}
}

// TestDoctorLeavesNothing checks that the object of the test is deleted after an interrupt, too.
func TestDoctorLeavesNothing(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	isTried := false
	server := imitate(t, ann, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && strings.Contains(r.URL.Path, "lithops-s3-doctor-") {
			isTried = true
			interrupt()
		}
		return false
	})
	testkit.SetEnv(t, map[string]string{"HOME": t.TempDir()})
	for name, value := range server.Env() {
		t.Setenv(name, value)
	}
	t.Setenv("LITHOPS_CONFIG", `{"aws_s3": {"storage_bucket": "some-bucket"}}`)
	_, _, _ = command(ctx, "doctor")
	require.True(t, isTried)
	assert.Equal(t, "0 objects, 0 B\n", leftIn(t, server, ann))
}

// leftIn lists the keys and the open uploads of some-bucket.
func leftIn(t *testing.T, server *devs3.Server, owner devs3.Credential) string {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", owner.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", owner.SecretAccessKey)
	t.Setenv("AWS_DEFAULT_REGION", "us-east-1")
	t.Setenv("AWS_ENDPOINT_URL", server.URL())
	var out, problems strings.Builder
	for _, command := range [][]string{{"ls", "s3://some-bucket"}, {"uploads", "some-bucket", "--older-than", "0s"}} {
		code := run(t.Context(), command, strings.NewReader(""), &out, &problems)
		require.Zero(t, code, problems.String())
	}
	return out.String()
}

// TestDoctorWithoutSTS imitates servers that don't know GetCallerIdentity. The report says
// so once, and nothing else fails if the configuration names the bucket.
func TestDoctorWithoutSTS(t *testing.T) {
	for name, test := range testkit.Some(map[string]struct {
		status int
		body   string
	}{
		"versitygw": {http.StatusMethodNotAllowed, `<Error><Code>MethodNotAllowed</Code></Error>`},
		"gofakes3":  {http.StatusNotFound, ""},
		"rclone":    {http.StatusBadRequest, `<Error><Code>InvalidArgument</Code></Error>`},
		"MinIO":     {http.StatusBadRequest, `<ErrorResponse><Error><Code>InvalidParameterValue</Code><Message>Unsupported action</Message></Error></ErrorResponse>`},
		"others":    {http.StatusNotImplemented, `<Error><Code>NotImplemented</Code></Error>`},
		"refused":   {http.StatusForbidden, `<Error><Code>AccessDenied</Code></Error>`},
	}, 2) {
		t.Run(name, func(t *testing.T) {
			server := imitate(t, ann, func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPost || r.URL.Path != "/" {
					return false
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
				return true
			})
			d, text := diagnose(t, server, nil, someBucket)
			require.Nil(t, d.Error, text)
			require.True(t, d.Storage.Permitted)
			assert.Equal(t, "unknown", d.Storage.Owner)
			assert.Equal(t, "kept", d.Storage.Conditions)
			assert.Equal(t, 1, strings.Count(text, "the server has no STS"), text)
			assert.NotContains(t, text, "aws s3api", "advice for AWS alone")

			d, text = diagnose(t, server, nil, "")
			require.NotNil(t, d.Error, text)
			assert.Equal(t, "no STS", d.Error.Cause)
			assert.Contains(t, d.Error.Fix, "storage_bucket")
			assert.Equal(t, 1, strings.Count(text, "the server has no STS"), text)
		})
	}
}

// TestDoctorDoesNotBelieveAListing imitates servers that answer each GET of a bucket with
// its listing, or another document, also where the request is about settings.
func TestDoctorDoesNotBelieveAListing(t *testing.T) {
	for _, body := range []string{
		`<ListBucketResult><Name>some-bucket</Name><IsPublic>true</IsPublic></ListBucketResult>`,
		`<VersioningConfiguration/>`, `<html></html>`, `{}`,
	} {
		server := imitate(t, ann, func(w http.ResponseWriter, r *http.Request) bool {
			query := r.URL.Query()
			if !query.Has("policyStatus") && !query.Has("acl") && !query.Has("publicAccessBlock") {
				return false
			}
			_, _ = io.WriteString(w, body)
			return true
		})
		d, text := diagnose(t, server, nil, someBucket)
		require.NotNil(t, d.Storage, text)
		assert.Equal(t, "unknown", d.Storage.PublicAccess, body)
	}
}
