// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recordEvents returns an observer that appends to both lists.
func recordEvents(requests, retries *[]Event) *Observer {
	return &Observer{
		Request: func(_ context.Context, event *Event) { *requests = append(*requests, *event) },
		Retry:   func(_ context.Context, event *Event) { *retries = append(*retries, *event) },
	}
}

// TestObserver has an operation of four attempts, each of which fails in its own way.
func TestObserver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var requests, retries []Event
		observer := recordEvents(&requests, &retries)
		ctx := WithCall(t.Context(), "PutObject", "bucket", "key")
		for _, test := range []struct {
			status int
			body   io.Reader
			err    error
		}{
			{0, nil, errors.New("no answer")},
			{404, strings.NewReader("none"), nil},
			{200, io.MultiReader(strings.NewReader("some"), failingReader{io.ErrUnexpectedEOF}), nil},
			{399, strings.NewReader("all"), nil},
		} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://s3.test:1/bucket/key", strings.NewReader("12345"))
			require.NoError(t, err)
			response, err := observer.observe(ctx, request, func(context.Context, *http.Request) (*http.Response, error) {
				time.Sleep(time.Second)
				if test.err != nil {
					return nil, test.err
				}
				return &http.Response{StatusCode: test.status, Header: http.Header{"X-Amz-Request-Id": {"id"}}, Body: io.NopCloser(test.body)}, nil
			})
			require.Equal(t, test.err, err)
			if response != nil {
				_, _ = io.ReadAll(response.Body)
				time.Sleep(time.Second)
				require.NoError(t, response.Body.Close())
				require.NoError(t, response.Body.Close(), "which ends no request twice")
				_, err := response.Body.Read(make([]byte, 1)) // as one does that was in progress
				require.Error(t, err)
			}
			time.Sleep(time.Minute)
		}
		require.Len(t, requests, 4)
		require.Len(t, retries, 3)
		for i, event := range requests {
			assert.Equal(t, []any{"S3", "PutObject", "bucket", "key", "PUT", "https", "s3.test:1", int64(5), i + 1, time.Second},
				[]any{event.Service, event.Operation, event.Bucket, event.Key, event.Method, event.Scheme, event.Host, event.Sent, event.Attempt, event.FirstByte})
		}
		first, second, third, last := requests[0], requests[1], requests[2], requests[3]
		assert.Equal(t, []any{"", time.Duration(0), 0, int64(0), time.Second}, []any{first.Reason, first.Wait, first.Status, first.Received, first.Duration})
		assert.Equal(t, []any{"no answer", time.Minute, 404, int64(4), 2 * time.Second, "id"},
			[]any{second.Reason, second.Wait, second.Status, second.Received, second.Duration, second.RequestID})
		assert.Equal(t, "HTTP 404", third.Reason)
		require.ErrorIs(t, third.Err, io.ErrUnexpectedEOF)
		assert.Equal(t, PlainText(io.ErrUnexpectedEOF), last.Reason)
		assert.NoError(t, last.Err)
		assert.Equal(t, 2, retries[0].Attempt)
	})
}

// TestObserverWithoutCall takes the operation and the service from the SDK's context.
func TestObserverWithoutCall(t *testing.T) {
	t.Parallel()
	var requests, retries []Event
	var ctx context.Context
	sdk := awsmiddleware.RegisterServiceMetadata{ServiceID: "STS", OperationName: "AssumeRole"}
	_, _, err := sdk.HandleInitialize(t.Context(), middleware.InitializeInput{}, middleware.InitializeHandlerFunc(
		func(sdk context.Context, _ middleware.InitializeInput) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
			ctx = sdk
			return out, metadata, nil
		}))
	require.NoError(t, err)
	response, err := recordEvents(&requests, &retries).observe(ctx, aGet(t), func(_ context.Context, r *http.Request) (*http.Response, error) {
		return testkit.Answer(r, 200, http.Header{"X-Amzn-Requestid": {"id"}}, ""), nil
	})
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Len(t, requests, 1)
	assert.Equal(t, []any{"STS", "AssumeRole", "id"}, []any{requests[0].Service, requests[0].Operation, requests[0].RequestID})
	assert.Empty(t, retries)
}

// TestObserveTransport names a service that has no client of the SDK.
func TestObserveTransport(t *testing.T) {
	t.Parallel()
	var requests, retries []Event
	next := testkit.RoundTripper(func(r *http.Request) (*http.Response, error) { return testkit.Answer(r, 200, http.Header{}, ""), nil })
	response, err := ObserveTransport(next, recordEvents(&requests, &retries), "metadata").RoundTrip(aGet(t))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Len(t, requests, 1)
	assert.Equal(t, []any{"metadata", "GET", ""}, []any{requests[0].Service, requests[0].Operation, requests[0].RequestID})
	response, err = ObserveTransport(next, nil, "metadata").RoundTrip(aGet(t))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
}

// TestLogWaits has a record for each wait, with its reason and without the endpoint.
func TestLogWaits(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	delay := func(attempt int, _ error) (time.Duration, error) { return time.Duration(attempt) * time.Second, broken }
	for reason, failure := range map[string]error{`""`: nil, "refused": &RequestError{endpoint: "http://s3.test", reason: "refused"}, "broken": broken} {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: LevelWait}))
		wait, err := LogWaits(log, 6, delay)(2, failure)
		require.ErrorIs(t, err, broken)
		assert.Equal(t, 2*time.Second, wait)
		assert.Contains(t, out.String(), "msg=waiting attempt=3 attempts=6 wait=2s reason="+reason+"\n")
	}
	wait, _ := LogWaits(nil, 6, delay)(2, nil)
	assert.Equal(t, 2*time.Second, wait)
}

// TestPatienceIsOfTheFirst gives a request its turn when nothing has ended since it began
// to wait, whoever has come after it.
func TestPatienceIsOfTheFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := &Gate{limit: 1, reserve: 1, patience: 10 * time.Second}
		require.NoError(t, gate.enter(t.Context()))
		time.Sleep(time.Hour)
		start := time.Now()
		turns := make(chan time.Duration, 2)
		for range 2 {
			go func() {
				assert.NoError(t, gate.enter(t.Context()))
				turns <- time.Since(start)
			}()
			time.Sleep(4 * time.Second)
		}
		assert.Equal(t, 10*time.Second, <-turns)
		assert.Equal(t, 14*time.Second, <-turns)
		assert.Equal(t, 3, gate.active)
	})
}

// TestProxyThatIsNoURL fails each request that would go through it, and no other.
func TestProxyThatIsNoURL(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"http://", "http://:80", "http://[::1", "ftp://p:1", "http://p:x", "%zz"} {
		choice := ReadProxies(testkit.Env(map[string]string{"HTTP_PROXY": text}))
		request := aGet(t)
		request.URL.Scheme, request.URL.Host = "http", "s3.test"
		_, err := choice.forRequest(request)
		require.ErrorIs(t, err, errProxy, text)
		request.URL.Scheme = "https"
		proxy, err := choice.forRequest(request)
		require.NoError(t, err, text)
		assert.Nil(t, proxy)
	}
}

// TestTimeouts has Lithops' number (boto3's config in aws_s3.py).
func TestTimeouts(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 10*time.Second, IOTimeout)
}
