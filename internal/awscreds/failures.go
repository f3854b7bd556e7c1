// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// serviceFailure says why a request to STS, SSO or AWS's sign-in failed, without the SDK's
// words, and what botocore's exception for it is: one of the service's model, or
// ClientError.
func serviceFailure(err error, modelled map[string]string) (kind, reason string) {
	var answer *answerError
	if errors.As(err, &answer) {
		return kindRetrieval, answer.reason
	}
	if proof.IsUnproven(err) {
		return kindRetrieval, s3err.Text(s3http.PlainText(err))
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		if api.ErrorCode() == "UnknownError" { // the SDK's word
			return "ClientError", "the answer is an error without a code"
		}
		return cmp.Or(modelled[api.ErrorCode()], "ClientError"), s3err.Text(api.ErrorCode() + ": " + api.ErrorMessage())
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() != 0 {
		return "ClientError", fmt.Sprintf("HTTP %d %s, with a body that is not the service's", response.HTTPStatusCode(), http.StatusText(response.HTTPStatusCode()))
	}
	return "EndpointConnectionError", s3err.Text(s3http.PlainText(err))
}

// stsFailure returns the error of a request for a role.
func stsFailure(role string, err error) error {
	kind, reason := serviceFailure(err, stsModelled)
	return &Error{Kind: kind, Reason: "STS, asked for " + role + ": " + reason, Err: withoutAnswer(err)}
}

// withoutAnswer returns the cause of a service's error without the HTTP answer
// around it, because those who look for S3's status in an error would take that of
// STS or SSO for it.
func withoutAnswer(err error) error {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api
	}
	if answer := (*smithyhttp.ResponseError)(nil); errors.As(err, &answer) {
		return answer.Err
	}
	return err
}

// The errors that a service's model has an exception for, by their codes.
var (
	stsModelled = map[string]string{
		"ExpiredTokenException": "ExpiredTokenException", "IDPCommunicationError": "IDPCommunicationErrorException", "IDPRejectedClaim": "IDPRejectedClaimException",
		"InvalidIdentityToken": "InvalidIdentityTokenException", "MalformedPolicyDocument": "MalformedPolicyDocumentException",
		"PackedPolicyTooLarge": "PackedPolicyTooLargeException", "RegionDisabledException": "RegionDisabledException",
	}
	ssoModelled = map[string]string{
		"InvalidRequestException": "InvalidRequestException", "ResourceNotFoundException": "ResourceNotFoundException",
		"TooManyRequestsException": "TooManyRequestsException",
	}
	signinModelled = map[string]string{
		"AccessDeniedException": "AccessDeniedException", "InternalServerException": "InternalServerException",
		"TooManyRequestsError": "TooManyRequestsError", "ValidationException": "ValidationException",
	}
)
