package lithopss3

import (
	"context"
	"errors"
	"reflect"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// s3Attempts are those of Lithops' S3Backend (OBJ_REQ_RETRIES): a retry count of 5 is
// 6 attempts.
const s3Attempts = 6

// unescapedPath has a signer take a path as it is, as S3 does.
func unescapedPath(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }

// userAgent ends the user agent, as Python Lithops' does. The version is the
// Lithops that this package was held to.
const userAgent = "lithops/3.7.1.dev0"

func newS3Client(session *session, client *s3http.Client, pace pace) *s3.Client {
	return s3.New(s3.Options{
		Region:                      session.region,
		Credentials:                 session.credentials,
		HTTPClient:                  client,
		Retryer:                     s3http.NewRetryer(s3Attempts, pace.backoff),
		RequestChecksumCalculation:  requestChecksum(&session.s3),
		ResponseChecksumValidation:  responseChecksum(&session.s3),
		EndpointResolverV2:          newS3Resolver(&session.s3),
		BaseEndpoint:                optional(session.s3.URL),
		AppID:                       session.settings.AppID(),
		DisableS3ExpressSessionAuth: session.s3.DisableExpressAuth,
		// The SDK's message for each object without a checksum would fill the log.
		DisableLogOutputChecksumValidationSkipped: true,
		HTTPSignerV4:               s3http.NewSigner(&client.Peer.Clock, unescapedPath),
		DisableClockSkewCorrection: true, // the signer corrects it
		APIOptions:                 []func(*middleware.Stack) error{appendUserAgent, dropDefaultContentType, hideSecretsInLog, proof.AddSteps, client.Peer.AddSteps, s3http.NormalizeXML},
	})
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

// dropDefaultContentType removes the content type that the SDK makes up
// (application/octet-stream). boto3 sends none unless told, and S3 then stores
// binary/octet-stream.
func dropDefaultContentType(stack *middleware.Stack) error {
	step := &contentTypeStep{}
	return errors.Join(stack.Initialize.Add(step, middleware.Before), stack.Build.Add(step, middleware.After))
}

// A contentTypeStep knows whether the caller of one call chose a content type.
type contentTypeStep struct{ chosen bool }

// ID names the step.
func (*contentTypeStep) ID() string { return "LithopsContentType" }

// HandleInitialize looks at the input.
func (c *contentTypeStep) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	if input := reflect.Indirect(reflect.ValueOf(in.Parameters)); input.Kind() == reflect.Struct {
		contentType := input.FieldByName("ContentType")
		c.chosen = contentType.IsValid() && !contentType.IsZero()
	}
	return next.HandleInitialize(ctx, in)
}

// HandleBuild removes the content type that the caller did not choose.
func (c *contentTypeStep) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
	request, ok := in.Request.(*smithyhttp.Request)
	if ok && !c.chosen && request.Header.Get("Content-Type") == "application/octet-stream" {
		request.Header.Del("Content-Type")
	}
	return next.HandleBuild(ctx, in)
}
