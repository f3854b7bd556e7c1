// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// filterFlags choose files by their names.
type filterFlags struct {
	Include []string `sep:"none" placeholder:"PATTERN" help:"Take only names that match: * is any text, also with slashes, ? a character. A pattern without a slash is compared with the last part of a name, too. Of several --include and --exclude, the last that matches counts."`
	Exclude []string `sep:"none" placeholder:"PATTERN" help:"Leave out names that match."`
}

// A filter decides which names are kept. A nil one keeps all.
type filter struct {
	rules []compiledRule // in the order of the command line
}

type compiledRule struct {
	keeps    bool
	text     []rune
	pattern  *regexp.Regexp // of text
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
		compiled.rules = append(compiled.rules, compiledRule{isInclude, []rune(pattern), expression, strings.Contains(pattern, "/")})
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

// keepsNamed reports whether what a line names itself is kept: the file or object path, whose
// name below its folder is the last part.
func (f *filter) keepsNamed(path string) bool { return f.keeps(path[strings.LastIndex(path, "/")+1:]) }

func (r *compiledRule) matches(name string) bool {
	if r.pattern.MatchString(name) {
		return true
	}
	return !r.hasSlash && r.pattern.MatchString(name[strings.LastIndex(name, "/")+1:])
}

// leavesOut reports whether no name below a folder is kept, so that the folder need not be
// read, which may be forbidden. False means that some may be kept.
func (f *filter) leavesOut(folder string) bool {
	if f == nil {
		return false
	}
	for _, rule := range slices.Backward(f.rules) {
		some, all := rule.below(folder)
		if rule.keeps && some {
			return false
		}
		if !rule.keeps && all {
			return true
		}
	}
	return f.rules[0].keeps
}

// below reports whether the rule can match some name below a folder, and whether it matches
// all of them.
func (r *compiledRule) below(folder string) (some, all bool) {
	places := map[int]bool{0: true} // in the pattern, that the text so far leads to
	for _, letter := range folder + "/" {
		next := map[int]bool{}
		for place := range places {
			for ; place < len(r.text) && r.text[place] == '*'; place++ {
				next[place] = true
			}
			if place < len(r.text) && (r.text[place] == '?' || r.text[place] == letter) {
				next[place+1] = true
			}
		}
		places = next
	}
	for place := range places {
		rest := string(r.text[place:])
		all = all || rest != "" && strings.Trim(rest, "*") == ""
	}
	return len(places) > 0 || !r.hasSlash, all
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
