// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// Attempts is how often a request is sent at most. Lithops' S3Backend sets 5 retries
// (OBJ_REQ_RETRIES), which is 6 attempts.
const Attempts = 6

// UnescapedPath has a signer take a path as it is, as S3 does.
func UnescapedPath(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }

// ownSteps is how many steps of the middleware every client has.
const ownSteps = 4

// NewSDK returns a client of the SDK that sends with client, and that has what every
// client of S3 here must have: the addresses and checksums that settings ask for, the
// server's clock, checked answers, and a log without secrets. Everything else comes from
// options. The middleware steps of options run after those added here.
func NewSDK(client *s3http.Client, settings *awsconfig.S3, options s3.Options) *s3.Client {
	steps := [ownSteps]func(*middleware.Stack) error{addSteps, proof.AddSteps, client.Peer.AddSteps, s3http.NormalizeXML}
	options.HTTPClient = client
	options.APIOptions = append(steps[:], options.APIOptions...)
	options.HTTPSignerV4 = s3http.NewSigner(&client.Peer.Clock, UnescapedPath)
	options.DisableClockSkewCorrection = true // the signer corrects it
	// The SDK's message for each object without a checksum would fill the log.
	options.DisableLogOutputChecksumValidationSkipped = true
	options.EndpointResolverV2 = NewResolver(settings)
	options.RequestChecksumCalculation = requestChecksum(settings)
	options.ResponseChecksumValidation = responseChecksum(settings)
	options.DisableS3ExpressSessionAuth = settings.DisableExpressAuth
	if options.Logger != nil { // which the signer is given as it is
		options.Logger = redactingLogger{options.Logger}
	}
	if settings.URL != "" {
		options.BaseEndpoint = &settings.URL
	}
	return s3.New(options)
}
