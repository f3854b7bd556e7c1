// Package boto has the sources of credentials that are not AWS services with an
// SDK client, each as botocore has it: processes, containers, instances and the
// files of older tools.
package boto

import (
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// An Error is why a source that applies gave no credentials. Kind is the name of
// the exception that botocore raises for the same, without its module.
type Error struct {
	Kind   string
	Reason string
	Err    error
}

// Error is the reason.
func (e *Error) Error() string { return e.Reason }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func failure(kind, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Reason: err.Error(), Err: errors.Unwrap(err)}
}

// A Lookup is an environment.
type Lookup func(string) (string, bool)

func (l Lookup) get(name string) string {
	value, _ := l(name)
	return value
}

// temporary makes credentials that expire.
func temporary(accessKeyID, secret, token string, expires time.Time) *aws.Credentials {
	return &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token, CanExpire: true, Expires: expires}
}
