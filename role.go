package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/boto"
	"github.com/lithops-go/lithopss3/internal/botofile"
	"github.com/lithops-go/lithopss3/internal/boundedfile"
)

// sessionName is botocore's, which policies and audit filters may know.
func sessionName() string { return "botocore-session-" + strconv.FormatInt(time.Now().Unix(), 10) }

// isRole tells a profile that assumes a role by keys from one that does so by a
// web identity.
func isRole(profile map[string]string) bool {
	_, role := profile["role_arn"]
	_, web := profile["web_identity_token_file"]
	return role && !web
}

func hasStaticKeys(profile map[string]string) bool {
	_, id := profile["aws_access_key_id"]
	_, secret := profile["aws_secret_access_key"]
	return id || secret
}

// assumeRole is botocore.credentials.AssumeRoleProvider.
func (e *awsEnvironment) assumeRole(ctx context.Context, name string, visited []string) (*aws.Credentials, string, error) {
	profile := e.Profiles[name]
	if !isRole(profile) {
		return nil, fmt.Sprintf("profile %s has no role_arn", name), nil
	}
	source, err := e.roleSource(ctx, name, profile, visited)
	if err != nil {
		return nil, "", err
	}
	in := &sts.AssumeRoleInput{
		RoleArn: aws.String(profile["role_arn"]), RoleSessionName: aws.String(sessionName()),
		ExternalId: optionalKey(profile, "external_id"), SerialNumber: optionalKey(profile, "mfa_serial"),
	}
	if given := optionalKey(profile, "role_session_name"); given != nil && *given != "" {
		in.RoleSessionName = given
	}
	// A duration that is no number counts as none, and none is left to STS.
	if seconds, err := strconv.ParseInt(strings.TrimSpace(profile["duration_seconds"]), 10, 32); err == nil {
		in.DurationSeconds = aws.Int32(int32(seconds))
	}
	if in.SerialNumber != nil {
		code, err := e.askMFA(ctx, *in.SerialNumber)
		if err != nil {
			return nil, "", fromBoto(sourceAssumeRole, err)
		}
		in.TokenCode = &code
	}
	if err := e.checkRole(name, in); err != nil {
		return nil, "", err
	}
	client, err := e.stsClient(credentials.StaticCredentialsProvider{Value: *source})
	if err != nil {
		return nil, "", err
	}
	out, err := client.AssumeRole(ctx, in)
	if err != nil {
		return nil, "", stsFailure(sourceAssumeRole, profile["role_arn"], err)
	}
	return fromSTS(out.Credentials), "", nil
}

// checkRole refuses what botocore refuses by the limits in the model of STS.
func (e *awsEnvironment) checkRole(name string, in *sts.AssumeRoleInput) error {
	if strings.EqualFold(e.Section["parameter_validation"], "false") {
		return nil
	}
	for _, limit := range []struct {
		key   string
		value *string
		least int
	}{
		{"role_arn", in.RoleArn, 20},
		{"role_session_name", in.RoleSessionName, 2},
		{"external_id", in.ExternalId, 2},
		{"mfa_serial", in.SerialNumber, 9},
		{"the MFA code", in.TokenCode, 6},
	} {
		if limit.value != nil && len(*limit.value) < limit.least {
			return e.roleProblem("ParamValidationError", "%s of profile %s has fewer than %d characters", limit.key, name, limit.least)
		}
	}
	if in.DurationSeconds != nil && *in.DurationSeconds < 900 {
		return e.roleProblem("ParamValidationError", "duration_seconds of profile %s is less than 900", name)
	}
	return nil
}

func optionalKey(section map[string]string, key string) *string {
	if value, ok := section[key]; ok {
		return &value
	}
	return nil
}

// roleSource finds the credentials that may assume the role of a profile.
func (e *awsEnvironment) roleSource(ctx context.Context, name string, profile map[string]string, visited []string) (*aws.Credentials, error) {
	source, hasSource := profile["credential_source"]
	other, hasProfile := profile["source_profile"]
	switch {
	case hasSource && hasProfile:
		return nil, e.roleProblem("InvalidConfigError", "profile %s has both source_profile and credential_source", name)
	case !hasSource && !hasProfile:
		return nil, e.roleProblem(kindPartial, "profile %s has role_arn, but neither source_profile nor credential_source", name)
	case hasSource:
		return e.namedSource(ctx, name, source)
	}
	return e.sourceProfile(ctx, name, other, append(visited, name))
}

func (e *awsEnvironment) roleProblem(kind, format string, args ...any) error {
	return &CredentialsError{Kind: kind, Source: sourceAssumeRole, Reason: fmt.Sprintf(format, args...) + " (" + botofile.AbbreviateHome(e.ConfigPath) + ")"}
}

// namedSource is credential_source, whose names botocore takes to the letter.
func (e *awsEnvironment) namedSource(ctx context.Context, profile, source string) (*aws.Credentials, error) {
	sources := map[string]credentialSource{
		"Environment":         {sourceEnvironment, e.fromEnvironment},
		"EcsContainer":        {sourceContainer, e.fromContainer},
		"Ec2InstanceMetadata": {sourceInstance, e.fromInstance},
	}
	known, ok := sources[source]
	if !ok {
		return nil, e.roleProblem("InvalidConfigError", "the credential_source %q of profile %s is not Environment, EcsContainer or Ec2InstanceMetadata", source, profile)
	}
	found, why, err := known.ask(ctx)
	if err == nil && found == nil {
		err = e.roleProblem("CredentialRetrievalError", "the credential_source %s of profile %s has no credentials: %s", source, profile, why)
	}
	return found, err
}

// sourceProfile follows source_profile. A profile may name itself, where it has
// keys of its own; any other way back is a loop.
func (e *awsEnvironment) sourceProfile(ctx context.Context, parent, name string, visited []string) (*aws.Credentials, error) {
	profile, ok := e.Profiles[name]
	if !ok {
		return nil, e.roleProblem("InvalidConfigError", "the source_profile %q of profile %s does not exist", name, parent)
	}
	for _, seen := range visited {
		if seen == name && (name != parent || !hasStaticKeys(profile)) {
			return nil, e.roleProblem("InfiniteLoopConfigError", "the source_profile %q of profile %s leads back to it", name, parent)
		}
	}
	if isRole(profile) && !hasStaticKeys(profile) {
		found, _, err := e.assumeRole(ctx, name, visited)
		return found, err
	}
	found, _, err := (&chain{sources: e.profileSources(name, false)}).walk(ctx)
	if errors.Is(err, ErrNoCredentials) {
		return nil, e.roleProblem("InvalidConfigError", "the source profile %q has no credentials", name)
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// webIdentity is botocore.credentials.AssumeRoleWithWebIdentityProvider: each of
// its three settings is the environment's, if that counts, else the profile's.
func (e *awsEnvironment) webIdentity(ctx context.Context, name string, withEnvironment bool) (*aws.Credentials, string, error) {
	setting := func(variable, key string) (string, bool) {
		if value, ok := e.Lookup(variable); ok && withEnvironment {
			return value, true
		}
		value, ok := e.Profiles[name][key]
		return value, ok
	}
	path, _ := setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file")
	if path == "" {
		return nil, fmt.Sprintf("neither AWS_WEB_IDENTITY_TOKEN_FILE nor web_identity_token_file of profile %s is set", name), nil
	}
	role, _ := setting("AWS_ROLE_ARN", "role_arn")
	problem := func(kind, reason string, err error) (*aws.Credentials, string, error) {
		return nil, "", &CredentialsError{Kind: kind, Source: sourceWebIdentity, Reason: reason, Err: err}
	}
	if role == "" {
		return problem("InvalidConfigError", "a web identity token file is set, but no role: neither AWS_ROLE_ARN nor role_arn of profile "+name, nil)
	}
	token, err := boundedfile.Read(path, boto.MaxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return problem("FileNotFoundError", path+": no such file", nil)
	case errors.Is(err, syscall.EISDIR):
		return problem("IsADirectoryError", path+": is a folder", nil)
	case err != nil:
		return problem("OSError", err.Error(), err)
	case !utf8.Valid(token):
		return problem("UnicodeDecodeError", "the token in "+path+" is not UTF-8 text", nil)
	case utf8.RuneCount(token) < 4: // the shortest that the service's model allows
		return problem("ParamValidationError", fmt.Sprintf("the token in %s has %d characters, too few for one", path, utf8.RuneCount(token)), nil)
	}
	session, ok := setting("AWS_ROLE_SESSION_NAME", "role_session_name")
	if !ok || session == "" {
		session = sessionName()
	}
	if len(role) < 20 || len(session) < 2 {
		return problem("ParamValidationError", fmt.Sprintf("the role %q or the session name %q is too short to be one", role, session), nil)
	}
	client, err := e.stsClient(aws.AnonymousCredentials{})
	if err != nil {
		return nil, "", err
	}
	out, err := client.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: &session, WebIdentityToken: aws.String(string(token)),
	})
	if err != nil {
		return nil, "", stsFailure(sourceWebIdentity, role, err)
	}
	return fromSTS(out.Credentials), "", nil
}

// stsClient is a client of the chain's own, with the settings of the session's.
// Like botocore it signs nothing for a custom endpoint without a region.
func (e *awsEnvironment) stsClient(provider aws.CredentialsProvider) (*sts.Client, error) {
	if e.sts.Err != nil {
		return nil, e.sts.Err
	}
	_, anonymous := provider.(aws.AnonymousCredentials)
	if e.noRegion && e.sts.URL != "" && !anonymous {
		return nil, &CredentialsError{Kind: "NoRegionError", Source: sourceAssumeRole, Reason: "an STS endpoint is set, but no region to sign for"}
	}
	return newSTSClient(&session{sts: e.sts, credentials: provider, env: e}), nil
}

func fromSTS(c *types.Credentials) *aws.Credentials {
	return &aws.Credentials{
		AccessKeyID: aws.ToString(c.AccessKeyId), SecretAccessKey: aws.ToString(c.SecretAccessKey), SessionToken: aws.ToString(c.SessionToken),
		CanExpire: true, Expires: aws.ToTime(c.Expiration),
	}
}

// stsFailure names botocore's exception: one of the service's model, or ClientError.
func stsFailure(source, role string, err error) error {
	kind, reason := serviceFailure(err)
	if api := smithy.APIError(nil); errors.As(err, &api) && stsModelled[api.ErrorCode()] {
		kind = strings.TrimSuffix(api.ErrorCode(), "Exception") + "Exception"
	}
	return &CredentialsError{Kind: kind, Source: source, Reason: "STS, asked for " + role + ": " + reason, Err: withoutAnswer(err)}
}

// withoutAnswer returns the cause of a service's error without the HTTP answer
// around it, because those who look for S3's status in an error would take that of
// STS or SSO for it.
func withoutAnswer(err error) error {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api
	}
	if answer := (*smithyhttp.ResponseError)(nil); errors.As(err, &answer) {
		return answer.Err
	}
	return err
}

// stsModelled are the errors that the model of STS has classes for.
var stsModelled = map[string]bool{
	"ExpiredTokenException": true, "IDPCommunicationError": true, "IDPRejectedClaim": true, "InvalidIdentityToken": true,
	"MalformedPolicyDocument": true, "PackedPolicyTooLarge": true, "RegionDisabledException": true,
}
