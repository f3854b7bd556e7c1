package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// ErrNoCredentials is a chain in which no source had credentials.
var ErrNoCredentials = errors.New("no credentials found")

// A CredentialsError is why there are no credentials to sign with. Its Kind is
// the name of botocore's exception for the same, without its module.
type CredentialsError struct {
	Kind   string // "PartialCredentialsError", "NoCredentialsError", "ProfileNotFound", …
	Source string // the source that failed, by boto3's name; empty where none was asked
	Reason string
	// Tried are the sources that did not apply, in the order of the chain.
	Tried []TriedSource
	Err   error
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

// Sources of credentials, by the names that boto3 gives them.
const (
	sourceExplicit        = "explicit"
	sourceEnvironment     = "env"
	sourceCredentialsFile = "shared-credentials-file"
	sourceConfigFile      = "config-file"
)

// A credentialSource is one link of the chain. It returns nil credentials and why
// where it does not apply, and an error where the chain must not go on.
type credentialSource struct {
	name string
	load func(context.Context) (credentials *aws.Credentials, why string, err error)
}

// A chain asks sources in order and keeps the first answer
// (botocore.credentials.CredentialResolver). It is safe for concurrent use.
type chain struct{ sources []credentialSource }

// Retrieve walks the chain.
func (c *chain) Retrieve(ctx context.Context) (aws.Credentials, error) {
	var tried []TriedSource
	for _, source := range c.sources {
		found, why, err := source.load(ctx)
		if err != nil {
			return aws.Credentials{}, err
		}
		if found != nil {
			found.Source = source.name
			return *found, nil
		}
		tried = append(tried, TriedSource{Source: source.name, Reason: why})
	}
	return aws.Credentials{}, &CredentialsError{Kind: "NoCredentialsError", Reason: ErrNoCredentials.Error(), Tried: tried, Err: ErrNoCredentials}
}

// newChain is boto3's order. The keys of the configuration are asked only where
// one of them is set, and then nothing else is.
func newChain(config *Config, env *awsEnvironment) *chain {
	if config.AccessKeyID != "" || !config.SecretAccessKey.IsZero() || !config.SessionToken.IsZero() {
		return &chain{sources: []credentialSource{{sourceExplicit, func(context.Context) (*aws.Credentials, string, error) {
			return explicitKeys(config)
		}}}}
	}
	return &chain{sources: []credentialSource{
		{sourceEnvironment, func(context.Context) (*aws.Credentials, string, error) { return environmentKeys(env.lookup) }},
		{sourceCredentialsFile, func(context.Context) (*aws.Credentials, string, error) {
			return profileKeys(sourceCredentialsFile, env.credentialsPath, env.profileName(), env.credentialsFile[env.profileName()])
		}},
		{sourceConfigFile, func(context.Context) (*aws.Credentials, string, error) {
			return profileKeys(sourceConfigFile, env.configPath, env.profileName(), env.configFile.Profiles[env.profileName()])
		}},
	}}
}

// explicitKeys refuses half a pair at once, where boto3 signs with the text
// "None" or fails with a TypeError.
func explicitKeys(config *Config) (*aws.Credentials, string, error) {
	missing := ""
	switch {
	case config.AccessKeyID == "":
		missing = "access_key_id"
	case config.SecretAccessKey.IsZero():
		missing = "secret_access_key"
	}
	if missing != "" {
		reason := missing + " is missing beside the other keys in the Lithops configuration"
		if config.Source != "" {
			reason += " " + abbreviateHome(config.Source)
		}
		return nil, "", &CredentialsError{Kind: kindPartial, Source: sourceExplicit, Reason: reason}
	}
	return &aws.Credentials{
		AccessKeyID: config.AccessKeyID, SecretAccessKey: config.SecretAccessKey.Reveal(), SessionToken: config.SessionToken.Reveal(),
	}, "", nil
}

const kindPartial = "PartialCredentialsError"

// environmentKeys is botocore.credentials.EnvProvider: an access key starts it,
// and then the secret key must be there.
func environmentKeys(lookup func(string) (string, bool)) (*aws.Credentials, string, error) {
	get := func(name string) string { value, _ := lookup(name); return value }
	accessKeyID := get("AWS_ACCESS_KEY_ID")
	if accessKeyID == "" {
		return nil, "AWS_ACCESS_KEY_ID is not set", nil
	}
	secret := get("AWS_SECRET_ACCESS_KEY")
	if secret == "" {
		return nil, "", &CredentialsError{Kind: kindPartial, Source: sourceEnvironment, Reason: "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"}
	}
	token := get("AWS_SECURITY_TOKEN")
	if token == "" {
		token = get("AWS_SESSION_TOKEN")
	}
	return &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token}, "", nil
}

// profileKeys is botocore.credentials.SharedCredentialProvider and ConfigProvider:
// the presence of aws_access_key_id counts, even if it is empty.
func profileKeys(source, path, profile string, section map[string]string) (*aws.Credentials, string, error) {
	if section == nil {
		return nil, fmt.Sprintf("no profile %s in %s", profile, abbreviateHome(path)), nil
	}
	accessKeyID, ok := section["aws_access_key_id"]
	if !ok {
		return nil, fmt.Sprintf("no aws_access_key_id in profile %s of %s", profile, abbreviateHome(path)), nil
	}
	secret, ok := section["aws_secret_access_key"]
	if !ok {
		return nil, "", &CredentialsError{
			Kind: kindPartial, Source: source,
			Reason: fmt.Sprintf("profile %s of %s has aws_access_key_id, but no aws_secret_access_key", profile, abbreviateHome(path)),
		}
	}
	token, ok := section["aws_security_token"]
	if !ok {
		token = section["aws_session_token"]
	}
	return &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token}, "", nil
}
