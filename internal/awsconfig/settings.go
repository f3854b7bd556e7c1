// SPDX-License-Identifier: Apache-2.0

package awsconfig

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/internal/botofile"
	"github.com/lithops-go/lithopss3/internal/homedir"
)

// An enumeration is a setting that has one of a few values.
type enumeration struct {
	variable, key string
	kind          string // botocore's exception
	values        []string
	anyCase       bool // letter case does not count
	orEmpty       bool
}

var regionalOrLegacy = []string{"legacy", "regional"}

// enumerations are checked wherever nothing may need them: botocore refuses a
// wrong one when it makes any client, and a setting that is wrong on one side is
// wrong on both.
var enumerations = []enumeration{
	{variable: "AWS_RETRY_MODE", key: "retry_mode", kind: "InvalidRetryModeError", values: []string{"legacy", "standard", "adaptive"}},
	{
		variable: "AWS_DEFAULTS_MODE", key: "defaults_mode", kind: "InvalidDefaultsMode", anyCase: true,
		values: []string{"legacy", "auto", "standard", "in-region", "cross-region", "mobile"},
	},
	{
		variable: "AWS_ACCOUNT_ID_ENDPOINT_MODE", key: "account_id_endpoint_mode", kind: KindInvalidConfig, anyCase: true,
		values: []string{"preferred", "disabled", "required"},
	},
	{variable: "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", key: "s3_us_east_1_regional_endpoint", kind: kindInvalidUSEast1, values: regionalOrLegacy},
	{
		variable: "AWS_STS_REGIONAL_ENDPOINTS", key: "sts_regional_endpoints", kind: "InvalidSTSRegionalEndpointsConfigError", orEmpty: true,
		values: regionalOrLegacy,
	},
	{
		variable: "AWS_REQUEST_CHECKSUM_CALCULATION", key: "request_checksum_calculation", kind: kindInvalidChecksum, anyCase: true,
		values: []string{whenSupported, whenRequired},
	},
	{
		variable: "AWS_RESPONSE_CHECKSUM_VALIDATION", key: "response_checksum_validation", kind: kindInvalidChecksum, anyCase: true,
		values: []string{whenSupported, whenRequired},
	},
	{
		variable: "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", key: "s3_disable_express_session_auth", kind: KindInvalidConfig, anyCase: true,
		values: []string{"true", "false"},
	},
}

const (
	kindInvalidChecksum = "InvalidChecksumConfigError"
	kindInvalidUSEast1  = "InvalidS3UsEast1RegionalEndpointConfigError"

	whenSupported = "when_supported"
	whenRequired  = "when_required"
)

func (n enumeration) check(found Value) error {
	if !found.Set || (n.orEmpty && found.Text == "") {
		return nil
	}
	text := found.Text
	if n.anyCase {
		text = strings.ToLower(text)
	}
	if slices.Contains(n.values, text) {
		return nil
	}
	last := len(n.values) - 1
	return invalid(n.kind, found, strings.Join(n.values[:last], ", ")+" or "+n.values[last])
}

// invalid shows the value, because no enumeration and no number is a secret.
func invalid(kind string, found Value, want string) error {
	return &Error{Kind: kind, Reason: fmt.Sprintf("%s is %q, not %s", found.Source, found.Text, want)}
}

// Check refuses what botocore refuses when it makes a client, though nothing may
// need it.
func (e *Environment) Check() error {
	for _, enumeration := range enumerations {
		if err := enumeration.check(e.Setting(enumeration.variable, enumeration.key)); err != nil {
			return err
		}
	}
	for _, key := range []string{"services", "endpoint_url"} {
		if err := e.checkNoBlock(key); err != nil {
			return err
		}
	}
	if err := e.checkSSOSession(); err != nil {
		return err
	}
	return e.checkCompression()
}

// checkNoBlock refuses an indented block in place of a value.
func (e *Environment) checkNoBlock(key string) error {
	if _, isBlock := botofile.Nested(e.Section[key]); !isBlock {
		return nil
	}
	reason := e.where(key) + " is an indented block; write its value in the line of the key"
	return &Error{Kind: "TypeError", Reason: reason} // what botocore meets when it uses the block
}

// checkSSOSession returns an error if the profile names an sso-session that is missing
// or incomplete. Such a profile fails every client, even with other keys
// (botocore.tokens.SSOTokenProvider).
func (e *Environment) checkSSOSession() error {
	name, ok := e.Section["sso_session"]
	if !ok {
		return nil
	}
	section, err := e.SSOSession(name)
	if err != nil {
		return err
	}
	for _, key := range []string{"sso_start_url", "sso_region"} {
		if _, ok := section[key]; !ok {
			reason := fmt.Sprintf("the sso-session %s in %s lacks %s", name, homedir.Abbreviate(e.ConfigPath), key)
			return &Error{Kind: KindInvalidConfig, Reason: reason}
		}
	}
	return nil
}

// maxCompressionSize is botocore's bound of request_min_compression_size_bytes.
const maxCompressionSize = 1 << 20

func (e *Environment) checkCompression() error {
	size := e.Setting("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "request_min_compression_size_bytes")
	if !size.Set {
		return nil
	}
	number, err := ParseInt(size.Text)
	if err != nil || number < 1 || number > maxCompressionSize {
		return invalid(KindInvalidConfig, size, fmt.Sprintf("a number from 1 to %d", maxCompressionSize))
	}
	return nil
}

// Metadata are the settings of the client of EC2's instance metadata service.
type Metadata struct {
	Endpoint   string // "" for the well-known address
	IPv6       bool
	Disabled   bool
	V1Disabled bool
	Timeout    time.Duration
	Attempts   int
}

// Metadata reads the settings of the instance metadata service. One that is wrong
// fails botocore's whole chain of credentials, before any source is asked.
func (e *Environment) Metadata() (Metadata, error) {
	disabled, _ := e.Lookup("AWS_EC2_METADATA_DISABLED")
	endpoint := e.Setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")
	if parsed, err := url.Parse(endpoint.Text); endpoint.Text != "" && (err != nil || parsed.Scheme == "" || parsed.Host == "") {
		return Metadata{}, invalid("InvalidIMDSEndpointError", endpoint, "a URL")
	}
	mode := e.Setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode")
	modes := enumeration{kind: "InvalidIMDSEndpointModeError", values: []string{"ipv4", "ipv6"}, anyCase: true}
	if err := modes.check(mode); err != nil {
		return Metadata{}, err
	}
	timeout, err := e.number("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout")
	if err != nil {
		return Metadata{}, err
	}
	attempts, err := e.number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts")
	if err != nil {
		return Metadata{}, err
	}
	return Metadata{
		Endpoint: endpoint.Text, IPv6: strings.EqualFold(mode.Text, "ipv6") || e.isTrue("AWS_IMDS_USE_IPV6", "imds_use_ipv6"),
		Disabled: IsTrue(disabled), V1Disabled: e.isTrue("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled"),
		Timeout: seconds(timeout), Attempts: attempts,
	}, nil
}

// seconds returns a duration, the longest or shortest that there is if it would overflow.
func seconds(count int) time.Duration {
	const most = int64(math.MaxInt64 / time.Second)
	return time.Duration(max(-most, min(int64(count), most))) * time.Second
}

// number reads a setting that Python's int must accept; 1 if it is not set. Python's numbers
// have no end: one that is larger than ours is the largest.
func (e *Environment) number(variable, key string) (int, error) {
	found := e.Setting(variable, key)
	if !found.Set {
		return 1, nil
	}
	number, err := ParseInt(found.Text)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, invalid(KindValue, found, "a whole number")
	}
	return number, nil
}
