// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/homedir"
)

// sessionName returns the name that botocore makes, which policies and audit filters
// may know.
func sessionName() string { return "botocore-session-" + strconv.FormatInt(time.Now().Unix(), 10) }

// isRole reports whether a profile assumes a role with keys, and not with a web
// identity.
func isRole(profile map[string]string) bool {
	_, role := profile["role_arn"]
	_, web := profile["web_identity_token_file"]
	return role && !web
}

// UsedKeys returns the keys of the chosen profile, and of those that source_profile leads to.
func (p *Providers) UsedKeys() map[string]bool {
	keys := map[string]bool{}
	visited := map[string]bool{}
	for name := p.Settings.ProfileName(); !visited[name]; {
		visited[name] = true
		profile := p.Settings.Profiles[name]
		for key := range profile {
			keys[key] = true
		}
		if isRole(profile) {
			name = profile["source_profile"]
		}
	}
	return keys
}

func hasStaticKeys(profile map[string]string) bool {
	_, id := profile["aws_access_key_id"]
	_, secret := profile["aws_secret_access_key"]
	return id || secret
}

// AssumeRole returns the provider of a profile with a role_arn
// (botocore.credentials.AssumeRoleProvider).
func (p *Providers) AssumeRole() Provider {
	return Provider{nameAssumeRole, func(ctx context.Context) (*aws.Credentials, error) {
		return p.assumeRole(ctx, p.Settings.ProfileName(), nil)
	}}
}

// assumeRole asks STS for the role of a profile. The visited profiles are on the way
// to it by source_profile.
func (p *Providers) assumeRole(ctx context.Context, name string, visited []string) (*aws.Credentials, error) {
	profile := p.Settings.Profiles[name]
	if !isRole(profile) {
		return nil, skip(fmt.Sprintf("profile %s has no role_arn", name))
	}
	source, err := p.roleSource(ctx, name, visited)
	if err != nil {
		return nil, err
	}
	if !source.HasKeys() {
		return nil, p.roleProblem(kindPartial, "profile %s assumes its role with keys of which one is empty", name)
	}
	in := roleRequest(profile)
	if in.SerialNumber != nil {
		code, err := p.AskMFA(ctx, *in.SerialNumber)
		if err != nil {
			return nil, err
		}
		in.TokenCode = &code
	}
	if err := p.checkRole(name, in); err != nil {
		return nil, err
	}
	client, err := p.Services.stsForRole(credentials.StaticCredentialsProvider{Value: *source})
	if err != nil {
		return nil, err
	}
	out, err := client.AssumeRole(ctx, in)
	if err != nil {
		return nil, stsFailure(profile["role_arn"], err)
	}
	return fromSTS(out.Credentials), nil
}

// roleRequest is the request of a profile, without the code of an MFA device.
func roleRequest(profile map[string]string) *sts.AssumeRoleInput {
	in := &sts.AssumeRoleInput{
		RoleArn: aws.String(profile["role_arn"]), RoleSessionName: aws.String(sessionName()),
		ExternalId: optionalKey(profile, "external_id"), SerialNumber: optionalKey(profile, "mfa_serial"),
	}
	if given := profile["role_session_name"]; given != "" {
		in.RoleSessionName = &given
	}
	// A duration that is no number counts as none, and the default is left to STS. One that
	// is too large is refused by STS.
	if seconds, err := awsconfig.ParseInt(profile["duration_seconds"]); err == nil || errors.Is(err, strconv.ErrRange) {
		in.DurationSeconds = aws.Int32(int32(max(math.MinInt32, min(seconds, math.MaxInt32))))
	}
	return in
}

// checkRole refuses what botocore refuses by the limits in the model of STS.
func (p *Providers) checkRole(name string, in *sts.AssumeRoleInput) error {
	if strings.EqualFold(p.Settings.Section["parameter_validation"], "false") {
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
			return p.roleProblem(kindParameter, "%s of profile %s has fewer than %d characters", limit.key, name, limit.least)
		}
	}
	if in.DurationSeconds != nil && *in.DurationSeconds < 900 {
		return p.roleProblem(kindParameter, "duration_seconds of profile %s is less than 900", name)
	}
	return nil
}

func optionalKey(section map[string]string, key string) *string {
	if value, ok := section[key]; ok {
		return &value
	}
	return nil
}

// roleSource returns the credentials that may assume the role of a profile.
func (p *Providers) roleSource(ctx context.Context, name string, visited []string) (*aws.Credentials, error) {
	profile := p.Settings.Profiles[name]
	source, hasSource := profile["credential_source"]
	other, hasProfile := profile["source_profile"]
	switch {
	case hasSource && hasProfile:
		return nil, p.roleProblem(kindInvalidConfig, "profile %s has both source_profile and credential_source", name)
	case !hasSource && !hasProfile:
		return nil, p.roleProblem(kindPartial, "profile %s has role_arn, but neither source_profile nor credential_source", name)
	case hasSource:
		return p.namedSource(ctx, name, source)
	}
	return p.sourceProfile(ctx, name, other, append(visited, name))
}

func (p *Providers) roleProblem(kind, format string, args ...any) error {
	reason := fmt.Sprintf(format, args...) + " (" + homedir.Abbreviate(p.Settings.ConfigPath) + ")"
	return &Error{Kind: kind, Provider: nameAssumeRole, Reason: reason}
}

// namedSource asks the provider that credential_source names, in the exact letters of
// botocore.
func (p *Providers) namedSource(ctx context.Context, profile, source string) (*aws.Credentials, error) {
	providers := map[string]Provider{
		"Environment":         p.environmentOfRole(),
		"EcsContainer":        p.Container(),
		"Ec2InstanceMetadata": p.Instance(),
	}
	provider, ok := providers[source]
	if !ok {
		return nil, p.roleProblem(kindInvalidConfig, "the credential_source %q of profile %s is not Environment, EcsContainer or Ec2InstanceMetadata", source, profile)
	}
	found, err := provider.ask(ctx)
	var reason skip
	if errors.As(err, &reason) {
		return nil, p.roleProblem(kindRetrieval, "the credential_source %s of profile %s has no credentials: %s", source, profile, reason)
	}
	return found, err
}

// sourceProfile follows source_profile. A profile may name itself if it has keys of its
// own; any other way back is a loop.
func (p *Providers) sourceProfile(ctx context.Context, parent, name string, visited []string) (*aws.Credentials, error) {
	profile, ok := p.Settings.Profiles[name]
	if !ok {
		return nil, p.roleProblem(kindInvalidConfig, "the source_profile %q of profile %s does not exist", name, parent)
	}
	if slices.Contains(visited, name) && (name != parent || !hasStaticKeys(profile)) {
		return nil, p.roleProblem("InfiniteLoopConfigError", "the source_profile %q of profile %s leads back to it", name, parent)
	}
	if isRole(profile) && !hasStaticKeys(profile) {
		return p.assumeRole(ctx, name, visited)
	}
	found, _, err := p.ofProfile(name).Ask(ctx)
	if errors.Is(err, ErrNone) {
		return nil, p.roleProblem(kindInvalidConfig, "the source profile %q has no credentials", name)
	}
	return found, err
}

// ofProfile are the providers that look into a profile, in the order of the chain and
// without the environment (botocore.credentials.ProfileProviderBuilder).
func (p *Providers) ofProfile(name string) Chain {
	return Chain{
		p.webIdentity(name, nil),
		p.sso(name),
		p.credentialsFile(name),
		p.login(name),
		p.process(name),
		p.configFile(name),
	}
}

func fromSTS(c *types.Credentials) *aws.Credentials {
	return &aws.Credentials{
		AccessKeyID: aws.ToString(c.AccessKeyId), SecretAccessKey: aws.ToString(c.SecretAccessKey), SessionToken: aws.ToString(c.SessionToken),
		CanExpire: true, Expires: aws.ToTime(c.Expiration),
	}
}
