// SPDX-License-Identifier: Apache-2.0

// Package awsconfig reads AWS's environment variables and the files of ~/.aws as
// botocore does: the profile, the region, the endpoints and the other settings of
// clients, each checked and with its source. It must not know an SDK client, Lithops'
// configuration or where credentials come from, and it makes no request. Start
// reading at Read.
package awsconfig

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lithops-go/lithopss3/internal/botofile"
	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/internal/spelling"
)

// An Error is a setting that can't be read or makes no sense. Kind is the name of the
// exception that botocore raises for the same, without its module.
type Error struct {
	Kind   string
	Reason string
	Err    error // the cause, may be nil
}

// Error is the reason.
func (e *Error) Error() string { return e.Reason }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// The kinds of errors that more than one check has.
const (
	KindValue         = "ValueError"
	KindInvalidConfig = "InvalidConfigError"
	KindResolution    = "EndpointResolutionError"
)

// A Value is a setting's value and where it is from. The zero Value is not set.
type Value struct {
	Text, Source string
	Set          bool
}

// An Environment is what boto3 reads before its first request. It is not changed
// after Read and safe for concurrent use.
type Environment struct {
	Lookup                      func(name string) (string, bool)
	ConfigPath, CredentialsPath string
	ConfigFile                  botofile.Profiles           // of ~/.aws/config
	CredentialsFile             *botofile.File              // ~/.aws/credentials; nil if it is not there
	Profiles                    map[string]botofile.Section // of both files, by name
	Section                     botofile.Section            // the keys of the profile

	configLines map[string]int // of the configuration file's sections
	profile     *string        // nil if no variable names one
	option      string         // what set the variable, if it was not the environment
}

// Read reads both files and chooses the profile. One that a variable names and no
// file has is an error, even if nothing needs it. If an option of the program sets the
// variables in lookup, option is its name for errors, otherwise "". Errors are *Error.
func Read(lookup func(name string) (string, bool), option string) (*Environment, error) {
	env := &Environment{Lookup: lookup, option: option}
	env.ConfigPath = env.path("AWS_CONFIG_FILE", "~/.aws/config")
	env.CredentialsPath = env.path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
	config, err := botofile.Read(env.ConfigPath)
	if err != nil {
		return nil, unreadable(err)
	}
	if env.CredentialsFile, err = botofile.Read(env.CredentialsPath); err != nil {
		return nil, unreadable(err)
	}
	env.ConfigFile = config.ConfigProfiles()
	if config != nil {
		env.configLines = config.Lines
	}
	env.mergeProfiles()
	return env, env.chooseProfile()
}

func unreadable(err error) error {
	return &Error{Kind: "ConfigParseError", Reason: err.Error(), Err: err}
}

func (e *Environment) path(variable, standard string) string {
	path, ok := e.Lookup(variable)
	if !ok {
		path = standard
	}
	return homedir.ExpandVars(path, e.Lookup)
}

// mergeProfiles lays the credentials file's keys over the configuration file's
// (botocore.session.Session.full_config).
func (e *Environment) mergeProfiles() {
	e.Profiles = map[string]botofile.Section{}
	files := []map[string]botofile.Section{e.ConfigFile.Profiles}
	if e.CredentialsFile != nil {
		files = append(files, e.CredentialsFile.Sections)
	}
	for _, file := range files {
		for name, section := range file {
			if e.Profiles[name] == nil {
				e.Profiles[name] = botofile.Section{}
			}
			maps.Copy(e.Profiles[name], section)
		}
	}
}

func (e *Environment) chooseProfile() error {
	variable := ""
	for _, name := range []string{"AWS_DEFAULT_PROFILE", "AWS_PROFILE"} {
		if value, ok := e.Lookup(name); ok {
			e.profile, variable = &value, cmp.Or(e.option, name)
			break
		}
	}
	section, found := e.Profiles[e.ProfileName()]
	if !found && e.profile != nil {
		reason := fmt.Sprintf("the profile %q that %s names is neither in %s nor in %s%s", *e.profile, variable,
			homedir.Abbreviate(e.ConfigPath), homedir.Abbreviate(e.CredentialsPath), e.profileHint(*e.profile))
		return &Error{Kind: "ProfileNotFound", Reason: reason}
	}
	e.Section = section
	return nil
}

// ProfileName returns the name of the profile that is looked into.
func (e *Environment) ProfileName() string {
	if e.profile == nil {
		return "default"
	}
	return *e.profile
}

// profileHint points to a section that was meant to be the profile.
func (e *Environment) profileHint(name string) string {
	config, credentials := homedir.Abbreviate(e.ConfigPath), homedir.Abbreviate(e.CredentialsPath)
	if line, ok := e.configLines[name]; ok {
		return fmt.Sprintf("; %s:%d has [%s], which must be [profile %s] there", config, line, name, quoteProfile(name))
	}
	if line, ok := e.configLines["profile "+name]; ok { // not quoted, and so two words
		return fmt.Sprintf("; %s:%d has [profile %s], whose name must be in quotes: [profile %s]", config, line, name, quoteProfile(name))
	}
	if line := e.CredentialsFile.Line("profile " + name); line != 0 {
		return fmt.Sprintf("; %s:%d has [profile %s], which must be [%s] there", credentials, line, name, name)
	}
	if near := spelling.Nearest(name, slices.Sorted(maps.Keys(e.Profiles))); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", near)
	}
	return ""
}

func quoteProfile(name string) string {
	if strings.ContainsAny(name, " \t") {
		return `"` + name + `"`
	}
	return name
}

// Setting looks in the environment, and then in the profile. A variable that is set
// and empty counts, as for botocore.
func (e *Environment) Setting(variable, key string) Value {
	if text, ok := e.Lookup(variable); ok {
		return Value{Text: text, Source: "environment " + variable, Set: true}
	}
	if text, ok := e.Section[key]; ok {
		return Value{Text: text, Source: e.where(key), Set: true}
	}
	return Value{}
}

// isTrue reports whether a setting is true: botocore takes any other value for false.
func (e *Environment) isTrue(variable, key string) bool { return IsTrue(e.Setting(variable, key).Text) }

// where names a key of the profile and the file that it is from.
func (e *Environment) where(key string) string {
	path := e.ConfigPath
	if _, ok := e.CredentialsFile.Section(e.ProfileName())[key]; ok {
		path = e.CredentialsPath
	}
	return fmt.Sprintf("%s of profile %s in %s", key, e.ProfileName(), homedir.Abbreviate(path))
}

// IsTrue reports whether text is botocore's word for true, in any case.
func IsTrue(text string) bool { return strings.EqualFold(text, "true") }

// CABundle returns the path of the file of certificates to trust, or "" for the
// system's. An empty AWS_CA_BUNDLE turns verification off in botocore, which nothing
// should depend on; here it means the system's. A ~ is expanded, a variable is not.
func (e *Environment) CABundle() string {
	path := e.Setting("AWS_CA_BUNDLE", "ca_bundle").Text
	if path == "" {
		path, _ = e.Lookup("REQUESTS_CA_BUNDLE")
	}
	return homedir.Expand(path, e.Lookup)
}

// AppID returns what the user agent says of the program, or "".
func (e *Environment) AppID() string { return e.Setting("AWS_SDK_UA_APP_ID", "sdk_ua_app_id").Text }

// SSOSession returns the keys of an sso-session of the configuration file.
func (e *Environment) SSOSession(name string) (botofile.Section, error) {
	section, ok := e.ConfigFile.SSOSessions[name]
	if !ok {
		reason := fmt.Sprintf("the sso-session %q does not exist in %s", name, homedir.Abbreviate(e.ConfigPath))
		return nil, &Error{Kind: KindInvalidConfig, Reason: reason}
	}
	return section, nil
}
