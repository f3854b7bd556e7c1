// SPDX-License-Identifier: Apache-2.0

// Package lazyregexp compiles regular expressions when they are first used, because a
// process that stores one object needs few of those that a package has, and would wait
// for all.
// It must not know any pattern.
// Start reading at New, which is all of it.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that returns the compiled pattern, and panics where
// regexp.MustCompile would. It is safe for concurrent use.
func New(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
