// SPDX-License-Identifier: Apache-2.0

package s3err

import (
	"errors"
	"slices"
)

// Hide returns err as an error that none of the sentinels match with errors.Is. Is, As and
// Error are else those of err. An error that they don't match stays itself, and nil stays nil.
//
// A sentinel such as io.EOF or fs.ErrNotExist is an answer to those who compare with it: the
// stream has ended, the object does not exist. An error that merely has it somewhere below,
// from a connection or a file of this machine, is no such answer.
func Hide(err error, sentinels ...error) error {
	if !slices.ContainsFunc(sentinels, func(sentinel error) bool { return errors.Is(err, sentinel) }) {
		return err
	}
	return &masked{err, sentinels}
}

// A masked error has no Unwrap, by which errors.Is would find what is hidden.
type masked struct {
	err    error
	hidden []error
}

// Error is the error's text.
func (m *masked) Error() string { return m.err.Error() }

// Is reports whether the error matches target, unless that is hidden.
func (m *masked) Is(target error) bool {
	return !slices.Contains(m.hidden, target) && errors.Is(m.err, target)
}

// As finds the first error in the chain that fits target.
func (m *masked) As(target any) bool { return errors.As(m.err, target) }
