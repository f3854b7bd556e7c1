// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/signin/types"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3err"
)

// An answerError is an answer of STS, SSO or SSO OIDC that proves nothing: it broke
// off, is none of the service's, or lacks what the caller asked for.
type answerError struct {
	reason string
	passes bool // another attempt may get a better answer
	err    error
}

func (e *answerError) Error() string { return e.reason }

// Unwrap returns the cause.
func (e *answerError) Unwrap() error { return e.err }

// RetryableError is for the SDK's retryer.
func (e *answerError) RetryableError() bool { return e.passes }

// proveAnswers is an option of every client that credentials come from: an answer
// counts if it is a whole answer of the service's with what was asked for in it. What
// something in between may have made of it, a body that broke off, nothing or a page
// of HTML, is tried again; an answer of the service's that lacks something is final.
func proveAnswers(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("LithopsProveAnswers",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			if err == nil {
				return out, metadata, lacking(out.Result)
			}
			response, ok := out.RawResponse.(*smithyhttp.Response)
			var unread *smithy.DeserializationError
			if ok && !proof.IsUnproven(err) && errors.As(err, &unread) && response.StatusCode/100 == 2 {
				err = &answerError{"the answer (HTTP 200) broke off, or is not the service's", !errors.Is(err, s3err.ErrTooLarge), unread}
			}
			return out, metadata, err
		}), middleware.Before)
}

// lacking returns an error if a result lacks the credentials that were asked for. It
// returns an error for an unknown type too, so that a new request can't be forgotten here.
func lacking(result any) error {
	switch out := result.(type) {
	case *sts.AssumeRoleOutput:
		if out.Credentials == nil {
			return errEmptyAnswer
		}
		return lackingKeys(out.Credentials.AccessKeyId, out.Credentials.SecretAccessKey, out.Credentials.Expiration != nil)
	case *sts.AssumeRoleWithWebIdentityOutput:
		if out.Credentials == nil {
			return errEmptyAnswer
		}
		return lackingKeys(out.Credentials.AccessKeyId, out.Credentials.SecretAccessKey, out.Credentials.Expiration != nil)
	case *sso.GetRoleCredentialsOutput:
		if out.RoleCredentials == nil {
			return errEmptyAnswer
		}
		return lackingKeys(out.RoleCredentials.AccessKeyId, out.RoleCredentials.SecretAccessKey, out.RoleCredentials.Expiration != 0)
	case *sts.GetCallerIdentityOutput:
		if out.UserId == nil && out.Account == nil {
			return errEmptyAnswer
		}
		if out.UserId == nil { // an empty one makes a bucket's name in Python too
			return &answerError{reason: "the answer has no UserId"}
		}
	case *signin.CreateOAuth2TokenOutput:
		return lackingLogin(out.TokenOutput)
	case *ssooidc.CreateTokenOutput:
		if out.AccessToken == nil {
			return errEmptyAnswer
		}
		if *out.AccessToken == "" || out.ExpiresIn <= 0 {
			return &answerError{reason: "the answer has no access token, or no time for which it holds"}
		}
		if !strings.EqualFold(aws.ToString(out.TokenType), "bearer") {
			return &answerError{reason: "the answer has a token that is no bearer's"}
		}
		return checkToken("the access token", *out.AccessToken)
	default:
		return &answerError{reason: fmt.Sprintf("an answer of type %T is not known", result)}
	}
	return nil
}

func lackingLogin(out *types.CreateOAuth2TokenResponseBody) error {
	if out == nil || out.AccessToken == nil {
		return errEmptyAnswer
	}
	if err := lackingKeys(out.AccessToken.AccessKeyId, out.AccessToken.SecretAccessKey, out.ExpiresIn != nil); err != nil {
		return err
	}
	if aws.ToString(out.AccessToken.SessionToken) == "" || aws.ToString(out.RefreshToken) == "" {
		return &answerError{reason: "the answer has no session token or no refresh token"}
	}
	if *out.ExpiresIn <= 0 {
		return &answerError{reason: "the credentials of the answer have expired already"}
	}
	return CheckKeys(&aws.Credentials{
		AccessKeyID: *out.AccessToken.AccessKeyId, SecretAccessKey: *out.AccessToken.SecretAccessKey, SessionToken: *out.AccessToken.SessionToken,
	})
}

var errEmptyAnswer = &answerError{reason: "the answer (HTTP 200) is empty, or is not the service's", passes: true}

func lackingKeys(accessKeyID, secretAccessKey *string, hasExpiration bool) error {
	switch {
	case aws.ToString(accessKeyID) == "":
		return &answerError{reason: "the answer has no access key ID"}
	case aws.ToString(secretAccessKey) == "":
		return &answerError{reason: "the answer has no secret access key"}
	case !hasExpiration:
		return &answerError{reason: "the answer has no expiration"}
	}
	return nil
}
