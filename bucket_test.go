// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	alice = devs3.Credential{AccessKeyID: "AKIAALICE", SecretAccessKey: "alice-secret", UserID: "AIDAALICEWXYZ", Account: "111111111111"}
	bob   = devs3.Credential{AccessKeyID: "AKIABOB", SecretAccessKey: "bob-secret", UserID: "AROABOBWXYZ:session", Account: "222222222222", SessionToken: "bob-token"}
)

// configOf is a Lithops configuration for a caller.
func configOf(c devs3.Credential, region string) string {
	text := fmt.Sprintf("aws:\n  region: %s\n  access_key_id: %s\n  secret_access_key: %s\n", region, c.AccessKeyID, c.SecretAccessKey)
	if c.SessionToken != "" {
		text += "  session_token: " + c.SessionToken + "\n"
	}
	return text
}

// recorder notes each request and may answer it.
type recorder struct {
	mu       sync.Mutex
	requests []string
	answer   func(w http.ResponseWriter, r *http.Request) (done bool)
}

func (r *recorder) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		r.requests = append(r.requests, request.Method+" "+request.URL.Path)
		r.mu.Unlock()
		if r.answer == nil || !r.answer(w, request) {
			next.ServeHTTP(w, request)
		}
	})
}

func (r *recorder) seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.requests...)
}

func TestGoldenBucketNames(t *testing.T) {
	t.Parallel()
	var golden struct {
		Cases []struct {
			UserID any    `json:"user_id"`
			Region any    `json:"region"`
			Out    string `json:"out"`
		} `json:"cases"`
	}
	data, err := os.ReadFile(filepath.Join("testdata", "golden", "buckets.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &golden))
	require.NotEmpty(t, golden.Cases)
	for _, c := range testkit.SomeOf(golden.Cases, 20) {
		region, isText := c.Region.(string)
		user, isUser := c.UserID.(string)
		if !isText || region == "" || !isUser || c.Out == "" {
			continue // a region and a user id are always known here; Python's name has "None" in it, or it crashes
		}
		t.Run(user+" "+region, func(t *testing.T) {
			t.Parallel()
			caller := devs3.Credential{AccessKeyID: "AK", SecretAccessKey: "SK", UserID: user, Account: "1"}
			store := openStore(t, testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{caller}}), configOf(caller, region))
			bucket, err := store.Bucket(t.Context())
			require.NoError(t, err)
			assert.Equal(t, c.Out, bucket)
			if !newBucketName.MatchString(c.Out) {
				_, err = store.EnsureBucket(t.Context())
				require.ErrorIs(t, err, lithopss3.ErrInvalidBucketName)
			}
		})
	}
}

// newBucketName matches the names that S3 accepts, except for rules that no name of Lithops breaks.
var newBucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func TestEnsureBucketCreatesAndFinds(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{"us-east-1": "lithops-us-east-1-wxyz", "eu-west-1": "lithops-eu-west-1-wxyz"} {
		calls := &recorder{}
		server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap})
		store := openStore(t, server, configOf(alice, region))
		for range 3 {
			bucket, err := store.EnsureBucket(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want, bucket)
		}
		assert.Equal(t, []string{
			"POST /", "HEAD /" + want, "PUT /" + want, "PUT /" + want, // STS, is it there, create, block public access
			"HEAD /" + want, "HEAD /" + want,
		}, calls.seen(), "STS is asked once, and us-east-1 is not tried with a LocationConstraint first")
	}
}

func TestConfiguredBucketNeedsNoSTS(t *testing.T) {
	t.Parallel()
	calls := &recorder{}
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap})
	store := openStore(t, server, configOf(alice, "us-east-1")+"aws_s3:\n  storage_bucket: mine\n")
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "mine", bucket)
	assert.NotContains(t, calls.seen(), "POST /")
}

func TestEnsureBucketOfAnotherAccount(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice, bob}})
	require.NoError(t, server.AddBucket("lithops-us-east-1-wxyz", bob.Account, "us-east-1"))
	store := openStore(t, server, configOf(alice, "us-east-1"))
	_, err := store.EnsureBucket(t.Context())
	require.ErrorIs(t, err, fs.ErrPermission)
	assert.ErrorContains(t, err, "set storage_bucket")
	assert.NoError(t, openStore(t, server, configOf(bob, "us-east-1")).HeadBucket(t.Context(), "lithops-us-east-1-wxyz"), "its owner is let in")

	require.ErrorIs(t, store.CreateBucket(t.Context(), "lithops-us-east-1-wxyz"), lithopss3.ErrNotOwner)
	require.ErrorIs(t, store.CreateBucket(t.Context(), "lithops-us-east-1-wxyz"), fs.ErrPermission)
}

// TestSquattedBucket checks that a bucket of another account gets no byte, even if it
// admits everyone. The server below admits everyone, but knows whose bucket it is.
func TestSquattedBucket(t *testing.T) {
	t.Parallel()
	var bytesIn atomic.Int64
	calls := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/" {
			return false
		}
		if owner := r.Header.Get("X-Amz-Expected-Bucket-Owner"); owner != "" && owner != bob.Account {
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		n, _ := io.Copy(io.Discard, r.Body)
		bytesIn.Add(n)
		return true
	}}
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap})
	store := openStore(t, server, configOf(alice, "us-east-1"))
	_, err := store.EnsureBucket(t.Context())
	require.ErrorIs(t, err, lithopss3.ErrNotOwner)
	assert.ErrorContains(t, err, "111111111111")
	err = store.PutObject(t.Context(), "lithops-us-east-1-wxyz", "key", strings.NewReader("secret function"), nil)
	require.ErrorIs(t, err, fs.ErrPermission)
	assert.Zero(t, bytesIn.Load())
}

func TestEnsureBucketLosesRace(t *testing.T) {
	t.Parallel()
	for _, status := range []struct {
		code string
		want error
	}{{"BucketAlreadyOwnedByYou", nil}, {"BucketAlreadyExists", lithopss3.ErrNotOwner}} {
		calls := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut || r.URL.Query().Has("publicAccessBlock") {
				return false
			}
			w.WriteHeader(http.StatusConflict)
			_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>m</Message></Error>", status.code)
			return true
		}}
		store := openStore(t, testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap}), configOf(alice, "eu-west-1"))
		_, err := store.EnsureBucket(t.Context())
		require.ErrorIs(t, err, status.want)
	}
}

// TestEnsureBucketConflict checks that a request is retried while another change of the
// same bucket is in progress.
func TestEnsureBucketConflict(t *testing.T) {
	t.Parallel()
	var conflicts atomic.Int64
	calls := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || conflicts.Add(1) > 1 {
			return false
		}
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprint(w, "<Error><Code>OperationAborted</Code><Message>m</Message></Error>")
		return true
	}}
	store := openStore(t, testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap}), configOf(alice, "eu-west-1"))
	_, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	require.NoError(t, store.HeadBucket(t.Context(), "lithops-eu-west-1-wxyz"))
}

func TestConcurrentEnsureBucket(t *testing.T) {
	t.Parallel()
	calls := &recorder{}
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap})
	store := openStore(t, server, configOf(alice, "eu-west-1"))
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			bucket, err := store.EnsureBucket(t.Context())
			assert.NoError(t, err)
			assert.Equal(t, "lithops-eu-west-1-wxyz", bucket)
		})
	}
	group.Wait()
	asked := 0
	for _, request := range calls.seen() {
		if request == "POST /" {
			asked++
		}
	}
	assert.Equal(t, 1, asked, "one request to STS for all")
}

func TestWrongKeys(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
	for code, caller := range map[string]devs3.Credential{
		"SignatureDoesNotMatch": {AccessKeyID: alice.AccessKeyID, SecretAccessKey: "wrong"},
		"InvalidAccessKeyId":    {AccessKeyID: "AKIANOBODY", SecretAccessKey: "wrong"},
	} {
		kind := map[string]error{"SignatureDoesNotMatch": lithopss3.ErrSignature, "InvalidAccessKeyId": fs.ErrPermission}[code]
		store := openStore(t, server, configOf(caller, "us-east-1"))
		_, err := store.GetObject(t.Context(), "bucket", "key", nil)
		require.ErrorIs(t, err, kind)
		var known *lithopss3.Error
		require.ErrorAs(t, err, &known)
		assert.Equal(t, code, known.Code)
		assert.Equal(t, http.StatusForbidden, known.StatusCode)
		_, err = store.Bucket(t.Context())
		require.ErrorIs(t, err, kind)
	}
}

func TestTemporaryCredentialsSign(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{bob}})
	bucket, err := openStore(t, server, configOf(bob, "us-east-1")).EnsureBucket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "lithops-us-east-1-wxyz", bucket)
}

// TestDeleteErrorsPerKey checks the errors of single keys in a response with status 200.
func TestDeleteErrorsPerKey(t *testing.T) {
	t.Parallel()
	calls := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("delete") {
			return false
		}
		_, _ = fmt.Fprint(w, `<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error><Error><Key>b</Key><Code>InternalError</Code></Error></DeleteResult>`)
		return true
	}}
	store := openStore(t, testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap}), configOf(alice, "us-east-1"))
	err := store.DeleteObjects(t.Context(), "bucket", []string{"a", "b", "c"})
	var failed *lithopss3.DeleteError
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Failed, 1)
	assert.Equal(t, "b", failed.Failed[0].Key)
	require.ErrorIs(t, err, fs.ErrPermission)
}

// TestListingWithoutProgressEnds must end.
func TestListingWithoutProgressEnds(t *testing.T) {
	t.Parallel()
	calls := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("list-type") != "2" {
			return false
		}
		_, _ = fmt.Fprint(w, `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken><Contents><Key>k</Key></Contents></ListBucketResult>`)
		return true
	}}
	store := openStore(t, testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap}), configOf(alice, "us-east-1"))
	_, err := store.ListKeys(t.Context(), "bucket", "")
	require.ErrorIs(t, err, lithopss3.ErrListing)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	store := openStore(t, testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}}), configOf(alice, "us-east-1"))
	ctx, dir := t.Context(), t.TempDir()
	require.NoError(t, store.CreateBucket(ctx, "bucket"))
	source, target := filepath.Join(dir, "source"), filepath.Join(dir, "target")
	require.NoError(t, os.WriteFile(source, []byte("contents"), 0o600))
	require.NoError(t, store.UploadFile(ctx, source, "bucket", "key", nil))
	require.NoError(t, os.WriteFile(target, []byte("old"), 0o600))
	require.NoError(t, store.DownloadFile(ctx, "bucket", "key", target, nil))
	data, err := os.ReadFile(target)
	require.NoError(t, err)
	assert.Equal(t, "contents", string(data))

	info, err := os.Stat(target)
	require.NoError(t, err)
	testkit.AssertMode(t, 0o600, info.Mode(), "a file that is replaced keeps its permissions")

	require.ErrorIs(t, store.DownloadFile(ctx, "bucket", "missing", target, nil), fs.ErrNotExist)
	require.ErrorIs(t, store.UploadFile(ctx, filepath.Join(dir, "missing"), "bucket", "key", nil), fs.ErrNotExist)
	require.Error(t, store.UploadFile(ctx, dir, "bucket", "key", nil))
	require.Error(t, store.DownloadFile(ctx, "bucket", "key", dir, nil))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 2, "no temporary file stays")
}

func TestUserAgentAndContentType(t *testing.T) {
	t.Parallel()
	var agents, types sync.Map
	calls := &recorder{answer: func(_ http.ResponseWriter, r *http.Request) bool {
		agents.Store(r.UserAgent(), true)
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/key") {
			types.Store(r.URL.Path, r.Header.Get("Content-Type"))
		}
		return false
	}}
	store := openStore(t, testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap}), configOf(alice, "us-east-1"))
	require.NoError(t, store.CreateBucket(t.Context(), "bucket"))
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key1", strings.NewReader("x"), nil))
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key2", strings.NewReader("x"), &lithopss3.PutOptions{ContentType: "application/octet-stream"}))
	agents.Range(func(agent, _ any) bool {
		assert.Regexp(t, ` lithops/[0-9.a-z]+$`, agent)
		return true
	})
	none, _ := types.Load("/bucket/key1")
	chosen, _ := types.Load("/bucket/key2")
	assert.Equal(t, "", none)
	assert.Equal(t, "application/octet-stream", chosen)
}

func TestNoConfigurationNoRegion(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/etc/lithops/config"); err == nil {
		t.Skip("this machine has /etc/lithops/config")
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		store, err := lithopss3.Open(t.Context(), &lithopss3.Options{LookupEnv: testkit.Env(map[string]string{"HOME": t.TempDir()})})
		require.ErrorIs(t, err, lithopss3.ErrNoConfiguration)
		assert.Nil(t, store)
	})
	t.Run("region of AWS", func(t *testing.T) {
		t.Parallel()
		store, err := lithopss3.Open(t.Context(), &lithopss3.Options{LookupEnv: testkit.Env(map[string]string{"HOME": t.TempDir(), "AWS_DEFAULT_REGION": "sa-east-1"})})
		require.NoError(t, err)
		assert.Equal(t, "sa-east-1", store.Region())
		assert.Equal(t, "environment AWS_DEFAULT_REGION", store.RegionSource())
		require.NoError(t, store.Close())
	})
}

func TestErrorsWithoutStatus(t *testing.T) {
	t.Parallel()
	store := openStore(t, testkit.Server(t, devs3.Start, nil), "aws:\n  region: us-east-1\n  access_key_id: half\n")
	_, err := store.GetObject(t.Context(), "bucket", "key", nil)
	var credentials *lithopss3.CredentialsError
	require.ErrorAs(t, err, &credentials)
	assert.Equal(t, "PartialCredentialsError", credentials.Kind)
	var known *lithopss3.Error
	require.True(t, errors.As(err, &known))
	assert.Zero(t, known.StatusCode)
}
