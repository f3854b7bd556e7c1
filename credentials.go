package lithopss3

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// A session is what AWS settings and the configuration come to.
type session struct {
	region, regionSource string
	credentials          aws.CredentialsProvider
	s3                   s3Settings
	sts                  stsSettings
	appID                string
}
type s3Settings struct {
	requestChecksum  aws.RequestChecksumCalculation
	responseChecksum aws.ResponseChecksumValidation
	url              string
}
type stsSettings struct{ signingRegion, url string }

func (s s3Settings) resolver() s3.EndpointResolverV2   { return s3.NewDefaultEndpointResolverV2() }
func (s s3Settings) baseEndpoint() *string             { return optional(s.url) }
func (s s3Settings) avoidTrailers() bool               { return false }
func (s stsSettings) resolver() sts.EndpointResolverV2 { return sts.NewDefaultEndpointResolverV2() }
func (s stsSettings) baseEndpoint() *string            { return optional(s.url) }
func (s *session) sameService() bool                   { return s.s3.url == s.sts.url }

func newSession(config *Config, lookup func(string) (string, bool), opts *Options) (*session, error) {
	url, _ := lookup("AWS_ENDPOINT_URL")
	region := config.Region
	if region == "" {
		region = "us-east-1"
	}
	return &session{region: region, credentials: credentials.NewStaticCredentialsProvider(config.AccessKeyID, config.SecretAccessKey.Reveal(), ""),
		s3: s3Settings{url: url}, sts: stsSettings{signingRegion: region, url: url}}, nil
}
