// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/homedir"
)

// A profileSection is the section of a profile in a file of ~/.aws.
type profileSection struct {
	path    string // of the file
	profile string
	line    int               // of the section's header
	keys    map[string]string // nil if the file lacks the profile
	keyLine func(profile, key string) int
}

// credentials returns the keys in the section (botocore.credentials'
// SharedCredentialProvider and ConfigProvider). The presence of aws_access_key_id
// counts, even if it is empty.
func (s *profileSection) credentials() (*aws.Credentials, error) {
	file := homedir.Abbreviate(s.path)
	if s.keys == nil {
		return nil, skip(fmt.Sprintf("no profile %s in %s", s.profile, file))
	}
	accessKeyID, ok := s.keys["aws_access_key_id"]
	if !ok {
		return nil, skip(fmt.Sprintf("no aws_access_key_id in profile %s of %s", s.profile, file))
	}
	secret, ok := s.keys["aws_secret_access_key"]
	if !ok {
		return nil, failure(kindPartial, "%s:%d: profile %s has aws_access_key_id, but no aws_secret_access_key", file, s.line, s.profile)
	}
	tokenKey := "aws_security_token"
	token, ok := s.keys[tokenKey]
	if !ok {
		tokenKey = "aws_session_token"
		token = s.keys[tokenKey]
	}
	err := checkParts(
		keyPart{s.where("aws_access_key_id"), accessKeyID, writtenKeyProblem},
		keyPart{s.where("aws_secret_access_key"), secret, writtenSecretProblem},
		keyPart{s.where(tokenKey), token, writtenKeyProblem},
	)
	if err != nil {
		return nil, err
	}
	return &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token}, nil
}

// where names a key with its file and line.
func (s *profileSection) where(key string) string {
	return fmt.Sprintf("%s:%d: %s of profile %s", homedir.Abbreviate(s.path), s.keyLine(s.profile, key), key, s.profile)
}
