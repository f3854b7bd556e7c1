package lithopss3

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// s3Attempts are those of Lithops' S3Backend (OBJ_REQ_RETRIES): a retry count of 5 is
// 6 attempts.
const s3Attempts = 6

// unescapedPath has a signer take a path as it is, as S3 does.
func unescapedPath(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }

func newS3Client(session *session, client *s3http.Client, pace pace, given *aws.Config) *s3.Client {
	options := s3.Options{
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
		APIOptions:                 []func(*middleware.Stack) error{s3client.AddSteps, proof.AddSteps, client.Peer.AddSteps, s3http.NormalizeXML},
	}
	if session.isAnonymous {
		options.Credentials = aws.AnonymousCredentials{}
	}
	if given != nil {
		options.APIOptions = append(options.APIOptions, given.APIOptions...)
		if given.Retryer != nil {
			options.Retryer = given.Retryer()
		}
	}
	return s3.New(options)
}
