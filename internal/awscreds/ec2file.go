// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// EC2File returns the provider of the file that AWS_CREDENTIAL_FILE names, which the
// EC2 command line tools read (botocore.credentials.OriginalEC2Provider).
func (p *Providers) EC2File() Provider {
	return Provider{nameEC2File, func(context.Context) (*aws.Credentials, error) {
		return fromEC2File(p.Settings.Lookup)
	}}
}

func fromEC2File(env lookup) (*aws.Credentials, error) {
	const notSet = skip("AWS_CREDENTIAL_FILE is not set, or has no AWSAccessKeyId")
	path, ok := env("AWS_CREDENTIAL_FILE")
	if !ok {
		return nil, notSet
	}
	path = homedir.Expand(path, env)
	data, err := openfiles.Read(path, MaxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failure("ConfigNotFound", "AWS_CREDENTIAL_FILE names %s, which does not exist", path)
	}
	if err != nil {
		return nil, failure("ConfigNotFound", "AWS_CREDENTIAL_FILE: %w", err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(line, "=")
		if ok {
			values[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	accessKeyID, ok := values["AWSAccessKeyId"]
	if !ok {
		return nil, notSet
	}
	secret, ok := values["AWSSecretKey"]
	if !ok {
		return nil, failure("KeyError", "%s has AWSAccessKeyId, but no AWSSecretKey", path)
	}
	return &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret}, nil
}
