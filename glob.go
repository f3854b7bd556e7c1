// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
)

// ErrInvalidGlob means that a pattern has a ** that is not alone between slashes.
var ErrInvalidGlob = errors.New("invalid pattern")

// A Glob is a compiled pattern of Lithops (lithops.libs.globber). In it, ? matches
// any character except /, * any number of them, a component ** any number of
// components, and \ escapes the next character. Slashes at the end of pattern and
// key don't count. A Glob is safe for concurrent use.
type Glob struct {
	components []globComponent
	prefix     string
}

// A globComponent matches the part of a key between two slashes; nil is **.
type globComponent []globToken

// A globToken is one step of a component: a literal rune, or one of the values below.
type globToken rune

const (
	globAny   globToken = -1 - iota // ?
	globStar                        // *
	globNever                       // a \ at the end, which matches nothing
)

// invalidGlob matches the patterns that Lithops refuses because of a **.
var invalidGlob = []func() *regexp.Regexp{
	lazyregexp.New(`[^/\\]\*\*`),
	lazyregexp.New(`^\*\*[^/]`),
	lazyregexp.New(`[^\\]\*\*[^/]`),
}

// CompileGlob compiles a pattern. The error is ErrInvalidGlob.
func CompileGlob(pattern string) (*Glob, error) {
	for _, invalid := range invalidGlob {
		if invalid().MatchString(pattern) {
			return nil, fmt.Errorf("%w %q: ** must stand alone between slashes", ErrInvalidGlob, pattern)
		}
	}
	pattern = strings.TrimRight(pattern, "/")
	for strings.Contains(pattern, "**/**") {
		pattern = strings.ReplaceAll(pattern, "**/**", "**")
	}
	glob := &Glob{}
	for component := range strings.SplitSeq(pattern, "/") {
		if component == "**" {
			glob.components = append(glob.components, nil)
			continue
		}
		glob.components = append(glob.components, compileComponent(component))
	}
	glob.prefix = glob.literalPrefix()
	return glob, nil
}

func compileComponent(text string) globComponent {
	component := globComponent{}
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			component, escaped = append(component, globToken(r)), false
		case r == '\\':
			escaped = true
		case r == '?':
			component = append(component, globAny)
		case r == '*':
			component = append(component, globStar)
		default:
			component = append(component, globToken(r))
		}
	}
	if escaped {
		component = append(component, globNever)
	}
	return component
}

// Prefix returns the prefix that every matching key has, to narrow a listing to it.
func (g *Glob) Prefix() string { return g.prefix }

func (g *Glob) literalPrefix() string {
	var prefix strings.Builder
	for i, component := range g.components {
		if component == nil {
			return prefix.String() // the slash before ** need not be there
		}
		if i > 0 {
			prefix.WriteByte('/')
		}
		special := slices.IndexFunc(component, func(t globToken) bool { return t < 0 })
		if special >= 0 {
			component = component[:special]
		}
		for _, token := range component {
			prefix.WriteRune(rune(token))
		}
		if special >= 0 {
			break
		}
	}
	return prefix.String()
}

// Match reports whether the key matches, in time proportional to the product of
// both lengths at most.
func (g *Glob) Match(key string) bool {
	key = strings.TrimRight(key, "/")
	if !strings.HasPrefix(key, g.prefix) {
		return false
	}
	return g.matchComponents(strings.Split(key, "/"))
}

// matchComponents matches component by component and backtracks only to the last
// **, because an earlier one can't match more than a later one.
func (g *Glob) matchComponents(names []string) bool {
	at, name := 0, 0
	star, mark := -1, 0
	for name < len(names) {
		switch {
		case at < len(g.components) && g.components[at] == nil:
			star, mark = at, name
			at++
		case at < len(g.components) && g.components[at].match(names[name]):
			at++
			name++
		case star >= 0:
			mark++
			at, name = star+1, mark
		default:
			return false
		}
	}
	return at == len(g.components) || (at == len(g.components)-1 && g.components[at] == nil)
}

// match is matchComponents for the characters of a component.
func (c globComponent) match(name string) bool {
	at, pos := 0, 0
	star, mark := -1, 0
	for pos < len(name) {
		r, size := utf8.DecodeRuneInString(name[pos:])
		switch {
		case at < len(c) && c[at] == globStar:
			star, mark = at, pos
			at++
		case at < len(c) && (c[at] == globAny || c[at] == globToken(r)):
			at++
			pos += size
		case star >= 0:
			_, size = utf8.DecodeRuneInString(name[mark:])
			mark += size
			at, pos = star+1, mark
		default:
			return false
		}
	}
	return at == len(c) || (at == len(c)-1 && c[at] == globStar)
}
