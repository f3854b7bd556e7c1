// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/botofile"
	"github.com/lithops-go/lithopss3/internal/homedir"
)

// Boto2File returns the provider of the configuration of boto 2: the file that
// BOTO_CONFIG names, else /etc/boto.cfg and ~/.boto (botocore.credentials.BotoProvider).
func (p *Providers) Boto2File() Provider {
	return Provider{nameBoto2File, func(context.Context) (*aws.Credentials, error) {
		return fromBoto2File(p.Settings.Lookup)
	}}
}

func fromBoto2File(env lookup) (*aws.Credentials, error) {
	paths := []string{"/etc/boto.cfg", "~/.boto"}
	if path, ok := env("BOTO_CONFIG"); ok {
		paths = []string{path}
	}
	for _, path := range paths {
		path = homedir.ExpandVars(path, env)
		file, err := botofile.Read(path)
		if err != nil {
			return nil, &Error{Kind: "ConfigParseError", Reason: err.Error(), Err: err}
		}
		section := file.Section("Credentials")
		accessKeyID, ok := section["aws_access_key_id"]
		if !ok {
			continue
		}
		secret, ok := section["aws_secret_access_key"]
		if !ok {
			return nil, failure(kindPartial, "%s has aws_access_key_id, but no aws_secret_access_key", path)
		}
		return &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret}, nil
	}
	return nil, skip("no [Credentials] in the file of BOTO_CONFIG, in /etc/boto.cfg or in ~/.boto")
}
