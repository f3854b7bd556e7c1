package botofile

import "strings"

// A Profiles is what a configuration file (~/.aws/config) holds, by kind and name.
type Profiles struct {
	Profiles, SSOSessions, Services map[string]Section
	// Lines are the lines of the profiles' headers.
	Lines map[string]int
}

// ConfigProfiles sorts the sections of a configuration file as
// botocore.configloader.build_profile_map does: [default], [profile name],
// [sso-session name] and [services name]; the rest is not seen. The last of
// [default] and [profile default] wins.
func (f *File) ConfigProfiles() Profiles {
	p := Profiles{Profiles: map[string]Section{}, SSOSessions: map[string]Section{}, Services: map[string]Section{}, Lines: map[string]int{}}
	if f == nil {
		return p
	}
	for _, name := range f.Order {
		section := f.Sections[name]
		kinds := map[string]map[string]Section{"profile": p.Profiles, "sso-session": p.SSOSessions, "services": p.Services}
		if name == "default" {
			p.Profiles[name], p.Lines[name] = section, f.Lines[name]
			continue
		}
		words, err := SplitShell(name)
		if err != nil || len(words) != 2 || kinds[words[0]] == nil {
			continue
		}
		kinds[words[0]][words[1]] = section
		if words[0] == "profile" {
			p.Lines[words[1]] = f.Lines[name]
		}
	}
	return p
}

// Nested reads a value that is a block of its own, such as s3 with
// addressing_style below it (botocore.configloader._parse_nested). It is no block
// where the value does not begin with a line break.
func Nested(value string) (block map[string]string, isBlock bool, err error) {
	if !strings.HasPrefix(value, "\n") {
		return nil, false, nil
	}
	block = map[string]string{}
	for line := range strings.SplitSeq(value, "\n") {
		line = strings.TrimFunc(line, isSpace)
		if line == "" {
			continue
		}
		key, text, ok := strings.Cut(line, "=")
		if !ok {
			return nil, true, &ParseError{Reason: "a line of the block is not key = value"}
		}
		block[strings.TrimFunc(key, isSpace)] = strings.TrimFunc(text, isSpace)
	}
	return block, true, nil
}
