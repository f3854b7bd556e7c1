// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ids holds the headers with which S3 names a request.
var ids = http.Header{"X-Amz-Request-Id": {"REQUEST"}, "X-Amz-Id-2": {"HOST"}}

func with(header http.Header, name, value string) http.Header {
	header = header.Clone()
	header.Set(name, value)
	return header
}

func xmlError(code string) string {
	return `<?xml version="1.0"?><Error><Code>` + code + `</Code><Message>what it means</Message><Resource>/x</Resource></Error>`
}

type script struct {
	status int
	header http.Header
	body   string
	err    error
}

func (s script) play(r *http.Request) (*http.Response, error) {
	if s.err != nil {
		return nil, s.err
	}
	response := answer(r, s.status, s.header, s.body)
	if response.Header.Get("Date") != "" {
		response.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	return response, nil
}

var errorScripts = map[string][]script{
	"no such key":           {{404, ids, xmlError("NoSuchKey"), nil}},
	"no such bucket":        {{404, ids, xmlError("NoSuchBucket"), nil}},
	"404 without a body":    {{404, ids, "", nil}},
	"denied":                {{403, ids, xmlError("AccessDenied"), nil}},
	"denied with a date":    {{403, with(ids, "Date", "now"), xmlError("AccessDenied"), nil}},
	"bad signature":         {{403, ids, xmlError("SignatureDoesNotMatch"), nil}},
	"expired":               {{400, ids, xmlError("ExpiredToken"), nil}},
	"precondition":          {{412, ids, xmlError("PreconditionFailed"), nil}},
	"conflict":              {{409, ids, xmlError("ConditionalRequestConflict"), nil}},
	"range":                 {{416, ids, xmlError("InvalidRange"), nil}},
	"not modified":          {{304, ids, "", nil}},
	"archived":              {{403, ids, xmlError("InvalidObjectState"), nil}},
	"too large":             {{400, ids, xmlError("EntityTooLarge"), nil}},
	"without ids":           {{400, nil, xmlError("InvalidArgument"), nil}},
	"moved":                 {{301, ids, xmlError("PermanentRedirect"), nil}, {404, nil, "", nil}},
	"elsewhere":             {{301, with(ids, "X-Amz-Bucket-Region", "eu-west-1"), xmlError("PermanentRedirect"), nil}, {404, ids, xmlError("NoSuchKey"), nil}},
	"elsewhere, found":      {{400, with(ids, "X-Amz-Bucket-Region", "eu-west-1"), xmlError("AuthorizationHeaderMalformed"), nil}, {200, ids, "", nil}},
	"redirect":              {{307, with(ids, "Location", "http://example.com/"), xmlError("TemporaryRedirect"), nil}, {404, nil, "", nil}},
	"html":                  {{400, ids, "<html><body>Bad gateway</body></html>", nil}},
	"text":                  {{403, ids, "go away", nil}},
	"empty":                 {{400, ids, "", nil}},
	"truncated":             {{400, ids, `<?xml version="1.0"?><Error><Code>Inv`, nil}},
	"another root":          {{400, ids, `<Other><Code>X</Code></Other>`, nil}},
	"internal, then right":  {{500, ids, xmlError("InternalError"), nil}, {200, ids, "", nil}},
	"internal":              slices.Repeat([]script{{500, ids, xmlError("InternalError"), nil}}, s3client.Attempts),
	"slow down":             slices.Repeat([]script{{503, ids, xmlError("SlowDown"), nil}}, s3client.Attempts),
	"too many":              slices.Repeat([]script{{429, ids, "", nil}}, s3client.Attempts),
	"html from a proxy":     slices.Repeat([]script{{502, nil, "<html></html>", nil}}, s3client.Attempts),
	"not implemented":       {{501, ids, xmlError("NotImplemented"), nil}},
	"timed out, then right": {{400, ids, xmlError("RequestTimeout"), nil}, {200, ids, "", nil}},
	"refused":               slices.Repeat([]script{{err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}}, s3client.Attempts),
	"reset, then right":     {{err: &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}}, {200, ids, "", nil}},
	"reset, then missing":   {{err: io.ErrUnexpectedEOF}, {404, ids, xmlError("NoSuchKey"), nil}},
	"error in a 200":        {{200, ids, xmlError("InternalError"), nil}, {200, ids, "", nil}},
	"odd date":              {{200, with(ids, "Last-Modified", "yesterday"), "", nil}},
	"odd length":            {{200, with(ids, "Content-Length", "many"), "", nil}},
	"odd flag":              {{200, with(ids, "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled", "perhaps"), "", nil}},
	"an unknown header":     {{200, with(ids, "X-Amz-Object-Size", "12"), "", nil}},
}

// TestErrorsOnBothPaths checks that whatever the server answers, both paths come to the
// same error by as many requests.
func TestErrorsOnBothPaths(t *testing.T) {
	t.Parallel()
	for name, scripts := range testkit.Some(errorScripts, 6) {
		for i, endpoint := range []string{"http://127.0.0.1:9000", ""} {
			if testing.Short() && i != len(name)%2 {
				continue // the other endpoint is asked in the whole run
			}
			t.Run(name+" "+endpoint, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					for _, op := range []string{"PutObject", "UploadPart", "GetObject", "HeadObject"} {
						p := newTwins(t, "us-east-1", endpoint, nil)
						p.learn(t, "my-bucket")
						fast, slow := play(t, p.fast, p.fastWire, op, scripts), play(t, p.slow, p.slowWire, op, scripts)
						requireSameError(t, slow, fast)
						assert.Equal(t, p.slowWire.sent, p.fastWire.sent, "requests")
						assert.Equal(t, p.slow.s3.BucketRegion("my-bucket"), p.fast.s3.BucketRegion("my-bucket"))
					}
				})
			})
		}
	}
}

// play makes a call to which the wire answers by script.
func play(t *testing.T, store *Store, w *wire, op string, scripts []script) error {
	t.Helper()
	w.sent = 0
	w.answer = func(r *http.Request) (*http.Response, error) { return scripts[min(w.sent, len(scripts))-1].play(r) }
	return callOp(t.Context(), t, store, op)
}

func callOp(ctx context.Context, t *testing.T, store *Store, op string) error {
	t.Helper()
	switch op {
	case "PutObject":
		return store.PutObject(ctx, "my-bucket", "key", strings.NewReader("body"), nil)
	case "UploadPart":
		_, err := sendPart(ctx, store, "my-bucket", "key", "id", 1, strings.NewReader(strings.Repeat("x", (256<<10)+1)))
		return wrapError(op, "my-bucket", "key", err)
	case "HeadObject":
		_, err := store.HeadObject(ctx, "my-bucket", "key")
		return err
	}
	object, err := store.GetObject(ctx, "my-bucket", "key", nil)
	if err == nil {
		_, err = io.Copy(io.Discard, object.Body)
		require.NoError(t, object.Body.Close())
	}
	return err
}

func requireSameError(t *testing.T, want, got error) {
	t.Helper()
	if want == nil {
		require.NoError(t, got)
		return
	}
	require.Error(t, got)
	assert.Equal(t, want.Error(), got.Error())
	var a, b *Error
	require.Equal(t, errors.As(want, &a), errors.As(got, &b))
	if a != nil {
		assert.Equal(t, Error{a.Op, a.Bucket, a.Key, a.Code, a.StatusCode, a.RequestID, nil, a.kinds}, Error{b.Op, b.Bucket, b.Key, b.Code, b.StatusCode, b.RequestID, nil, b.kinds})
	}
	assert.Equal(t, testkit.ErrorTypes(want), testkit.ErrorTypes(got))
	var opA, opB *smithy.OperationError
	if require.Equal(t, errors.As(want, &opA), errors.As(got, &opB)); opA != nil {
		assert.Equal(t, opA.Error(), opB.Error())
		assert.Equal(t, opA.OperationName, opB.OperationName)
	}
	var responseA, responseB *awshttp.ResponseError
	if require.Equal(t, errors.As(want, &responseA), errors.As(got, &responseB)); responseA != nil {
		assert.Equal(t, responseA.HTTPStatusCode(), responseB.HTTPStatusCode())
		assert.Equal(t, responseA.ServiceRequestID(), responseB.ServiceRequestID())
		assert.Equal(t, responseA.Response.Header, responseB.Response.Header)
	}
	for _, known := range []any{new(*types.NoSuchKey), new(*types.NoSuchBucket), new(*types.NotFound), new(*types.InvalidObjectState), new(*aws.RequestCanceledError)} {
		assert.Equal(t, errors.As(want, known), errors.As(got, known), "%T", known)
	}
}

// TestCancelOnBothPaths checks that a call that is given up while it waits is the
// context's error on both paths, and no second attempt.
func TestCancelOnBothPaths(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"PutObject", "UploadPart", "GetObject", "HeadObject"} {
		synctest.Test(t, func(t *testing.T) {
			p := newTwins(t, "us-east-1", "http://127.0.0.1:9000", nil)
			p.learn(t, "my-bucket")
			learned := p.fastWire.sent
			for _, w := range []*wire{p.fastWire, p.slowWire} {
				w.answer = func(r *http.Request) (*http.Response, error) {
					<-r.Context().Done()
					return nil, context.Cause(r.Context())
				}
			}
			for name, give := range map[string]func() (context.Context, context.CancelFunc){
				"deadline": func() (context.Context, context.CancelFunc) { return context.WithTimeout(t.Context(), time.Second) },
				"cancel": func() (context.Context, context.CancelFunc) {
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(time.Second, cancel)
					return ctx, cancel
				},
			} {
				ctx, cancel := give()
				slow := callOp(ctx, t, p.slow, op)
				cancel()
				ctx, cancel = give()
				fast := callOp(ctx, t, p.fast, op)
				cancel()
				want := context.Canceled
				if name == "deadline" {
					want = context.DeadlineExceeded
				}
				// The text is shorter than the SDK's, which speaks of an answer with status 0.
				for _, err := range []error{slow, fast} {
					require.ErrorIs(t, err, want)
					var known *Error
					require.ErrorAs(t, err, &known)
					assert.Equal(t, Error{Op: op, Bucket: "my-bucket", Key: "key", Err: known.Err}, *known)
					var operation *smithy.OperationError
					require.ErrorAs(t, err, &operation)
					assert.Equal(t, op, operation.OperationName)
				}
				assert.Equal(t, p.slowWire.sent, p.fastWire.sent-learned)
			}
		})
	}
}

// TestFastPathOnLoopback sends many puts and gets at once over real connections, each in
// one request. Some servers answer before they have read the body, whose buffer must
// then be left alone.
func TestFastPathOnLoopback(t *testing.T) {
	t.Parallel()
	calls := 500
	if testing.Short() {
		calls = 160
	}
	for name, readsFirst := range map[string]bool{"reads first": true, "answers first": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				w.Header().Set("ETag", `"e"`)
				if r.Method == http.MethodHead {
					w.Header().Set("Content-Length", "0")
				}
				if r.Method == http.MethodPut && !readsFirst {
					w.Header().Set("Content-Length", "0")
					w.WriteHeader(http.StatusOK)
					_ = http.NewResponseController(w).Flush()
				}
				data, _ := io.ReadAll(r.Body)
				if r.Method == http.MethodGet {
					_, _ = io.WriteString(w, r.URL.Path)
				} else if readsFirst && len(data) > len("text") && string(data) != strings.Repeat(r.URL.Path, 20) {
					w.WriteHeader(http.StatusBadRequest)
				}
			}))
			t.Cleanup(server.Close)
			store := storeAt(t, server.URL)
			learnPatterns(t, store, "bucket")
			withoutSDK(store)
			requests.Store(0)
			var group sync.WaitGroup
			for worker := range 8 {
				group.Go(func() {
					for i := range calls / 8 {
						key := fmt.Sprintf("%d/%d", worker, i)
						body := []byte(strings.Repeat("/bucket/"+key, 20))
						assert.NoError(t, store.PutObject(t.Context(), "bucket", key, bytes.NewReader(body), nil))
						clear(body) // which is the caller's again
						data, err := store.ReadObject(t.Context(), "bucket", key, 0)
						assert.NoError(t, err)
						assert.Equal(t, "/bucket/"+key, string(data))
					}
				})
			}
			group.Wait()
			assert.EqualValues(t, calls/8*8*2, requests.Load())
		})
	}
}
