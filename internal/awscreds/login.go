// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Login returns the provider of login_session, which is an error: botocore needs its
// CRT for it, and neither pip install boto3 nor lithops[aws] installs that. This
// package has no CRT either.
func (p *Providers) Login() Provider { return p.login(p.Settings.ProfileName()) }

func (p *Providers) login(profile string) Provider {
	return Provider{nameLogin, func(context.Context) (*aws.Credentials, error) {
		if _, ok := p.Settings.Profiles[profile]["login_session"]; !ok {
			return nil, skip(fmt.Sprintf("profile %s has no login_session", profile))
		}
		return nil, failure("MissingDependencyException",
			"the login_session of profile %s is not supported; aws configure export-credentials as a credential_process does the same", profile)
	}}
}
