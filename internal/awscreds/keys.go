// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// CheckKeys returns an error if the keys can't be right or can't be sent: a key with
// a line break at its end, as a secret mounted into a container has it, makes a
// header that HTTP can't carry. The error has no key in it.
func CheckKeys(keys *aws.Credentials) error {
	return checkParts(
		keyPart{"the access key ID", keys.AccessKeyID, validate.KeyProblem},
		keyPart{"the secret access key", keys.SecretAccessKey, validate.SecretProblem},
		keyPart{"the session token", keys.SessionToken, validate.KeyProblem},
	)
}

// A keyPart is one of the values of an access key, where it was read, and its check.
type keyPart struct {
	where, value string
	problem      func(string) string
}

// checkParts returns an error that names the place of the first value which makes no
// signature that a server accepts.
func checkParts(parts ...keyPart) error {
	for _, part := range parts {
		if problem := part.problem(part.value); problem != "" {
			return failure(awsconfig.KindValue, "%s %s", part.where, problem)
		}
	}
	return nil
}

// The checks of values that a person wrote, who may have added a comment.
var (
	writtenKeyProblem    = withCommentHint(validate.KeyProblem)
	writtenSecretProblem = withCommentHint(validate.SecretProblem)
)

func withCommentHint(problemOf func(string) string) func(string) string {
	return func(value string) string {
		problem := problemOf(value)
		if _, hasComment := sanitize.WithoutComment(value); hasComment && problem != "" {
			problem += ": AWS's files have no comments after a value"
		}
		return problem
	}
}

// checkToken returns an error, without the token in it, if a header can't carry it.
func checkToken(name, token string) error {
	return checkParts(keyPart{name, token, validate.KeyProblem})
}

// checkAnswer returns the keys that a service answered with, which must both be there.
func checkAnswer(found *aws.Credentials, service string) (*aws.Credentials, error) {
	if found.AccessKeyID == "" || found.SecretAccessKey == "" {
		return nil, failure(kindRetrieval, "%s answered with an empty access key ID or secret access key", service)
	}
	return found, nil
}
