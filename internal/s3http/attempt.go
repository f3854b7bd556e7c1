// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"crypto/md5" //nolint:gosec // Content-MD5 is one
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// A Peer is what a client has learned of its server. Its zero value knows nothing.
// It is safe for concurrent use.
type Peer struct {
	Clock    Clock
	demanded sync.Map // of demand
	// IsObserved has the requests of one call counted, for an Observer.
	IsObserved bool
	// ListsByTokens is set for a server with MinIO's rule, see listing.TokensOnly.
	ListsByTokens atomic.Bool
}

// A demand is something that an operation's requests need beyond what the SDK makes.
type demand struct{ operation, what string }

const (
	noExpect    = "no Expect"   // the server answers 417 to Expect: 100-continue
	withBodyMD5 = "Content-MD5" // it answers MissingContentMD5, or InvalidRequest
	md5Code     = "MissingContentMD5"
	md5Header   = "Content-Md5"
)

func (p *Peer) demands(operation, what string) bool {
	_, ok := p.demanded.Load(demand{operation, what})
	return ok
}

// AddSteps gives a client of the SDK what this package demands of all its clients:
// input that HTTP can carry, errors in plain words, and attempts that take what the
// server says of them to heart.
func (p *Peer) AddSteps(stack *middleware.Stack) error {
	call := &callStep{peer: p}
	err := stack.Initialize.Add(call, middleware.Before)
	if _, retries := stack.Finalize.Get("Retry"); !retries { // what is presigned is not sent
		return errors.Join(err, stack.Build.Add(headerStep{}, middleware.After))
	}
	return errors.Join(err, stack.Finalize.Insert(attemptStep{call}, "Retry", middleware.After))
}

// A callStep is around one call, with all its attempts.
type callStep struct {
	peer     *Peer
	attempts int
}

// ID names the step.
func (*callStep) ID() string { return "LithopsCall" }

// HandleInitialize refuses input that can't be sent, and describes errors.
func (c *callStep) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
	if err := validate.Input(in.Parameters); err != nil {
		return out, metadata, err
	}
	if c.peer.IsObserved && callOf(ctx) == nil {
		ctx = WithCall(ctx, "", "", "")
	}
	out, metadata, err = next.HandleInitialize(ctx, in)
	if err != nil {
		err = &failedCall{attempts: c.attempts, err: WithCause(ctx, err)}
	}
	return out, metadata, err
}

// WithCause returns err joined with the cause of ctx (context.Cause), if err says that ctx
// was canceled. The SDK's errors and ctx.Err() do not have the cause.
func WithCause(ctx context.Context, err error) error {
	return ended.With(ctx, err)
}

// A headerStep refuses a request whose headers can't be sent, before it is presigned.
type headerStep struct{}

// ID names the step.
func (headerStep) ID() string { return "LithopsCheckHeaders" }

// HandleBuild checks the headers.
func (headerStep) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
	if request, ok := in.Request.(*smithyhttp.Request); ok {
		if err := validate.Header(request.Header); err != nil {
			return middleware.BuildOutput{}, middleware.Metadata{}, err
		}
	}
	return next.HandleBuild(ctx, in)
}

// An attemptStep is around one attempt.
type attemptStep struct{ call *callStep }

// ID names the step.
func (attemptStep) ID() string { return "LithopsAttempt" }

// HandleFinalize refuses a request whose headers can't be sent, before it is signed.
// It makes the attempt as the server wants it, and has it made again
// where the server's answer says what was wrong with it.
func (a attemptStep) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	a.call.attempts++
	peer, operation := a.call.peer, awsmiddleware.GetOperationName(ctx)
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return next.HandleFinalize(ctx, in)
	}
	if a.call.attempts == 1 {
		if err := validate.Header(request.Header); err != nil {
			return middleware.FinalizeOutput{}, middleware.Metadata{}, err
		}
	}
	if peer.demands(operation, noExpect) {
		request.Header.Del("Expect")
	}
	if peer.demands(operation, withBodyMD5) {
		if err := addMD5(request); err != nil {
			return middleware.FinalizeOutput{}, middleware.Metadata{}, err
		}
	}
	out, metadata, err := next.HandleFinalize(ctx, in)
	if err == nil {
		return out, metadata, nil
	}
	if of := callOf(ctx); of != nil {
		of.fail(PlainText(err))
	}
	if wants := wantedOf(err, request.Header); wants != "" {
		peer.demanded.Store(demand{operation, wants}, nil)
		return out, metadata, &retryError{err}
	}
	var refused *smithyhttp.ResponseError
	if errors.As(err, &refused) && refused.Response != nil && IsSkewed(refused.Response.Response) {
		err = &retryError{err}
	}
	return out, metadata, err
}

// wantedOf returns what a server demands that refused a request with these headers.
func wantedOf(err error, sent http.Header) string {
	status := statusOf(err)
	if status == http.StatusExpectationFailed && sent.Get("Expect") != "" {
		return noExpect
	}
	var api smithy.APIError
	if status == http.StatusBadRequest && errors.As(err, &api) && sent.Get(md5Header) == "" && demandsMD5(api) {
		return withBodyMD5
	}
	return ""
}

// demandsMD5 reports whether a refusal misses the header Content-MD5. Dell ECS and others
// say so with the code InvalidRequest, and S3 of puts to a bucket with Object Lock.
func demandsMD5(refusal smithy.APIError) bool {
	return refusal.ErrorCode() == md5Code || refusal.ErrorCode() == "InvalidRequest" && strings.Contains(strings.ToLower(refusal.ErrorMessage()), "content-md5")
}

// addMD5 adds the header Content-MD5 of the request's body.
func addMD5(request *smithyhttp.Request) error {
	body := request.GetStream()
	if body == nil || request.Header.Get(md5Header) != "" || !request.IsStreamSeekable() {
		return nil
	}
	hash := md5.New() //nolint:gosec // see the import
	if _, err := io.Copy(hash, body); err != nil {
		return s3err.Final(fmt.Errorf("reading the body: %w", err))
	}
	if err := request.RewindStream(); err != nil {
		return err
	}
	request.Header.Set(md5Header, base64.StdEncoding.EncodeToString(hash.Sum(nil)))
	return nil
}

// statusOf is the HTTP status that err came with, 0 if no answer did.
func statusOf(err error) int {
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
