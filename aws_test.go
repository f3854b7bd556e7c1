// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A signer notes who signed each request, for which host.
type signerNotes struct{ last, host, header atomic.Value }

func (s *signerNotes) RoundTrip(r *http.Request) (*http.Response, error) {
	s.last.Store(r.Header.Get("Authorization"))
	s.host.Store(r.URL.Host)
	s.header.Store(r.Header.Get("X-Of-The-Caller"))
	body := ""
	if r.Method == http.MethodPost {
		body = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDAWXYZ</UserId><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
	}
	return testkit.Answer(r, 200, http.Header{"Etag": {`"e"`}}, body), nil
}

// Do is for aws.Config.
func (s *signerNotes) Do(r *http.Request) (*http.Response, error) { return s.RoundTrip(r) }

func (s *signerNotes) signed() string { text, _ := s.last.Load().(string); return text }

func static(id string) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(id, "SK", "")
}

// TestOptionsThatGiveCredentials checks which of the options, the configuration and the
// environment wins.
func TestOptionsThatGiveCredentials(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".aws"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".aws", "credentials"), []byte("[dev]\naws_access_key_id=PROFILE\naws_secret_access_key=SK\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".aws", "config"), []byte("[profile dev]\nregion=eu-west-3\n"), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".lithops"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".lithops", "config"), []byte("lithops:\n  storage: aws_s3\n"), 0o600))
	env := map[string]string{"HOME": home, "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_EC2_METADATA_DISABLED": "true"}
	for name, test := range map[string]struct {
		config Config
		opts   Options
		signer string // "" for an unsigned request
		region string
		source string
	}{
		"the environment": {signer: "ENV", region: "us-east-1", source: "env"},
		"a profile":       {opts: Options{Profile: "dev"}, signer: "PROFILE", region: "eu-west-3", source: "shared-credentials-file"},
		"a provider":      {opts: Options{Credentials: static("GIVEN")}, signer: "GIVEN", region: "us-east-1", source: sourceOptions},
		"a provider over the configuration": {
			config: Config{AccessKeyID: "CONFIG", SecretAccessKey: NewSecret("SK")},
			opts:   Options{Credentials: static("GIVEN")}, signer: "GIVEN", region: "us-east-1", source: sourceOptions,
		},
		"the configuration over a profile": {
			config: Config{AccessKeyID: "CONFIG", SecretAccessKey: NewSecret("SK")},
			opts:   Options{Profile: "dev"}, signer: "CONFIG", region: "eu-west-3", source: sourceExplicit,
		},
		"AWS":                   {opts: Options{AWS: &aws.Config{Region: "eu-west-2", Credentials: static("AWS")}}, signer: "AWS", region: "eu-west-2", source: sourceAWS},
		"AWS without anything":  {opts: Options{AWS: &aws.Config{}}, signer: "ENV", region: "us-east-1", source: "env"},
		"a provider over AWS":   {opts: Options{Credentials: static("GIVEN"), AWS: &aws.Config{Credentials: static("AWS")}}, signer: "GIVEN", region: "us-east-1", source: sourceOptions},
		"the file's region":     {config: Config{Region: "eu-north-1"}, opts: Options{AWS: &aws.Config{Region: "eu-west-2"}}, signer: "ENV", region: "eu-north-1", source: "env"},
		"anonymous":             {opts: Options{Anonymous: true}, region: "us-east-1"},
		"anonymous over others": {config: Config{AccessKeyID: "CONFIG", SecretAccessKey: NewSecret("SK")}, opts: Options{Anonymous: true, Credentials: static("GIVEN")}, region: "us-east-1"},
		"AWS anonymous":         {opts: Options{AWS: &aws.Config{Credentials: aws.AnonymousCredentials{}}}, region: "us-east-1"},
	} {
		for _, sdkOnly := range []bool{false, true} {
			notes := &signerNotes{}
			opts := test.opts
			opts.SDKOnly, opts.Transport, opts.LookupEnv = sdkOnly, notes, testkit.Env(env)
			store, err := New(t.Context(), &test.config, &opts)
			require.NoError(t, err, name)
			for range 3 {
				require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), nil), name)
				if test.signer == "" {
					assert.Empty(t, notes.signed(), name)
				} else {
					assert.Contains(t, notes.signed(), "Credential="+test.signer+"/", name)
				}
				_, err := store.ReadObject(t.Context(), "bucket", "key", 0)
				require.NoError(t, err)
			}
			assert.Equal(t, test.region, store.Region(), name)
			identity, err := store.Identity(t.Context())
			if test.signer == "" {
				require.ErrorIs(t, err, ErrNoCredentials, name)
				_, err = store.Bucket(t.Context())
				require.ErrorContains(t, err, "storage_bucket")
				_, err = store.PresignGet(t.Context(), "bucket", "key", time.Minute, nil)
				require.ErrorIs(t, err, ErrNoCredentials)
			} else {
				require.NoError(t, err)
				assert.Equal(t, test.source, identity.Source, name)
			}
			require.NoError(t, store.Close())

			if test.config.Region != "" || test.config.AccessKeyID != "" {
				continue // a configuration for New
			}
			opened, err := Open(t.Context(), &opts)
			require.NoError(t, err, name)
			again, _ := opened.Identity(t.Context()) // which has failed above, or has not
			assert.Equal(t, identity, again, "%s: the same with Open", name)
			require.NoError(t, opened.Close())
		}
	}
}

// TestProfileThatIsMissing is the same error as AWS_PROFILE's.
func TestProfileThatIsMissing(t *testing.T) {
	t.Parallel()
	store, err := New(t.Context(), &Config{Region: "us-east-1"}, &Options{Profile: "none", LookupEnv: testkit.Env(map[string]string{"HOME": t.TempDir()})})
	if err == nil {
		_, err = store.Identity(t.Context())
	}
	require.ErrorContains(t, err, "none")
}

// TestProviderThatFails checks that a failing provider is asked once for a request, and
// that its message is in the error.
func TestProviderThatFails(t *testing.T) {
	t.Parallel()
	calls := 0
	broken := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		calls++
		return aws.Credentials{}, errors.New("vault is sealed")
	})
	store, err := New(t.Context(), &Config{Region: "us-east-1"}, &Options{Credentials: broken, Transport: &signerNotes{}, LookupEnv: testkit.Env(nil)})
	require.NoError(t, err)
	_, err = store.HeadObject(t.Context(), "bucket", "key")
	var problem *CredentialsError
	require.ErrorAs(t, err, &problem)
	require.ErrorContains(t, err, "vault is sealed")
	assert.Equal(t, 1, calls)
	store, err = New(t.Context(), &Config{Region: "us-east-1"}, &Options{Credentials: static("A\nK"), Transport: &signerNotes{}, LookupEnv: testkit.Env(nil)})
	require.NoError(t, err)
	_, err = store.HeadObject(t.Context(), "bucket", "key")
	require.ErrorContains(t, err, "line break")
}

// TestAWSOfTheCaller checks that the client, the options, the retryer and the endpoint
// of the caller's aws.Config serve S3 and STS.
func TestAWSOfTheCaller(t *testing.T) {
	t.Parallel()
	notes := &signerNotes{}
	retryers := 0
	config := &aws.Config{
		Region: "eu-west-2", Credentials: static("AWS"), HTTPClient: notes, BaseEndpoint: aws.String("http://127.0.0.1:9"),
		Retryer: func() aws.Retryer { retryers++; return aws.NopRetryer{} },
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Build.Add(middleware.BuildMiddlewareFunc("OfTheCaller", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
				in.Request.(*smithyhttp.Request).Header.Set("X-Of-The-Caller", "yes")
				return next.HandleBuild(ctx, in)
			}), middleware.After)
		}},
	}
	store, err := New(t.Context(), nil, &Options{AWS: config, LookupEnv: testkit.Env(map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})})
	require.NoError(t, err)
	for range 3 { // by no fast path, which the options would not see
		require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), nil))
		assert.Equal(t, "yes", notes.header.Load())
		assert.Equal(t, "127.0.0.1:9", notes.host.Load())
	}
	bucket, err := store.Bucket(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "lithops-eu-west-2-wxyz", bucket)
	assert.Equal(t, "yes", notes.header.Load())
	assert.Equal(t, "127.0.0.1:9", notes.host.Load())
	assert.GreaterOrEqual(t, retryers, 2)
}

// TestClientOfTheCallerFollowsNoRedirect, which would carry signed headers elsewhere.
func TestClientOfTheCallerFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	usual := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.DisableKeepAlives = true })
	for _, client := range []aws.HTTPClient{client, usual} { // the second is the SDK's own
		store, err := New(t.Context(), nil, &Options{
			AWS: &aws.Config{Region: "eu-west-2", Credentials: static("AWS"), HTTPClient: client, BaseEndpoint: &server.URL}, LookupEnv: testkit.Env(nil),
		})
		require.NoError(t, err)
		_, err = store.HeadObject(t.Context(), "bucket", "key")
		require.Error(t, err)
		assert.Zero(t, elsewhere.Load(), "%T", client)
	}
	assert.Nil(t, client.CheckRedirect, "the caller's own client is untouched")
}

// An endpointSource is where LoadDefaultConfig has endpoints of single services from.
type endpointSource struct {
	of     map[string]string
	ignore bool
}

func (s endpointSource) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	endpoint, found := s.of[service]
	return endpoint, found, nil
}

func (s endpointSource) GetIgnoreConfiguredEndpoints(context.Context) (ignore, found bool, err error) {
	return s.ignore, s.ignore, nil
}

// TestEndpointOfOneService checks that an endpoint of S3 or STS alone comes before that of all
// services, as in a client of the SDK.
func TestEndpointOfOneService(t *testing.T) {
	t.Parallel()
	const forS3, forAll = "http://127.0.0.1:8", "http://127.0.0.1:9"
	for name, test := range map[string]struct {
		source  any
		env     map[string]string
		s3, sts string
	}{
		"of all":               {s3: "127.0.0.1:9", sts: "127.0.0.1:9"},
		"of S3":                {source: endpointSource{of: map[string]string{"S3": forS3}}, s3: "127.0.0.1:8", sts: "127.0.0.1:9"},
		"of S3, by a variable": {source: endpointSource{of: map[string]string{"S3": forS3}}, env: map[string]string{"AWS_ENDPOINT_URL": forAll, "AWS_ENDPOINT_URL_S3": forS3}, s3: "127.0.0.1:8", sts: "127.0.0.1:9"},
		"of S3, by a profile":  {source: endpointSource{of: map[string]string{"S3": forS3}}, env: map[string]string{"AWS_ENDPOINT_URL": forAll}, s3: "127.0.0.1:9", sts: "127.0.0.1:9"},
		"of STS":               {source: endpointSource{of: map[string]string{"STS": forS3}}, s3: "127.0.0.1:9", sts: "127.0.0.1:8"},
		"ignored":              {source: endpointSource{of: map[string]string{"S3": forS3}, ignore: true}, s3: "127.0.0.1:9", sts: "127.0.0.1:9"},
		"another source":       {source: "text", s3: "127.0.0.1:9", sts: "127.0.0.1:9"},
	} {
		notes := &signerNotes{}
		store, err := New(t.Context(), nil, &Options{LookupEnv: testkit.Env(test.env), AWS: &aws.Config{
			Region: "eu-west-2", Credentials: static("AWS"), HTTPClient: notes, BaseEndpoint: aws.String(forAll), ConfigSources: []any{test.source},
		}})
		require.NoError(t, err)
		require.NoError(t, store.PutObject(t.Context(), "bucket", "key", nil, nil))
		assert.Equal(t, test.s3, notes.host.Load(), name)
		_, err = store.Bucket(t.Context())
		require.NoError(t, err)
		assert.Equal(t, test.sts, notes.host.Load(), name)
	}
}

// TestAWSConfig checks that other services get what Lithops' rules found.
func TestAWSConfig(t *testing.T) {
	t.Parallel()
	asked := make(chan *http.Request, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		_, _ = w.Write([]byte("<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"))
	}))
	defer server.Close()
	env := map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "AWS_ENDPOINT_URL": server.URL}
	store, err := New(t.Context(), &Config{Region: "eu-west-2", AccessKeyID: "CONFIG", SecretAccessKey: NewSecret("SK")}, &Options{LookupEnv: testkit.Env(env)})
	require.NoError(t, err)
	config := store.AWSConfig()
	assert.Equal(t, "eu-west-2", config.Region)
	assert.Equal(t, server.URL, aws.ToString(config.BaseEndpoint), "not that of S3 alone")
	out, err := sts.NewFromConfig(config).GetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "1", *out.Account)
	assert.Contains(t, (<-asked).Header.Get("Authorization"), "Credential=CONFIG/")
	require.NoError(t, store.Close())

	public, err := New(t.Context(), nil, &Options{Anonymous: true, LookupEnv: testkit.Env(nil)})
	require.NoError(t, err)
	assert.True(t, aws.IsCredentialsProvider(public.AWSConfig().Credentials, aws.AnonymousCredentials{}))
	assert.Nil(t, public.AWSConfig().BaseEndpoint)
}

// TestClientOfTheCallerThatFails reports no URL to the Observer, as net/http's own errors
// of a client do.
func TestClientOfTheCallerThatFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe to the proxy")
	client := &http.Client{Transport: tripperFunc(func(*http.Request) (*http.Response, error) { return nil, broken })}
	var seen []error
	store, err := New(t.Context(), nil, InNoTime(&Options{
		AWS:      &aws.Config{Region: "eu-west-2", Credentials: static("AWS"), HTTPClient: client},
		Observer: func(_ context.Context, info *RequestInfo) { seen = append(seen, info.Err) }, LookupEnv: testkit.Env(nil),
	}, Patience))
	require.NoError(t, err)
	_, err = store.HeadObject(t.Context(), "bucket", "key")
	require.ErrorIs(t, err, broken)
	require.NotEmpty(t, seen)
	for _, err := range seen {
		assert.EqualError(t, err, "cannot reach https://bucket.s3.eu-west-2.amazonaws.com (broken pipe to the proxy)")
	}
}

type tripperFunc func(*http.Request) (*http.Response, error)

func (f tripperFunc) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
