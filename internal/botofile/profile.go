// SPDX-License-Identifier: Apache-2.0

package botofile

import "strings"

// A Profiles is what a configuration file (~/.aws/config) holds, by kind and name.
type Profiles struct {
	Profiles, SSOSessions, Services map[string]Section
	// Lines are the lines of the profiles' headers.
	Lines map[string]int

	file     *File
	sections map[string]string // the profiles' sections in file
}

// KeyLine returns the line of a profile's key, or 0 where the profile has it not.
func (p Profiles) KeyLine(profile, key string) int { return p.file.KeyLine(p.sections[profile], key) }

// ConfigProfiles sorts the sections of a configuration file as
// botocore.configloader.build_profile_map does: [default], [profile name],
// [sso-session name] and [services name]; the rest is not seen. Of the first word only
// the beginning counts, so that [profiles name] is a profile. The last of [default] and
// [profile default] wins.
func (f *File) ConfigProfiles() Profiles {
	p := Profiles{Profiles: map[string]Section{}, SSOSessions: map[string]Section{}, Services: map[string]Section{}, Lines: map[string]int{}, file: f, sections: map[string]string{}}
	if f == nil {
		return p
	}
	for _, name := range f.Order {
		section := f.Sections[name]
		if name == "default" {
			p.Profiles[name] = section
			p.Lines[name] = f.Lines[name]
			p.sections[name] = name
			continue
		}
		words, err := SplitShell(name)
		if err != nil || len(words) != 2 {
			continue
		}
		switch {
		case strings.HasPrefix(name, "profile"):
			p.Profiles[words[1]] = section
			p.Lines[words[1]], p.sections[words[1]] = f.Lines[name], name
		case strings.HasPrefix(name, "sso-session"):
			p.SSOSessions[words[1]] = section
		case strings.HasPrefix(name, "services"):
			p.Services[words[1]] = section
		}
	}
	return p
}

// isBlock reports whether a value is a block of its own: its key's line is empty.
func isBlock(value string) bool { return strings.HasPrefix(value, "\n") }

// Nested returns a value that is a block of its own, such as s3 with
// addressing_style below it (botocore.configloader._parse_nested), or false for one
// that does not begin with a line break. Parse has checked its lines.
func Nested(value string) (block map[string]string, ok bool) {
	if !isBlock(value) {
		return nil, false
	}
	block, _ = parseBlock(value)
	return block, true
}

// parseBlock reads lines of key = value, and reports whether each is one. Lines end
// where Python's str.splitlines has them end.
func parseBlock(text string) (block map[string]string, ok bool) {
	block, ok = map[string]string{}, true
	for _, line := range strings.FieldsFunc(text, isLineBreak) {
		line = strings.TrimFunc(line, isSpace)
		if line == "" {
			continue
		}
		key, value, found := strings.Cut(line, "=")
		if !found {
			ok = false
			continue
		}
		block[strings.TrimFunc(key, isSpace)] = strings.TrimFunc(value, isSpace)
	}
	return block, ok
}

func isLineBreak(r rune) bool {
	return (r >= '\n' && r <= '\r') || (r >= 0x1c && r <= 0x1e) || r == 0x85 || r == 0x2028 || r == 0x2029
}
