package lithopss3

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lithops-go/lithopss3/internal/progress"
	"github.com/lithops-go/lithopss3/internal/proof"
)

// The client's limits are those of Lithops' S3Backend (CONN_READ_TIMEOUT,
// OBJ_REQ_RETRIES, max_pool_connections); a retry count of 5 is 6 attempts.
const (
	s3Attempts  = 6
	stsAttempts = 5
	ioTimeout   = 10 * time.Second
	keptConns   = 128
	maxBackoff  = 20 * time.Second
)

// userAgent ends the user agent, as Python Lithops' does. The version is the
// Lithops that this package was held to.
const userAgent = "lithops/3.7.1.dev0"

func newS3Client(session *session, client *httpClient, pace pace) *s3.Client {
	return s3.New(s3.Options{
		Region:                      session.region,
		Credentials:                 session.credentials,
		HTTPClient:                  client,
		Retryer:                     newRetryer(s3Attempts, pace.backoff),
		RequestChecksumCalculation:  session.s3.requestChecksum,
		ResponseChecksumValidation:  session.s3.responseChecksum,
		EndpointResolverV2:          session.s3.resolver(),
		BaseEndpoint:                session.s3.baseEndpoint(),
		AppID:                       session.appID,
		DisableS3ExpressSessionAuth: session.s3.disableExpressAuth,
		// The SDK's message for each object without a checksum would fill the log.
		DisableLogOutputChecksumValidationSkipped: true,
		HTTPSignerV4:               newSigner(&client.peer.clock, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }),
		DisableClockSkewCorrection: true, // the signer corrects it
		APIOptions:                 []func(*middleware.Stack) error{appendUserAgent, dropDefaultContentType, hideSecretsInLog, proof.AddSteps, client.peer.addSteps},
	})
}

func newSTSClient(session *session) *sts.Client {
	client := session.env.serviceClient()
	return sts.New(sts.Options{
		Region:                     session.sts.signingRegion,
		Credentials:                session.credentials,
		HTTPClient:                 client,
		Retryer:                    newRetryer(session.sts.attempts, session.env.backoff),
		EndpointResolverV2:         session.sts.resolver(),
		BaseEndpoint:               session.sts.baseEndpoint(),
		AppID:                      session.appID,
		HTTPSignerV4:               newSigner(&client.peer.clock),
		DisableClockSkewCorrection: true, // the signer corrects it
		APIOptions:                 []func(*middleware.Stack) error{proveAnswers, proof.AddSteps, client.peer.addSteps},
	})
}

// httpClient is the SDK's HTTPClient: one round trip, no redirects (they would
// carry signed headers to another host), and a body that can't stall for ever.
type httpClient struct {
	transport http.RoundTripper
	timeout   time.Duration // for the next bytes of an answer; 0 is ioTimeout
	peer      *peer         // what is known of the server
}

// Do sends the request.
func (c *httpClient) Do(request *http.Request) (*http.Response, error) {
	// smithy-go closes the body as soon as the answer is there, while net/http
	// may still be in its WriteTo, whose io.EOF then closes the connection under
	// the unread answer. Without the method, net/http copies by Read, where
	// io.EOF is the end.
	if _, ok := request.Body.(io.WriterTo); ok {
		request.Body = struct{ io.ReadCloser }{request.Body}
	}
	return c.send(request.Context(), request)
}

// send is Do for a request that is sound and for another context than its own.
func (c *httpClient) send(ctx context.Context, request *http.Request) (*http.Response, error) {
	if err := checkHost(request.URL.Host); err != nil {
		return nil, err
	}
	counted := progress.Count(ctx, request)
	ctx, cancel := context.WithCancelCause(ctx)
	sent := time.Now()
	response, err := c.transport.RoundTrip(request.WithContext(ctx))
	if err == nil && response == nil {
		err = &finalError{errNoAnswer}
	}
	if err != nil {
		cancel(nil)
		counted.Fail()
		return nil, describeSending(request.URL, err)
	}
	c.peer.clock.observe(response.Header, sent)
	if response.Body == nil { // a transport of the caller's may do without
		response.Body = http.NoBody
	}
	response.Body = boundAnswer(ctx, request.Method, response, cancel)
	response.Body = &stallBody{ReadCloser: response.Body, ctx: ctx, cancel: cancel, timeout: cmp.Or(c.timeout, ioTimeout)}
	return response, checkScheme(request.URL, response)
}

// errStalled is a response body that sent nothing for so long.
var errStalled = errors.New("the server sent nothing for 10 s")

// stallBody fails a read that waits longer than timeout.
type stallBody struct {
	io.ReadCloser
	timeout time.Duration
	ctx     context.Context //nolint:containedctx // the request's own, to tell a stall from the caller's cancel
	cancel  context.CancelCauseFunc
}

func (b *stallBody) Read(p []byte) (int, error) {
	timer := time.AfterFunc(b.timeout, func() { b.cancel(errStalled) })
	n, err := b.ReadCloser.Read(p)
	timer.Stop()
	if cause := context.Cause(b.ctx); err != nil && (errors.Is(cause, errStalled) || errors.Is(cause, errEndless)) {
		err = cause
	}
	return n, err
}

func (b *stallBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// appendUserAgent puts userAgent behind everything else, as botocore's
// user_agent_extra does.
func appendUserAgent(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("LithopsUserAgent",
		func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			if request, ok := in.Request.(*smithyhttp.Request); ok {
				agent := request.Header.Get("User-Agent")
				request.Header.Set("User-Agent", agent+" "+userAgent)
			}
			return next.HandleBuild(ctx, in)
		}), middleware.After)
}

// dropDefaultContentType: boto3 sends none unless told, and S3 then answers
// binary/octet-stream. The SDK would store application/octet-stream.
func dropDefaultContentType(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("NoDefaultContentType",
		func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			request, ok := in.Request.(*smithyhttp.Request)
			if ok && request.Header.Get("Content-Type") == "application/octet-stream" && !hasContentType(ctx) {
				request.Header.Del("Content-Type")
			}
			return next.HandleBuild(ctx, in)
		}), middleware.After)
}

type contentTypeKey struct{}

// withContentType marks a request whose content type the caller chose.
func withContentType(ctx context.Context, contentType string) context.Context {
	if contentType == "" {
		return ctx
	}
	return context.WithValue(ctx, contentTypeKey{}, true)
}

func hasContentType(ctx context.Context) bool {
	chosen, _ := ctx.Value(contentTypeKey{}).(bool)
	return chosen
}
