// SPDX-License-Identifier: Apache-2.0

package sanitize

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
)

// Redacted stands for a secret wherever one would be shown.
const Redacted = "[redacted]"

// maxShown bounds a name or value that is shown, in bytes.
const maxShown = 32

var plainName = lazyregexp.New(`^[a-z][a-z0-9_-]*$`)

// SettingName returns a key's name, or Redacted for one that looks more like a secret in the
// wrong place than like a name. A name with a hint, which says what it was meant to
// be, is shown.
func SettingName(name, hint string) string {
	if hint == "" && (len(name) > maxShown || !plainName().MatchString(name)) {
		return Redacted
	}
	return name
}

var (
	plainValue  = lazyregexp.New(`^[a-z0-9 ._-]*$`)
	justWords   = lazyregexp.New(`^[a-zA-Z _.-]*$`)
	placeholder = lazyregexp.New(`^(<[^<>]*>|\$?\{[^{}]*\}|\{\{[^{}]*\}\}|\$[A-Z_]+|%[A-Z_]+%|\[[^\[\]]*\])$`)
)

const (
	quotes   = "\"'`“”‘’"
	brackets = "<>{}[]$%"
)

// SettingValue quotes the value of a setting that is no secret, with what is around it, such
// as quotes and the beginning of a comment. A value that may be a secret in the
// wrong line is Redacted.
func SettingValue(value string) string {
	bare, hasComment := WithoutComment(value)
	isPlaceholder := placeholder().MatchString(strings.Trim(bare, quotes+" "))
	core := strings.Trim(bare, brackets+quotes+" \t\r\n")
	isPlain := plainValue().MatchString(core) || (isPlaceholder && justWords().MatchString(core))
	if !isPlain || len(core) > maxShown || len(value) > 2*maxShown {
		return Redacted
	}
	if hasComment {
		value = bare + " #…"
	}
	return fmt.Sprintf("%q", value)
}

// WithoutComment cuts off what looks like a comment after a value, and reports
// whether there is one.
func WithoutComment(value string) (bare string, hasComment bool) {
	for i, r := range value {
		if (r == '#' || r == ';') && (i == 0 || value[i-1] == ' ' || value[i-1] == '\t') {
			return strings.TrimRight(value[:i], " \t"), true
		}
	}
	return value, false
}

// SettingProblem returns what a value has that no name has, in parentheses and after a space,
// or "".
func SettingProblem(value string) string {
	bare, hasComment := WithoutComment(value)
	switch {
	case hasComment:
		return " (it has a comment; AWS's files and environment variables have no comments after a value)"
	case strings.ContainsAny(value, quotes):
		return " (it has quotes)"
	case placeholder().MatchString(strings.TrimSpace(bare)), strings.ContainsAny(value, "<>{}"):
		return " (it is a placeholder)"
	case strings.ContainsAny(value, "\r\n"):
		return " (it has a line break)"
	case strings.ContainsFunc(value, unicode.IsSpace):
		return " (it has blanks)"
	case strings.Contains(value, "#"):
		return " (it has a #)"
	}
	return ""
}

// URL returns address without a user and a password, also if it is no URL.
func URL(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	scheme, _, hasScheme := strings.Cut(address[:at], "://")
	if !hasScheme {
		return Redacted + address[at:]
	}
	return scheme + "://" + Redacted + address[at:]
}
