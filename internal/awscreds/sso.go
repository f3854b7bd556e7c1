// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sso/types"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	oidctypes "github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// SSO returns the provider of a profile that signs in by SSO, which is one with a role
// or an account (botocore.credentials.SSOProvider).
func (p *Providers) SSO() Provider { return p.sso(p.Settings.ProfileName()) }

func (p *Providers) sso(profile string) Provider {
	return Provider{nameSSO, func(ctx context.Context) (*aws.Credentials, error) {
		login, err := readSSOLogin(p.Settings, profile)
		if err != nil {
			return nil, err
		}
		return login.credentials(ctx, p.Settings, p.Services)
	}}
}

// An ssoLogin is what a profile says of its sign-in.
type ssoLogin struct {
	profile string
	// session names an sso-session; "" if the profile has the start URL itself.
	session           string
	startURL, region  string
	account, roleName string
}

// readSSOLogin merges the profile's keys with those of the sso-session that it names.
func readSSOLogin(settings *awsconfig.Environment, name string) (*ssoLogin, error) {
	profile := settings.Profiles[name]
	_, hasRole := profile["sso_role_name"]
	_, hasAccount := profile["sso_account_id"]
	if !hasRole && !hasAccount {
		return nil, skip(fmt.Sprintf("profile %s has neither sso_role_name nor sso_account_id", name))
	}
	values, err := ssoValues(settings, name)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, key := range ssoKeys {
		if _, ok := values[key]; !ok {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		return nil, failure(kindInvalidConfig, "profile %s in %s is for SSO, but lacks %s", name, homedir.Abbreviate(settings.ConfigPath), strings.Join(missing, ", "))
	}
	return &ssoLogin{
		profile: name, session: profile["sso_session"],
		startURL: values["sso_start_url"], region: values["sso_region"],
		account: values["sso_account_id"], roleName: values["sso_role_name"],
	}, nil
}

// ssoKeys are the keys that a sign-in needs, of the profile or of its sso-session.
var ssoKeys = []string{"sso_start_url", "sso_region", "sso_account_id", "sso_role_name"}

// ssoValues returns those of ssoKeys that the profile, or its sso-session, has. No key may
// have one value in the profile and another in the sso-session.
func ssoValues(settings *awsconfig.Environment, name string) (map[string]string, error) {
	profile := settings.Profiles[name]
	values := map[string]string{}
	for _, key := range ssoKeys {
		if value, ok := profile[key]; ok {
			values[key] = value
		}
	}
	session, hasSession := profile["sso_session"]
	if !hasSession {
		return values, nil
	}
	section, err := settings.SSOSession(session)
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(section)) {
		if inProfile, also := profile[key]; also && inProfile != section[key] {
			return nil, failure(kindInvalidConfig, "%s of profile %s and of sso-session %s differ", key, name, session)
		}
		values[key] = section[key]
	}
	return values, nil
}

func (l *ssoLogin) credentials(ctx context.Context, settings *awsconfig.Environment, services *Services) (*aws.Credentials, error) {
	token, err := l.token(ctx, settings, services)
	if err != nil {
		return nil, err
	}
	at, err := settings.Service("sso")
	if err != nil {
		return nil, err
	}
	out, err := services.sso(l.region, at).GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{
		AccessToken: &token, AccountId: &l.account, RoleName: &l.roleName,
	})
	var unauthorized *types.UnauthorizedException
	if errors.As(err, &unauthorized) {
		return nil, ssoProblem("UnauthorizedSSOTokenError", withoutAnswer(err), "the session of profile %s has ended: run aws sso login", l.profile)
	}
	if err != nil {
		kind, reason := serviceFailure(err, ssoModelled)
		return nil, ssoProblem(kind, withoutAnswer(err), "SSO, asked for role %s of account %s: %s", l.roleName, l.account, reason)
	}
	role := out.RoleCredentials
	return temporary(aws.ToString(role.AccessKeyId), aws.ToString(role.SecretAccessKey), aws.ToString(role.SessionToken), time.UnixMilli(role.Expiration)), nil
}

func ssoProblem(kind string, err error, format string, args ...any) error {
	return &Error{Kind: kind, Reason: fmt.Sprintf(format, args...), Err: err}
}

// token returns the token that aws sso login left. One of an sso-session is renewed
// when it is about to end.
func (l *ssoLogin) token(ctx context.Context, settings *awsconfig.Environment, services *Services) (string, error) {
	key := l.startURL
	if l.session != "" {
		key = l.session
	}
	token, err := loadSSOToken(homedir.Expand("~/.aws/sso/cache", settings.Lookup), key)
	if err != nil {
		return "", err
	}
	var failed error
	if now := time.Now(); l.session != "" && token.expires().Sub(now) < advisoryWindow && token.canRefresh(now) {
		failed = l.renew(ctx, settings, services, token)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
	if token.expires().After(time.Now()) {
		return token.get("accessToken"), nil
	}
	kind := "UnauthorizedSSOTokenError"
	if l.session != "" {
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

// renew asks for a new token. If another process was faster, its token is taken from
// the cache. A failure leaves the old token, which may have some minutes left.
func (l *ssoLogin) renew(ctx context.Context, settings *awsconfig.Environment, services *Services, token *ssoToken) error {
	err := l.createToken(ctx, settings, services, token)
	if err == nil || token.reload() {
		return nil
	}
	var lost *oidctypes.InvalidGrantException
	for look := 0; look < winnerLooks && errors.As(err, &lost) && !token.expires().After(time.Now()); look++ {
		if err := s3http.Sleep(ctx, winnerPause); err != nil {
			return err
		}
		if token.reload() {
			return nil
		}
	}
	_, reason := serviceFailure(err, nil)
	return fmt.Errorf("SSO OIDC: %s", reason)
}

// createToken asks SSO OIDC for a new token and writes the cache.
func (l *ssoLogin) createToken(ctx context.Context, settings *awsconfig.Environment, services *Services, token *ssoToken) error {
	at, err := settings.Service("sso_oidc")
	if err != nil {
		return err
	}
	out, err := services.oidc(l.region, at).CreateToken(ctx, &ssooidc.CreateTokenInput{
		GrantType: aws.String("refresh_token"), ClientId: aws.String(token.get("clientId")),
		ClientSecret: aws.String(token.get("clientSecret")), RefreshToken: aws.String(token.get("refreshToken")),
	})
	if err != nil {
		return err
	}
	expires := time.Now().Add(time.Duration(out.ExpiresIn) * time.Second)
	token.renewed(aws.ToString(out.AccessToken), aws.ToString(out.RefreshToken), expires)
	return nil
}
