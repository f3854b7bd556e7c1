package lithopss3

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/internal/botofile"
)

// A SettingsError is a setting of AWS's environment variables or of ~/.aws that
// can't be read or makes no sense. Better credentials don't cure it. Its Kind is
// the name of botocore's exception for the same, without its module.
type SettingsError struct {
	Kind   string // "ProfileNotFound", "ConfigParseError", "InvalidRetryModeError", …
	Reason string // the setting, where it is from, and what is wrong with it
	Err    error  `json:"-" yaml:"-"` // the cause, may be nil
}

// Error is the reason.
func (e *SettingsError) Error() string { return e.Reason }

// Unwrap returns the cause.
func (e *SettingsError) Unwrap() error { return e.Err }

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
		variable: "AWS_ACCOUNT_ID_ENDPOINT_MODE", key: "account_id_endpoint_mode", kind: kindInvalidConfig, anyCase: true,
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
		variable: "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", key: "s3_disable_express_session_auth", kind: kindInvalidConfig, anyCase: true,
		values: []string{"true", "false"},
	},
}

const (
	kindInvalidConfig   = "InvalidConfigError"
	kindInvalidChecksum = "InvalidChecksumConfigError"
	kindInvalidUSEast1  = "InvalidS3UsEast1RegionalEndpointConfigError"

	whenSupported = "when_supported"
	whenRequired  = "when_required"
)

func (n enumeration) check(found sourced) error {
	if !found.set || (n.orEmpty && found.value == "") {
		return nil
	}
	value := found.value
	if n.anyCase {
		value = strings.ToLower(value)
	}
	if slices.Contains(n.values, value) {
		return nil
	}
	last := len(n.values) - 1
	return invalidSetting(n.kind, found, strings.Join(n.values[:last], ", ")+" or "+n.values[last])
}

// checkPlain refuses an indented block in place of a value.
func (e *awsEnvironment) checkPlain(key string) error {
	if _, isBlock := botofile.Nested(e.section[key]); !isBlock {
		return nil
	}
	return &SettingsError{
		Kind:   "TypeError", // what botocore meets when it uses the block
		Reason: fmt.Sprintf("%s of profile %s in ~/.aws is an indented block; write its value in the line of the key", key, e.profileName()),
	}
}

// checkSettings refuses what botocore refuses when it makes a client.
func (e *awsEnvironment) checkSettings() error {
	for _, enumeration := range enumerations {
		if err := enumeration.check(e.setting(enumeration.variable, enumeration.key)); err != nil {
			return err
		}
	}
	for _, key := range []string{"services", "endpoint_url"} {
		if err := e.checkPlain(key); err != nil {
			return err
		}
	}
	if err := e.checkSSOSession(); err != nil {
		return err
	}
	return e.checkCompression()
}

// invalidSetting shows the value: no enumeration and no number is a secret.
func invalidSetting(kind string, found sourced, want string) error {
	return &SettingsError{Kind: kind, Reason: fmt.Sprintf("%s is %q, not %s", found.source, found.value, want)}
}

// maxCompressionSize is botocore's bound of request_min_compression_size_bytes.
const maxCompressionSize = 1 << 20

func (e *awsEnvironment) checkCompression() error {
	size := e.setting("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "request_min_compression_size_bytes")
	if !size.set {
		return nil
	}
	number, err := pythonInt(size.value)
	if err != nil || number < 1 || number > maxCompressionSize {
		return invalidSetting(kindInvalidConfig, size, fmt.Sprintf("a number from 1 to %d", maxCompressionSize))
	}
	return nil
}

// pythonInt reads what Python's int reads: blanks around the digits, and single
// underscores between them.
func pythonInt(text string) (int, error) {
	text = strings.TrimSpace(text)
	digits := strings.ReplaceAll(text, "_", "")
	if strings.HasPrefix(text, "_") || strings.HasSuffix(text, "_") || strings.Contains(text, "__") {
		digits = text
	}
	return strconv.Atoi(digits)
}

// readInstanceSettings reads the settings of the instance metadata source. One
// that is wrong fails every chain, before any source is asked.
func (e *awsEnvironment) readInstanceSettings() error {
	disabled, _ := e.lookup("AWS_EC2_METADATA_DISABLED")
	e.instance.Disabled = isTrue(disabled)
	e.instance.V1Disabled = isTrue(e.setting("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled").value)
	endpoint := e.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")
	if parsed, err := url.Parse(endpoint.value); endpoint.value != "" && (err != nil || parsed.Scheme == "" || parsed.Host == "") {
		return invalidSetting("InvalidIMDSEndpointError", endpoint, "a URL")
	}
	e.instance.Endpoint = endpoint.value
	mode := e.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode")
	if err := (enumeration{kind: "InvalidIMDSEndpointModeError", values: []string{"ipv4", "ipv6"}, anyCase: true}).check(mode); err != nil {
		return err
	}
	e.instance.IPv6 = strings.EqualFold(mode.value, "ipv6") || isTrue(e.setting("AWS_IMDS_USE_IPV6", "imds_use_ipv6").value)
	timeout, err := e.number("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout")
	if err != nil {
		return err
	}
	e.instance.Timeout = time.Duration(timeout) * time.Second
	e.instance.Attempts, err = e.number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts")
	return err
}

// number is a setting that Python's int must accept; 1 where it is not set.
func (e *awsEnvironment) number(variable, key string) (int, error) {
	found := e.setting(variable, key)
	if !found.set {
		return 1, nil
	}
	number, err := pythonInt(found.value)
	if err != nil {
		return 0, invalidSetting("ValueError", found, "a whole number")
	}
	return number, nil
}
