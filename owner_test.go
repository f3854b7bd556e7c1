// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const userBucketName = "lithops-us-east-1-wxyz"

// ownerRecorder notes the requests to a bucket, by whether they demand its owner.
type ownerRecorder struct {
	mu               sync.Mutex
	demanding, blind []string
	trip             tripper // nil for straight
}

func (r *ownerRecorder) record(request *http.Request, next http.RoundTripper) (*http.Response, error) {
	r.mu.Lock()
	line := request.Method + " " + request.URL.RequestURI()
	if request.Header.Get("X-Amz-Expected-Bucket-Owner") == alice.Account {
		r.demanding = append(r.demanding, line)
	} else {
		r.blind = append(r.blind, line)
	}
	trip := r.trip
	r.mu.Unlock()
	if trip == nil {
		trip = straight
	}
	return trip(request, next)
}

func (r *ownerRecorder) reset(trip tripper) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.demanding, r.blind, r.trip = nil, nil, trip
}

func (r *ownerRecorder) seen() (demanding, blind []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.demanding...), append([]string{}, r.blind...)
}

// openRecorded opens alice's storage against a server, through a recorder.
func openRecorded(t *testing.T, server *devs3.Server, config string, opts lithopss3.Options) (*lithopss3.Store, *ownerRecorder) {
	t.Helper()
	parsed, err := lithopss3.ParseConfig([]byte(config))
	require.NoError(t, err)
	recorder := &ownerRecorder{}
	transport := &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	if opts.LookupEnv == nil {
		opts.LookupEnv = testkit.Env(map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()})
	}
	opts.Transport = &wire{next: transport, trip: recorder.record}
	store, err := lithopss3.New(t.Context(), parsed, lithopss3.InSmall(lithopss3.InHaste(&opts, patient)))
	require.NoError(t, err)
	return store, recorder
}

// noRequests are the methods that make no request to a bucket.
var noRequests = []string{
	"Store.AWSConfig", "Store.Bucket", "Store.Client", "Store.Close", "Store.Config", "Store.Format", "Store.Identity", "Store.ListBuckets", "Store.PresignGet", "Store.PresignPut", "Store.PutRequest", "Store.Region", "Store.RegionSource", "Store.ServerTime",
	"Client.Bucket", "Client.In", "Client.Now",
}

// TestOwnerOnEveryRequest records every request of every operation in a bucket
// that this package named. A new method fails it until it is in one of the lists.
func TestOwnerOnEveryRequest(t *testing.T) {
	t.Parallel()
	for _, sdkOnly := range []bool{false, true} {
		if testing.Short() && sdkOnly {
			break // the SDK makes the first round of the other pass
		}
		server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
		store, recorder := openRecorded(t, server, configOf(alice, "us-east-1"), lithopss3.Options{SDKOnly: sdkOnly})
		bucket, err := store.EnsureBucket(t.Context())
		require.NoError(t, err)
		require.Equal(t, userBucketName, bucket)
		client := jobs.New(store, bucket, &jobs.Options{NoCache: true})
		operations := ownedOperations(t)
		for _, name := range noRequests {
			require.NotContains(t, operations, name)
		}
		for _, value := range []any{store, client} {
			methods := reflect.TypeOf(value)
			for i := range methods.NumMethod() {
				name := methods.Elem().Name() + "." + methods.Method(i).Name
				_, listed := operations[name]
				require.True(t, listed || slices.Contains(noRequests, name), "%s is in neither list: does it demand the owner?", name)
			}
		}
		order := []string{"Store.PutObject", "Store.PutObject in parts", "Store.DownloadFile", "Client.PutRuntimeMeta", "Client.PutInit", "Client.Finish"}
		for name := range operations {
			if !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
		for range 2 { // the second time in the patterns that the first one left
			for _, name := range order {
				recorder.reset(operations[name].trip)
				require.NoError(t, operations[name].do(t.Context(), store, client), name)
				demanding, blind := recorder.seen()
				for _, request := range blind {
					assert.Equal(t, "PUT /"+bucket+"", request, "%s: only this request has no such header at S3", name)
				}
				assert.NotEmpty(t, append(demanding, blind...), "%s makes no request", name)
			}
		}
	}
}

// TestOwnerCostsNoRequest checks that the same operations make the same requests where the
// owner is demanded and where it can't be.
func TestOwnerCostsNoRequest(t *testing.T) {
	t.Parallel()
	var counts []int
	for _, demanded := range []bool{true, false} {
		server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
		env := map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()}
		if !demanded {
			env["AWS_ENDPOINT_URL_STS"] = strings.Replace(server.URL(), "127.0.0.1", "localhost", 1) // another server, for all that is known
		}
		store, recorder := openRecorded(t, server, configOf(alice, "us-east-1"), lithopss3.Options{LookupEnv: testkit.Env(env)})
		bucket, err := store.EnsureBucket(t.Context())
		require.NoError(t, err)
		require.NoError(t, store.PutObject(t.Context(), bucket, "key", strings.NewReader("x"), nil))
		require.NoError(t, second(store.ReadObject(t.Context(), bucket, "key", 0)))
		require.NoError(t, second(store.ListKeys(t.Context(), bucket, "")))
		require.NoError(t, store.DeleteObjects(t.Context(), bucket, []string{"key", "other"}))
		demanding, blind := recorder.seen()
		assert.Equal(t, demanded, len(demanding) > 0)
		counts = append(counts, len(demanding)+len(blind))
	}
	assert.Equal(t, counts[0], counts[1])
	assert.Equal(t, 7, counts[0], "head, create, block public access, put, get, list, delete")
}

// TestOpenBucketOfAnother checks that nothing of alice's reaches the bucket that bob
// made under her name and opened to everybody, and that nothing of his reaches her.
func TestOpenBucketOfAnother(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice, bob}})
	require.NoError(t, server.AddBucket(userBucketName, bob.Account, "us-east-1"))
	require.NoError(t, server.OpenBucket(userBucketName, devs3.OpenByPolicy))
	bobs := openStore(t, server, configOf(bob, "us-east-1"))
	require.NoError(t, bobs.PutObject(t.Context(), userBucketName, "key", strings.NewReader("evil pickle"), nil))
	hers := openStore(t, server, configOf(alice, "us-east-1")+"aws_s3:\n  storage_bucket: "+userBucketName+"\n")
	require.NoError(t, second(hers.ReadObject(t.Context(), userBucketName, "key", 0)), "it is open indeed")

	store, recorder := openRecorded(t, server, configOf(alice, "us-east-1"), lithopss3.Options{})
	_, err := store.EnsureBucket(t.Context())
	require.ErrorIs(t, err, lithopss3.ErrNotOwner)
	for _, part := range []string{"not in account 111111111111", "can be guessed", "pickles that Python would run", "storage_bucket", "--account-regional"} {
		assert.ErrorContains(t, err, part)
	}
	_, blind := recorder.seen()
	assert.Equal(t, []string{"HEAD /" + userBucketName}, blind, "which asks whether it is open, and carries nothing")
	require.ErrorIs(t, store.PutObject(t.Context(), userBucketName, "new", strings.NewReader("x"), nil), os.ErrPermission)
	require.ErrorIs(t, second(store.ReadObject(t.Context(), userBucketName, "key", 0)), os.ErrPermission)
	require.ErrorIs(t, second(store.ListKeys(t.Context(), userBucketName, "")), os.ErrPermission)
	require.ErrorIs(t, second(bobs.HeadObject(t.Context(), userBucketName, "new")), os.ErrNotExist)
}

// TestAccountRegionalBucket checks a name that only the account can take, by Options and
// by storage_bucket.
func TestAccountRegionalBucket(t *testing.T) {
	t.Parallel()
	const name = "lithops-eu-west-1-wxyz-111111111111-eu-west-1-an"
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice, bob}})
	store, _ := openRecorded(t, server, configOf(alice, "eu-west-1"), lithopss3.Options{AccountRegional: true})
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err, "with the header that says which namespace")
	require.Equal(t, name, bucket)
	status, err := store.BucketStatus(t.Context(), name)
	require.NoError(t, err)
	assert.Equal(t, alice.Account, status.Owner)
	assert.True(t, status.OwnerDemanded)

	configured, recorder := openRecorded(t, server, configOf(alice, "eu-west-1")+"aws_s3:\n  storage_bucket: "+name+"\n", lithopss3.Options{})
	require.NoError(t, configured.PutObject(t.Context(), name, "key", strings.NewReader("x"), nil))
	demanding, blind := recorder.seen()
	assert.Len(t, demanding, 1, "the name tells the owner, without STS")
	assert.Empty(t, blind)

	other := strings.ReplaceAll(name, "wxyz", "other")
	require.NoError(t, configured.CreateBucket(t.Context(), other))
	assert.Error(t, openStore(t, server, configOf(bob, "eu-west-1")).CreateBucket(t.Context(), strings.ReplaceAll(name, "wxyz", "third")), "the namespace is alice's")
}

// TestAccountRegionalNeedsTheAccount checks that an account that the S3 server does not
// know gives no name.
func TestAccountRegionalNeedsTheAccount(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
	env := map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_STS": server.URL(), "HOME": t.TempDir()}
	store, _ := openRecorded(t, server, configOf(alice, "us-east-1"), lithopss3.Options{AccountRegional: true, LookupEnv: testkit.Env(env)})
	_, err := store.EnsureBucket(t.Context())
	require.ErrorContains(t, err, "needs the account's number")
}

// TestBucketStatusTellsWhose checks a bucket's owner and openness, and "unknown" if they
// can't be known.
func TestBucketStatusTellsWhose(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, test := range map[string]struct {
		owner   devs3.Credential
		openBy  devs3.Opening
		deny    string // the settings that may not be read
		noSTS   bool
		want    lithopss3.BucketStatus
		unknown string
	}{
		"one's own": {owner: alice, want: lithopss3.BucketStatus{PublicAccessBlocked: &no, PublicPolicy: &no, PublicACL: &no, Owner: alice.Account}},
		"open by policy": {owner: alice, openBy: devs3.OpenByPolicy, want: lithopss3.BucketStatus{
			PublicAccessBlocked: &no, PublicPolicy: &yes, PublicACL: &no, Owner: alice.Account,
		}},
		"open by its list": {owner: alice, openBy: devs3.OpenByACL, want: lithopss3.BucketStatus{
			PublicAccessBlocked: &no, PublicPolicy: &no, PublicACL: &yes, Owner: alice.Account,
		}},
		"another's":            {owner: bob, openBy: devs3.OpenByPolicy, want: lithopss3.BucketStatus{Foreign: true}},
		"not permitted to ask": {owner: alice, openBy: devs3.OpenByACL, deny: "acl policyStatus publicAccessBlock", want: lithopss3.BucketStatus{Owner: alice.Account}},
		"STS refuses":          {owner: alice, noSTS: true, want: lithopss3.BucketStatus{PublicAccessBlocked: &no, PublicPolicy: &no, PublicACL: &no}, unknown: "STS does not tell the account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
				denied := test.noSTS && r.Method == http.MethodPost
				for _, setting := range strings.Fields(test.deny) {
					denied = denied || r.URL.Query().Has(setting)
				}
				if denied {
					w.WriteHeader(http.StatusForbidden)
				}
				return denied
			}}
			server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice, bob}, Wrap: calls.wrap})
			require.NoError(t, server.AddBucket("mine", test.owner.Account, "us-east-1"))
			if test.openBy != 0 {
				require.NoError(t, server.OpenBucket("mine", test.openBy))
			}
			store := openStore(t, server, configOf(alice, "us-east-1")+"aws_s3:\n  storage_bucket: mine\n")
			got, err := store.BucketStatus(t.Context(), "mine")
			require.NoError(t, err)
			assert.Contains(t, got.OwnerUnknown, test.unknown)
			assert.Equal(t, test.unknown == "", got.OwnerUnknown == "")
			test.want.Region, test.want.RoundTrip, test.want.ClockSkew, test.want.OwnerUnknown = got.Region, got.RoundTrip, got.ClockSkew, got.OwnerUnknown
			assert.Equal(t, &test.want, got)
		})
	}
}

// TestPublicAccessIsBlocked checks that a bucket that this package makes keeps the public
// out.
func TestPublicAccessIsBlocked(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
	store := openStore(t, server, configOf(alice, "us-east-1"))
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	status, err := store.BucketStatus(t.Context(), bucket)
	require.NoError(t, err)
	require.NotNil(t, status.PublicAccessBlocked)
	assert.True(t, *status.PublicAccessBlocked)
}

// TestInvalidRegion checks that a region that a server sends is validated, because it
// becomes part of a host.
func TestInvalidRegion(t *testing.T) {
	t.Parallel()
	var hosts sync.Map
	store, err := lithopss3.New(t.Context(), &lithopss3.Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: lithopss3.NewSecret("SK")}, &lithopss3.Options{
		LookupEnv: testkit.Env(map[string]string{"HOME": t.TempDir()}),
		Transport: &wire{trip: func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
			hosts.Store(request.URL.Host, true)
			return &http.Response{
				StatusCode: http.StatusMovedPermanently, Body: http.NoBody, Request: request,
				Header: http.Header{"X-Amz-Bucket-Region": {"evil.example/#"}},
			}, nil
		}},
	})
	require.NoError(t, err)
	require.Error(t, store.HeadBucket(t.Context(), "bucket"))
	hosts.Range(func(host, _ any) bool {
		assert.True(t, strings.HasSuffix(host.(string), ".amazonaws.com"), "%s", host)
		return true
	})
}

// TestOwnersOnServer checks that versitygw, as a server with two owners, refuses a
// request that demands another owner than the bucket's. LITHOPSS3_TEST_OWNERS has the
// two accounts, "access:secret access:secret". The identity comes from the embedded STS,
// in front of the same URL.
func TestOwnersOnServer(t *testing.T) {
	t.Parallel()
	endpoint, accounts := os.Getenv("LITHOPSS3_TEST_ENDPOINT"), strings.Fields(os.Getenv("LITHOPSS3_TEST_OWNERS"))
	if endpoint == "" || len(accounts) != 2 {
		t.Skip("LITHOPSS3_TEST_ENDPOINT and LITHOPSS3_TEST_OWNERS are not set; .ci/run sets them")
	}
	target, err := url.Parse(endpoint)
	require.NoError(t, err)
	var owners []devs3.Credential
	for _, account := range accounts {
		access, secret, _ := strings.Cut(account, ":")
		// The number of an account is its access key there, and both have the same last characters.
		owners = append(owners, devs3.Credential{AccessKeyID: access, SecretAccessKey: secret, UserID: "AIDAOWNERWXYZ", Account: access})
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: owners, Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.Header.Get("Authorization"), "/sts/aws4_request") {
				next.ServeHTTP(w, r)
				return
			}
			proxy.ServeHTTP(w, r) // which keeps the host that was signed
		})
	}})
	first, second := openStore(t, server, configOf(owners[0], "us-east-1")), openStore(t, server, configOf(owners[1], "us-east-1"))
	bucket, err := first.EnsureBucket(t.Context())
	require.NoError(t, err)
	require.NoError(t, first.PutObject(t.Context(), bucket, "key", strings.NewReader("text"), nil))
	_, err = second.EnsureBucket(t.Context())
	require.ErrorIs(t, err, os.ErrPermission)
	require.ErrorContains(t, err, "pickles that Python would run")

	// With the bucket's own keys, the owner alone decides.
	both := owners[0]
	both.Account = owners[1].Account
	imposter := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{both}, Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.Header.Get("Authorization"), "/sts/aws4_request") {
				next.ServeHTTP(w, r)
				return
			}
			proxy.ServeHTTP(w, r)
		})
	}})
	store := openStore(t, imposter, configOf(both, "us-east-1"))
	_, err = store.EnsureBucket(t.Context())
	require.ErrorIs(t, err, lithopss3.ErrNotOwner)
	_, err = store.ReadObject(t.Context(), bucket, "key", 0)
	require.ErrorIs(t, err, os.ErrPermission)
	require.ErrorIs(t, store.PutObject(t.Context(), bucket, "key", strings.NewReader("new"), nil), os.ErrPermission)
}
