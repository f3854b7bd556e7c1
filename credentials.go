package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/boto"
	"github.com/lithops-go/lithopss3/internal/botofile"
	"github.com/lithops-go/lithopss3/internal/dateutil"
	"github.com/lithops-go/lithopss3/internal/redact"
	"github.com/lithops-go/lithopss3/internal/validate"
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

// Sources of credentials, by the names that boto3 gives them.
const (
	sourceExplicit        = "explicit"
	sourceEnvironment     = "env"
	sourceAssumeRole      = "assume-role"
	sourceWebIdentity     = "assume-role-with-web-identity"
	sourceSSO             = "sso"
	sourceCredentialsFile = "shared-credentials-file"
	sourceLogin           = "login"
	sourceProcess         = "custom-process"
	sourceConfigFile      = "config-file"
	sourceEC2File         = "ec2-credentials-file"
	sourceBotoFile        = "boto-config"
	sourceContainer       = "container-role"
	sourceInstance        = "iam-role"
)

// A credentialSource is one link of the chain. It returns nil credentials and why
// where it does not apply, and an error where the chain must not go on.
type credentialSource struct {
	name string
	load func(context.Context) (credentials *aws.Credentials, why string, err error)
}

// ask loads the credentials, checks that they can be sent, and marks them and an
// error with the source's name.
func (s *credentialSource) ask(ctx context.Context) (found *aws.Credentials, why string, err error) {
	found, why, err = s.load(ctx)
	if err == nil && found != nil {
		err = boto.CheckKeys(found)
	}
	if err != nil {
		return nil, "", fromBoto(s.name, err)
	}
	if found != nil {
		found.Source = s.name
	}
	return found, why, nil
}

// A chain asks sources in order and keeps the first answer
// (botocore.credentials.CredentialResolver).
type chain struct{ sources []credentialSource }

// walk returns the first answer and the sources before it.
func (c *chain) walk(ctx context.Context) (*aws.Credentials, []TriedSource, error) {
	tried := []TriedSource{}
	for _, source := range c.sources {
		found, why, err := source.ask(ctx)
		if err != nil {
			return nil, tried, err
		}
		if found != nil {
			return found, tried, nil
		}
		tried = append(tried, TriedSource{Source: source.name, Reason: why})
	}
	return nil, tried, &CredentialsError{Kind: "NoCredentialsError", Reason: ErrNoCredentials.Error(), Tried: tried, Err: ErrNoCredentials}
}

// fromBoto gives an internal error its source.
func fromBoto(source string, err error) error {
	var known *boto.Error
	if errors.As(err, &known) {
		return &CredentialsError{Kind: known.Kind, Source: source, Reason: known.Reason, Err: err}
	}
	return err
}

// newChain is boto3's order. The keys of the configuration are asked only where
// one of them is set, and then nothing else is.
func newChain(config *Config, env *awsEnvironment) *chain {
	if config.AccessKeyID != "" || !config.SecretAccessKey.IsZero() || !config.SessionToken.IsZero() {
		return &chain{sources: []credentialSource{{sourceExplicit, func(context.Context) (*aws.Credentials, string, error) {
			return explicitKeys(config)
		}}}}
	}
	name := env.ProfileName()
	sources := []credentialSource{
		{sourceEnvironment, env.fromEnvironment},
		{sourceAssumeRole, func(ctx context.Context) (*aws.Credentials, string, error) { return env.assumeRole(ctx, name, nil) }},
	}
	sources = append(sources, env.profileSources(name, true)...)
	return &chain{sources: append(sources,
		credentialSource{sourceEC2File, env.fromEC2File},
		credentialSource{sourceBotoFile, env.fromBotoFile},
		credentialSource{sourceContainer, env.fromContainer},
		credentialSource{sourceInstance, env.fromInstance},
	)}
}

// profileSources are the sources that a profile has in itself; they also serve a
// profile that another one names as its source, then without the environment
// (botocore.credentials.ProfileProviderBuilder).
func (e *awsEnvironment) profileSources(name string, withEnvironment bool) []credentialSource {
	return []credentialSource{
		{sourceWebIdentity, func(ctx context.Context) (*aws.Credentials, string, error) {
			return e.webIdentity(ctx, name, withEnvironment)
		}},
		{sourceSSO, func(ctx context.Context) (*aws.Credentials, string, error) { return e.sso(ctx, name) }},
		{sourceCredentialsFile, func(context.Context) (*aws.Credentials, string, error) {
			return profileKeys(sourceCredentialsFile, e.CredentialsPath, e.CredentialsFile.Line(name), name, e.CredentialsFile.Section(name), e.CredentialsFile.KeyLine)
		}},
		{sourceLogin, func(context.Context) (*aws.Credentials, string, error) { return e.login(name) }},
		{sourceProcess, func(ctx context.Context) (*aws.Credentials, string, error) { return e.process(ctx, name) }},
		{sourceConfigFile, func(context.Context) (*aws.Credentials, string, error) {
			return profileKeys(sourceConfigFile, e.ConfigPath, e.ConfigFile.Lines[name], name, e.ConfigFile.Profiles[name], e.ConfigFile.KeyLine)
		}},
	}
}

// login: botocore needs its CRT for login_session, which neither pip install
// boto3 nor lithops[aws] brings along. This package has no CRT either.
func (e *awsEnvironment) login(name string) (*aws.Credentials, string, error) {
	if _, ok := e.Profiles[name]["login_session"]; !ok {
		return nil, fmt.Sprintf("profile %s has no login_session", name), nil
	}
	return nil, "", &CredentialsError{Kind: "MissingDependencyException", Source: sourceLogin, Reason: fmt.Sprintf("the login_session of profile %s is not supported; aws configure export-credentials as a credential_process does the same", name)}
}

func (e *awsEnvironment) process(ctx context.Context, name string) (*aws.Credentials, string, error) {
	command, ok := e.Profiles[name]["credential_process"]
	if !ok {
		return nil, fmt.Sprintf("profile %s has no credential_process", name), nil
	}
	found, err := boto.Process(ctx, command)
	return found, "", err
}

func (e *awsEnvironment) fromEC2File(context.Context) (*aws.Credentials, string, error) {
	found, err := boto.EC2File(boto.Lookup(e.Lookup))
	return found, "AWS_CREDENTIAL_FILE is not set, or has no AWSAccessKeyId", err
}

func (e *awsEnvironment) fromBotoFile(context.Context) (*aws.Credentials, string, error) {
	found, err := boto.LegacyConfig(boto.Lookup(e.Lookup))
	return found, "no [Credentials] in the file of BOTO_CONFIG, in /etc/boto.cfg or in ~/.boto", err
}

func (e *awsEnvironment) fromContainer(ctx context.Context) (*aws.Credentials, string, error) {
	found, err := e.metadata.Container(ctx, boto.Lookup(e.Lookup))
	return found, "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set", err
}

func (e *awsEnvironment) fromInstance(ctx context.Context) (*aws.Credentials, string, error) {
	return e.metadata.Instance(ctx, e.instance)
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
			reason += " " + botofile.AbbreviateHome(config.Source)
		}
		return nil, "", &CredentialsError{Kind: kindPartial, Source: sourceExplicit, Reason: reason}
	}
	return &aws.Credentials{
		AccessKeyID: config.AccessKeyID, SecretAccessKey: config.SecretAccessKey.Reveal(), SessionToken: config.SessionToken.Reveal(),
	}, "", nil
}

const kindPartial = "PartialCredentialsError"

// fromEnvironment is botocore.credentials.EnvProvider: an access key starts it,
// and then the secret key must be there.
func (e *awsEnvironment) fromEnvironment(context.Context) (*aws.Credentials, string, error) {
	get := func(name string) string { value, _ := e.Lookup(name); return value }
	accessKeyID := get("AWS_ACCESS_KEY_ID")
	if accessKeyID == "" {
		return nil, "AWS_ACCESS_KEY_ID is not set", nil
	}
	secret := get("AWS_SECRET_ACCESS_KEY")
	if secret == "" {
		return nil, "", &CredentialsError{Kind: kindPartial, Source: sourceEnvironment, Reason: "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"}
	}
	tokenName := "AWS_SECURITY_TOKEN"
	token := get(tokenName)
	if token == "" {
		tokenName = "AWS_SESSION_TOKEN"
		token = get(tokenName)
	}
	err := checkParts(sourceEnvironment, keyPart{"environment AWS_ACCESS_KEY_ID", accessKeyID, validate.KeyProblem},
		keyPart{"environment AWS_SECRET_ACCESS_KEY", secret, validate.SecretProblem}, keyPart{"environment " + tokenName, token, validate.KeyProblem})
	if err != nil {
		return nil, "", err
	}
	found := &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token}
	if text := get("AWS_CREDENTIAL_EXPIRATION"); text != "" {
		expires, err := dateutil.Parse(text)
		if err != nil {
			return nil, "", &CredentialsError{Kind: "ParserError", Source: sourceEnvironment, Reason: "AWS_CREDENTIAL_EXPIRATION: " + err.Error(), Err: err}
		}
		found.CanExpire, found.Expires = true, expires
	}
	return found, "", nil
}

// profileKeys is botocore.credentials.SharedCredentialProvider and ConfigProvider:
// the presence of aws_access_key_id counts, even if it is empty.
func profileKeys(source, path string, line int, profile string, section map[string]string, keyLine func(profile, key string) int) (*aws.Credentials, string, error) {
	if section == nil {
		return nil, fmt.Sprintf("no profile %s in %s", profile, botofile.AbbreviateHome(path)), nil
	}
	accessKeyID, ok := section["aws_access_key_id"]
	if !ok {
		return nil, fmt.Sprintf("no aws_access_key_id in profile %s of %s", profile, botofile.AbbreviateHome(path)), nil
	}
	secret, ok := section["aws_secret_access_key"]
	if !ok {
		return nil, "", &CredentialsError{
			Kind: kindPartial, Source: source,
			Reason: fmt.Sprintf("%s:%d: profile %s has aws_access_key_id, but no aws_secret_access_key", botofile.AbbreviateHome(path), line, profile),
		}
	}
	tokenKey := "aws_security_token"
	token, ok := section[tokenKey]
	if !ok {
		tokenKey = "aws_session_token"
		token = section[tokenKey]
	}
	where := func(key string) string {
		return fmt.Sprintf("%s:%d: %s of profile %s", botofile.AbbreviateHome(path), keyLine(profile, key), key, profile)
	}
	err := checkParts(source, keyPart{where("aws_access_key_id"), accessKeyID, validate.KeyProblem},
		keyPart{where("aws_secret_access_key"), secret, validate.SecretProblem}, keyPart{where(tokenKey), token, validate.KeyProblem})
	if err != nil {
		return nil, "", err
	}
	return &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token}, "", nil
}

// A keyPart is one of an access key's texts, where it was read, and its check.
type keyPart struct {
	where, text string
	check       func(string) string
}

// checkParts refuses keys that sign nothing which a server accepts, and names the
// place, where checkCredentials knows only what it is about.
func checkParts(source string, parts ...keyPart) error {
	for _, part := range parts {
		if problem := part.check(part.text); problem != "" {
			return &CredentialsError{Kind: awsconfig.KindValue, Source: source, Reason: part.where + " " + problem + hintComment(part.text)}
		}
	}
	return nil
}

func hintComment(text string) string {
	if _, comment := redact.WithoutComment(text); comment {
		return ": AWS's files have no comments after a value"
	}
	return ""
}
