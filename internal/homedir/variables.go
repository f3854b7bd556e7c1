// SPDX-License-Identifier: Apache-2.0

package homedir

import "strings"

// expandVars follows os.path.expandvars: on Windows %NAME% counts too, %% and $$ stand
// for one character, and nothing between single quotes is replaced.
func expandVars(goos, path string, env Lookup) string {
	if goos == "windows" {
		return (&expander{env: env, isName: isWindowsNameByte, isWindows: true}).expand(path)
	}
	return (&expander{env: env, isName: isNameByte}).expand(path)
}

type expander struct {
	env       Lookup
	isName    func(c byte) bool
	isWindows bool
}

func (e *expander) expand(path string) string {
	var b strings.Builder
	for path != "" {
		size, text := e.next(path)
		b.WriteString(text)
		path = path[size:]
	}
	return b.String()
}

// next returns what the first bytes of a path stand for, and how many they are.
func (e *expander) next(path string) (size int, text string) {
	switch {
	case path[0] == '$':
		return e.dollar(path)
	case path[0] == '%' && e.isWindows:
		return e.percent(path)
	case path[0] == '\'' && e.isWindows:
		return quoted(path)
	}
	return 1, path[:1]
}

// quoted passes over what is between single quotes, or all if there is no second one.
func quoted(path string) (size int, text string) {
	if end := strings.IndexByte(path[1:], '\''); end >= 0 {
		return end + 2, path[:end+2]
	}
	return len(path), path
}

func (e *expander) percent(path string) (size int, text string) {
	end := strings.IndexByte(path[1:], '%')
	if end == 0 {
		return 2, "%"
	}
	if end < 0 {
		return len(path), path // Python leaves the rest alone
	}
	return e.value(path[:end+2], path[1:end+1])
}

func (e *expander) dollar(path string) (size int, text string) {
	rest := path[1:]
	if e.isWindows && strings.HasPrefix(rest, "$") {
		return 2, "$"
	}
	if strings.HasPrefix(rest, "{") {
		end := strings.IndexByte(rest, '}')
		if end < 0 && e.isWindows {
			return len(path), path
		}
		if end < 0 {
			return 1, "$"
		}
		return e.value(path[:end+2], rest[1:end])
	}
	end := 0
	for end < len(rest) && e.isName(rest[end]) {
		end++
	}
	if end == 0 {
		return 1, "$"
	}
	return e.value(path[:end+1], rest[:end])
}

// value returns the variable's value in place of all, or all if it is not set.
func (e *expander) value(all, name string) (size int, text string) {
	if value, ok := e.env(name); ok {
		return len(all), value
	}
	return len(all), all
}

func isNameByte(c byte) bool {
	return c == '_' || ('0' <= c && c <= '9') || ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z')
}

func isWindowsNameByte(c byte) bool { return c == '-' || isNameByte(c) }
