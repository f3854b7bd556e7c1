// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// filterFlags choose files by their names.
type filterFlags struct {
	Include []string `sep:"none" placeholder:"PATTERN" help:"Copy only names that match: * is any text, also with slashes, ? a character. A pattern without a slash is compared with the last part of a name, too. Of several --include and --exclude, the last that matches counts."`
	Exclude []string `sep:"none" placeholder:"PATTERN" help:"Leave out names that match."`
}

// A filter decides which names are kept. A nil one keeps all.
type filter struct {
	rules []compiledRule // in the order of the command line
}

type compiledRule struct {
	keeps    bool
	pattern  *regexp.Regexp
	hasSlash bool
}

// newFilter compiles the patterns. Order has for each occurrence whether it is an
// include.
func (f *filterFlags) newFilter(order []bool) (*filter, error) {
	if len(f.Include)+len(f.Exclude) == 0 {
		return nil, nil
	}
	compiled := &filter{}
	include, exclude := f.Include, f.Exclude
	for _, isInclude := range order {
		rules := &exclude
		if isInclude {
			rules = &include
		}
		pattern := (*rules)[0]
		*rules = (*rules)[1:]
		expression, err := regexp.Compile(wildcardExpression(pattern))
		if err != nil {
			return nil, usagef("%q is no pattern: %w", pattern, err)
		}
		compiled.rules = append(compiled.rules, compiledRule{isInclude, expression, strings.Contains(pattern, "/")})
	}
	return compiled, nil
}

// wildcardExpression makes a regular expression of a pattern.
func wildcardExpression(pattern string) string {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for _, r := range pattern {
		switch r {
		case '*':
			b.WriteString(`.*`)
		case '?':
			b.WriteString(`.`)
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return b.String() + `\z`
}

// keeps reports whether a name is kept: the last rule that matches decides. Without
// one, a name is kept unless the first rule is an include.
func (f *filter) keeps(name string) bool {
	if f == nil {
		return true
	}
	for i := len(f.rules) - 1; i >= 0; i-- {
		if f.rules[i].matches(name) {
			return f.rules[i].keeps
		}
	}
	return !f.rules[0].keeps
}

func (r *compiledRule) matches(name string) bool {
	if r.pattern.MatchString(name) {
		return true
	}
	return !r.hasSlash && r.pattern.MatchString(name[strings.LastIndex(name, "/")+1:])
}

// filterOrder returns for each --include and --exclude of a command line whether it
// is an include.
func filterOrder(parsed *kong.Context) (order []bool) {
	for _, step := range parsed.Path {
		if step.Flag != nil && (step.Flag.Name == "include" || step.Flag.Name == "exclude") {
			order = append(order, step.Flag.Name == "include")
		}
	}
	return order
}
