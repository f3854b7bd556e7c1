// Package boto has the sources of credentials that are not AWS services with an
// SDK client, each as botocore has it: processes, containers, instances and the
// files of older tools.
package boto

import (
	"errors"
	"fmt"
	"strings"
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

// timeLayouts are the forms in which expirations are found in answers and caches.
var timeLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05MST", "2006-01-02T15:04Z07:00",
	"20060102T150405Z07:00", time.RFC1123Z, time.RFC1123, "Mon Jan _2 15:04:05 2006",
}

// localLayouts name no zone and mean local time, as for dateutil.
var localLayouts = []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02"}

// ParseTime reads a time in any of the usual forms, among them the "UTC" that
// older versions of the AWS command line write.
func ParseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	for _, layout := range localLayouts {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time", text)
}

// temporary makes credentials that expire.
func temporary(accessKeyID, secret, token string, expires time.Time) *aws.Credentials {
	return &aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token, CanExpire: true, Expires: expires}
}
