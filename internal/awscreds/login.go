// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/signin/types"
	"github.com/lithops-go/lithopss3/internal/homedir"
)

// Login returns the provider of a profile with login_session, for which "aws login" has
// left a token (botocore.credentials.LoginProvider). botocore needs its CRT for it; here
// the SDK's logincreds renews the token.
func (p *Providers) Login() Provider { return p.login(p.Settings.ProfileName()) }

func (p *Providers) login(profile string) Provider {
	return Provider{nameLogin, func(ctx context.Context) (*aws.Credentials, error) {
		session, ok := p.Settings.Profiles[profile]["login_session"]
		if !ok {
			return nil, skip(fmt.Sprintf("profile %s has no login_session", profile))
		}
		folder := "~/.aws/login/cache"
		if named, ok := p.Settings.Lookup("AWS_LOGIN_CACHE_DIRECTORY"); ok {
			folder = named
		}
		path, err := logincreds.StandardCachedTokenFilepath(session, cmp.Or(homedir.ExpandVars(folder, p.Settings.Lookup), "."))
		if err != nil {
			return nil, loginProblem(err, "%s: %v", session, err)
		}
		token, err := readLoginToken(path)
		if err != nil {
			return nil, err
		}
		if time.Until(token.expires()) > loginThreshold {
			return token.credentials(), nil
		}
		return p.renewLogin(ctx, profile, token)
	}}
}

// loginThreshold is the time before the end of a login's credentials in which they are
// renewed (LoginCredentialFetcher._REFRESH_THRESHOLD). They last for 15 minutes.
const loginThreshold = 5 * time.Minute

// renewLogin returns new credentials, those that another process got meanwhile, or, if
// there are none and they still hold, the old ones.
func (p *Providers) renewLogin(ctx context.Context, profile string, token *loginToken) (*aws.Credentials, error) {
	at, err := p.Settings.Service("signin")
	if err != nil {
		return nil, err
	}
	client := &loginClient{next: p.Services.signin(at)}
	err = token.renew(ctx, client)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil || token.reload() || token.expires().After(time.Now()) {
		return token.credentials(), nil
	}
	if client.err == nil {
		return nil, loginProblem(err, "the token in %s can't be renewed: %v", token.path, err)
	}
	var unusable *Error // keys that can't be sent
	if errors.As(client.err, &unusable) {
		return nil, client.err
	}
	var denied *types.AccessDeniedException
	if errors.As(client.err, &denied) {
		if fix, ok := loginDenials[denied.Error_]; ok {
			return nil, &Error{Kind: fix.kind, Reason: fmt.Sprintf("the login of profile %s: %s", profile, fix.reason), Err: withoutAnswer(client.err)}
		}
	}
	kind, reason := serviceFailure(client.err, signinModelled)
	return nil, &Error{Kind: kind, Reason: "AWS sign-in: " + reason, Err: withoutAnswer(client.err)}
}

// loginDenials has botocore's exception for each reason of an AccessDeniedException.
var loginDenials = map[types.OAuth2ErrorCode]struct{ kind, reason string }{
	types.OAuth2ErrorCodeTokenExpired:            {"LoginRefreshRequired", "the session has ended: run aws login"},
	types.OAuth2ErrorCodeUserCredentialsChanged:  {"LoginRefreshRequired", "the password has changed: run aws login"},
	types.OAuth2ErrorCodeInsufficientPermissions: {"LoginInsufficientPermissions", "it may not call signin:CreateOAuth2Token"},
}

// loginProblem returns an error of the cached token.
func loginProblem(err error, format string, args ...any) error {
	return &Error{Kind: "LoginTokenLoadError", Reason: fmt.Sprintf(format, args...) + ": run aws login", Err: err}
}

// A loginClient keeps the error of its request, of which logincreds leaves only the message.
type loginClient struct {
	next logincreds.TokenAPIClient
	err  error
}

// CreateOAuth2Token asks for new credentials.
func (c *loginClient) CreateOAuth2Token(ctx context.Context, in *signin.CreateOAuth2TokenInput, options ...func(*signin.Options)) (*signin.CreateOAuth2TokenOutput, error) {
	out, err := c.next.CreateOAuth2Token(ctx, in, options...)
	c.err = err
	return out, err
}
