// SPDX-License-Identifier: Apache-2.0

// Package awscreds has botocore's credential providers, one file each, the chain that
// asks them in turn, and the renewal of temporary credentials. It must not know S3,
// buckets or Lithops' configuration, and its errors have the names of botocore's
// exceptions. Start reading at [Providers], whose methods each return one provider.
package awscreds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
)

// MaxFile bounds the files of tokens and keys, in bytes.
const MaxFile = 1 << 20

// Providers makes botocore's providers. Each method returns a provider that uses a
// few of the fields. The fields must be set before the first credentials are asked for.
type Providers struct {
	Settings  *awsconfig.Environment
	Services  *Services          // for roles and SSO
	Metadata  *Metadata          // for containers and instances
	Instances awsconfig.Metadata // settings of the service of instances
	// AskMFA returns the code of the MFA device with this serial number.
	AskMFA func(ctx context.Context, serial string) (string, error)
	// ProfileOnly leaves the environment's keys and web identity out, as botocore does if
	// the caller, and not the environment, chooses the profile.
	ProfileOnly bool
}

// A Provider is one link of the chain. Load returns credentials, or an error that
// ends the chain, or a skip if the provider does not apply.
type Provider struct {
	Name string // boto3's name: "env", "assume-role", …
	Load func(context.Context) (*aws.Credentials, error)
}

// The names that boto3 gives to the providers.
const (
	nameEnvironment     = "env"
	nameAssumeRole      = "assume-role"
	nameWebIdentity     = "assume-role-with-web-identity"
	nameSSO             = "sso"
	nameCredentialsFile = "shared-credentials-file"
	nameLogin           = "login"
	nameProcess         = "custom-process"
	nameConfigFile      = "config-file"
	nameEC2File         = "ec2-credentials-file"
	nameBoto2File       = "boto-config"
	nameContainer       = "container-role"
	nameInstance        = "iam-role"
)

// A skip is why a provider does not apply. The chain then asks the next one.
type skip string

// Error is the reason.
func (s skip) Error() string { return string(s) }

// ask loads the credentials, checks that they can be sent, and marks them, or the
// error, with the provider's name.
func (p *Provider) ask(ctx context.Context) (*aws.Credentials, error) {
	found, err := p.Load(ctx)
	if err == nil {
		err = CheckKeys(found)
	}
	if err != nil {
		return nil, named(p.Name, err)
	}
	found.Source = p.Name
	return found, nil
}

// named adds the name of the provider to an error that has none.
func named(provider string, err error) error {
	var known *Error
	if !errors.As(err, &known) || known.Provider != "" {
		return err
	}
	return &Error{Kind: known.Kind, Provider: provider, Reason: known.Reason, Err: err}
}

// ErrNone is the cause of the error of a chain in which no provider had credentials.
var ErrNone = errors.New("no credentials found")

// A Skipped is a provider that did not apply.
type Skipped struct {
	Name   string // the provider's
	Reason string
}

// A Chain asks its providers in order and keeps the first answer
// (botocore.credentials.CredentialResolver).
type Chain []Provider

// Ask returns the first credentials, and the providers before the one that had them
// or failed. Without any it is an *Error with ErrNone.
func (c Chain) Ask(ctx context.Context) (*aws.Credentials, []Skipped, error) {
	skipped := []Skipped{}
	for _, provider := range c {
		found, err := provider.ask(ctx)
		var reason skip
		if !errors.As(err, &reason) {
			return found, skipped, err
		}
		skipped = append(skipped, Skipped{Name: provider.Name, Reason: string(reason)})
	}
	return nil, skipped, &Error{Kind: "NoCredentialsError", Reason: ErrNone.Error(), Skipped: skipped, Err: ErrNone}
}

// An Error is why there are no credentials. Kind is the name of the exception that
// botocore raises for the same, without its module.
type Error struct {
	Kind     string
	Provider string // the name of the provider that failed, or ""
	Reason   string
	Skipped  []Skipped // the providers that did not apply, if none did
	Err      error     // the cause, may be nil
}

// Error is the reason.
func (e *Error) Error() string { return e.Reason }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// The kinds of errors of more than one provider.
const (
	kindPartial       = "PartialCredentialsError"
	kindRetrieval     = "CredentialRetrievalError"
	kindParameter     = "ParamValidationError"
	kindParser        = "ParserError"
	kindInvalidConfig = awsconfig.KindInvalidConfig
)

func failure(kind, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Reason: err.Error(), Err: errors.Unwrap(err)}
}

// temporary makes credentials that expire.
func temporary(accessKeyID, secret, token string, expires time.Time) *aws.Credentials {
	return &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token, CanExpire: true, Expires: expires}
}
