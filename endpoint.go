package lithopss3

import (
	"context"
	"fmt"
	"net/url"
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
	url, urlSource  string
	addressing      string // "path", "virtual", or "auto" where nothing says
	region          string
	accelerate      bool
	dualStack, fips bool
	useARNRegion    bool
	regionalUSEast1 bool
	requestChecksum aws.RequestChecksumCalculation
	// disableExpressAuth has S3 Express requests signed without a session; nil where
	// nothing says.
	disableExpressAuth *bool
	responseChecksum   aws.ResponseChecksumValidation
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
	block, isBlock := botofile.Nested(e.section["s3"])
	if _, ok := e.section["s3"]; ok && !isBlock {
		return s3Settings{}, e.notABlock("s3 of profile " + e.profileName())
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
	if disable := e.setting("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "s3_disable_express_session_auth"); disable.set {
		settings.disableExpressAuth = aws.Bool(isTrue(disable.value))
	}
	if settings.regionalUSEast1, err = e.regionalUSEast1(block); err != nil {
		return s3Settings{}, err
	}
	if settings.addressing, err = e.addressing(block); err != nil {
		return s3Settings{}, err
	}
	settings.requestChecksum, settings.responseChecksum = e.checksums()
	return settings, settings.checkDualStack()
}

// notABlock is an error about a setting that must be an indented block.
func (e *awsEnvironment) notABlock(what string) error {
	return &SettingsError{
		Kind:   "AttributeError", // what botocore meets when it looks into the text
		Reason: fmt.Sprintf("%s in %s is a text, not an indented block of settings", what, abbreviateHome(e.configPath)),
	}
}

// checkDualStack refuses dual stack in the partitions that botocore has no
// endpoint of that kind for.
func (s *s3Settings) checkDualStack() error {
	without := strings.HasPrefix(s.region, "us-isof-") || strings.HasPrefix(s.region, "eu-isoe-")
	if !s.dualStack || s.url != "" || !without {
		return nil
	}
	return &SettingsError{Kind: "EndpointVariantError", Reason: fmt.Sprintf("use_dualstack_endpoint is true, and S3 has no dual stack endpoint in %s", s.region)}
}

// regionalUSEast1 reports whether us-east-1 is asked by its own host and not by the
// global one.
func (e *awsEnvironment) regionalUSEast1(block map[string]string) (bool, error) {
	option := e.setting("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "s3_us_east_1_regional_endpoint")
	if value, ok := block["us_east_1_regional_endpoint"]; ok && !option.set {
		option = e.inBlock("us_east_1_regional_endpoint", value)
	}
	if !option.set {
		mode := e.setting("AWS_DEFAULTS_MODE", "defaults_mode").value
		return mode != "" && !strings.EqualFold(mode, "legacy"), nil
	}
	return option.value == "regional", (enumeration{kind: kindInvalidUSEast1, values: regionalOrLegacy}).check(option)
}

// inBlock is a setting of the s3 block.
func (e *awsEnvironment) inBlock(key, value string) sourced {
	return sourced{value, fmt.Sprintf("%s in the s3 block of profile %s in %s", key, e.profileName(), abbreviateHome(e.configPath)), true}
}

func isTrue(value string) bool { return strings.EqualFold(value, "true") }

func (e *awsEnvironment) addressing(block map[string]string) (string, error) {
	style, ok := block["addressing_style"]
	if !ok {
		return "auto", nil
	}
	return style, (enumeration{kind: "InvalidS3AddressingStyleError", values: []string{"auto", "path", "virtual"}}).check(e.inBlock("addressing_style", style))
}

// checksums follow https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
func (e *awsEnvironment) checksums() (aws.RequestChecksumCalculation, aws.ResponseChecksumValidation) {
	request, response := aws.RequestChecksumCalculationWhenSupported, aws.ResponseChecksumValidationWhenSupported
	if strings.EqualFold(e.setting("AWS_REQUEST_CHECKSUM_CALCULATION", "request_checksum_calculation").value, whenRequired) {
		request = aws.RequestChecksumCalculationWhenRequired
	}
	if strings.EqualFold(e.setting("AWS_RESPONSE_CHECKSUM_VALIDATION", "response_checksum_validation").value, whenRequired) {
		response = aws.ResponseChecksumValidationWhenRequired
	}
	return request, response
}

func (s *s3Settings) baseEndpoint() *string { return optional(s.url) }

// avoidTrailers: over https the SDK sends a checksum behind the body, which
// servers other than AWS's may refuse.
func (s *s3Settings) avoidTrailers() bool {
	return strings.HasPrefix(s.url, "https:") && s.requestChecksum == aws.RequestChecksumCalculationWhenSupported
}

// pathStyle: with a custom endpoint botocore puts the bucket into the path unless
// told otherwise, or the endpoint is one of transfer acceleration
// (ClientArgsCreator.compute_endpoint_resolver_builtin_defaults).
func (s *s3Settings) pathStyle() bool {
	return s.addressing == "path" || (s.url != "" && !isAccelerateURL(s.url) && s.addressing != "virtual")
}

// isAccelerateURL is botocore.utils.is_s3_accelerate_url.
func isAccelerateURL(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && (parsed.Host == "s3-accelerate.amazonaws.com" || parsed.Host == "s3-accelerate.dualstack.amazonaws.com")
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

func (e *awsEnvironment) stsSettings(override, region string) stsSettings {
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
	if e.setting("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints").value == "legacy" {
		settings.global = settings.global || slices.Contains(legacySTSRegions, region)
	}
	return settings
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
