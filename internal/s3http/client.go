// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/progress"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// IOTimeout is how long a connection may take to be made, to take bytes or to give
// them: CONN_READ_TIMEOUT of Lithops' S3Backend.
const IOTimeout = 10 * time.Second

// A Client is the SDK's HTTPClient: one round trip, no redirects (they would
// carry signed headers to another host), and a body that can't stall for ever.
type Client struct {
	Transport http.RoundTripper
	Timeout   time.Duration // for the next bytes of an answer; 0 is IOTimeout
	Peer      *Peer         // what is known of the server
	Observer  *Observer     // is told of each request; may be nil
	Gate      *Gate         // bounds the requests at once; may be nil

	sending *progress.Sending // the body of its requests; nil is not counted
}

// Counting returns a client for the attempts of one request, whose body it counts.
func (c *Client) Counting(sending *progress.Sending) *Client {
	counting := *c
	counting.sending = sending
	return &counting
}

// Do sends the request.
func (c *Client) Do(request *http.Request) (*http.Response, error) {
	// smithy-go closes the body as soon as the answer is there, while net/http
	// may still be in its WriteTo, whose io.EOF then closes the connection under
	// the unread answer. Without the method, net/http copies by Read, where
	// io.EOF is the end.
	if _, ok := request.Body.(io.WriterTo); ok {
		request.Body = struct{ io.ReadCloser }{request.Body}
	}
	return c.Send(request.Context(), request)
}

// Send is Do for a request that is sound and for another context than its own.
func (c *Client) Send(ctx context.Context, request *http.Request) (*http.Response, error) {
	if c.Observer != nil {
		return c.Observer.observe(ctx, request, c.send)
	}
	return c.send(ctx, request)
}

func (c *Client) send(ctx context.Context, request *http.Request) (*http.Response, error) {
	if err := validate.Host(request.URL.Host); err != nil {
		return nil, err
	}
	if err := checkCustomerKey(request); err != nil {
		return nil, err
	}
	if err := c.Gate.enter(ctx); err != nil {
		if request.Body != nil {
			_ = request.Body.Close()
		}
		return nil, describeSending(ctx, request.URL, err)
	}
	counted := c.sending.Count(request)
	ctx, cancel := context.WithCancelCause(ctx)
	sent := time.Now()
	signed := request.WithContext(ctx)
	response, err := c.roundTrip(signed, cancel)
	if err == nil && response == nil {
		err = s3err.Final(errNoAnswer)
	}
	if err != nil {
		err = ended.Hide(ctx, err)
		c.Gate.leave(false)
		cancel(nil)
		counted.Fail()
		return nil, describeSending(ctx, request.URL, err)
	}
	c.Peer.Clock.observe(response.Header, sent)
	response.Request = signed                                 // a transport of the caller's may leave it out
	if response.Body == nil || response.Body == http.NoBody { // a transport of the caller's may do without
		response.Body = http.NoBody
		c.Gate.leave(false)
		cancel(nil)
		return response, nil
	}
	body := &stallBody{ctx: ctx, cancel: cancel, timeout: cmp.Or(c.Timeout, IOTimeout), opened: sent, gate: c.Gate, isOpenEnded: isOpenEnded(response)}
	body.ReadCloser = boundAnswer(ctx, request.Method, response, cancel)
	c.Gate.answered()
	response.Body = body
	return response, checkScheme(request.URL, response)
}

// roundTrip sends a request with the transport. If that panics, or ends its goroutine, no
// other request waits for this one.
func (c *Client) roundTrip(request *http.Request, cancel context.CancelCauseFunc) (*http.Response, error) {
	hasReturned := false
	defer func() {
		if !hasReturned {
			c.Gate.leave(false)
			cancel(nil)
		}
	}()
	response, err := c.Transport.RoundTrip(request)
	hasReturned = true
	return response, err
}
