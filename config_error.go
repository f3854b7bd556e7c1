// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/internal/yamltree"
)

// ErrOtherBackend means that the configuration selects another storage backend than
// aws_s3.
var ErrOtherBackend = errors.New("the configuration selects another storage backend")

// A ConfigError is a configuration that can't be read or doesn't make sense.
type ConfigError struct {
	Source string // the file or the environment variable
	Line   int    // 0 where none can be named
	Key    string // "section.key", empty where it is the whole file
	Reason string
	Err    error `json:"-" yaml:"-"` // the cause, may be nil
}

// Error is "source:line: key: reason".
func (e *ConfigError) Error() string {
	var b strings.Builder
	b.WriteString(homedir.Abbreviate(e.Source))
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Reason)
	return b.String()
}

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// unreadable is an error of yamltree's about source.
func unreadable(source string, err error) error {
	problem := &ConfigError{Source: source, Reason: err.Error(), Err: err}
	if known := (*yamltree.Error)(nil); errors.As(err, &known) {
		problem.Line, problem.Reason = known.Line, known.Reason
	}
	return problem
}

var errEmptyConfig = errors.New("empty configuration")

// fileProblem leaves out the path that a *fs.PathError repeats.
func fileProblem(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// emptyConfigError returns the error of an empty configuration, with which Lithops uses
// localhost storage.
func emptyConfigError(source string) error {
	return &ConfigError{
		Source: source,
		Reason: `is empty, which selects the storage backend "localhost" in Lithops; this package implements aws_s3`,
		Err:    errors.Join(errEmptyConfig, ErrOtherBackend),
	}
}

func otherBackend(source string, line int, backend string) error {
	reason := fmt.Sprintf("selects the storage backend %q; this package implements aws_s3", backend)
	if !slices.Contains(lithopsBackends, backend) {
		reason = fmt.Sprintf("selects the storage backend %s, which Lithops does not have%s (did you mean aws_s3?)", sanitize.SettingValue(backend), sanitize.SettingProblem(backend))
	}
	return &ConfigError{Source: source, Line: line, Key: "lithops.storage", Reason: reason, Err: ErrOtherBackend}
}

// lithopsBackends are the folders under lithops/storage/backends.
var lithopsBackends = []string{
	"aliyun_oss", "aws_s3", "azure_storage", "ceph", "gcp_storage", "ibm_cos",
	"infinispan", "infinispan_hotrod", "localhost", "minio", "oracle_oss",
	"redis", "swift",
}
