// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/awscreds"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// newChain returns boto3's chain, from top to bottom. The keys of the configuration
// are asked only if one of them is set, and then nothing else is. What Options give
// comes before all of that.
func newChain(config *Config, opts *Options, from *awscreds.Providers) awscreds.Chain {
	if opts.Anonymous {
		return awscreds.Chain{{Name: sourceAnonymous, Load: noKeys}}
	}
	if opts.Credentials != nil {
		return awscreds.Chain{{Name: opts.signer, Load: providedKeys(opts.Credentials)}}
	}
	if config.hasKeys() {
		return awscreds.Chain{{Name: sourceExplicit, Load: config.explicitKeys}}
	}
	return awscreds.Chain{
		from.Environment(),     // AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
		from.AssumeRole(),      // role_arn of the profile
		from.WebIdentity(),     // AWS_WEB_IDENTITY_TOKEN_FILE, or the profile's
		from.SSO(),             // sso_role_name of the profile, after aws sso login
		from.CredentialsFile(), // the profile in ~/.aws/credentials
		from.Login(),           // login_session of the profile
		from.Process(),         // credential_process of the profile
		from.ConfigFile(),      // the profile in ~/.aws/config
		from.EC2File(),         // AWS_CREDENTIAL_FILE
		from.Boto2File(),       // BOTO_CONFIG, /etc/boto.cfg, ~/.boto
		from.Container(),       // AWS_CONTAINER_CREDENTIALS_…: ECS, EKS, Lambda
		from.Instance(),        // EC2
	}
}

const (
	sourceExplicit  = "explicit" // boto3's name for keys that its caller gave
	sourceAnonymous = "Options.Anonymous"
)

// providedKeys returns a source that asks a provider of the caller's.
func providedKeys(provider aws.CredentialsProvider) func(context.Context) (*aws.Credentials, error) {
	return func(ctx context.Context) (*aws.Credentials, error) {
		found, err := provider.Retrieve(ctx)
		if err != nil {
			err = s3http.WithCause(ctx, ended.Hide(ctx, s3err.Operations(err)))
			return nil, &awscreds.Error{Kind: "CredentialRetrievalError", Reason: s3http.PlainText(err), Err: err}
		}
		return &found, nil
	}
}

// noKeys is the source of a Store that signs nothing.
func noKeys(context.Context) (*aws.Credentials, error) {
	return nil, &awscreds.Error{Kind: "NoCredentialsError", Reason: "no request is signed, so that there is no identity and nothing to presign with", Err: ErrNoCredentials}
}

// hasKeys reports whether the configuration has any part of an access key.
func (c *Config) hasKeys() bool {
	return c.AccessKeyID != "" || !c.SecretAccessKey.IsZero() || !c.SessionToken.IsZero()
}

// explicitKeys returns the keys of the configuration. Half a pair is an error, because
// boto3 signs with the string "None" then, or fails with a TypeError.
func (c *Config) explicitKeys(context.Context) (*aws.Credentials, error) {
	missing := ""
	if c.SecretAccessKey.IsZero() {
		missing = "secret_access_key"
	}
	if c.AccessKeyID == "" {
		missing = "access_key_id"
	}
	if missing != "" {
		reason := missing + " is missing, but the Lithops configuration has the other keys"
		if c.Source != "" {
			reason += " (" + homedir.Abbreviate(c.Source) + ")"
		}
		return nil, &awscreds.Error{Kind: "PartialCredentialsError", Reason: reason}
	}
	return &aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal()}, nil
}
