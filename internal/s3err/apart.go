// SPDX-License-Identifier: Apache-2.0

package s3err

import "errors"

// Apart returns the errors of a type in the tree of err, and what there is next to them: nil
// if err is one of them, or wraps nothing else. errors.As finds the first one and says nothing
// of the rest. Without one, rest is err.
func Apart[E error](err error) (found []E, rest error) {
	if own, ok := err.(E); ok { //nolint:errorlint // it walks the tree
		return []E{own}, nil
	}
	switch wrapper := err.(type) { //nolint:errorlint // it walks the tree
	case interface{ Unwrap() error }:
		found, rest = Apart[E](wrapper.Unwrap())
	case interface{ Unwrap() []error }:
		var others []error
		for _, each := range wrapper.Unwrap() {
			inner, other := Apart[E](each)
			found, others = append(found, inner...), append(others, other)
		}
		rest = errors.Join(others...)
	}
	if len(found) == 0 {
		return nil, err
	}
	return found, rest
}
