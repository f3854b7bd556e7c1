// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/dateutil"
)

// A lookup is an environment.
type lookup func(name string) (string, bool)

func (l lookup) get(name string) string {
	value, _ := l(name)
	return value
}

// Environment returns the provider of AWS_ACCESS_KEY_ID and the variables that go
// with it (botocore.credentials.EnvProvider).
func (p *Providers) Environment() Provider {
	return Provider{nameEnvironment, func(context.Context) (*aws.Credentials, error) {
		if p.ProfileOnly {
			return nil, skip("a profile is chosen by the caller")
		}
		return fromEnvironment(p.Settings.Lookup)
	}}
}

// environmentOfRole returns the provider for credential_source = Environment, which counts
// whoever chooses the profile (botocore.credentials.CanonicalNameCredentialSourcer).
func (p *Providers) environmentOfRole() Provider {
	return Provider{nameEnvironment, func(context.Context) (*aws.Credentials, error) { return fromEnvironment(p.Settings.Lookup) }}
}

// fromEnvironment applies if there is an access key; then the secret key must be
// there.
func fromEnvironment(env lookup) (*aws.Credentials, error) {
	accessKeyID := env.get("AWS_ACCESS_KEY_ID")
	if accessKeyID == "" {
		return nil, skip("AWS_ACCESS_KEY_ID is not set")
	}
	secret := env.get("AWS_SECRET_ACCESS_KEY")
	if secret == "" {
		return nil, failure(kindPartial, "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not")
	}
	tokenName := "AWS_SECURITY_TOKEN"
	token := env.get(tokenName)
	if token == "" {
		tokenName = "AWS_SESSION_TOKEN"
		token = env.get(tokenName)
	}
	err := checkParts(
		keyPart{"environment AWS_ACCESS_KEY_ID", accessKeyID, writtenKeyProblem},
		keyPart{"environment AWS_SECRET_ACCESS_KEY", secret, writtenSecretProblem},
		keyPart{"environment " + tokenName, token, writtenKeyProblem},
	)
	if err != nil {
		return nil, err
	}
	found := &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token}
	text := env.get("AWS_CREDENTIAL_EXPIRATION")
	if text == "" {
		return found, nil
	}
	if found.Expires, err = dateutil.Parse(text); err != nil {
		return nil, failure(kindParser, "AWS_CREDENTIAL_EXPIRATION: %w", err)
	}
	found.CanExpire = true
	return found, nil
}
