package lithopss3

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answerHeaders are headers that an answer may have, one of each kind.
var answerHeaders = http.Header{
	"Accept-Ranges": {"bytes"}, "Cache-Control": {"no-cache"}, "Content-Disposition": {"inline"}, "Content-Encoding": {"gzip"},
	"Content-Language": {"en"}, "Content-Range": {"bytes 0-3/4"}, "Content-Type": {" text/plain "}, "Etag": {`"e"`, "second"},
	"Expires": {"Tue, 24 Nov 2026 02:00:00 GMT"}, "Last-Modified": {"Tue, 24 Nov 2026 02:00:00 GMT"}, "Content-Length": {"4"},
	"Date": {"Tue, 24 Nov 2026 02:00:00 GMT"}, "Server": {"AmazonS3"}, "Retry-After": {"1"}, "Connection": {"close"},
	"X-Amz-Archive-Status": {"ARCHIVE_ACCESS"}, "X-Amz-Bucket-Region": {"us-east-1"}, "X-Amz-Checksum-Crc32": {"rfPzYw=="},
	"X-Amz-Checksum-Crc32c": {"x0mDRw=="}, "X-Amz-Checksum-Crc64nvme": {"x"}, "X-Amz-Checksum-Md5": {"x"}, "X-Amz-Checksum-Sha1": {"x"},
	"X-Amz-Checksum-Sha256": {"x-2"}, "X-Amz-Checksum-Sha512": {"x-2"}, "X-Amz-Checksum-Type": {"FULL_OBJECT"}, "X-Amz-Checksum-Xxhash64": {"x-2"},
	"X-Amz-Delete-Marker": {"false"}, "X-Amz-Expiration": {`expiry-date="x"`}, "X-Amz-Id-2": {"HOST"}, "X-Amz-Meta-One-Two": {" one "},
	"X-Amz-Missing-Meta": {"1"}, "X-Amz-Mp-Parts-Count": {"2"}, "X-Amz-Object-Lock-Legal-Hold": {"ON"}, "X-Amz-Object-Lock-Mode": {"GOVERNANCE"},
	"X-Amz-Object-Lock-Retain-Until-Date": {"2026-11-24T02:00:00Z"}, "X-Amz-Object-Size": {"4"}, "X-Amz-Replication-Status": {"COMPLETED"},
	"X-Amz-Request-Charged": {"requester"}, "X-Amz-Request-Id": {"REQUEST"}, "X-Amz-Restore": {"x"}, "X-Amz-Server-Side-Encryption": {"aws:kms"},
	"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": {"key"}, "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": {"true"},
	"X-Amz-Server-Side-Encryption-Context": {"x"}, "X-Amz-Server-Side-Encryption-Customer-Algorithm": {"AES256"},
	"X-Amz-Server-Side-Encryption-Customer-Key-Md5": {"x"}, "X-Amz-Storage-Class": {"GLACIER_IR"}, "X-Amz-Tagging-Count": {"3"},
	"X-Amz-Version-Id": {"v"}, "X-Amz-Website-Redirect-Location": {"/x"}, "X-Amz-Of-Tomorrow": {"x"}, "X-Other": {"x"}, "Etag2": {},
}

// TestHotAnswers: both paths read the same from an answer.
func TestHotAnswers(t *testing.T) {
	t.Parallel()
	p := newTwins(t, "us-east-1", "http://127.0.0.1:9000", nil)
	p.learn(t, "my-bucket")
	bucket, key := "my-bucket", "key"
	for _, name := range append(slices.Sorted(maps.Keys(answerHeaders)), "") {
		header := http.Header{"Content-Length": {"4"}}
		if header[name] = answerHeaders[name]; name == "" {
			header = http.Header{}
		}
		for _, w := range []*wire{p.hotWire, p.slowWire} {
			w.answer = func(r *http.Request) (*http.Response, error) {
				body := "body"
				if r.Method == http.MethodPut {
					body = ""
				}
				return answer(r, http.StatusOK, header, body), nil
			}
		}
		t.Run(name, func(t *testing.T) {
			requireSameOutput(t, func(c *hotPath) (*s3.GetObjectOutput, error) {
				return c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			}, p)
			requireSameOutput(t, func(c *hotPath) (*s3.HeadObjectOutput, error) {
				return c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
			}, p)
			requireSameOutput(t, func(c *hotPath) (*s3.PutObjectOutput, error) {
				return c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("body")})
			}, p)
		})
	}
}

// requireSameOutput compares all of what a call gives, and the bytes of its body.
func requireSameOutput[Out any](t *testing.T, call func(*hotPath) (*Out, error), p *twins) {
	t.Helper()
	want, wantErr := call(p.slow.hot)
	got, gotErr := call(p.hot.hot)
	requireSameError(t, wantErr, gotErr)
	if wantErr != nil {
		return
	}
	read := func(out *Out) (string, string) {
		value := reflect.ValueOf(out).Elem()
		value.FieldByName("ResultMetadata").Set(reflect.ValueOf(middleware.Metadata{}))
		body := value.FieldByName("Body")
		if !body.IsValid() {
			return "", ""
		}
		data, err := io.ReadAll(body.Interface().(io.Reader))
		require.NoError(t, body.Interface().(io.Closer).Close())
		body.SetZero()
		return string(data), fmt.Sprint(err)
	}
	wantBody, wantText := read(want)
	gotBody, gotText := read(got)
	assert.Equal(t, want, got)
	assert.Equal(t, wantBody, gotBody)
	assert.Equal(t, wantText, gotText)
}

// TestHotChecksums: a body's checksum is compared whatever its kind, and corrupt
// bytes are the same error on both paths.
func TestHotChecksums(t *testing.T) {
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
			for _, w := range []*wire{p.hotWire, p.slowWire} {
				w.answer = func(r *http.Request) (*http.Response, error) {
					response := answer(r, http.StatusOK, with(header, "Etag", `"e"`), body)
					return response, nil
				}
			}
			hot, hotErr := p.hot.ReadObject(t.Context(), "my-bucket", "key", 0)
			slow, slowErr := p.slow.ReadObject(t.Context(), "my-bucket", "key", 0)
			requireSameError(t, slowErr, hotErr)
			assert.Equal(t, slow, hot)
			switch header.Get(name) {
			case "AAAAAA==":
				require.ErrorContains(t, hotErr, "checksum mismatch", name)
			case sum:
				if len(header) == 1 {
					restore := withoutSDK(p.hot)
					_, err := p.hot.ReadObject(t.Context(), "my-bucket", "key", 0)
					require.NoError(t, err)
					restore()
				}
			}
		}
	}
}

// TestOtherFieldsOfNewerPut: with an SDK that has more fields, those that are not known
// by name are found all the same.
func TestOtherFieldsOfNewerPut(t *testing.T) {
	t.Parallel()
	text := "text"
	for _, test := range []struct {
		in   s3.PutObjectInput
		want bool
	}{
		{s3.PutObjectInput{}, false},
		{s3.PutObjectInput{Bucket: &text, Key: &text, Body: strings.NewReader(""), Metadata: map[string]string{}, ContentType: &text}, false},
		{s3.PutObjectInput{Tagging: &text}, true},
		{s3.PutObjectInput{StorageClass: types.StorageClassGlacier}, true},
		{s3.PutObjectInput{ObjectLockMode: types.ObjectLockModeGovernance}, true},
	} {
		assert.Equal(t, test.want, hasOtherField(reflect.ValueOf(test.in)))
		assert.Equal(t, test.want, hasOther(&test.in))
	}
}
