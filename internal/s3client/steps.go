// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"context"
	"errors"
	"reflect"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// userAgent ends the user agent, as Python Lithops' does. The version is the
// Lithops that this module is compared with.
const userAgent = "lithops/3.7.1.dev0"

// addSteps makes a client of the SDK send what Lithops sends, and log no secrets.
func addSteps(stack *middleware.Stack) error {
	step := &lithopsStep{}
	return errors.Join(stack.Initialize.Add(step, middleware.Before), stack.Build.Add(step, middleware.After), stack.Deserialize.Add(step, middleware.After))
}

// A lithopsStep is for one call. It is one step and not four, because each call of
// the SDK builds its stack anew.
type lithopsStep struct{ input any }

// ID names the step.
func (*lithopsStep) ID() string { return "Lithops" }

// HandleInitialize keeps secrets out of the log.
func (s *lithopsStep) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	s.input = in.Parameters
	ctx = middleware.SetLogger(ctx, redactingLogger{middleware.GetLogger(ctx)})
	return next.HandleInitialize(ctx, in)
}

// HandleBuild appends to the user agent, as botocore's user_agent_extra does, and
// removes the content type that the SDK makes up. boto3 sends none unless told, and
// S3 then stores binary/octet-stream.
func (s *lithopsStep) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return next.HandleBuild(ctx, in)
	}
	request.Header.Set("User-Agent", request.Header.Get("User-Agent")+" "+userAgent)
	if request.Header.Get("Content-Type") == "application/octet-stream" && !choosesContentType(s.input) {
		request.Header.Del("Content-Type")
	}
	return next.HandleBuild(ctx, in)
}

// HandleDeserialize names the bucket's region, before the SDK reads the answer.
func (*lithopsStep) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok { // with an error it has no status
		nameRegion(response.Response)
	}
	return out, metadata, err
}

// UnsignedPayload leaves the SHA-256 of bodies out of the signatures of puts and parts
// over http, as the SDK does over https. Other requests, and presigned ones, stay.
func UnsignedPayload(stack *middleware.Stack) error {
	_, retries := stack.Finalize.Get("Retry")
	hasBody := stack.ID() == "PutObject" || stack.ID() == "UploadPart"
	if !retries || !hasBody {
		return nil
	}
	return stack.Initialize.Add(unsignedStep{}, middleware.After)
}

// An unsignedStep has a call's body not hashed for its signature.
type unsignedStep struct{}

// ID names the step.
func (unsignedStep) ID() string { return "LithopsUnsignedPayload" }

// HandleInitialize sets what is signed in place of the body's hash.
func (unsignedStep) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	return next.HandleInitialize(v4.SetPayloadHash(ctx, "UNSIGNED-PAYLOAD"), in)
}

// choosesContentType reports whether an input has a content type.
func choosesContentType(input any) bool {
	value := reflect.Indirect(reflect.ValueOf(input))
	if value.Kind() != reflect.Struct {
		return false
	}
	contentType := value.FieldByName("ContentType")
	return contentType.IsValid() && !contentType.IsZero()
}
