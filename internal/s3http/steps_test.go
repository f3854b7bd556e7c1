// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNormalizeStep holds which responses are normalized: XML, but of no object.
func TestNormalizeStep(t *testing.T) {
	t.Parallel()
	const (
		latin  = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Key>\xE9</Key>"
		broken = "<Key>no end"
	)
	for _, test := range []struct {
		operation string
		status    int
		body      string
		isNormal  bool
	}{
		{"ListObjectsV2", 200, latin, true},
		{"ListObjectsV2", 200, " \n" + latin, true},
		{"ListObjectsV2", 200, " \n<Key> a</Key>", true},
		{"ListObjectsV2", 200, broken, false},
		{"ListObjectsV2", 200, `{"json":1}`, false},
		{"ListObjectsV2", 200, "", false},
		{"GetObject", 200, latin, false},
		{"GetObject", 206, latin, false},
		{"GetObject", 299, latin, false},
		{"GetObject", 301, latin, true},
		{"GetObject", 404, latin, true},
		{"GetObject", 503, latin, true},
		{"PutObject", 403, latin, true},
	} {
		name := fmt.Sprintf("%s, %d, %q", test.operation, test.status, test.body)
		response := &http.Response{StatusCode: test.status, Body: io.NopCloser(strings.NewReader(test.body))}
		require.NoError(t, normalize(t, test.operation, &smithyhttp.Response{Response: response}, nil), name)
		data, err := io.ReadAll(response.Body)
		require.NoError(t, err, name)
		if test.isNormal {
			assert.NotEqual(t, test.body, string(data), name)
			assert.Contains(t, string(data), "<Key", name)
		} else {
			assert.Equal(t, test.body, string(data), name)
		}
	}

	cut := &http.Response{StatusCode: http.StatusNotFound, Body: io.NopCloser(io.MultiReader(strings.NewReader("<Key>"), failingReader{io.ErrUnexpectedEOF}))}
	require.NoError(t, normalize(t, "GetObject", &smithyhttp.Response{Response: cut}, nil))
	data, err := io.ReadAll(cut.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, "<Key>", string(data))
}

// TestNormalizeStepWithoutBody leaves alone what has no body to read, and what failed.
func TestNormalizeStepWithoutBody(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for name, test := range map[string]struct {
		raw any
		err error
	}{
		"nothing":      {nil, nil},
		"another type": {"response", nil},
		"no body":      {&smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusNotFound}}, nil},
		"an error":     {nil, mine},
	} {
		require.ErrorIs(t, normalize(t, "GetObject", test.raw, test.err), test.err, name)
	}
	empty := &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody}
	require.NoError(t, normalize(t, "GetObject", &smithyhttp.Response{Response: empty}, nil))
	assert.Equal(t, http.NoBody, empty.Body)
	failed := &http.Response{StatusCode: http.StatusNotFound, Body: io.NopCloser(failingReader{errors.New("was read")})}
	require.ErrorIs(t, normalize(t, "GetObject", &smithyhttp.Response{Response: failed}, mine), mine)
}

// normalize passes a response, or an error, through the step.
func normalize(t *testing.T, operation string, raw any, err error) error {
	t.Helper()
	next := middleware.DeserializeHandlerFunc(func(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
		return middleware.DeserializeOutput{RawResponse: raw}, middleware.Metadata{}, err
	})
	out, _, err := normalizeStep{}.HandleDeserialize(operationContext(t, operation), middleware.DeserializeInput{}, next)
	assert.Equal(t, raw, out.RawResponse)
	return err
}

// TestWithCause adds a context's cause to an error that says no more than that the
// context ended, and to no other.
func TestWithCause(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	caused, cancel := context.WithCancelCause(t.Context())
	cancel(mine)
	bare, stop := context.WithCancel(t.Context())
	stop()
	late, end := context.WithDeadlineCause(t.Context(), time.Unix(1, 0), mine)
	defer end()
	for name, test := range map[string]struct {
		ctx     context.Context
		err     error
		isAdded bool
	}{
		"canceled":                  {caused, fmt.Errorf("sdk: %w", context.Canceled), true},
		"past its deadline":         {late, fmt.Errorf("sdk: %w", context.DeadlineExceeded), true},
		"of another context":        {late, fmt.Errorf("sdk: %w", context.Canceled), false},
		"with the cause already":    {caused, errors.Join(context.Canceled, mine), false},
		"another error":             {caused, errors.New("refused"), false},
		"no cause":                  {bare, fmt.Errorf("sdk: %w", context.Canceled), false},
		"of a context that lasts":   {t.Context(), fmt.Errorf("sdk: %w", context.Canceled), false},
		"another of one that lasts": {t.Context(), errors.New("refused"), false},
	} {
		got := WithCause(test.ctx, test.err)
		require.ErrorIs(t, got, test.err, name)
		if test.isAdded {
			require.ErrorIs(t, got, mine, name)
			assert.Equal(t, test.err.Error()+": mine", got.Error(), name)
		} else {
			assert.Equal(t, test.err, got, name)
		}
	}
}

// TestAttemptStep has what reaches the step from the steps after it.
func TestAttemptStep(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	request := smithyhttp.NewStackRequest
	for name, test := range map[string]struct {
		request any
		err     error
	}{
		"success":          {request(), nil},
		"no response":      {request(), mine},
		"another protocol": {"request", mine},
	} {
		next := middleware.FinalizeHandlerFunc(func(_ context.Context, in middleware.FinalizeInput) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
			assert.Equal(t, test.request, in.Request, name)
			return middleware.FinalizeOutput{Result: "result"}, metadata, test.err
		})
		step := attemptStep{&callStep{peer: &Peer{}}}
		out, _, err := step.HandleFinalize(WithCall(t.Context(), "Put", "b", "k"), middleware.FinalizeInput{Request: test.request}, next)
		assert.Equal(t, test.err, err, name)
		assert.Equal(t, "result", out.Result, name)
		assert.Equal(t, 1, step.call.attempts, name)
	}
}

// TestBodyThatIsNotHashed sends no request whose body can't be read twice, if the server
// wants its MD5.
func TestBodyThatIsNotHashed(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for name, test := range map[string]struct{ read, seek error }{"a read that fails": {mine, nil}, "a seek that fails": {nil, mine}} {
		body := &onceReader{err: test.read}
		request, ok := smithyhttp.NewStackRequest().(*smithyhttp.Request)
		require.True(t, ok)
		request, err := request.SetStream(body)
		require.NoError(t, err)
		body.seekErr = test.seek
		peer := &Peer{}
		peer.demanded.Store(demand{"PutObject", withBodyMD5}, nil)
		next := middleware.FinalizeHandlerFunc(func(context.Context, middleware.FinalizeInput) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
			t.Error("a request was sent:", name)
			return out, metadata, nil
		})
		_, _, err = attemptStep{&callStep{peer: peer}}.HandleFinalize(operationContext(t, "PutObject"), middleware.FinalizeInput{Request: request}, next)
		require.ErrorIs(t, err, mine, name)
		assert.Equal(t, name == "a read that fails", s3err.IsFinal(err), name)
	}
}

// A onceReader fails once, and then has ended.
type onceReader struct{ err, seekErr error }

// Read returns the error, once.
func (r *onceReader) Read([]byte) (int, error) {
	err := r.err
	r.err = nil
	if err == nil {
		err = io.EOF
	}
	return 0, err
}

// Seek fails if the reader is moved.
func (r *onceReader) Seek(_ int64, whence int) (int64, error) {
	if whence == io.SeekStart {
		return 0, r.seekErr
	}
	return 0, nil
}

// TestObservedClient has the attempts of a call of the SDK counted, and why each failed.
func TestObservedClient(t *testing.T) {
	t.Parallel()
	for name, isNamed := range map[string]bool{"a call of the SDK": false, "a call with a name": true} {
		var requests, retries []Event
		count := 0
		client, peer, _ := clientOf(t, func(r *http.Request) *http.Response {
			if count++; count == 1 {
				return testkit.ErrorAnswer(r, http.StatusServiceUnavailable, "SlowDown")
			}
			return ok(r)
		})
		peer.IsObserved = true
		observing := s3.New(client.Options(), func(o *s3.Options) {
			sending, isClient := o.HTTPClient.(*Client)
			require.True(t, isClient)
			sending.Observer = recordEvents(&requests, &retries)
		})
		ctx, bucket := t.Context(), ""
		if isNamed {
			ctx, bucket = WithCall(ctx, "Put", "mine", "key"), "mine"
		}
		_, err := observing.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
		require.NoError(t, err, name)
		require.Len(t, requests, 2, name)
		require.Len(t, retries, 1, name)
		assert.Equal(t, []int{1, 2}, []int{requests[0].Attempt, requests[1].Attempt}, name)
		assert.Contains(t, retries[0].Reason, "SlowDown", name)
		assert.Equal(t, bucket, retries[0].Bucket, name)
	}
}

// TestReasonOfStatus notes a status as the reason for another attempt if it is an error.
func TestReasonOfStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{200: "", 304: "", 399: "", 400: "HTTP 400", 404: "HTTP 404", 503: "HTTP 503"} {
		var requests, retries []Event
		observer := recordEvents(&requests, &retries)
		ctx := WithCall(t.Context(), "Get", "bucket", "key")
		for range 2 {
			response, err := observer.observe(ctx, aGet(t), func(_ context.Context, r *http.Request) (*http.Response, error) {
				return testkit.Answer(r, status, nil, ""), nil
			})
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
		}
		require.Len(t, retries, 1)
		assert.Equal(t, want, retries[0].Reason, "%d", status)
	}
}
