// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// ConfigFile returns the provider of the profile's keys in ~/.aws/config
// (botocore.credentials.ConfigProvider).
func (p *Providers) ConfigFile() Provider { return p.configFile(p.Settings.ProfileName()) }

func (p *Providers) configFile(profile string) Provider {
	return Provider{nameConfigFile, func(context.Context) (*aws.Credentials, error) {
		file := p.Settings.ConfigFile
		section := profileSection{
			path: p.Settings.ConfigPath, profile: profile,
			line: file.Lines[profile], keys: file.Profiles[profile], keyLine: file.KeyLine,
		}
		return section.credentials()
	}}
}
