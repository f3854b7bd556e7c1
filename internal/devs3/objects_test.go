// SPDX-License-Identifier: Apache-2.0

package devs3

import (
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/rclone/gofakes3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const tenDigits = "0123456789"

// putChecked stores objects with their checksums.
func putChecked(t *testing.T, server *Server, bodies map[string]string) {
	t.Helper()
	for key, body := range bodies {
		_, err := client(server, alice, "us-east-1").PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String("data"), Key: &key, Body: strings.NewReader(body), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
			Metadata: map[string]string{"note": "kept"},
		})
		require.NoError(t, err)
	}
}

// TestRanges checks what ranges return, and that only one that is all of the object comes
// with the object's checksum.
func TestRanges(t *testing.T) {
	t.Parallel()
	server := start(t, "data")
	putChecked(t, server, map[string]string{"ten": tenDigits, "empty": "", "one": "1"})
	sum := checksum.EncodeCRC32(crc32.ChecksumIEEE([]byte(tenDigits)))
	for _, test := range []struct {
		ask    string
		key    string
		body   string // with "" a 416
		header map[string]string
		sum    string
	}{
		{ask: "bytes=0-9", body: tenDigits, sum: sum},
		{ask: "bytes=0-", body: tenDigits, sum: sum},
		{ask: "bytes=0-99", body: tenDigits, sum: sum},
		{ask: "bytes=0-8", body: "012345678"},
		{ask: "bytes=1-9", body: "123456789"},
		{ask: "bytes=1-", body: "123456789"},
		{ask: "bytes=-9", body: "123456789"},
		{ask: "bytes=-10", body: tenDigits, sum: sum},
		{ask: "bytes=-11", body: tenDigits, sum: sum},
		{ask: "bytes=-99999999999999999999", body: tenDigits, sum: sum},
		{ask: "bytes=-0"},
		{ask: "bytes=-x"},
		{ask: "bytes=10-"},
		{ask: "bytes=0-x", key: "one"},
		{ask: "bytes=0-", key: "empty"},
		{ask: "bytes=-5", key: "empty"},
		{ask: "bytes=0-9", body: tenDigits, header: map[string]string{"X-Amz-Checksum-Mode": ""}},
		{ask: "bytes=0-9", body: tenDigits, header: map[string]string{"X-Amz-Checksum-Mode": "enabled"}, sum: sum},
		{ask: "bytes=0-9", body: tenDigits, header: map[string]string{"X-Amz-Checksum-Mode": "off"}},
	} {
		header := map[string]string{"Range": test.ask, "X-Amz-Checksum-Mode": "ENABLED"}
		for name, value := range test.header {
			header[name] = value
		}
		if test.key == "" {
			test.key = "ten"
		}
		got := ask(t, server, request{method: "GET", path: "/data/" + test.key, header: header})
		name := fmt.Sprint(test.ask, " of ", test.key, " ", test.header)
		assert.Equal(t, test.sum, got.header.Get("X-Amz-Checksum-Crc32"), name)
		if test.body == "" {
			assert.Equal(t, "InvalidRange", got.code(), name)
			continue
		}
		assert.Equal(t, http.StatusPartialContent, got.status, name)
		assert.Equal(t, test.body, got.body, name)
		assert.Equal(t, "kept", got.header.Get("X-Amz-Meta-Note"), name)
	}
}

// TestRangesOfErrors checks that an error has no checksum of the object, and that a range
// of a missing object is a missing object.
func TestRangesOfErrors(t *testing.T) {
	t.Parallel()
	server := start(t, "data")
	putChecked(t, server, map[string]string{"ten": tenDigits})
	whole := map[string]string{"Range": "bytes=0-9", "X-Amz-Checksum-Mode": "ENABLED", "If-Match": `"other"`}
	refused := ask(t, server, request{method: "GET", path: "/data/ten", header: whole})
	assert.Equal(t, "PreconditionFailed", refused.code())
	assert.Empty(t, refused.header.Get("X-Amz-Checksum-Crc32"))
	assert.Equal(t, "NoSuchKey", ask(t, server, request{method: "GET", path: "/data/none", header: whole}).code())
	full := ask(t, server, request{method: "GET", path: "/data/ten"})
	assert.Equal(t, []any{http.StatusOK, tenDigits}, []any{full.status, full.body})
}

// TestVersions checks that an object has a version only in a bucket that keeps versions.
func TestVersions(t *testing.T) {
	t.Parallel()
	storage := client(start(t, "data"), alice, "us-east-1")
	version := func() *string {
		_, err := storage.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("data"), Key: aws.String("key"), Body: strings.NewReader("text")})
		require.NoError(t, err)
		head, err := storage.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("data"), Key: aws.String("key")})
		require.NoError(t, err)
		return head.VersionId
	}
	assert.Nil(t, version())
	_, err := storage.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: aws.String("data"), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	require.NoError(t, err)
	assert.NotNil(t, version())
}

// TestCopyConditions checks that a copy with a condition on its destination is made only
// if the condition holds.
func TestCopyConditions(t *testing.T) {
	t.Parallel()
	storage := client(start(t, "data"), alice, "us-east-1")
	put, err := storage.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("data"), Key: aws.String("a"), Body: strings.NewReader("text")})
	require.NoError(t, err)
	other, isAbsent := aws.String(`"other"`), aws.String("*")
	bare := aws.String(strings.Trim(*put.ETag, `"`))
	for _, test := range []struct {
		to                   string
		ifMatch, ifNoneMatch *string
		want                 string
	}{
		{to: "b", ifMatch: put.ETag, want: "NoSuchKey"},
		{to: "b", ifNoneMatch: isAbsent},
		{to: "b", ifNoneMatch: isAbsent, want: "PreconditionFailed"},
		{to: "b", ifMatch: other, want: "PreconditionFailed"},
		{to: "b", ifMatch: put.ETag, ifNoneMatch: isAbsent, want: "PreconditionFailed"},
		{to: "b", ifMatch: put.ETag},
		{to: "b", ifMatch: bare},
		{to: "b"},
		{to: "c"},
	} {
		_, err := storage.CopyObject(t.Context(), &s3.CopyObjectInput{
			Bucket: aws.String("data"), Key: &test.to, CopySource: aws.String("data/a"), IfMatch: test.ifMatch, IfNoneMatch: test.ifNoneMatch,
		})
		if test.want != "" {
			wantCode(t, err, test.want)
			continue
		}
		require.NoError(t, err)
	}
}

// TestConditionsOfOthers checks that the rule for copies leaves gets and puts alone.
func TestConditionsOfOthers(t *testing.T) {
	t.Parallel()
	server := start(t, "data")
	for _, test := range []struct {
		made request
		want string
	}{
		{request{method: "PUT", path: "/data/key", body: "1", header: map[string]string{"If-None-Match": "*"}}, "OK"},
		{request{method: "PUT", path: "/data/key", body: "2", header: map[string]string{"If-None-Match": "*"}}, "PreconditionFailed"},
		{request{method: "GET", path: "/data/key", header: map[string]string{"If-None-Match": `"other"`}}, "OK"},
		{request{method: "GET", path: "/data/key", header: map[string]string{"If-None-Match": `"other"`, "X-Amz-Copy-Source": "data/key"}}, "OK"},
	} {
		assert.Equal(t, test.want, ask(t, server, test.made).code(), test.made)
	}
}

// TestOneCopyCreates checks that of copies with If-None-Match that come at once one
// creates the object.
func TestOneCopyCreates(t *testing.T) {
	t.Parallel()
	memory := newBackend(newBucketTable())
	require.NoError(t, memory.CreateBucket(t.Context(), "data"))
	handler := checkCopy(memory, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for range 100 {
			runtime.Gosched() // so that others come meanwhile
		}
		_, err := memory.PutObject(r.Context(), "data", "key", map[string]string{}, strings.NewReader("text"), 4)
		assert.NoError(t, err)
	}))
	var created atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/data/key", http.NoBody)
			r.Header.Set("X-Amz-Copy-Source", "data/source")
			r.Header.Set("If-None-Match", "*")
			w := httptest.NewRecorder()
			if handler.ServeHTTP(w, r); w.Code == http.StatusOK {
				created.Add(1)
			}
		})
	}
	group.Wait()
	assert.EqualValues(t, 1, created.Load())
}

// A waitingBody is read once all bodies of a group are.
type waitingBody struct {
	*strings.Reader
	arrived *sync.WaitGroup
	isRead  bool
}

func (b *waitingBody) Read(p []byte) (int, error) {
	if !b.isRead {
		b.isRead = true
		b.arrived.Done()
		b.arrived.Wait()
	}
	return b.Reader.Read(p)
}

func (*waitingBody) Close() error { return nil }

// TestOneConditionalPut has eight puts whose condition held when they came, and which send
// their bodies when all have come. One of them stores its body.
func TestOneConditionalPut(t *testing.T) {
	t.Parallel()
	memory := newBackend(newBucketTable())
	require.NoError(t, memory.CreateBucket(t.Context(), "data"))
	handler := gofakes3.New(memory).Server()
	put := func(header, value string, body io.ReadCloser) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/data/key", body)
		r.ContentLength = 4
		r.Header.Set("Content-Length", "4")
		r.Header.Set(header, value)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	for _, condition := range [][2]string{{"If-None-Match", "*"}, {"If-Match", "*"}} {
		value := condition[1]
		if condition[0] == "If-Match" {
			value = memory.etagOf(t.Context(), "data", "key")
		}
		codes := make([]int, 8)
		var arrived, group sync.WaitGroup
		arrived.Add(len(codes))
		for i := range codes {
			group.Go(func() {
				codes[i] = put(condition[0], value, &waitingBody{Reader: strings.NewReader(fmt.Sprintf("%03d%c", i, condition[0][3])), arrived: &arrived})
			})
		}
		group.Wait()
		slices.Sort(codes)
		assert.Equal(t, []int{200, 412, 412, 412, 412, 412, 412, 412}, codes, condition[0])
	}
}

// TestTimeOfBody checks that a HEAD tells the time at which the body ended, as a listing
// does, also if it came long after the request.
func TestTimeOfBody(t *testing.T) {
	t.Parallel()
	memory := newBackend(newBucketTable())
	require.NoError(t, memory.CreateBucket(t.Context(), "bucket"))
	long := map[string]string{"Last-Modified": "Mon, 01 Jan 2001 00:00:00 GMT"}
	_, err := memory.PutObject(t.Context(), "bucket", "key", long, strings.NewReader("body"), 4)
	require.NoError(t, err)
	object, err := memory.HeadObject(t.Context(), "bucket", "key")
	require.NoError(t, err)
	head, err := http.ParseTime(object.Metadata["Last-Modified"])
	require.NoError(t, err)
	list, err := memory.ListBucket(t.Context(), "bucket", &gofakes3.Prefix{}, gofakes3.ListBucketPage{})
	require.NoError(t, err)
	require.Len(t, list.Contents, 1)
	assert.LessOrEqual(t, list.Contents[0].LastModified.Sub(head).Abs().Hours(), 1.0)
}

// TestBodies checks that a body is refused if it is not the one that was signed, and that
// an object without a content type has S3's.
func TestBodies(t *testing.T) {
	t.Parallel()
	server := start(t, "data")
	const hashOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	put := func(header map[string]string) string {
		return ask(t, server, request{method: "PUT", path: "/data/key", body: "what was sent", header: header}).code()
	}
	assert.Equal(t, "XAmzContentSHA256Mismatch", put(map[string]string{"X-Amz-Content-Sha256": hashOfNothing}))
	assert.Equal(t, "OK", put(map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}))
	assert.Equal(t, "BadDigest", put(map[string]string{"X-Amz-Checksum-Crc32": "AAAAAA=="}))
	typeOf := func() string {
		return ask(t, server, request{method: "GET", path: "/data/key"}).header.Get("Content-Type")
	}
	assert.Equal(t, "OK", put(nil))
	assert.Equal(t, "binary/octet-stream", typeOf())
	assert.Equal(t, "OK", put(map[string]string{"Content-Type": "text/csv"}))
	assert.Equal(t, "text/csv", typeOf())
}
