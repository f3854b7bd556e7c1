package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sso/types"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	oidctypes "github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/lithops-go/lithopss3/internal/boto"
	"github.com/lithops-go/lithopss3/internal/botofile"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// ssoSettings are the settings of a profile that signs in by SSO.
type ssoSettings struct{ session, startURL, region, account, role string }

// sso is botocore.credentials.SSOProvider. A profile is one for it where it has
// a role or an account.
func (e *awsEnvironment) sso(ctx context.Context, name string) (*aws.Credentials, string, error) {
	profile := e.Profiles[name]
	_, hasRole := profile["sso_role_name"]
	_, hasAccount := profile["sso_account_id"]
	if !hasRole && !hasAccount {
		return nil, fmt.Sprintf("profile %s has neither sso_role_name nor sso_account_id", name), nil
	}
	settings, err := e.ssoSettings(name)
	if err != nil {
		return nil, "", err
	}
	token, err := e.ssoToken(ctx, settings)
	if err != nil {
		return nil, "", err
	}
	endpoint, err := e.Endpoint("sso", "")
	if err != nil {
		return nil, "", err
	}
	http := e.serviceClient()
	client := sso.New(sso.Options{
		Region: settings.region, BaseEndpoint: optional(endpoint.Text), HTTPClient: http, Retryer: s3http.NewRetryer(stsAttempts, e.backoff),
		APIOptions: []func(*middleware.Stack) error{proveAnswers, http.Peer.AddSteps, s3http.NormalizeXML},
	})
	out, err := client.GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{AccessToken: &token, AccountId: &settings.account, RoleName: &settings.role})
	var unauthorized *types.UnauthorizedException
	switch {
	case errors.As(err, &unauthorized):
		return nil, "", ssoProblem("UnauthorizedSSOTokenError", withoutAnswer(err), "the session of profile %s has ended: run aws sso login", name)
	case err != nil:
		kind, reason := serviceFailure(err)
		return nil, "", ssoProblem(kind, withoutAnswer(err), "SSO, asked for role %s of account %s: %s", settings.role, settings.account, reason)
	}
	role := out.RoleCredentials
	return &aws.Credentials{
		AccessKeyID: aws.ToString(role.AccessKeyId), SecretAccessKey: aws.ToString(role.SecretAccessKey), SessionToken: aws.ToString(role.SessionToken),
		CanExpire: true, Expires: time.UnixMilli(role.Expiration),
	}, "", nil
}

func ssoProblem(kind string, err error, format string, args ...any) error {
	return &CredentialsError{Kind: kind, Source: sourceSSO, Reason: fmt.Sprintf(format, args...), Err: err}
}

// ssoSettings merges the profile's settings with those of the sso-session that it names.
func (e *awsEnvironment) ssoSettings(name string) (ssoSettings, error) {
	profile := e.Profiles[name]
	values := map[string]string{}
	for _, key := range []string{"sso_start_url", "sso_region", "sso_account_id", "sso_role_name"} {
		if value, ok := profile[key]; ok {
			values[key] = value
		}
	}
	reference, hasSession := profile["sso_session"]
	if hasSession {
		section, err := e.SSOSession(reference)
		if err != nil {
			return ssoSettings{}, err
		}
		for _, key := range []string{"sso_start_url", "sso_region"} {
			inSession, ok := section[key]
			if inProfile, also := values[key]; ok && also && inProfile != inSession {
				return ssoSettings{}, ssoProblem("InvalidConfigError", nil, "%s of profile %s and of sso-session %s differ", key, name, reference)
			}
			if ok {
				values[key] = inSession
			}
		}
	}
	var missing []string
	for _, key := range []string{"sso_start_url", "sso_region", "sso_account_id", "sso_role_name"} {
		if _, ok := values[key]; !ok {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		return ssoSettings{}, ssoProblem("InvalidConfigError", nil, "profile %s in %s is for SSO, but lacks %s", name, botofile.AbbreviateHome(e.ConfigPath), strings.Join(missing, ", "))
	}
	return ssoSettings{reference, values["sso_start_url"], values["sso_region"], values["sso_account_id"], values["sso_role_name"]}, nil
}

// ssoToken reads the token that aws sso login left; one of an sso-session is
// renewed when it is about to end.
func (e *awsEnvironment) ssoToken(ctx context.Context, settings ssoSettings) (string, error) {
	home, _ := e.Lookup("HOME")
	key := settings.startURL
	if settings.session != "" {
		key = settings.session
	}
	token, err := boto.LoadSSOToken(home, key)
	if err != nil {
		return "", fromBoto(sourceSSO, err)
	}
	var failed error
	if now := time.Now(); settings.session != "" && token.Expires().Sub(now) < advisoryWindow && token.CanRefresh(now) {
		if failed = e.renewSSOToken(ctx, settings, token); ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
	if token.Expires().After(time.Now()) {
		return token.Get("accessToken"), nil
	}
	kind := "UnauthorizedSSOTokenError"
	if settings.session != "" {
		kind = "TokenRetrievalError"
	}
	reason := "could not be renewed"
	if failed != nil {
		reason += " (" + failed.Error() + ")"
	}
	return "", ssoProblem(kind, failed, "the token for %s has expired and %s: run aws sso login", key, reason)
}

// A process that renews a token makes the refresh token of all others worthless, and
// writes the cache a moment after it. The others look there winnerLooks times.
const (
	winnerLooks = 10
	winnerPause = 200 * time.Millisecond
)

// renewSSOToken asks for a new token. If another process was faster, its token is
// taken from the cache. A failure leaves the old token, which may have some minutes
// left.
func (e *awsEnvironment) renewSSOToken(ctx context.Context, settings ssoSettings, token *boto.SSOToken) error {
	err := e.askForSSOToken(ctx, settings, token)
	if err == nil || token.Reload() {
		return nil
	}
	var lost *oidctypes.InvalidGrantException
	for look := 0; look < winnerLooks && errors.As(err, &lost) && !token.Expires().After(time.Now()); look++ {
		if err := s3http.Sleep(ctx, winnerPause); err != nil {
			return err
		}
		if token.Reload() {
			return nil
		}
	}
	_, reason := serviceFailure(err)
	return fmt.Errorf("SSO OIDC: %s", reason)
}

// askForSSOToken asks SSO OIDC for a new token and writes the cache.
func (e *awsEnvironment) askForSSOToken(ctx context.Context, settings ssoSettings, token *boto.SSOToken) error {
	endpoint, err := e.Endpoint("sso_oidc", "")
	if err != nil {
		return err
	}
	http := e.serviceClient()
	client := ssooidc.New(ssooidc.Options{
		Region: settings.region, BaseEndpoint: optional(endpoint.Text), HTTPClient: http, Retryer: s3http.NewRetryer(stsAttempts, e.backoff),
		APIOptions: []func(*middleware.Stack) error{proveAnswers, http.Peer.AddSteps, s3http.NormalizeXML},
	})
	out, err := client.CreateToken(ctx, &ssooidc.CreateTokenInput{
		GrantType: aws.String("refresh_token"), ClientId: aws.String(token.Get("clientId")),
		ClientSecret: aws.String(token.Get("clientSecret")), RefreshToken: aws.String(token.Get("refreshToken")),
	})
	if err != nil {
		return err
	}
	token.Renewed(aws.ToString(out.AccessToken), aws.ToString(out.RefreshToken), time.Now().Add(time.Duration(out.ExpiresIn)*time.Second))
	return nil
}
