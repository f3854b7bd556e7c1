// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"strings"
	"sync"
)

// botocore's own exceptions are pickled as a call of botocoreBuilder with a class,
// arguments and keyword arguments; their text is a format of the class.
const (
	botocoreModule  = "botocore.exceptions"
	botocoreBuilder = "_exception_from_packed_args"
)

// packedException reads _exception_from_packed_args(class, arguments or None,
// keyword arguments). Its Args are what Python's has: the text.
func packedException(o *Object) (*Exception, bool) {
	if o.Module != botocoreModule || o.Name != botocoreBuilder || len(o.Args) != 3 || o.Kwargs != nil {
		return nil, false
	}
	class, ok1 := o.Args[0].(Global)
	kwargs, ok2 := o.Args[2].(*Dict)
	if !ok1 || !ok2 {
		return nil, false
	}
	e := &Exception{Module: class.Module, Class: class.Name, Args: Tuple{}, Attrs: NewDict("kwargs", kwargs)}
	if format, known := botocoreFormats()[class.Name]; known {
		e.Args = Tuple{formatKeywords(format, kwargs)}
	} else if kwargs.Len() > 0 {
		e.Args = Tuple{kwargs}
	}
	return e, true
}

// formatKeywords replaces {name} as Python's str.format does.
func formatKeywords(format string, kwargs *Dict) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(format, "{")
		name, after, closed := strings.Cut(rest, "}")
		value, known := kwargs.Get(name)
		out.WriteString(before)
		switch {
		case !found:
			return out.String()
		case !closed || !known:
			out.WriteString("{" + rest)
			return out.String()
		}
		out.WriteString(plainStr(value))
		format = after
	}
}

// clientMessage reads (answer of the service, operation).
func (e *Exception) clientMessage() (string, bool) {
	if len(e.Args) != 2 {
		return "", false
	}
	response, ok := e.Args[0].(*Dict)
	if !ok {
		return "", false
	}
	failure := subDict(response, "Error")
	retries := ""
	if n, found := subDict(response, "ResponseMetadata").Get("RetryAttempts"); found {
		if reached, _ := subDict(response, "ResponseMetadata").Get("MaxAttemptsReached"); reached == true {
			retries = fmt.Sprintf(" (reached max retries: %s)", plainStr(n))
		}
	}
	return fmt.Sprintf("An error occurred (%s) when calling the %s operation%s: %s",
		orUnknown(failure, "Code"), plainStr(e.Args[1]), retries, orUnknown(failure, "Message")), true
}

func subDict(d *Dict, key string) *Dict {
	v, _ := d.Get(key)
	sub, _ := v.(*Dict)
	return sub
}

func orUnknown(d *Dict, key string) string {
	v, ok := d.Get(key)
	if !ok {
		return "Unknown"
	}
	return plainStr(v)
}

// botocoreFormats are the texts of botocore 1.43's exceptions.
var botocoreFormats = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"AliasConflictParameterError":                 "Parameter '{original}' and its alias '{alias}' were provided for operation {operation}.  Only one of them may be used.",
		"ApiVersionNotFoundError":                     "Unable to load data {data_path} for: {api_version}",
		"AwsChunkedWrapperError":                      "{error_msg}",
		"BaseEndpointResolverError":                   "An unspecified error occurred",
		"BotoCoreError":                               "An unspecified error occurred",
		"CapacityNotAvailableError":                   "Insufficient request capacity available.",
		"ChecksumError":                               "Checksum {checksum_type} failed, expected checksum {expected_checksum} did not match calculated checksum {actual_checksum}.",
		"ConfigNotFound":                              "The specified config file ({path}) could not be found.",
		"ConfigParseError":                            "Unable to parse config file: {path}",
		"ConnectTimeoutError":                         "Connect timeout on endpoint URL: \"{endpoint_url}\"",
		"ConnectionClosedError":                       "Connection was closed before we received a valid response from endpoint URL: \"{endpoint_url}\".",
		"ConnectionError":                             "An HTTP Client failed to establish a connection: {error}",
		"CredentialRetrievalError":                    "Error when retrieving credentials from {provider}: {error_msg}",
		"DataNotFoundError":                           "Unable to load data for: {data_path}",
		"EndpointConnectionError":                     "Could not connect to the endpoint URL: \"{endpoint_url}\"",
		"EndpointProviderError":                       "{msg}",
		"EndpointResolutionError":                     "{msg}",
		"EndpointVariantError":                        "Unable to construct a modeled endpoint with the following variant(s) {tags}: ",
		"FlexibleChecksumError":                       "{error_msg}",
		"HTTPClientError":                             "An HTTP Client raised an unhandled exception: {error}",
		"IncompleteReadError":                         "{actual_bytes} read, but total bytes expected is {expected_bytes}.",
		"InfiniteLoopConfigError":                     "Infinite loop in credential configuration detected. Attempting to load from profile {source_profile} which has already been visited. Visited profiles: {visited_profiles}",
		"InvalidChecksumConfigError":                  "Unsupported configuration value for {config_key}. Expected one of {valid_options} but got {config_value}.",
		"InvalidConfigError":                          "{error_msg}",
		"InvalidDNSNameError":                         "Bucket named {bucket_name} is not DNS compatible. Virtual hosted-style addressing cannot be used. The addressing style can be configured by removing the addressing_style value or setting that value to 'path' or 'auto' in the AWS Config file or in the botocore.client.Config object.",
		"InvalidDefaultsMode":                         "Client configured with invalid defaults mode: {mode}. Valid defaults modes include: {valid_modes}.",
		"InvalidEndpointConfigurationError":           "Invalid endpoint configuration: {msg}",
		"InvalidEndpointDiscoveryConfigurationError":  "Unsupported configuration value for endpoint_discovery_enabled. Expected one of (\"true\", \"false\", \"auto\") but got {config_value}.",
		"InvalidExpressionError":                      "Invalid expression {expression}: Only dotted lookups are supported.",
		"InvalidHostLabelError":                       "Invalid host label to be bound to the hostname of the endpoint: \"{label}\".",
		"InvalidIMDSEndpointError":                    "Invalid endpoint EC2 Instance Metadata endpoint: {endpoint}",
		"InvalidIMDSEndpointModeError":                "Invalid EC2 Instance Metadata endpoint mode: {mode} Valid endpoint modes (case-insensitive): {valid_modes}.",
		"InvalidMaxRetryAttemptsError":                "Value provided to \"max_attempts\": {provided_max_attempts} must be an integer greater than or equal to {min_value}.",
		"InvalidProxiesConfigError":                   "Invalid configuration value(s) provided for proxies_config.",
		"InvalidRegionError":                          "Provided region_name '{region_name}' doesn't match a supported format.",
		"InvalidRetryConfigurationError":              "Cannot provide retry configuration for \"{retry_config_option}\". Valid retry configuration options are: {valid_options}",
		"InvalidRetryModeError":                       "Invalid value provided to \"mode\": \"{provided_retry_mode}\" must be one of: {valid_modes}",
		"InvalidS3AddressingStyleError":               "S3 addressing style {s3_addressing_style} is invalid. Valid options are: 'auto', 'virtual', and 'path'",
		"InvalidS3UsEast1RegionalEndpointConfigError": "S3 us-east-1 regional endpoint option {s3_us_east_1_regional_endpoint_config} is invalid. Valid options are: \"legacy\", \"regional\"",
		"InvalidSTSRegionalEndpointsConfigError":      "STS regional endpoints option {sts_regional_endpoints_config} is invalid. Valid options are: \"legacy\", \"regional\"",
		"LoginAuthorizationCodeError":                 "Error loading or redeeming a login authorization code: {error_msg} ",
		"LoginError":                                  "An unspecified error happened when resolving AWS credentials or refreshing a login session profile.",
		"LoginInsufficientPermissions":                "Unable to create or refresh login credentials due to insufficient permissions. You may be missing permission for the 'signin:CreateOAuth2Token' action.",
		"LoginRefreshRequired":                        "Your session has expired or credentials have changed. Please reauthenticate using 'aws login'.",
		"LoginTokenLoadError":                         "Error loading login session token: {error_msg}",
		"MD5UnavailableError":                         "This system does not support MD5 generation.",
		"MetadataRetrievalError":                      "Error retrieving metadata: {error_msg}",
		"MissingDependencyException":                  "Missing Dependency: {msg}",
		"MissingParametersError":                      "The following required parameters are missing for {object_name}: {missing}",
		"MissingServiceIdError":                       "The model being used for the service {service_name} is missing the serviceId metadata property, which is required.",
		"NoAuthTokenError":                            "Unable to locate authorization token",
		"NoCredentialsError":                          "Unable to locate credentials",
		"NoRegionError":                               "You must specify a region.",
		"OperationNotPageableError":                   "Operation cannot be paginated: {operation_name}",
		"PaginationError":                             "Error during pagination: {message}",
		"ParamValidationError":                        "Parameter validation failed:\n{report}",
		"PartialCredentialsError":                     "Partial credentials found in {provider}, missing: {cred_var}",
		"ProfileNotFound":                             "The config profile ({profile}) could not be found",
		"ProxyConnectionError":                        "Failed to connect to proxy URL: \"{proxy_url}\"",
		"RangeError":                                  "Value out of range for param {param}: {min_value} <= {value} <= {max_value}",
		"ReadTimeoutError":                            "Read timeout on endpoint URL: \"{endpoint_url}\"",
		"RefreshWithMFAUnsupportedError":              "Cannot refresh credentials: MFA token required.",
		"ResponseStreamingError":                      "An error occurred while reading from response stream: {error}",
		"SSLError":                                    "SSL validation failed for {endpoint_url} {error}",
		"SSOError":                                    "An unspecified error happened when resolving AWS credentials or an access token from SSO.",
		"SSOTokenLoadError":                           "Error loading SSO Token: {error_msg}",
		"ServiceNotInRegionError":                     "Service {service_name} not available in region {region_name}",
		"StubAssertionError":                          "Error getting response stub for operation {operation_name}: {reason}",
		"StubResponseError":                           "Error getting response stub for operation {operation_name}: {reason}",
		"TokenRetrievalError":                         "Error when retrieving token from {provider}: {error_msg}",
		"UnStubbedResponseError":                      "Error getting response stub for operation {operation_name}: {reason}",
		"UnauthorizedSSOTokenError":                   "The SSO session associated with this profile has expired or is otherwise invalid. To refresh this SSO session run aws sso login with the corresponding profile.",
		"UnknownClientMethodError":                    "Client does not have method: {method_name}",
		"UnknownCredentialError":                      "Credential named {name} not found.",
		"UnknownEndpointError":                        "Unable to construct an endpoint for {service_name} in region {region_name}",
		"UnknownEndpointResolutionBuiltInName":        "Unknown builtin variable name: {name}",
		"UnknownFIPSEndpointError":                    "The provided FIPS pseudo-region \"{region_name}\" is not known for the service \"{service_name}\". A FIPS compliant endpoint cannot be constructed.",
		"UnknownKeyError":                             "Unknown key '{value}' for param '{param}'.  Must be one of: {choices}",
		"UnknownParameterError":                       "Unknown parameter '{name}' for operation {operation}.  Must be one of: {choices}",
		"UnknownRegionError":                          "Unknown region: '{region_name}'. {error_msg}",
		"UnknownServiceError":                         "Unknown service: '{service_name}'. Valid service names are: {known_service_names}",
		"UnknownServiceStyle":                         "The service style ({service_style}) is not understood.",
		"UnknownSignatureVersionError":                "Unknown Signature Version: {signature_version}.",
		"UnseekableStreamError":                       "Need to rewind the stream {stream_object}, but stream is not seekable.",
		"UnsupportedOutpostResourceError":             "S3 Outpost ARN resource \"{resource_name}\" provided to \"Bucket\" parameter is invalid. Only ARNs for S3 Outpost arns with an access-point sub-resource are supported.",
		"UnsupportedS3AccesspointConfigurationError":  "Unsupported configuration when using S3 access-points: {msg}",
		"UnsupportedS3ArnError":                       "S3 ARN {arn} provided to \"Bucket\" parameter is invalid. Only ARNs for S3 access-points are supported.",
		"UnsupportedS3ConfigurationError":             "Unsupported configuration when using S3: {msg}",
		"UnsupportedS3ControlArnError":                "S3 ARN \"{arn}\" provided is invalid for this operation. {msg}",
		"UnsupportedS3ControlConfigurationError":      "Unsupported configuration when using S3 Control: {msg}",
		"UnsupportedServiceProtocolsError":            "Botocore supports {botocore_supported_protocols}, but service {service} only supports {service_supported_protocols}.",
		"UnsupportedSignatureVersionError":            "Signature version(s) are not supported: {signature_version}",
		"ValidationError":                             "Invalid value ('{value}') for param {param} of type {type_name} ",
		"WaiterConfigError":                           "Error processing waiter config: {error_msg}",
		"WaiterError":                                 "Waiter {name} failed: {reason}",
	}
})
