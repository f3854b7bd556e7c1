// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/awscreds"
	"github.com/lithops-go/lithopss3/internal/homedir"
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
	sourceOptions   = "Options.Credentials"
	sourceAnonymous = "Options.Anonymous"
)

// providedKeys returns a source that asks a provider of the caller's.
func providedKeys(provider aws.CredentialsProvider) func(context.Context) (*aws.Credentials, error) {
	return func(ctx context.Context) (*aws.Credentials, error) {
		found, err := provider.Retrieve(ctx)
		if err != nil {
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

// ErrNoCredentials matches the error of a chain in which no source had credentials.
var ErrNoCredentials = awscreds.ErrNone

// A CredentialsError says why there are no credentials to sign with. Its Kind is
// the name of botocore's exception for the same, without its module.
type CredentialsError struct {
	Kind   string // "PartialCredentialsError", "NoCredentialsError", "ProfileNotFound", …
	Source string // the source that failed, by boto3's name; empty if none was asked
	Reason string
	// Tried are the sources that did not apply, in the order of the chain.
	Tried []TriedSource
	Err   error `json:"-" yaml:"-"` // the cause, may be nil; it can hold an answer
}

// A TriedSource is a source of credentials that did not apply.
type TriedSource struct {
	Source string // boto3's name: "explicit", "env", "shared-credentials-file", …
	Reason string // why it did not apply
}

// Error says what failed and what else was tried.
func (e *CredentialsError) Error() string {
	var b strings.Builder
	b.WriteString("credentials: ")
	if e.Source != "" {
		b.WriteString(e.Source + ": ")
	}
	b.WriteString(e.Reason)
	for i, tried := range e.Tried {
		separator := "; "
		if i == 0 {
			separator = " (tried "
		}
		fmt.Fprintf(&b, "%s%s: %s", separator, tried.Source, tried.Reason)
	}
	if len(e.Tried) > 0 {
		b.WriteString(")")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *CredentialsError) Unwrap() error { return e.Err }

// A SettingsError is a setting of AWS's environment variables or of ~/.aws that
// can't be read or makes no sense. Other credentials would not help. Its Kind is
// the name of botocore's exception for the same, without its module.
type SettingsError struct {
	Kind   string // "ProfileNotFound", "ConfigParseError", "InvalidRetryModeError", …
	Reason string // the setting, where it is from, and what is wrong with it
	Err    error  `json:"-" yaml:"-"` // the cause, may be nil
}

// Error is the reason.
func (e *SettingsError) Error() string { return e.Reason }

// Unwrap returns the cause.
func (e *SettingsError) Unwrap() error { return e.Err }

// publicError converts errors of awsconfig and awscreds to *SettingsError and
// *CredentialsError, and returns any other error as it is. It is the one place that makes
// them, so that a wrong setting is a *SettingsError wherever it is noticed.
func publicError(err error) error {
	if err == nil {
		return nil // before the variables below, which are allocated
	}
	var setting *awsconfig.Error
	if errors.As(err, &setting) {
		return &SettingsError{Kind: setting.Kind, Reason: setting.Reason, Err: err}
	}
	var failed *awscreds.Error
	if errors.As(err, &failed) {
		return &CredentialsError{Kind: failed.Kind, Source: failed.Provider, Reason: failed.Reason, Tried: triedSources(failed.Skipped), Err: err}
	}
	return err
}

func triedSources(skipped []awscreds.Skipped) []TriedSource {
	var tried []TriedSource
	for _, provider := range skipped {
		tried = append(tried, TriedSource{Source: provider.Name, Reason: provider.Reason})
	}
	return tried
}
