// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/storagetest"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(testkit.Bounded(testkit.AtOnce(testkit.Isolated(m), 8)))
}

// TestConformanceEmbedded holds a store to the suite on the embedded server. Under -short,
// it moves no conditional streams in parts: those are 25 MiB.
func TestConformanceEmbedded(t *testing.T) {
	t.Parallel()
	onBothPaths(t, func(t *testing.T, sdkOnly bool) *storagetest.Harness {
		t.Helper()
		if testing.Short() && sdkOnly {
			t.Skip("the fast path's other half under -short")
		}
		server := testkit.Server(t, devs3.Start, nil)
		config, err := lithopss3.ParseConfig([]byte(server.Config()))
		require.NoError(t, err)
		store, err := lithopss3.New(t.Context(), config, &lithopss3.Options{
			SDKOnly: sdkOnly, LookupEnv: testkit.Env(map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()}),
		})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		bucket, err := store.EnsureBucket(t.Context())
		require.NoError(t, err)
		learnPaths(t, store, bucket)
		return &storagetest.Harness{Storage: store, Bucket: bucket, Capabilities: storagetest.Capabilities{NoConditionalParts: testing.Short()}}
	})
}

// onBothPaths holds the fast path for small objects and the SDK's to the same suite.
func onBothPaths(t *testing.T, open func(t *testing.T, sdkOnly bool) *storagetest.Harness) {
	t.Helper()
	for name, sdkOnly := range map[string]bool{"fast": false, "sdk": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storagetest.Run(t, func(t *testing.T) *storagetest.Harness { return open(t, sdkOnly) })
		})
	}
}

// learnPaths makes the first requests to a bucket, from which the fast path takes
// the form of those after them.
func learnPaths(t *testing.T, store *lithopss3.Store, bucket string) {
	t.Helper()
	const key = "lithops.test/learn"
	require.NoError(t, store.PutObject(t.Context(), bucket, key, strings.NewReader("text"), nil))
	_, err := store.HeadObject(t.Context(), bucket, key)
	require.NoError(t, err)
	_, err = store.ReadObject(t.Context(), bucket, key, 0)
	require.NoError(t, err)
	require.NoError(t, store.DeleteObject(t.Context(), bucket, key))
}

// TestConformanceServer runs against a server that stands ready, such as the
// versitygw that .ci/run starts: LITHOPSS3_TEST_ENDPOINT names it, the keys are
// those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and
// LITHOPSS3_TEST_CAPABILITIES lists what it lacks. LITHOPSS3_TEST_UNSIGNED=1 leaves the
// SHA-256 of bodies out of the signatures.
func TestConformanceServer(t *testing.T) {
	t.Parallel()
	endpoint := os.Getenv("LITHOPSS3_TEST_ENDPOINT")
	if endpoint == "" {
		t.Skip("LITHOPSS3_TEST_ENDPOINT is not set; .ci/run sets it")
	}
	lacks, err := storagetest.ParseCapabilities(os.Getenv("LITHOPSS3_TEST_CAPABILITIES"))
	require.NoError(t, err)
	onBothPaths(t, func(t *testing.T, sdkOnly bool) *storagetest.Harness {
		store, err := lithopss3.New(t.Context(), &lithopss3.Config{
			Region: "us-east-1", AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: lithopss3.NewSecret(os.Getenv("AWS_SECRET_ACCESS_KEY")),
		}, &lithopss3.Options{
			Endpoint: endpoint, Transport: http.DefaultTransport, SDKOnly: sdkOnly, LookupEnv: testkit.Env(nil),
			UnsignedPayload: os.Getenv("LITHOPSS3_TEST_UNSIGNED") == "1",
		})
		require.NoError(t, err)
		t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
		random := make([]byte, 6)
		_, _ = rand.Read(random)
		bucket := "conformance-" + hex.EncodeToString(random)
		require.NoError(t, store.CreateBucket(t.Context(), bucket))
		learnPaths(t, store, bucket)
		return &storagetest.Harness{Storage: store, Bucket: bucket, Capabilities: lacks}
	})
}

// TestUserBucketOnServer runs the whole path, configuration, identity, bucket and
// objects, on another S3 server together with the embedded STS.
func TestUserBucketOnServer(t *testing.T) {
	t.Parallel()
	endpoint := os.Getenv("LITHOPSS3_TEST_ENDPOINT")
	if endpoint == "" {
		t.Skip("LITHOPSS3_TEST_ENDPOINT is not set; .ci/run sets it")
	}
	random := make([]byte, 2)
	_, _ = rand.Read(random)
	user := devs3.Credential{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		UserID: "AIDAUSER" + strings.ToUpper(hex.EncodeToString(random)), Account: "123456789012",
	}
	sts := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{user}})
	config, err := lithopss3.ParseConfig([]byte(sts.Config()))
	require.NoError(t, err)
	store, err := lithopss3.New(t.Context(), config, &lithopss3.Options{
		LookupEnv: testkit.Env(map[string]string{"AWS_ENDPOINT_URL_S3": endpoint, "AWS_ENDPOINT_URL_STS": sts.URL()}),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	require.Equal(t, "lithops-us-east-1-"+hex.EncodeToString(random), bucket)
	require.NoError(t, store.PutObject(t.Context(), bucket, "key", strings.NewReader("text"), nil))
	data, err := store.ReadObject(t.Context(), bucket, "key", 0)
	require.NoError(t, err)
	require.Equal(t, "text", string(data))
}
