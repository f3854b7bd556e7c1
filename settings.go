package lithopss3

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// checkSettings refuses what botocore refuses when it makes a client, though
// nothing here may need it: a setting that is wrong on one side is wrong on both.
func (e *awsEnvironment) checkSettings() error {
	for _, check := range []func() error{e.checkSSOSession, e.checkRetryMode, e.checkCompression, e.checkExpress} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func invalidSetting(kind string, found sourced, want string) error {
	return &CredentialsError{Kind: kind, Reason: fmt.Sprintf("%s is %q, not %s", found.source, found.value, want)}
}

func (e *awsEnvironment) checkRetryMode() error {
	mode := e.setting("AWS_RETRY_MODE", "retry_mode")
	if !mode.set {
		return nil
	}
	switch mode.value {
	case "legacy", "standard", "adaptive":
		return nil
	}
	return invalidSetting("InvalidRetryModeError", mode, "legacy, standard or adaptive")
}

// maxCompressionSize is botocore's bound of request_min_compression_size_bytes.
const maxCompressionSize = 10485760

func (e *awsEnvironment) checkCompression() error {
	size := e.setting("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "request_min_compression_size_bytes")
	if !size.set {
		return nil
	}
	number, err := strconv.Atoi(strings.TrimSpace(size.value))
	if err != nil || number < 0 || number > maxCompressionSize {
		return invalidSetting("InvalidConfigError", size, fmt.Sprintf("a number from 0 to %d", maxCompressionSize))
	}
	return nil
}

func (e *awsEnvironment) checkExpress() error {
	disable := e.setting("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "s3_disable_express_session_auth")
	if disable.set && !isTrue(disable.value) && !strings.EqualFold(disable.value, "false") {
		return invalidSetting("InvalidConfigError", disable, "true or false")
	}
	return nil
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
	if mode.value != "" && !strings.EqualFold(mode.value, "ipv4") && !strings.EqualFold(mode.value, "ipv6") {
		return invalidSetting("InvalidIMDSEndpointModeError", mode, "ipv4 or ipv6")
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
	number, err := strconv.Atoi(strings.TrimSpace(found.value))
	if err != nil {
		return 0, invalidSetting("ValueError", found, "a whole number")
	}
	return number, nil
}
