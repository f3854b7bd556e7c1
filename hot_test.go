package lithopss3

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/encoding/httpbinding"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var hotKeys = []string{
	"key", "a/b/c", "/leading", "//", "a//b", "a/../b", "./a", "..", "trailing/", " ", "a b", "+", "%", "%2F", "~", "!*'()", "a&b=c?d#e",
	":@,;$", "\"<>\\^`{|}", "é", "日本語/🙂", "\x00\x01\x7f", "\n", strings.Repeat("ü", 512), "x-id=PutObject",
}

func TestHotRequestsOfKeys(t *testing.T) {
	t.Parallel()
	for endpoint, region := range map[string]string{"http://127.0.0.1:9000": "us-east-1", "": "eu-west-1"} {
		p := newTwins(t, region, endpoint, nil)
		p.learn(t, "my-bucket")
		withoutSDK(p.hot)
		for _, key := range hotKeys {
			t.Run(fmt.Sprintf("%s %q", endpoint, key[:min(10, len(key))]), func(t *testing.T) {
				p.requireSame(t, "my-bucket", key, &PutOptions{}, &GetOptions{})
			})
		}
	}
}

// requireSame makes each of the hot requests on both sides and compares them.
func (p *twins) requireSame(t *testing.T, bucket, key string, put *PutOptions, get *GetOptions) {
	t.Helper()
	for _, body := range []string{"body", ""} {
		for _, store := range []*Store{p.hot, p.slow} {
			require.NoError(t, store.PutObject(t.Context(), bucket, key, strings.NewReader(body), put))
		}
		p.requireSameRequest(t, "SECRET")
	}
	for _, store := range []*Store{p.hot, p.slow} {
		_, err := store.headObject(t.Context(), "HeadObject", bucket, key, get)
		require.NoError(t, err)
	}
	p.requireSameRequest(t, "SECRET")
	for _, store := range []*Store{p.hot, p.slow} {
		object, err := store.GetObject(t.Context(), bucket, key, get)
		if get.Range == nil { // this answer has none
			require.NoError(t, err)
			require.NoError(t, object.Body.Close())
		}
	}
	p.requireSameRequest(t, "SECRET")
}

func TestHotRequestsOfEndpoints(t *testing.T) {
	t.Parallel()
	fips := map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}
	for _, test := range []struct {
		region, endpoint, bucket string
		env                      map[string]string
	}{
		{"us-east-1", "http://127.0.0.1:9000", "my-bucket", nil},
		{"us-east-1", "http://127.0.0.1:9000", "My_Bucket", nil},
		{"us-east-1", "http://localhost:80", "my.bucket", nil},
		{"us-east-1", "https://s3.example.com:443", "my-bucket", nil},
		{"us-east-1", "https://s3.example.com/base/path", "my-bucket", nil},
		{"us-east-1", "", "my-bucket", nil}, // the global endpoint
		{"us-east-1", "", "my-bucket", map[string]string{"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "regional"}},
		{"eu-west-1", "", "my-bucket", nil},
		{"eu-west-1", "", "my.bucket", nil},
		{"eu-west-1", "", "My_Bucket", nil},
		{"eu-west-1", "", "my-bucket", fips},
		{"us-west-2", "", "my-bucket", map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}},
		{"cn-north-1", "", "my-bucket", nil},
		{"eu-west-1", "", "arn:aws:s3:eu-west-1:123456789012:accesspoint/point", nil},
		{"us-east-1", "", "arn:aws:s3:eu-west-1:123456789012:accesspoint/point", nil},
		{"eu-west-1", "", "my-bucket", map[string]string{"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required", "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"}},
		{"eu-west-1", "http://127.0.0.1:9000", "my-bucket", map[string]string{"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required"}},
		{"eu-west-1", "", "my-bucket", map[string]string{"token": "session/token=="}},
		{"eu-west-1", "", "my-bucket", map[string]string{"AWS_SDK_UA_APP_ID": "app"}},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			t.Parallel()
			p := newTwins(t, test.region, test.endpoint, test.env)
			p.learn(t, test.bucket)
			withoutSDK(p.hot)
			p.requireSame(t, test.bucket, "a/key with+strange%bytes/é", &PutOptions{}, &GetOptions{})
		})
	}
}

// TestHotLeavesToSDK: what is signed otherwise stays the SDK's, and is not tried.
func TestHotLeavesToSDK(t *testing.T) {
	t.Parallel()
	session := `<CreateSessionResult><Credentials><SessionToken>T</SessionToken><SecretAccessKey>S</SecretAccessKey>` +
		`<AccessKeyId>A</AccessKeyId><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>`
	for bucket, why := range map[string]string{
		"name--use1-az4--x-s3": "X-Amz-S3session-Token",
		"arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap": "AWS4-ECDSA",
	} {
		p := newTwins(t, "us-east-1", "", nil)
		p.hotWire.answer = func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Has("session") {
				return answer(r, http.StatusOK, nil, session), nil
			}
			return answer(r, http.StatusOK, http.Header{"Etag": {`"e"`}}, ""), nil
		}
		p.learn(t, bucket)
		assert.NotEmpty(t, p.hot.hot.patterns)
		for _, pattern := range p.hot.hot.patterns.of {
			assert.False(t, pattern.plain)
		}
		assert.Contains(t, fmt.Sprint(p.hotWire.last.Header), why)
		p.learn(t, bucket)
	}
}

func TestHotRequestsOfOptions(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("", 3600))
	for name, test := range map[string]struct {
		put        PutOptions
		get        GetOptions
		throughSDK bool
	}{
		"none":                 {},
		"content type":         {put: PutOptions{ContentType: "text/plain; charset=utf-8"}},
		"its default":          {put: PutOptions{ContentType: "application/octet-stream"}},
		"metadata":             {put: PutOptions{Metadata: map[string]string{"one": "1", "two-words": "a b", "x_y.z": "~"}}},
		"conditions":           {get: GetOptions{IfMatch: "e", IfNoneMatch: `"other"`}},
		"times":                {get: GetOptions{IfModifiedSince: when, IfUnmodifiedSince: when}},
		"range":                {get: GetOptions{Range: Range(5, 10)}},
		"range to end":         {get: GetOptions{Range: RangeFrom(5)}},
		"last":                 {get: GetOptions{Range: RangeLast(5)}},
		"metadata in capitals": {put: PutOptions{Metadata: map[string]string{"One": "1"}}, throughSDK: true},
		"metadata with spaces": {put: PutOptions{Metadata: map[string]string{"one": " a  b "}}, throughSDK: true},
		"empty metadata":       {put: PutOptions{Metadata: map[string]string{"one": ""}}, throughSDK: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, endpoint := range []string{"http://127.0.0.1:9000", ""} {
				p := newTwins(t, "us-east-1", endpoint, nil)
				for _, store := range []*Store{p.hot, p.slow} {
					store.bucket.name, store.bucket.account = "my-bucket", "123456789012"
				}
				p.learn(t, "my-bucket")
				if test.throughSDK {
					for _, store := range []*Store{p.hot, p.slow} {
						require.NoError(t, store.PutObject(t.Context(), "my-bucket", "key", strings.NewReader("body"), &test.put))
					}
					assert.Equal(t, p.slowWire.last.Header["X-Amz-Meta-One"], p.hotWire.last.Header["X-Amz-Meta-One"])
					assert.Equal(t, p.slowWire.body, p.hotWire.body)
					withoutSDK(p.hot)
					require.ErrorIs(t, p.hot.PutObject(t.Context(), "my-bucket", "key", strings.NewReader("body"), &test.put), errUsedSDK)
					continue
				}
				withoutSDK(p.hot)
				p.requireSame(t, "my-bucket", "key", &test.put, &test.get)
				assert.Equal(t, "123456789012", p.hotWire.last.Header.Get("X-Amz-Expected-Bucket-Owner"))
			}
		})
	}
}

// TestHotKnowsEachInput: there is no field of an input that the hot path drops.
func TestHotKnowsEachInput(t *testing.T) {
	t.Parallel()
	p := newTwins(t, "us-east-1", "http://127.0.0.1:9000", nil)
	p.learn(t, "my-bucket")
	require.False(t, isNewerPut, "name the SDK's new fields in hasOther")
	eachField(t, p, &s3.GetObjectInput{}, (*s3.Client).GetObject, (*hotPath).GetObject)
	eachField(t, p, &s3.HeadObjectInput{}, (*s3.Client).HeadObject, (*hotPath).HeadObject)
	eachField(t, p, &s3.PutObjectInput{}, (*s3.Client).PutObject, (*hotPath).PutObject)
}

func eachField[In, Out any](t *testing.T, p *twins, _ *In,
	slow func(*s3.Client, context.Context, *In, ...func(*s3.Options)) (*Out, error),
	hot func(*hotPath, context.Context, *In, ...func(*s3.Options)) (*Out, error),
) {
	t.Helper()
	kind := reflect.TypeFor[In]()
	for i := range kind.NumField() {
		field := kind.Field(i)
		if !field.IsExported() {
			continue
		}
		t.Run(kind.Name()+" "+field.Name, func(t *testing.T) {
			input := func() *In {
				in := new(In)
				value := reflect.ValueOf(in).Elem()
				for name, text := range map[string]string{"Bucket": "my-bucket", "Key": "key"} {
					value.FieldByName(name).Set(reflect.ValueOf(&text))
				}
				if body := value.FieldByName("Body"); body.IsValid() {
					setSomething(t, body)
				}
				if field.Name != "Bucket" && field.Name != "Key" {
					setSomething(t, value.Field(i))
				}
				return in
			}
			_, slowErr := slow(p.slow.client, t.Context(), input())
			_, hotErr := hot(p.hot.hot, t.Context(), input())
			require.Equal(t, slowErr == nil, hotErr == nil, "%v\n%v", slowErr, hotErr)
			if slowErr == nil {
				// It counts what the SDK was made to do, for AWS's statistics.
				for _, w := range []*wire{p.hotWire, p.slowWire} {
					w.last.Header.Set("User-Agent", regexp.MustCompile(` m/\S*`).ReplaceAllString(w.last.Header.Get("User-Agent"), ""))
				}
				p.requireSameRequest(t, "SECRET")
			}
		})
	}
}

// setSomething makes a field of an SDK's input one that is set.
func setSomething(t *testing.T, field reflect.Value) {
	t.Helper()
	switch field.Type() {
	case reflect.TypeFor[*time.Time]():
		field.Set(reflect.ValueOf(aws.Time(time.Unix(1e9, 0))))
		return
	case reflect.TypeFor[io.Reader]():
		field.Set(reflect.ValueOf(strings.NewReader("body")))
		return
	case reflect.TypeFor[map[string]string]():
		field.Set(reflect.ValueOf(map[string]string{"a": "b"}))
		return
	}
	target := field
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(field.Type().Elem()))
		target = field.Elem()
	}
	switch target.Kind() {
	case reflect.String:
		target.SetString("AAAAAA==")
	case reflect.Bool:
		target.SetBool(true)
	case reflect.Int32, reflect.Int64:
		target.SetInt(4)
	default:
		t.Fatalf("a field of type %s", field.Type())
	}
}

func TestEscapeKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := string(rapid.SliceOf(rapid.Byte()).Draw(t, "key"))
		assert.Equal(t, httpbinding.EscapePath(key, false), escapeKey(key))
	})
}

// TestHotSignatures: whatever the key and the values, the signature is the SDK's.
func TestHotSignatures(t *testing.T) {
	t.Parallel()
	p := newTwins(t, "us-east-1", "https://s3.example.com", nil)
	p.learn(t, "my-bucket")
	withoutSDK(p.hot)
	rapid.Check(t, func(rt *rapid.T) {
		key := rapid.StringN(1, 100, 1000).Draw(rt, "key")
		metadata := rapid.MapOf(rapid.StringMatching(`[a-z0-9_.-]{1,20}`), rapid.StringMatching(`[!-~]([ -~]?[!-~]){0,20}`)).Draw(rt, "metadata")
		body := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(rt, "body")
		require.NoError(t, p.hot.PutObject(t.Context(), "my-bucket", key, bytes.NewReader(body), &PutOptions{Metadata: metadata}))
		assert.Equal(t, body, append([]byte{}, p.hotWire.body...))
		requireSDKSignature(t, p.hotWire.last, body, "SECRET")
		assert.Len(t, maps.Collect(headersLike(p.hotWire.last.Header, metaPrefix)), len(metadata))
	})
}

func headersLike(header http.Header, prefix string) func(func(string, []string) bool) {
	return func(yield func(string, []string) bool) {
		for _, name := range slices.Sorted(maps.Keys(header)) {
			if strings.HasPrefix(name, prefix) && !yield(name, header[name]) {
				return
			}
		}
	}
}

// TestHotBodies: which bodies the hot path takes, and that it leaves them as they
// were for the SDK.
func TestHotBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testHotBodies) // where the back-off takes no time
}

func testHotBodies(t *testing.T) {
	t.Helper()
	p := newTwins(t, "us-east-1", "http://127.0.0.1:9000", nil)
	p.learn(t, "my-bucket")
	put := func(store *Store, body io.Reader) error {
		_, err := store.hot.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("my-bucket"), Key: aws.String("key"), Body: body})
		return err
	}
	large := bytes.Repeat([]byte("x"), hotLimit+1)
	began := bytes.NewReader([]byte("skipped body"))
	_, err := began.Seek(8, io.SeekStart)
	require.NoError(t, err)
	restore := withoutSDK(p.hot)
	for _, size := range []int{hotLimit, hotLimit + 1} {
		body := bytes.NewReader(large[:size])
		require.NoError(t, put(p.hot, body))
		assert.Equal(t, large[:size], p.hotWire.body)
		assert.Equal(t, size, body.Len(), "as it was")
	}
	require.ErrorIs(t, put(p.hot, nil), errUsedSDK, "which expects a 100 then")
	require.NoError(t, put(p.hot, strings.NewReader("")))
	assert.Empty(t, p.hotWire.body)
	require.NoError(t, put(p.hot, began))
	assert.Equal(t, "body", string(p.hotWire.body))
	require.ErrorIs(t, put(p.hot, io.MultiReader()), errUsedSDK)
	restore()

	for _, rest := range []string{"body", string(large)} {
		began.Reset([]byte("skipped " + rest))
		_, err = began.Seek(8, io.SeekStart)
		require.NoError(t, err)
		failed := false
		p.hotWire.answer = func(r *http.Request) (*http.Response, error) {
			if !failed {
				failed = true
				return nil, io.ErrUnexpectedEOF
			}
			return answer(r, http.StatusOK, nil, ""), nil
		}
		require.NoError(t, put(p.hot, began))
		assert.Equal(t, rest, string(p.hotWire.body), "the SDK sends it again from where it began")
	}
	withoutSDK(p.hot)
	for _, promised := range []int64{10, hotLimit + 1} {
		require.ErrorIs(t, put(p.hot, &brokenSeeker{promised: promised}), errUsedSDK)
	}
}

// brokenSeeker promises more than it has.
type brokenSeeker struct {
	bytes.Reader
	promised int64
}

func (b *brokenSeeker) Seek(_ int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		return b.promised, nil
	}
	return 0, nil
}

// TestHotLargeBodies: parts, and puts of the same size, are the SDK's requests, but
// where those have the checksum behind the body.
func TestHotLargeBodies(t *testing.T) {
	t.Parallel()
	required := map[string]string{"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required"}
	for name, test := range map[string]struct {
		endpoint   string
		env        map[string]string
		throughSDK bool
	}{
		"http":                 {"http://127.0.0.1:9000", nil, false},
		"http, no checksum":    {"http://127.0.0.1:9000", required, false},
		"https":                {"https://s3.example.com", nil, false},
		"https, no checksum":   {"https://s3.example.com", required, false},
		"AWS":                  {"", nil, true},
		"AWS, no checksum":     {"", required, false},
		"AWS, session's token": {"", map[string]string{"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required", "token": "t/=="}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newTwins(t, "us-east-1", test.endpoint, test.env)
			data := bytes.Repeat([]byte("x"), 2*mebibyte)
			send := func(store *Store, number int32) (string, error) {
				return sendPart(t.Context(), store, "my-bucket", "a key/é", "some.ID_of-AWS", number, bytes.NewReader(data[:len(data)-int(number)]))
			}
			put := func(store *Store) error {
				return store.PutObject(t.Context(), "my-bucket", "a key/é", bytes.NewReader(data), nil)
			}
			for _, store := range []*Store{p.hot, p.slow} { // the hot one learns
				_, err := send(store, 1)
				require.NoError(t, err)
				require.NoError(t, put(store))
			}
			restore := withoutSDK(p.hot)
			defer restore()
			want, err := send(p.slow, 12)
			require.NoError(t, err)
			got, err := send(p.hot, 12)
			if test.throughSDK {
				require.ErrorIs(t, err, errUsedSDK)
				require.ErrorIs(t, put(p.hot), errUsedSDK)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, want, got)
			p.requireSameRequest(t, "SECRET")
			_, err = sendPart(t.Context(), p.hot, "my-bucket", "key", "an odd/ID", 1, bytes.NewReader(data))
			require.ErrorIs(t, err, errUsedSDK)
			require.NoError(t, put(p.slow))
			require.NoError(t, put(p.hot))
			p.requireSameRequest(t, "SECRET")
		})
	}
}

const mebibyte = 1 << 20

// TestHotCredentials: each request is signed with the credentials of its time.
func TestHotCredentials(t *testing.T) {
	t.Parallel()
	p := newTwins(t, "us-east-1", "http://127.0.0.1:9000", nil)
	p.learn(t, "my-bucket")
	withoutSDK(p.hot)
	for _, credentials := range []aws.Credentials{
		{AccessKeyID: "AKID", SecretAccessKey: "ONE", SessionToken: "token"},
		{AccessKeyID: "AKID", SecretAccessKey: "TWO"},
	} {
		p.hot.hot.credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil })
		_, err := p.hot.HeadObject(t.Context(), "my-bucket", "key")
		require.NoError(t, err)
		assert.Equal(t, credentials.SessionToken, p.hotWire.last.Header.Get("X-Amz-Security-Token"))
		requireSDKSignature(t, p.hotWire.last, nil, credentials.SecretAccessKey)
	}
	none := errors.New("none")
	p.hot.hot.credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, none
	})
	_, err := p.hot.HeadObject(t.Context(), "my-bucket", "key")
	require.ErrorIs(t, err, none, "the SDK is not used, which would ask for credentials once more")
}

// TestHotTrace: on AWS Lambda the invocation's trace id goes along, as the SDK's does.
func TestHotTrace(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "function")
	p := newTwins(t, "us-east-1", "http://127.0.0.1:9000", nil)
	p.learn(t, "my-bucket")
	for id, throughSDK := range map[string]bool{"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1": false, "odd id%": true} {
		t.Setenv("_X_AMZN_TRACE_ID", id)
		p.requireSame(t, "my-bucket", "key", &PutOptions{}, &GetOptions{})
		if !throughSDK {
			assert.Equal(t, id, p.hotWire.last.Header.Get("X-Amzn-Trace-Id"))
		}
		restore := withoutSDK(p.hot)
		_, err := p.hot.HeadObject(t.Context(), "my-bucket", "key")
		assert.Equal(t, throughSDK, errors.Is(err, errUsedSDK))
		restore()
	}
}

func TestInvocationIDs(t *testing.T) {
	t.Parallel()
	one, two := newInvocationID(), newInvocationID()
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, one)
	assert.NotEqual(t, one, two)
	assert.Len(t, hex.EncodeToString([]byte(one)), 72)
}

// TestBucketNames holds the check to botocore.handlers.VALID_BUCKET and VALID_S3_ARN.
func TestBucketNames(t *testing.T) {
	t.Parallel()
	botocore := regexp.MustCompile(`^(?:[a-zA-Z0-9.\-_]{1,255}|arn:(?:aws).*:(?:s3|s3-object-lambda|s3-outposts):[a-z\-0-9]*:[0-9]{12}[:/].+)$`)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z0-9.\-_~/]{0,300}`), rapid.StringMatching(`arn:aws[a-z-]{0,3}:s3:[a-z0-9-]{0,9}:[0-9]{11,12}[:/]x?`)).Draw(t, "name")
		assert.Equal(t, botocore.MatchString(name), checkBucket("GetObject", name) == nil)
	})
}
