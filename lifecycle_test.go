// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"errors"
	"io"
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

// rawLifecycle asks the server for a bucket's rules, or sends them, as bytes.
func rawLifecycle(t *testing.T, store *lithopss3.Store, bucket string) string {
	t.Helper()
	document, err := lithopss3.LifecycleDocument(t.Context(), store, bucket)
	require.NoError(t, err)
	return string(document)
}

func TestExpireAfter(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
	others := `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>theirs</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration><NewThing>kept</NewThing></Rule></LifecycleConfiguration>`
	store, recorder := openRecorded(t, server, configOf(alice, "us-east-1"), lithopss3.Options{})
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	ctx := t.Context()

	changed, err := store.ExpireAfter(ctx, bucket, "lithops.jobs/tmp/", 7, true)
	require.NoError(t, err)
	assert.True(t, changed, "it would")
	assert.Empty(t, rawLifecycle(t, store, bucket), "a dry run")

	require.NoError(t, lithopss3.PutLifecycleDocument(ctx, store, bucket, []byte(others)))
	changed, err = store.ExpireAfter(ctx, bucket, "lithops.jobs/tmp/", 7, false)
	require.NoError(t, err)
	assert.True(t, changed)
	document := rawLifecycle(t, store, bucket)
	assert.Contains(t, document, "<ID>theirs</ID>")
	assert.Contains(t, document, "<NewThing>kept</NewThing>", "also what the SDK does not know")
	assert.Contains(t, document, "<ID>lithopss3-expire-lithops.jobs/tmp/</ID><Status>Enabled</Status><Filter><Prefix>lithops.jobs/tmp/</Prefix></Filter><Expiration><Days>7</Days></Expiration>")
	assert.Contains(t, document, "<ID>lithopss3-abort-uploads</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>")

	recorder.reset(nil)
	changed, err = store.ExpireAfter(ctx, bucket, "lithops.jobs/tmp/", 7, false)
	require.NoError(t, err)
	assert.False(t, changed, "the second time")
	demanding, blind := recorder.seen()
	assert.Len(t, append(demanding, blind...), 1, "it only looks")

	changed, err = store.ExpireAfter(ctx, bucket, "lithops.jobs/tmp/", 14, false)
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Equal(t, 3, strings.Count(rawLifecycle(t, store, bucket), "<Rule>"), "replaced, not added")

	for _, bad := range []struct {
		prefix string
		days   int
	}{{"", 7}, {"tmp/", 0}, {strings.Repeat("x", 201), 7}} {
		_, err = store.ExpireAfter(ctx, bucket, bad.prefix, bad.days, false)
		require.ErrorContains(t, err, "are needed")
	}
	document = rawLifecycle(t, store, bucket)
	for _, prefix := range []string{"tmp\x01/", "tmp\xff/"} {
		_, err = store.ExpireAfter(ctx, bucket, prefix, 7, false)
		require.ErrorContains(t, err, "XML can't hold")
	}
	assert.Equal(t, document, rawLifecycle(t, store, bucket), "no rule for another prefix")
}

// A server without lifecycle rules is told from one that refuses.
func TestExpireAfterOnOtherServers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status      int
		body        string
		unsupported bool
	}{
		"not implemented":   {http.StatusNotImplemented, "<Error><Code>NotImplemented</Code><Message>no</Message></Error>", true},
		"not allowed":       {http.StatusMethodNotAllowed, "<Error><Code>MethodNotAllowed</Code></Error>", true},
		"lists the objects": {http.StatusOK, "<ListBucketResult></ListBucketResult>", true},
		"denied":            {http.StatusForbidden, "<Error><Code>AccessDenied</Code></Error>", false},
		"no bucket":         {http.StatusNotFound, "<Error><Code>NoSuchBucket</Code></Error>", false},
		"not understood":    {http.StatusOK, `<LifecycleConfiguration><Rule><Expiration><Days>x</Days></Expiration></Rule></LifecycleConfiguration>`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var puts atomic.Int64
			parsed, err := lithopss3.ParseConfig([]byte(configOf(alice, "us-east-1")))
			require.NoError(t, err)
			store, err := lithopss3.New(t.Context(), parsed, lithopss3.InNoTime(&lithopss3.Options{
				LookupEnv: testkit.Env(map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "HOME": t.TempDir()}),
				Transport: &wire{trip: func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
					if r.Method == http.MethodPut {
						puts.Add(1)
					}
					return answer(r, c.status, http.Header{"Content-Type": {"application/xml"}}, io.NopCloser(strings.NewReader(c.body))), nil
				}},
			}, patient))
			require.NoError(t, err)
			_, err = store.ExpireAfter(t.Context(), "bucket", "tmp/", 7, false)
			require.Error(t, err)
			assert.Equal(t, c.unsupported, errors.Is(err, errors.ErrUnsupported), "%v", err)
			assert.Zero(t, puts.Load())
		})
	}
}
