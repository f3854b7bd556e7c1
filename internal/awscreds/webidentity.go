// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
)

// WebIdentity returns the provider of a role that a token in a file stands for
// (botocore.credentials.AssumeRoleWithWebIdentityProvider). Each of its three settings
// is the environment's, else the profile's.
func (p *Providers) WebIdentity() Provider {
	env := lookup(p.Settings.Lookup)
	if p.ProfileOnly {
		env = nil
	}
	return p.webIdentity(p.Settings.ProfileName(), env)
}

// webIdentity is without the variables of the environment if env is nil.
func (p *Providers) webIdentity(profile string, env lookup) Provider {
	return Provider{nameWebIdentity, func(ctx context.Context) (*aws.Credentials, error) {
		identity, err := readWebIdentity(p.Settings, profile, env)
		if err != nil {
			return nil, err
		}
		return identity.assumeRole(ctx, p.Services)
	}}
}

// A webIdentity is what a role is asked for with.
type webIdentity struct{ role, session, token string }

func readWebIdentity(settings *awsconfig.Environment, profile string, env lookup) (*webIdentity, error) {
	setting := func(variable, key string) string {
		if env != nil {
			if value, ok := env(variable); ok {
				return value
			}
		}
		return settings.Profiles[profile][key]
	}
	path := setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file")
	if path == "" {
		return nil, skip(fmt.Sprintf("neither AWS_WEB_IDENTITY_TOKEN_FILE nor web_identity_token_file of profile %s is set", profile))
	}
	identity := &webIdentity{
		role:    setting("AWS_ROLE_ARN", "role_arn"),
		session: setting("AWS_ROLE_SESSION_NAME", "role_session_name"),
	}
	if identity.role == "" {
		return nil, failure(kindInvalidConfig, "a web identity token file is set, but no role: neither AWS_ROLE_ARN nor role_arn of profile %s", profile)
	}
	var err error
	if identity.token, err = readWebToken(path); err != nil {
		return nil, err
	}
	if identity.session == "" {
		identity.session = sessionName()
	}
	if len(identity.role) < 20 || len(identity.session) < 2 {
		return nil, failure(kindParameter, "the role %q or the session name %q is too short to be one", identity.role, identity.session)
	}
	return identity, nil
}

// minToken is the least number of characters of a token that the model of STS allows.
const minToken = 4

func readWebToken(path string) (string, error) {
	token, err := readTokenFile(path, path)
	if err != nil {
		return "", err
	}
	if length := utf8.RuneCountInString(token); length < minToken {
		return "", failure(kindParameter, "the token in %s has %d characters, too few for one", path, length)
	}
	return token, nil
}

func (i *webIdentity) assumeRole(ctx context.Context, services *Services) (*aws.Credentials, error) {
	client, err := services.stsForRole(aws.AnonymousCredentials{})
	if err != nil {
		return nil, err
	}
	out, err := client.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &i.role, RoleSessionName: &i.session, WebIdentityToken: &i.token,
	})
	if err != nil {
		return nil, stsFailure(i.role, err)
	}
	return fromSTS(out.Credentials), nil
}
