// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A wire answers the requests of a Store and keeps the last one, with its body.
type wire struct {
	answer func(*http.Request) (*http.Response, error)
	sent   int
	last   *http.Request
	body   []byte
}

// RoundTrip answers.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.body = nil
	if r.Body != nil {
		var body bytes.Buffer
		body.Grow(int(max(r.ContentLength, 0)) + bytes.MinRead)
		_, _ = body.ReadFrom(r.Body)
		w.body = body.Bytes()
		_ = r.Body.Close()
	}
	w.sent++
	w.last = r
	if w.answer == nil {
		return answer(r, http.StatusOK, http.Header{"Etag": {`"e"`}}, ""), nil
	}
	return w.answer(r)
}

// answer is a response as net/http would read it.
func answer(r *http.Request, status int, header http.Header, body string) *http.Response {
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Length") == "" {
		header.Set("Content-Length", fmt.Sprint(len(body)))
	}
	if _, ok := header["Etag"]; !ok && r.Method == http.MethodPut && status == http.StatusOK {
		header.Set("Etag", `"e"`) // or else it proves nothing
	}
	content := io.NopCloser(strings.NewReader(body))
	if r.Method == http.MethodHead || body == "" {
		content = http.NoBody
	}
	return &http.Response{StatusCode: status, Header: header, ContentLength: int64(len(body)), Body: content, Request: r}
}

// The twins are two Stores on one configuration, of which one makes every request
// through the SDK.
type twins struct {
	fast, slow         *Store
	fastWire, slowWire *wire
}

func newTwins(t *testing.T, region, endpoint string, env map[string]string, changes ...func(*Options)) *twins {
	t.Helper()
	p := &twins{fastWire: &wire{}, slowWire: &wire{}}
	open := func(w *wire, sdkOnly bool) *Store {
		opts := &Options{Endpoint: endpoint, Transport: w, SDKOnly: sdkOnly, LookupEnv: testkit.Env(env)}
		for _, change := range changes {
			change(opts)
		}
		store, err := New(t.Context(), &Config{Region: region, AccessKeyID: "AKID", SecretAccessKey: NewSecret("SECRET"), SessionToken: NewSecret(env["token"])}, opts)
		require.NoError(t, err)
		return store
	}
	p.fast, p.slow = open(p.fastWire, false), open(p.slowWire, true)
	return p
}

// learn makes the requests from which the fast path takes its patterns.
func (p *twins) learn(t *testing.T, bucket string) {
	t.Helper()
	learnPatterns(t, p.fast, bucket)
}

func learnPatterns(t *testing.T, store *Store, bucket string) {
	t.Helper()
	require.NoError(t, store.PutObject(t.Context(), bucket, "learn/ärm", strings.NewReader("text"), nil))
	_, err := store.HeadObject(t.Context(), bucket, "learn/ärm")
	require.NoError(t, err)
	object, err := store.GetObject(t.Context(), bucket, "learn/ärm", nil)
	require.NoError(t, err)
	require.NoError(t, object.Body.Close())
	_, err = sendPart(t.Context(), store, bucket, "learn/ärm", "id", 1, strings.NewReader("text"))
	require.NoError(t, err)
}

// sendPart sends a part as an upload does, and returns its CRC32.
func sendPart(ctx context.Context, store *Store, bucket, key, id string, number int32, body io.ReadSeeker) (string, error) {
	in := &s3.UploadPartInput{
		Bucket: &bucket, Key: &key, UploadId: &id, PartNumber: &number, Body: body, ChecksumAlgorithm: store.checksumAlgorithm(),
	}
	if avoidTrailers(&store.session.s3) {
		data, err := io.ReadAll(body)
		if err != nil {
			return "", err
		}
		in.ChecksumCRC32, in.Body = aws.String(checksum.EncodeCRC32(crc32.ChecksumIEEE(data))), bytes.NewReader(data)
	}
	out, err := storeClient{store: store}.UploadPart(ctx, in, nil)
	if err != nil {
		return "", err
	}
	if computed, ok := s3.GetComputedInputChecksumsMetadata(out.ResultMetadata); ok && in.ChecksumCRC32 == nil {
		return computed.ComputedChecksums["CRC32"], nil
	}
	return aws.ToString(in.ChecksumCRC32), nil
}

// withoutSDK takes the SDK from the fast path, so that what it still does it does
// itself, until restore.
func withoutSDK(store *Store) (restore func()) {
	client := store.fast.SDK
	store.fast.SDK = s3.New(s3.Options{
		Region: "us-east-1", Retryer: aws.NopRetryer{},
		HTTPClient: &s3http.Client{Peer: &s3http.Peer{}, Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errUsedSDK })},
	})
	return func() { store.fast.SDK = client }
}

var errUsedSDK = errors.New("this request went through the SDK")

// requireSame makes each of the fast requests on both sides and compares them.
func (p *twins) requireSame(t *testing.T, bucket, key string, put *PutOptions, get *GetOptions) {
	t.Helper()
	for _, body := range []string{"body", ""} {
		for _, store := range []*Store{p.fast, p.slow} {
			require.NoError(t, store.PutObject(t.Context(), bucket, key, strings.NewReader(body), put))
		}
		p.requireSameRequest(t)
	}
	for _, store := range []*Store{p.fast, p.slow} {
		_, err := store.headObject(t.Context(), "HeadObject", bucket, key, get)
		require.NoError(t, err)
	}
	p.requireSameRequest(t)
	for _, store := range []*Store{p.fast, p.slow} {
		object, err := store.GetObject(t.Context(), bucket, key, get)
		if get.Range == nil { // this answer has none
			require.NoError(t, err)
			require.NoError(t, object.Body.Close())
		}
	}
	p.requireSameRequest(t)
}

func TestRequestsOfEndpoints(t *testing.T) {
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
			withoutSDK(p.fast)
			p.requireSame(t, test.bucket, "a/key with+strange%bytes/é", &PutOptions{}, &GetOptions{})
		})
	}
}

func TestRequestsOfOptions(t *testing.T) {
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
				for _, store := range []*Store{p.fast, p.slow} {
					store.bucket.name, store.bucket.account = "my-bucket", "123456789012"
				}
				p.learn(t, "my-bucket")
				if test.throughSDK {
					for _, store := range []*Store{p.fast, p.slow} {
						require.NoError(t, store.PutObject(t.Context(), "my-bucket", "key", strings.NewReader("body"), &test.put))
					}
					assert.Equal(t, p.slowWire.last.Header["X-Amz-Meta-One"], p.fastWire.last.Header["X-Amz-Meta-One"])
					assert.Equal(t, p.slowWire.body, p.fastWire.body)
					withoutSDK(p.fast)
					require.ErrorIs(t, p.fast.PutObject(t.Context(), "my-bucket", "key", strings.NewReader("body"), &test.put), errUsedSDK)
					continue
				}
				withoutSDK(p.fast)
				p.requireSame(t, "my-bucket", "key", &test.put, &test.get)
				assert.Equal(t, "123456789012", p.fastWire.last.Header.Get("X-Amz-Expected-Bucket-Owner"))
			}
		})
	}
}

// TestChecksumsOnBothPaths checks that a body's checksum is compared whatever its kind,
// and corrupt bytes are the same error on both paths.
func TestChecksumsOnBothPaths(t *testing.T) {
	t.Parallel()
	const body = "0123456789"
	p := newTwins(t, "us-east-1", "http://127.0.0.1:9000", nil)
	p.learn(t, "my-bucket")
	sums := map[string]string{
		"X-Amz-Checksum-Crc32": "poTHxg==", "X-Amz-Checksum-Crc32c": "KAwGng==", "X-Amz-Checksum-Crc64nvme": "Ffmx7kz9nB0=", "X-Amz-Checksum-Sha1": "h6zsF82dzSCnFsws9nQXtxyKcBY=",
		"X-Amz-Checksum-Sha256": "hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=",
		"X-Amz-Checksum-Sha512": "u5bC/EDS1UYX1vJ2/r5XH2I6ja3wtzSFUpmw4Qf9oyz2tp8toys2RF1zaQuTy9D3v8IOD38oVT0qRCjyO3FukA==",
		"X-Amz-Checksum-Md5":    "eB5eJF1ptWaXm4bijSPyxw==",
	}
	for name, sum := range sums {
		for _, header := range []http.Header{{name: {sum}}, {name: {"AAAAAA=="}}, {name: {sum + "-3"}}, {name: {""}}, {name: {sum}, "X-Amz-Checksum-Crc32": {"AAAAAA=="}}} {
			for _, w := range []*wire{p.fastWire, p.slowWire} {
				w.answer = func(r *http.Request) (*http.Response, error) {
					response := answer(r, http.StatusOK, with(header, "Etag", `"e"`), body)
					return response, nil
				}
			}
			fast, fastErr := p.fast.ReadObject(t.Context(), "my-bucket", "key", 0)
			slow, slowErr := p.slow.ReadObject(t.Context(), "my-bucket", "key", 0)
			requireSameError(t, slowErr, fastErr)
			assert.Equal(t, slow, fast)
			switch header.Get(name) {
			case "AAAAAA==":
				require.ErrorContains(t, fastErr, "checksum mismatch", name)
			case sum:
				if len(header) == 1 {
					restore := withoutSDK(p.fast)
					_, err := p.fast.ReadObject(t.Context(), "my-bucket", "key", 0)
					require.NoError(t, err)
					restore()
				}
			}
		}
	}
}

// requireSameRequest compares what both stores sent last.
func (p *twins) requireSameRequest(t *testing.T) {
	t.Helper()
	testkit.RequireSameRequest(t, testkit.Sent{Request: p.slowWire.last, Content: p.slowWire.body}, testkit.Sent{Request: p.fastWire.last, Content: p.fastWire.body})
}
