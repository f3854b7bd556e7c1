// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/awscreds"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// ErrNoCredentials matches the error of a chain in which no source had credentials.
var ErrNoCredentials = awscreds.ErrNone

// A CredentialsError says why there are no credentials to sign with. Its Kind is
// the name of botocore's exception for the same, without its module.
type CredentialsError struct {
	Kind   string // "PartialCredentialsError", "NoCredentialsError", "ProfileNotFound", …
	Source string // the source that failed, by boto3's name; empty if none was asked
	Reason string
	// Tried are the sources that did not apply, in the order of the chain.
	Tried []TriedSource
	Err   error `json:"-" yaml:"-"` // the cause, may be nil; it can hold an answer
}

// A TriedSource is a source of credentials that did not apply.
type TriedSource struct {
	Source string // boto3's name: "explicit", "env", "shared-credentials-file", …
	Reason string // why it did not apply
}

// Error says what failed and what else was tried.
func (e *CredentialsError) Error() string {
	var b strings.Builder
	b.WriteString("credentials: ")
	if e.Source != "" {
		b.WriteString(e.Source + ": ")
	}
	b.WriteString(e.Reason)
	for i, tried := range e.Tried {
		separator := "; "
		if i == 0 {
			separator = " (tried "
		}
		fmt.Fprintf(&b, "%s%s: %s", separator, tried.Source, tried.Reason)
	}
	if len(e.Tried) > 0 {
		b.WriteString(")")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *CredentialsError) Unwrap() error { return e.Err }

// Is reports whether target stands for the errors of all operations.
func (*CredentialsError) Is(target error) bool { return target == s3err.ErrAnswer }

// A sourceError is a CredentialsError within the request that needed the credentials.
// errors.As finds that and nothing that it wraps, because what STS or SSO answered is no
// answer to the request.
type sourceError struct{ err *CredentialsError }

// Error is the text of the CredentialsError.
func (e *sourceError) Error() string { return e.err.Error() }

// Is reports whether target is in the CredentialsError.
func (e *sourceError) Is(target error) bool { return errors.Is(e.err, target) }

// As finds the CredentialsError.
func (e *sourceError) As(target any) bool {
	found, ok := target.(**CredentialsError)
	if ok {
		*found = e.err
	}
	return ok
}

// RetryableError reports false, for the retry policy: the source has made its own attempts.
func (*sourceError) RetryableError() bool { return false }

// requestError returns an error of the credentials as a request has it.
func requestError(err error) error {
	if failed := (*CredentialsError)(nil); errors.As(publicError(err), &failed) {
		return &sourceError{failed}
	}
	return publicError(err)
}

// A SettingsError is a setting of AWS's environment variables or of ~/.aws that
// can't be read or makes no sense. Other credentials would not help. Its Kind is
// the name of botocore's exception for the same, without its module.
type SettingsError struct {
	Kind   string // "ProfileNotFound", "ConfigParseError", "InvalidRetryModeError", …
	Reason string // the setting, where it is from, and what is wrong with it
	Err    error  `json:"-" yaml:"-"` // the cause, may be nil
}

// Error is the reason.
func (e *SettingsError) Error() string { return e.Reason }

// Unwrap returns the cause.
func (e *SettingsError) Unwrap() error { return e.Err }

// publicError converts errors of awsconfig and awscreds to *SettingsError and
// *CredentialsError, and returns any other error as it is. It is the one place that makes
// them, so that a wrong setting is a *SettingsError wherever it is noticed.
func publicError(err error) error {
	if err == nil {
		return nil // before the variables below, which are allocated
	}
	var wrong *awsconfig.Error
	if errors.As(err, &wrong) {
		return &SettingsError{Kind: wrong.Kind, Reason: wrong.Reason, Err: err}
	}
	var failed *awscreds.Error
	if errors.As(err, &failed) {
		return &CredentialsError{Kind: failed.Kind, Source: failed.Provider, Reason: failed.Reason, Tried: triedSources(failed.Skipped), Err: s3http.NoAnswer(err)}
	}
	return err
}

func triedSources(skipped []awscreds.Skipped) []TriedSource {
	var tried []TriedSource
	for _, provider := range skipped {
		tried = append(tried, TriedSource{Source: provider.Name, Reason: provider.Reason})
	}
	return tried
}
