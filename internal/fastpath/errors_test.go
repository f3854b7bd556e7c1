// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ids name a request of S3.
var ids = http.Header{"X-Amz-Request-Id": {"REQUEST"}, "X-Amz-Id-2": {"HOST"}}

func xmlError(code string) string {
	return `<?xml version="1.0"?><Error><Code>` + code + `</Code><Message>what it means</Message><Resource>/x</Resource></Error>`
}

// A reply is one answer, or one error, of a server.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

var failures = map[string][]reply{
	"no such key":           {{404, ids, xmlError("NoSuchKey"), nil}},
	"404 without a body":    {{404, ids, "", nil}},
	"denied":                {{403, ids, xmlError("AccessDenied"), nil}},
	"precondition":          {{412, ids, xmlError("PreconditionFailed"), nil}},
	"not modified":          {{304, ids, "", nil}},
	"elsewhere":             {{301, http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}}, xmlError("PermanentRedirect"), nil}},
	"html":                  {{400, ids, "<html><body>Bad gateway</body></html>", nil}},
	"truncated":             {{400, ids, `<?xml version="1.0"?><Error><Code>Inv`, nil}},
	"internal, then right":  {{500, ids, xmlError("InternalError"), nil}, {200, ids, "", nil}},
	"internal":              slices.Repeat([]reply{{500, ids, xmlError("InternalError"), nil}}, attempts),
	"timed out, then right": {{400, ids, xmlError("RequestTimeout"), nil}, {200, ids, "", nil}},
	"refused":               slices.Repeat([]reply{{err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}}, attempts),
	"reset, then right":     {{err: &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}}, {200, ids, "", nil}},
	"reset, then missing":   {{err: io.ErrUnexpectedEOF}, {404, ids, xmlError("NoSuchKey"), nil}},
	"error in a 200":        {{200, ids, xmlError("InternalError"), nil}, {200, ids, "", nil}},
	"a part":                {{206, http.Header{"Content-Range": {"bytes 0-0/2"}}, "", nil}, {200, ids, "", nil}},
	"odd date":              {{200, http.Header{"Last-Modified": {"yesterday"}}, "", nil}},
	"odd length":            {{200, http.Header{"Content-Length": {"many"}}, "", nil}},
	"an unknown header":     {{200, http.Header{"X-Amz-Object-Size": {"12"}}, "", nil}},
}

// TestFailures checks that whatever the server answers, both clients return the same error
// after as many requests.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, replies := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for op, call := range operations {
				p := newPair(t, "http://127.0.0.1:9000")
				p.learn(t, "my-bucket")
				play := func(c *Client, w *wire) error {
					w.sent = 0
					w.answer = func(r *http.Request) (*http.Response, error) {
						next := replies[min(w.sent, len(replies))-1]
						if next.err != nil {
							return nil, next.err
						}
						return answer(r, next.status, next.header, next.body), nil
					}
					return call(t.Context(), c, "my-bucket", "key")
				}
				requireSameError(t, play(p.slow, p.slowWire), play(p.fast, p.fastWire))
				assert.Equal(t, p.slowWire.sent, p.fastWire.sent, "requests of %s", op)
			}
		})
	}
}

func requireSameError(t *testing.T, want, got error) {
	t.Helper()
	if want == nil {
		require.NoError(t, got)
		return
	}
	require.Error(t, got)
	assert.Equal(t, want.Error(), got.Error())
	assert.Equal(t, testkit.ErrorTypes(want), testkit.ErrorTypes(got))
	var wantResponse, gotResponse *awshttp.ResponseError
	if require.Equal(t, errors.As(want, &wantResponse), errors.As(got, &gotResponse)); wantResponse != nil {
		assert.Equal(t, wantResponse.HTTPStatusCode(), gotResponse.HTTPStatusCode())
		assert.Equal(t, wantResponse.ServiceRequestID(), gotResponse.ServiceRequestID())
		assert.Equal(t, wantResponse.Response.Header, gotResponse.Response.Header)
	}
}

// TestCancel checks that a call that is canceled while it waits returns the context's
// error, and is not tried again.
func TestCancel(t *testing.T) {
	t.Parallel()
	for op, call := range operations {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t, "http://127.0.0.1:9000")
			p.learn(t, "my-bucket")
			learned := p.fastWire.sent
			p.fastWire.answer = func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, context.Cause(r.Context())
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			require.ErrorIs(t, call(ctx, p.fast, "my-bucket", "key"), context.Canceled, op)
			assert.Equal(t, learned+1, p.fastWire.sent)
		})
	}
}

// TestLateCancel checks that an answer that comes when the caller has canceled is closed.
func TestLateCancel(t *testing.T) {
	t.Parallel()
	p := newPair(t, "http://127.0.0.1:9000")
	p.learn(t, "my-bucket")
	ctx, cancel := context.WithCancel(t.Context())
	body := &closeNote{Reader: strings.NewReader(xmlError("NoSuchKey"))}
	p.fastWire.answer = func(r *http.Request) (*http.Response, error) {
		cancel()
		response := answer(r, http.StatusNotFound, nil, "")
		response.Body = body
		return response, nil
	}
	require.ErrorIs(t, operations["GetObject"](ctx, p.fast, "my-bucket", "key"), context.Canceled)
	assert.True(t, body.isClosed)
}

// TestClock checks that on a machine whose clock is wrong, a refusal corrects the time
// that requests are signed with; it is corrected again when the clock is set right.
func TestClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, "http://127.0.0.1:9000")
		server := time.Hour // how far its clock is ahead
		refused := 0
		p.fastWire.answer = func(r *http.Request) (*http.Response, error) {
			now := time.Now().Add(server).UTC()
			date := http.Header{"Date": {now.Format(http.TimeFormat)}}
			signed, err := time.Parse(timeFormat, r.Header.Get("X-Amz-Date"))
			require.NoError(t, err)
			if signed.Sub(now).Abs() > 15*time.Minute {
				refused++
				return answer(r, http.StatusForbidden, date, xmlError("RequestTimeTooSkewed")), nil
			}
			return answer(r, http.StatusOK, date, ""), nil
		}
		p.learn(t, "my-bucket")
		assert.Equal(t, 1, refused)
		for _, server = range []time.Duration{0, -time.Hour, 10 * time.Minute, 0} {
			for op, call := range operations {
				require.NoError(t, call(t.Context(), p.fast, "my-bucket", "key"), op)
			}
		}
		assert.Equal(t, 4, refused)
		p.refuseSDK()
		require.NoError(t, operations["GetObject"](t.Context(), p.fast, "my-bucket", "key"))
	})
}
