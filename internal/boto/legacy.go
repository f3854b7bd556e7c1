package boto

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/botofile"
	"github.com/lithops-go/lithopss3/internal/boundedfile"
)

// EC2File reads the credentials file of the EC2 command line tools, which
// AWS_CREDENTIAL_FILE names (botocore.credentials.OriginalEC2Provider). Nil
// credentials mean that there is none.
func EC2File(lookup Lookup) (*aws.Credentials, error) {
	path, ok := lookup("AWS_CREDENTIAL_FILE")
	if !ok {
		return nil, nil
	}
	path = botofile.ExpandHome(path, lookup)
	data, err := boundedfile.Read(path, MaxFile)
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
		return nil, nil
	}
	secret, ok := values["AWSSecretKey"]
	if !ok {
		return nil, failure("KeyError", "%s has AWSAccessKeyId, but no AWSSecretKey", path)
	}
	return &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret}, nil
}

// LegacyConfig reads the configuration of boto 2: the file that BOTO_CONFIG names,
// else /etc/boto.cfg and ~/.boto (botocore.credentials.BotoProvider).
func LegacyConfig(lookup Lookup) (*aws.Credentials, error) {
	paths := []string{"/etc/boto.cfg", "~/.boto"}
	if path, ok := lookup("BOTO_CONFIG"); ok {
		paths = []string{path}
	}
	for _, path := range paths {
		path = botofile.ExpandPath(path, lookup)
		file, err := botofile.Read(path)
		if err != nil {
			return nil, &Error{Kind: "ConfigParseError", Reason: err.Error(), Err: err}
		}
		if file == nil {
			continue
		}
		section := file.Sections["Credentials"]
		accessKeyID, ok := section["aws_access_key_id"]
		if !ok {
			continue
		}
		secret, ok := section["aws_secret_access_key"]
		if !ok {
			return nil, failure("PartialCredentialsError", "%s has aws_access_key_id, but no aws_secret_access_key", path)
		}
		return &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret}, nil
	}
	return nil, nil
}
