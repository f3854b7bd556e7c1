package lithopss3

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	endpoints "github.com/aws/smithy-go/endpoints"
	"github.com/lithops-go/lithopss3/internal/botofile"
)

// s3Settings are the settings of the S3 client that decide where a request goes
// and what it carries. The zero url is AWS's own endpoint.
type s3Settings struct {
	url, urlSource   string
	addressing       string // "path", "virtual", or "auto" where nothing says
	region           string
	accelerate       bool
	dualStack, fips  bool
	useARNRegion     bool
	regionalUSEast1  bool
	requestChecksum  aws.RequestChecksumCalculation
	responseChecksum aws.ResponseChecksumValidation
}

type stsSettings struct {
	url, urlSource  string
	signingRegion   string
	dualStack, fips bool
	global          bool // sts.amazonaws.com
	attempts        int
	err             error // an endpoint that is none
}

func (e *awsEnvironment) s3Settings(override, region string) (s3Settings, error) {
	endpoint, err := e.endpoint("s3", override)
	if err != nil {
		return s3Settings{}, err
	}
	block, isBlock, err := botofile.Nested(e.section["s3"])
	if err != nil {
		return s3Settings{}, parseError(fmt.Errorf("the s3 block of profile %s in %s: %w", e.profileName(), e.configPath, err))
	}
	if text, ok := e.section["s3"]; ok && !isBlock && text != "" {
		return s3Settings{}, &CredentialsError{
			Kind:   "AttributeError", // what botocore meets when it looks into the text
			Reason: fmt.Sprintf("s3 of profile %s in %s is a text, not an indented block of settings", e.profileName(), abbreviateHome(e.configPath)),
		}
	}
	settings := s3Settings{
		url: endpoint.value, urlSource: endpoint.source, region: region,
		accelerate:   isTrue(block["use_accelerate_endpoint"]),
		dualStack:    isTrue(e.setting("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint").value) || isTrue(block["use_dualstack_endpoint"]),
		fips:         isTrue(e.setting("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint").value),
		useARNRegion: true,
	}
	for _, setting := range []sourced{
		e.setting("AWS_S3_USE_ARN_REGION", "s3_use_arn_region"),
		{value: block["use_arn_region"], set: block["use_arn_region"] != ""},
	} {
		if setting.set {
			settings.useARNRegion = isTrue(setting.value)
			break
		}
	}
	if settings.regionalUSEast1, err = e.regionalUSEast1(block); err != nil {
		return s3Settings{}, err
	}
	if settings.addressing, err = e.addressing(block); err != nil {
		return s3Settings{}, err
	}
	return settings, e.checksums(&settings)
}

// regionalUSEast1 tells whether us-east-1 is asked by its own host and not by the
// global one.
func (e *awsEnvironment) regionalUSEast1(block map[string]string) (bool, error) {
	option := e.setting("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "s3_us_east_1_regional_endpoint")
	if !option.set && block["us_east_1_regional_endpoint"] != "" {
		option = sourced{block["us_east_1_regional_endpoint"], "us_east_1_regional_endpoint of profile " + e.profileName(), true}
	}
	switch strings.ToLower(option.value) {
	case "regional":
		return true, nil
	case "legacy":
		return false, nil
	case "":
		if !option.set {
			mode := e.setting("AWS_DEFAULTS_MODE", "defaults_mode").value
			return mode != "" && !strings.EqualFold(mode, "legacy"), nil
		}
	}
	return false, &CredentialsError{Kind: "InvalidS3UsEast1RegionalEndpointConfigError", Reason: fmt.Sprintf("%s is %q, not legacy or regional", option.source, option.value)}
}

func isTrue(value string) bool { return strings.EqualFold(value, "true") }

func (e *awsEnvironment) addressing(block map[string]string) (string, error) {
	style := block["addressing_style"]
	switch style {
	case "":
		return "auto", nil
	case "auto", "path", "virtual":
		return style, nil
	}
	return "", &CredentialsError{
		Kind:   "InvalidS3AddressingStyleError",
		Reason: fmt.Sprintf("addressing_style of profile %s in %s is %q, not auto, path or virtual", e.profileName(), abbreviateHome(e.configPath), style),
	}
}

// checksums follow https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
func (e *awsEnvironment) checksums(settings *s3Settings) error {
	settings.requestChecksum = aws.RequestChecksumCalculationWhenSupported
	settings.responseChecksum = aws.ResponseChecksumValidationWhenSupported
	request, err := checksumMode(e.setting("AWS_REQUEST_CHECKSUM_CALCULATION", "request_checksum_calculation"))
	if err != nil {
		return err
	}
	if request {
		settings.requestChecksum = aws.RequestChecksumCalculationWhenRequired
	}
	response, err := checksumMode(e.setting("AWS_RESPONSE_CHECKSUM_VALIDATION", "response_checksum_validation"))
	if response {
		settings.responseChecksum = aws.ResponseChecksumValidationWhenRequired
	}
	return err
}

func checksumMode(setting sourced) (whenRequired bool, err error) {
	switch {
	case !setting.set, strings.EqualFold(setting.value, "when_supported"):
		return false, nil
	case strings.EqualFold(setting.value, "when_required"):
		return true, nil
	}
	return false, &CredentialsError{
		Kind:   "InvalidChecksumConfigError",
		Reason: fmt.Sprintf("%s is %q, not when_supported or when_required", setting.source, setting.value),
	}
}

func (s *s3Settings) baseEndpoint() *string { return optional(s.url) }

// avoidTrailers: over https the SDK sends a checksum behind the body, which
// servers other than AWS's may refuse.
func (s *s3Settings) avoidTrailers() bool {
	return strings.HasPrefix(s.url, "https:") && s.requestChecksum == aws.RequestChecksumCalculationWhenSupported
}

// pathStyle: with a custom endpoint botocore puts the bucket into the path unless
// told otherwise (botocore.utils.fix_s3_host and its successors).
func (s *s3Settings) pathStyle() bool {
	return s.addressing == "path" || (s.url != "" && s.addressing != "virtual")
}

// resolver gives the SDK's rule set the inputs that botocore gives to the same.
func (s *s3Settings) resolver() s3.EndpointResolverV2 {
	return &s3Resolver{next: s3.NewDefaultEndpointResolverV2(), settings: *s}
}

type s3Resolver struct {
	next     s3.EndpointResolverV2
	settings s3Settings
}

// ResolveEndpoint is called by the SDK for each request.
func (r *s3Resolver) ResolveEndpoint(ctx context.Context, params s3.EndpointParameters) (endpoints.Endpoint, error) {
	custom := params.Endpoint != nil
	isARN := strings.HasPrefix(aws.ToString(params.Bucket), "arn:")
	accelerated := r.settings.accelerate && !custom // which there is by virtual host only
	params.ForcePathStyle = aws.Bool(r.settings.pathStyle() && !isARN && !accelerated)
	params.Accelerate = aws.Bool(r.settings.accelerate)
	params.UseArnRegion = aws.Bool(r.settings.useARNRegion)
	params.UseDualStack = aws.Bool(r.settings.dualStack && !custom)
	params.UseFIPS = aws.Bool(r.settings.fips && !custom)
	params.UseGlobalEndpoint = aws.Bool(!r.settings.regionalUSEast1 && aws.ToString(params.Region) == "us-east-1")
	return r.next.ResolveEndpoint(ctx, params)
}

// legacySTSRegions are those that sts_regional_endpoints = legacy sends to the
// global host (botocore.args.LEGACY_GLOBAL_STS_REGIONS).
var legacySTSRegions = []string{
	"ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "aws-global", "ca-central-1", "eu-central-1", "eu-north-1",
	"eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
}

func (e *awsEnvironment) stsSettings(override, region string) (stsSettings, error) {
	endpoint, err := e.endpoint("sts", override)
	settings := stsSettings{
		err: err, // which only those who ask STS need to hear
		url: endpoint.value, urlSource: endpoint.source, signingRegion: region,
		dualStack: isTrue(e.setting("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint").value),
		fips:      e.fips || isTrue(e.setting("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint").value),
		global:    e.noRegion,
		attempts:  stsAttempts,
	}
	// A number that is none fails botocore's STS client; here it counts as unset.
	if attempts, err := strconv.Atoi(e.setting("AWS_MAX_ATTEMPTS", "max_attempts").value); err == nil && attempts > 0 {
		settings.attempts = attempts
	}
	option := e.setting("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints")
	switch {
	case option.set && strings.EqualFold(option.value, "legacy"):
		settings.global = settings.global || slices.Contains(legacySTSRegions, region)
	case option.value != "" && !strings.EqualFold(option.value, "regional"):
		return stsSettings{}, &CredentialsError{Kind: "InvalidSTSRegionalEndpointsConfigError", Reason: fmt.Sprintf("%s is %q, not legacy or regional", option.source, option.value)}
	}
	return settings, nil
}

func (s *stsSettings) baseEndpoint() *string { return optional(s.url) }

func (s *stsSettings) resolver() sts.EndpointResolverV2 {
	return &stsResolver{next: sts.NewDefaultEndpointResolverV2(), settings: *s}
}

type stsResolver struct {
	next     sts.EndpointResolverV2
	settings stsSettings
}

// ResolveEndpoint is called by the SDK for each request.
func (r *stsResolver) ResolveEndpoint(ctx context.Context, params sts.EndpointParameters) (endpoints.Endpoint, error) {
	custom := params.Endpoint != nil
	params.UseDualStack = aws.Bool(r.settings.dualStack && !custom)
	params.UseFIPS = aws.Bool(r.settings.fips && !custom)
	params.UseGlobalEndpoint = aws.Bool(r.settings.global && !custom)
	return r.next.ResolveEndpoint(ctx, params)
}
