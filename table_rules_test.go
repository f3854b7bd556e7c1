// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHasNoSTS tells a server that does not know GetCallerIdentity from one that refuses
// it or fails.
func TestHasNoSTS(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		code   string
		want   bool
	}{
		{400, "InvalidAction", true},
		{400, "InvalidParameterValue", true},
		{400, "UnknownError", true},
		{405, "MethodNotAllowed", true},
		{501, "NotImplemented", true},
		{501, "", true},
		{399, "UnknownError", false},
		{200, "UnknownError", false},
		{500, "UnknownError", false},
		{503, "InvalidAction", false},
		{403, "AccessDenied", false},
		{404, "", false},
		{0, "UnknownError", false},
	} {
		err := fmt.Errorf("wrapped: %w", &Error{Op: "GetCallerIdentity", StatusCode: test.status, Code: test.code})
		assert.Equal(t, test.want, hasNoSTS(err), "%+v", test)
	}
	assert.False(t, hasNoSTS(io.EOF))
	assert.False(t, hasNoSTS(nil))
}

// TestOrderOfVersions puts a marker before a version by key, then the latest, then time.
func TestOrderOfVersions(t *testing.T) {
	t.Parallel()
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	of := func(key string, isLatest bool, at time.Time) ObjectVersion {
		version := ObjectVersion{IsLatest: isLatest}
		version.Key, version.LastModified = key, at
		return version
	}
	for _, test := range []struct {
		marker, version ObjectVersion
		want            bool
	}{
		{of("a", false, early), of("b", false, early), true},
		{of("b", false, early), of("a", true, early), false},
		{of("b", true, early), of("a", false, early), false},
		{of("a", true, early), of("a", false, late), true},
		{of("a", false, late), of("a", true, early), false},
		{of("a", false, late), of("a", false, early), true},
		{of("a", false, early), of("a", false, late), false},
		{of("a", false, early), of("a", false, early), false},
	} {
		assert.Equal(t, test.want, isBefore(&test.marker, &test.version), "%+v", test)
	}
}

// TestResumeDelay resumes at once after the first failure, and ever later after others.
func TestResumeDelay(t *testing.T) {
	t.Parallel()
	for failures, want := range map[int]time.Duration{1: 0, 2: 400 * time.Millisecond, 3: 800 * time.Millisecond, 5: 3200 * time.Millisecond} {
		assert.Equal(t, want, resumeDelay(failures), "%d", failures)
	}
}

// TestRequestIDInError has the ID in the text, for the server's operator.
func TestRequestIDInError(t *testing.T) {
	t.Parallel()
	known := &Error{Op: "GetObject", Bucket: "bucket", Key: "key", Err: errors.New("why"), RequestID: "ID"}
	assert.Equal(t, "GetObject bucket/key: why (request ID)", known.Error())
	known.RequestID, known.Key = "", ""
	assert.Equal(t, "GetObject bucket: why", known.Error())
	known.Bucket = ""
	assert.Equal(t, "GetObject: why", known.Error())
}

// TestPresignedTime holds how long a presigned request may be valid.
func TestPresignedTime(t *testing.T) {
	t.Parallel()
	store := hastyStore(t, "http://127.0.0.1:1", roundTripper(func(r *http.Request) (*http.Response, error) {
		return testkit.Answer(r, http.StatusOK, nil, ""), nil
	}))
	for expires, isValid := range map[time.Duration]bool{
		0: false, -time.Second: false, time.Second - 1: false, time.Second: true, maxPresigned: true, maxPresigned + 1: false,
	} {
		_, err := store.PresignGet(t.Context(), "bucket", "key", expires, nil)
		assert.Equal(t, isValid, err == nil, "%s: %v", expires, err)
		_, err = store.PresignPut(t.Context(), "bucket", "key", expires, nil)
		assert.Equal(t, isValid, err == nil, "%s: %v", expires, err)
	}
	short := NewSecret(strings.Repeat("k", customerKeySize-1))
	_, err := store.PresignGet(t.Context(), "bucket", "key", time.Minute, &GetOptions{SSECustomerKey: short})
	require.ErrorContains(t, err, "must have 32")
	_, err = store.PresignPut(t.Context(), "bucket", "key", time.Minute, &PutOptions{SSECustomerKey: short})
	require.ErrorContains(t, err, "must have 32")
	_, header, err := store.PutRequest(t.Context(), "bucket", "key")
	require.NoError(t, err)
	assert.Empty(t, header.Get("Authorization"), "the signature is left out")
	assert.NotEmpty(t, header)
}

// TestErrorsWithoutAReason prints the errors of a Storage that says little.
func TestErrorsWithoutAReason(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"GetObject b/k: the reason is not known":   &Error{Op: "GetObject", Bucket: "b", Key: "k"},
		"GetObject k: the reason is not known":     &Error{Op: "GetObject", Key: "k"},
		"GetObject: HTTP 404":                      &Error{Op: "GetObject", StatusCode: 404},
		"GetObject: NoSuchKey":                     &Error{Op: "GetObject", Code: "NoSuchKey"},
		"keys were not deleted, and none is named": &DeleteError{},
		"DeleteObjects b: the reason is not known": &DeleteError{Failed: []*Error{{Op: "DeleteObjects", Bucket: "b"}}},
	} {
		assert.Equal(t, want, err.Error())
		require.NotErrorIs(t, err, fs.ErrNotExist)
	}
}

// TestReadObjectLimit holds the limit to the byte, whether the server says the size or not.
func TestReadObjectLimit(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"5", ""} {
		header := http.Header{"Etag": {`"e"`}}
		store := hastyStore(t, "http://127.0.0.1:1", roundTripper(func(r *http.Request) (*http.Response, error) {
			response := testkit.Answer(r, http.StatusOK, header.Clone(), "12345")
			if length == "" {
				response.Header.Del("Content-Length")
				response.ContentLength, response.TransferEncoding = -1, []string{"chunked"}
			}
			return response, nil
		}))
		for limit, isRead := range map[int64]bool{0: true, 4: false, 5: true, 6: true} {
			data, err := store.ReadObject(t.Context(), "bucket", "key", limit)
			assert.Equal(t, isRead, err == nil, "length %q, limit %d: %v", length, limit, err)
			if isRead {
				assert.Equal(t, "12345", string(data))
			}
		}
	}
}

// TestOwnerOfOneBucket demands the account for the user's bucket only, once its name is
// known.
func TestOwnerOfOneBucket(t *testing.T) {
	t.Parallel()
	var unknown userBucket
	assert.Empty(t, unknown.owner(""))
	assert.Empty(t, unknown.owner("mine"))
	known := userBucket{name: "mine", account: "123456789012"}
	for bucket, want := range map[string]string{"mine": "123456789012", "other": "", "": "", "min": "", "mine2": ""} {
		assert.Equal(t, want, known.owner(bucket), bucket)
	}
}

// TestConditionThatCannotBeSent refuses an If-Match of a put before any byte of its body
// is sent: a multipart upload has the condition in its last request.
func TestConditionThatCannotBeSent(t *testing.T) {
	t.Parallel()
	store := hastyStore(t, "http://127.0.0.1:1", roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, io.EOF
	}))
	for _, size := range []int{1, 20 << 20 / SmallScale} {
		for _, etag := range []string{"a\nb", "\x00"} {
			err := store.PutObject(t.Context(), "bucket", "key", strings.NewReader(strings.Repeat("x", size)), &PutOptions{IfMatch: etag})
			require.ErrorContains(t, err, "If-Match")
		}
	}
}

// TestChecksumIsAskedFor unless AWS's setting says that none is needed.
func TestChecksumIsAskedFor(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{"": "ENABLED", "when_supported": "ENABLED", "when_required": ""} {
		var sent http.Header
		opts := &Options{Endpoint: "http://127.0.0.1:1", LookupEnv: testkit.Env(map[string]string{"AWS_RESPONSE_CHECKSUM_VALIDATION": setting})}
		if setting == "" {
			opts.LookupEnv = testkit.Env(nil)
		}
		opts.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			sent = r.Header
			return testkit.Answer(r, http.StatusOK, http.Header{"Etag": {`"e"`}}, "body"), nil
		})
		store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, opts)
		require.NoError(t, err)
		for range 2 { // the second on the fast path
			_, err = store.ReadObject(t.Context(), "bucket", "key", 0)
			require.NoError(t, err)
			assert.Equal(t, want, sent.Get("X-Amz-Checksum-Mode"), setting)
		}
		require.NoError(t, store.Close())
	}
}

// TestPlanAhead holds which bodies are read ahead, and from where on.
func TestPlanAhead(t *testing.T) {
	t.Parallel()
	store := &Store{parallelRange: parallelRange, pace: usualPace}
	const far = nearResponse + 1
	for _, test := range []struct {
		offset, length int64
		etag           string
		parallel       int
		begins, first  int64
		quickest       time.Duration
	}{
		{0, aheadLeastFar, `"e"`, 0, aheadAfter, aheadAfter, far},
		{0, aheadLeastFar - 1, `"e"`, 0, -1, 0, far},
		{0, aheadLeastFar, `"e"`, 0, -1, 0, nearResponse},
		{0, aheadLeastFar, `"e"`, 1, -1, 0, far},
		{0, aheadLeast, `"e"`, 0, aheadAfter, aheadAfter, far},
		{0, aheadLeast, `"e"`, 0, aheadAfter, aheadAfter, 0},
		{7, aheadLeast, `"e"`, 0, 7 + aheadAfter, aheadAfter, 0},
		{0, aheadLeast - 1, `"e"`, 0, -1, 0, 0},
		{0, aheadLeast, `"e"`, 1, -1, 0, 0},
		{0, aheadLeast, `W/"e"`, 0, -1, 0, 0},
		{0, aheadLeast, "", 0, -1, 0, 0},
		{0, 0, `"e"`, 0, -1, 0, 0},
		{0, -1, `"e"`, 0, -1, 0, 0},
		{0, 0, `"e"`, 4, -1, 0, 0},
		{0, aheadLeast, `"e"`, 4, 0, parallelRange, 0},
		{9, parallelRange + 1, `"e"`, 2, 9, parallelRange, 0},
		{0, parallelRange, `"e"`, 2, -1, 0, 0},
		{0, aheadLeast, `W/"e"`, 4, -1, 0, 0},
	} {
		object := &Object{Offset: test.offset, Length: test.length}
		object.ETag = test.etag
		plan := store.planAhead(object, &GetOptions{Parallel: test.parallel, VersionID: "v"}, test.quickest)
		assert.Equal(t, []int64{test.begins, test.first}, []int64{plan.begins, plan.first}, "%+v", test)
		if plan.begins >= 0 {
			assert.Equal(t, GetOptions{IfMatch: test.etag, VersionID: "v", Parallel: 1}, plan.opts, "%+v", test)
		}
	}
}

// TestQuickest remembers the quickest of all responses.
func TestQuickest(t *testing.T) {
	t.Parallel()
	var responses quickest
	for _, test := range []struct{ took, want time.Duration }{{7, 7}, {9, 7}, {7, 7}, {5, 5}, {6, 5}} {
		assert.Equal(t, test.want, responses.note(test.took))
	}
}

// TestRefusalThatIsNoRange is returned without another request.
func TestRefusalThatIsNoRange(t *testing.T) {
	t.Parallel()
	store := hastyStore(t, "http://127.0.0.1:1", roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, io.EOF
	}))
	mine := errors.New("mine")
	_, err := store.getLastOfShort(t.Context(), "bucket", "key", &GetOptions{Range: &ByteRange{Offset: -3, Length: -1}}, mine)
	require.ErrorIs(t, err, mine)
}
