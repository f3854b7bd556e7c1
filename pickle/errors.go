// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"fmt"
)

// Reasons of an [Error], to compare with errors.Is.
var (
	// ErrMalformed means that the data is not a pickle, or is a truncated or broken one.
	ErrMalformed = errors.New("malformed pickle")
	// ErrUnsupported means a valid pickle that needs what this package refuses: persistent
	// ids, extension codes and out-of-band buffers.
	ErrUnsupported = errors.New("unsupported pickle")
	// ErrLimit means that decoding or encoding would exceed a limit.
	ErrLimit = errors.New("pickle limit exceeded")
	// ErrCycle means that a value contains itself.
	ErrCycle = errors.New("value contains itself")
)

// Error tells where and why a pickle or a literal was refused.
type Error struct {
	Offset int    // in the data; -1 if no place is to blame
	Op     string // the opcode's name, if one is to blame
	Msg    string
	Reason error // ErrMalformed, ErrUnsupported, ErrLimit, ErrCycle
}

// Error is the reason, the place and the details.
func (e *Error) Error() string {
	text := e.Reason.Error()
	if e.Op != "" {
		text += ": " + e.Op
	}
	if e.Offset >= 0 {
		text += fmt.Sprintf(" at offset %d", e.Offset)
	}
	return text + ": " + e.Msg
}

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Reason }

func malformed(format string, args ...any) *Error {
	return &Error{Offset: -1, Msg: fmt.Sprintf(format, args...), Reason: ErrMalformed}
}

func unsupported(format string, args ...any) *Error {
	return &Error{Offset: -1, Msg: fmt.Sprintf(format, args...), Reason: ErrUnsupported}
}

func overLimit(format string, args ...any) *Error {
	return &Error{Offset: -1, Msg: fmt.Sprintf(format, args...), Reason: ErrLimit}
}
