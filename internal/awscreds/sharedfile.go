// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// CredentialsFile returns the provider of the profile's keys in ~/.aws/credentials
// (botocore.credentials.SharedCredentialProvider).
func (p *Providers) CredentialsFile() Provider { return p.credentialsFile(p.Settings.ProfileName()) }

func (p *Providers) credentialsFile(profile string) Provider {
	return Provider{nameCredentialsFile, func(context.Context) (*aws.Credentials, error) {
		file := p.Settings.CredentialsFile
		section := profileSection{
			path: p.Settings.CredentialsPath, profile: profile,
			line: file.Line(profile), keys: file.Section(profile), keyLine: file.KeyLine,
		}
		return section.credentials()
	}}
}
