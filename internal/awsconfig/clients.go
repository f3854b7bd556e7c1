// SPDX-License-Identifier: Apache-2.0

package awsconfig

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/lithops-go/lithopss3/internal/botofile"
	"github.com/lithops-go/lithopss3/internal/homedir"
)

// S3 are the settings of an S3 client that decide where a request goes and what it
// carries.
type S3 struct {
	URL, URLSource  string // of a custom endpoint; "" is AWS's own
	Addressing      string // "path", "virtual", or "auto" where nothing says
	Accelerate      bool
	DualStack, FIPS bool
	UseARNRegion    bool
	// RegionalUSEast1 reports whether us-east-1 is asked by its own host and not by
	// the global one.
	RegionalUSEast1 bool
	// Checksums of requests and answers, see
	// https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
	RequestChecksumWhenRequired, ResponseChecksumWhenRequired bool
	// DisableExpressAuth has S3 Express requests signed without a session; nil where
	// nothing says.
	DisableExpressAuth *bool
}

// S3 reads the settings of an S3 client. A URL that is given wins over that of the
// settings.
func (e *Environment) S3(override string) (S3, error) {
	endpoint, err := e.Endpoint("s3", override)
	if err != nil {
		return S3{}, err
	}
	block, isBlock := botofile.Nested(e.Section["s3"])
	if _, ok := e.Section["s3"]; ok && !isBlock {
		return S3{}, e.notABlock("s3 of profile " + e.ProfileName())
	}
	settings := S3{
		URL: endpoint.Text, URLSource: endpoint.Source,
		Accelerate:                   IsTrue(block["use_accelerate_endpoint"]),
		DualStack:                    e.usesDualStack() || IsTrue(block["use_dualstack_endpoint"]),
		FIPS:                         e.usesFIPS(),
		UseARNRegion:                 e.useARNRegion(block),
		RequestChecksumWhenRequired:  strings.EqualFold(e.Setting("AWS_REQUEST_CHECKSUM_CALCULATION", "request_checksum_calculation").Text, whenRequired),
		ResponseChecksumWhenRequired: strings.EqualFold(e.Setting("AWS_RESPONSE_CHECKSUM_VALIDATION", "response_checksum_validation").Text, whenRequired),
	}
	if disable := e.Setting("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "s3_disable_express_session_auth"); disable.Set {
		isTrue := IsTrue(disable.Text)
		settings.DisableExpressAuth = &isTrue
	}
	if settings.RegionalUSEast1, err = e.regionalUSEast1(block); err != nil {
		return S3{}, err
	}
	if settings.Addressing, err = e.addressing(block); err != nil {
		return S3{}, err
	}
	return settings, nil
}

// useARNRegion reports whether the region of an access point's ARN is used, which is
// so unless a setting says otherwise.
func (e *Environment) useARNRegion(block map[string]string) bool {
	if setting := e.Setting("AWS_S3_USE_ARN_REGION", "s3_use_arn_region"); setting.Set {
		return IsTrue(setting.Text)
	}
	text, ok := block["use_arn_region"]
	return !ok || IsTrue(text)
}

func (e *Environment) regionalUSEast1(block map[string]string) (bool, error) {
	const key = "us_east_1_regional_endpoint"
	option := e.Setting("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "s3_"+key)
	if text, ok := block[key]; ok && !option.Set {
		option = e.inBlock(key, text)
	}
	if !option.Set {
		mode := e.Setting("AWS_DEFAULTS_MODE", "defaults_mode").Text
		return mode != "" && !strings.EqualFold(mode, "legacy"), nil
	}
	return option.Text == "regional", (enumeration{kind: kindInvalidUSEast1, values: regionalOrLegacy}).check(option)
}

func (e *Environment) addressing(block map[string]string) (string, error) {
	const key = "addressing_style"
	style, ok := block[key]
	if !ok {
		return "auto", nil
	}
	return style, (enumeration{kind: "InvalidS3AddressingStyleError", values: []string{"auto", "path", "virtual"}}).check(e.inBlock(key, style))
}

// inBlock is a setting of the s3 block.
func (e *Environment) inBlock(key, text string) Value {
	source := fmt.Sprintf("%s in the s3 block of profile %s in %s", key, e.ProfileName(), homedir.Abbreviate(e.ConfigPath))
	return Value{Text: text, Source: source, Set: true}
}

// notABlock is an error about a setting that must be an indented block.
func (e *Environment) notABlock(what string) error {
	reason := fmt.Sprintf("%s in %s is a string, not an indented block of settings", what, homedir.Abbreviate(e.ConfigPath))
	return &Error{Kind: "AttributeError", Reason: reason} // what botocore meets when it looks into the text
}

// CheckRegion returns an error where the settings ask for an endpoint that the
// region's partition does not have.
func (s *S3) CheckRegion(region string) error {
	hasDualStack := !strings.HasPrefix(region, "us-isof-") && !strings.HasPrefix(region, "eu-isoe-")
	if !s.DualStack || s.URL != "" || hasDualStack {
		return nil
	}
	return &Error{Kind: "EndpointVariantError", Reason: "use_dualstack_endpoint is true, and S3 has no dual stack endpoint in " + region}
}

// PathStyle reports whether a request names its bucket in the path. With a custom
// endpoint botocore does so unless told otherwise, or the endpoint is one of transfer
// acceleration (ClientArgsCreator.compute_endpoint_resolver_builtin_defaults).
func (s *S3) PathStyle() bool {
	return s.Addressing == "path" || (s.URL != "" && !isAccelerateURL(s.URL) && s.Addressing != "virtual")
}

// isAccelerateURL is botocore.utils.is_s3_accelerate_url.
func isAccelerateURL(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && (parsed.Host == "s3-accelerate.amazonaws.com" || parsed.Host == "s3-accelerate.dualstack.amazonaws.com")
}

// A Service is where a service other than S3 and STS is asked. URL is a custom endpoint,
// which has no variants; "" is AWS's own.
type Service struct {
	URL             string
	DualStack, FIPS bool
}

// Service reads the settings of a client of a service (sso, sso_oidc, signin).
func (e *Environment) Service(name string) (Service, error) {
	endpoint, err := e.Endpoint(name, "")
	if err != nil || endpoint.Set {
		return Service{URL: endpoint.Text}, err
	}
	return Service{DualStack: e.usesDualStack(), FIPS: e.usesFIPS()}, nil
}

func (e *Environment) usesDualStack() bool {
	return e.isTrue("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
}

func (e *Environment) usesFIPS() bool {
	return e.isTrue("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
}

// STS are the settings of an STS client.
type STS struct {
	URL, URLSource  string // of a custom endpoint; "" is AWS's own
	SigningRegion   string
	DualStack, FIPS bool
	Global          bool  // sts.amazonaws.com is asked
	Attempts        int   // 0 where nothing says
	Err             error // what is wrong with the endpoint; it matters only if STS is used
}

// legacyRegions are those that sts_regional_endpoints = legacy sends to the global
// host (botocore.args.LEGACY_GLOBAL_STS_REGIONS).
var legacyRegions = []string{
	"ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "aws-global", "ca-central-1", "eu-central-1", "eu-north-1",
	"eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
}

// STS reads the settings of an STS client that signs for region.
func (e *Environment) STS(override, region string) STS {
	endpoint, err := e.Endpoint("sts", override)
	isLegacy := e.Setting("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints").Text == "legacy"
	settings := STS{
		URL: endpoint.Text, URLSource: endpoint.Source, SigningRegion: region, Err: err,
		DualStack: e.usesDualStack(),
		FIPS:      e.usesFIPS(),
		Global:    isLegacy && slices.Contains(legacyRegions, region),
	}
	// A value that is not a number fails botocore's STS client; here it counts as unset.
	if attempts, err := ParseInt(e.Setting("AWS_MAX_ATTEMPTS", "max_attempts").Text); err == nil && attempts > 0 {
		settings.Attempts = attempts
	}
	return settings
}

// IsAWS reports whether a URL is one of AWS's own endpoints, such as a VPC's.
func IsAWS(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.ToLower(parsed.Hostname())
	for _, domain := range []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws"} {
		if strings.HasSuffix(host, domain) {
			return true
		}
	}
	return false
}
