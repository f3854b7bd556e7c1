// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/internal/spelling"
	"github.com/lithops-go/lithopss3/internal/validate"
	"github.com/lithops-go/lithopss3/internal/yamltree"
)

// Lithops reads the keys that it knows below the sections where it looks for them,
// and no other key is an error to it. A key in another place therefore means other
// credentials, another bucket or another region than the file seems to say. Here
// such a key is an error if it is one of ours; one that Lithops has elsewhere, of
// a compute backend for example, is not.

// The keys that Lithops documents for the sections of ours.
var (
	sectionNames = []string{"lithops", "aws", "aws_s3"}
	awsKeys      = []string{"region", "region_name", "access_key_id", "secret_access_key", "session_token", "account_id"}
	awsS3Keys    = append([]string{"storage_bucket", "user_agent"}, awsKeys...)
	lithopsKeys  = []string{
		"storage", "monitoring_interval", "backend", "mode", "monitoring", "data_cleaner", "data_limit", "execution_timeout", "include_modules",
		"exclude_modules", "log_level", "log_format", "log_stream", "log_filename", "workers", "worker_processes", "max_workers", "customized_runtime",
	}
	keysOf = map[string][]string{"lithops": lithopsKeys, "aws": awsKeys, "aws_s3": awsS3Keys}
)

// misplacedKeys are the keys that decide where data goes and who signs, with the
// sections in which they are read. In another section of ours they are errors.
var misplacedKeys = map[string][]string{
	"storage": {"lithops"}, "monitoring_interval": {"lithops"},
	"storage_bucket": {"aws_s3", "aws"}, "region": {"aws", "aws_s3"}, "region_name": {"aws", "aws_s3"},
	"access_key_id": {"aws", "aws_s3"}, "secret_access_key": {"aws", "aws_s3"}, "session_token": {"aws", "aws_s3"},
}

// An alias is what people write in place of a key.
type alias struct {
	names []string
	means string // the key, or what to do instead
	isKey bool   // means is a key
	// signs: to pass over the key is to sign with other credentials.
	signs bool
}

// sectionAliases lists what people write instead of aws_s3 and aws.
var sectionAliases = map[string]string{"s3": "aws_s3", "s3_aws": "aws_s3", "amazon_s3": "aws_s3", "amazon": "aws", "boto3": "aws"}

const (
	setEndpoint = "Lithops reads no endpoint for aws_s3: set AWS_ENDPOINT_URL_S3"
	setProfile  = "Lithops reads no profile: set AWS_PROFILE"
)

var aliases = []alias{
	{signs: true, isKey: true, means: "access_key_id", names: []string{
		"aws_access_key_id", "aws_access_key", "access_key", "accesskey", "accesskeyid", "access_id", "key_id", "aws_key_id", "aws_key", "access_keyid",
	}},
	{signs: true, isKey: true, means: "secret_access_key", names: []string{
		"aws_secret_access_key", "aws_secret_key", "secret_key", "secretkey", "secret", "secretaccesskey", "aws_secret", "access_secret", "secret_access",
		"secret_key_id", "secret_access_key_id",
	}},
	{signs: true, isKey: true, means: "session_token", names: []string{"aws_session_token", "aws_security_token", "security_token", "sessiontoken", "token", "aws_token"}},
	{signs: true, means: setProfile, names: []string{"profile", "aws_profile", "profile_name", "config_profile", "credentials_profile"}},
	{signs: true, means: "Lithops assumes no role: set role_arn in a profile of ~/.aws/config, and AWS_PROFILE", names: []string{"role_arn", "role", "assume_role", "iam_role"}},
	{isKey: true, means: "storage_bucket", names: []string{"bucket", "bucket_name", "s3_bucket", "storage_bucket_name", "default_bucket", "storagebucket", "bucketname", "storage_name"}},
	{isKey: true, means: "storage", names: []string{"storage_backend", "backend_storage", "storage_type", "default_storage", "storage_mode"}},
	{isKey: true, means: "region", names: []string{"aws_region", "default_region", "aws_default_region", "aws_s3_region", "s3_region", "location", "bucket_region"}},
	{isKey: true, means: "monitoring_interval", names: []string{"interval", "poll_interval", "polling_interval", "monitor_interval"}},
	{means: setEndpoint, names: []string{
		"endpoint", "endpoint_url", "s3_endpoint", "s3_endpoint_url", "endpoint_url_s3", "aws_endpoint", "aws_endpoint_url", "aws_endpoint_url_s3",
		"private_endpoint", "host", "url", "service_url",
	}},
	{means: "set AWS_CA_BUNDLE", names: []string{"ca_bundle", "aws_ca_bundle", "verify", "ssl_verify", "verify_ssl"}},
	{means: "set addressing_style in the s3 block of ~/.aws/config", names: []string{"addressing_style", "path_style", "use_path_style", "force_path_style", "s3_addressing_style"}},
}

// guess is the alias that key is, by the table or by its spelling, or nil.
func guess(key string, known []string) *alias {
	folded := foldKey(key)
	for i := range aliases {
		a := &aliases[i]
		if slices.Contains(a.names, folded) && (!a.isKey || slices.Contains(known, a.means)) {
			return a
		}
	}
	near := spelling.Nearest(key, known)
	if near == "" {
		return nil
	}
	return &alias{means: near, isKey: true, signs: slices.Contains([]string{"access_key_id", "secret_access_key", "session_token"}, near)}
}

// foldKey writes a key as the tables do.
func foldKey(key string) string {
	return strings.NewReplacer("-", "_", " ", "_", ".", "_").Replace(strings.ToLower(strings.TrimSpace(key)))
}

// hint returns the suggestion in a warning about an unknown key.
func (a *alias) hint() string {
	switch {
	case a == nil:
		return ""
	case a.isKey:
		return didYouMean(a.means)
	}
	return " (" + a.means + ")"
}

// A keyReader reads and checks the keys of one source.
type keyReader struct {
	source   string
	warnings []string
}

func (r *keyReader) problem(line int, key, reason string) error {
	return &ConfigError{Source: r.source, Line: line, Key: key, Reason: reason}
}

func (r *keyReader) warn(line int, key, text string) {
	warning := &ConfigError{Source: r.source, Line: line, Key: key, Reason: text}
	r.warnings = append(r.warnings, warning.Error())
}

// checkTop refuses keys at the left margin that belong below a section: their
// indentation was lost.
func (r *keyReader) checkTop(sections map[string]setting) error {
	sorted := sortedByLine(sections)
	for i, s := range sorted {
		if slices.Contains(sectionNames, s.key) {
			continue
		}
		if yamltree.IsHolder(s.node) {
			if err := r.checkUnknownSection(s); err != nil {
				return err
			}
			continue
		}
		if s.node.Anchor != "" { // a value that is kept for the sections
			continue
		}
		owner := ownerOf(foldKey(s.key), sorted[:i])
		if owner != "" && slices.Contains(keysOf[owner], s.key) {
			return r.problem(s.line, s.key, fmt.Sprintf("is a key of the section %s: indent it below %s:", owner, owner))
		}
		if a := guess(s.key, awsS3Keys); a != nil && a.signs {
			return r.problem(s.line, sanitize.SettingName(s.key, a.means), r.instead(a, "aws"))
		}
	}
	return nil
}

// ownerOf is the section that knows key: the nearest one of those before it that
// is empty, because its keys lost their indentation, or the first that knows it.
func ownerOf(key string, before []setting) string {
	for _, s := range slices.Backward(before) {
		if slices.Contains(keysOf[s.key], key) && yamltree.IsNull(s.node) {
			return s.key
		}
	}
	for _, section := range []string{"aws", "aws_s3", "lithops"} {
		if slices.Contains(keysOf[section], key) {
			return section
		}
	}
	return ""
}

// checkUnknownSection refuses keys to sign with below a section whose name is a
// misspelling of one of ours.
func (r *keyReader) checkUnknownSection(s setting) error {
	meant, ok := sectionAliases[foldKey(s.key)]
	if !ok {
		meant = spelling.Nearest(s.key, sectionNames)
	}
	entries, err := r.entries(s.node, s.key)
	if meant == "" || err != nil {
		return nil //nolint:nilerr // what is below a section that nothing reads may be anything
	}
	for _, entry := range sortedByLine(entries) {
		if a := guess(entry.key, awsS3Keys); (a != nil && a.signs) || slices.Contains(awsS3Keys[3:], entry.key) {
			return r.problem(s.line, sanitize.SettingName(s.key, meant), fmt.Sprintf("is no section that Lithops reads for S3, and has keys to sign with: write %s", meant))
		}
	}
	return nil
}

// checkSection refuses keys that are read elsewhere, and those that look like keys to
// sign with and are not. merged is what aws and aws_s3 say together.
func (r *keyReader) checkSection(entries map[string]setting, section string, merged map[string]setting) error {
	for _, s := range sortedByLine(entries) {
		if slices.Contains(sectionNames, s.key) || (s.key == "s3" && yamltree.IsHolder(s.node)) {
			meant := s.key
			if s.key == "s3" {
				meant = "aws_s3"
			}
			return r.problem(s.line, s.name(), fmt.Sprintf("is a section within a section: write %s: at the left margin", meant))
		}
		if owners, ok := misplacedKeys[s.key]; ok && !slices.Contains(owners, section) {
			return r.problem(s.line, s.name(), fmt.Sprintf("is read below %s: only; move it there", owners[0]))
		}
		if section == "lithops" || slices.Contains(awsS3Keys, s.key) {
			continue
		}
		a := guess(s.key, awsS3Keys)
		if a != nil && a.signs && !yamltree.IsNull(s.node) && !settled(a, merged) {
			return r.problem(s.line, joinKey(section, sanitize.SettingName(s.key, a.means)), r.instead(a, section))
		}
	}
	return nil
}

// settled reports whether the key that an alias stands for is there too.
func settled(a *alias, merged map[string]setting) bool {
	key := "access_key_id"
	if a.isKey {
		key = a.means
	}
	s, ok := merged[key]
	return ok && !yamltree.IsNull(s.node)
}

// instead says what to write in place of a key that nothing reads.
func (r *keyReader) instead(a *alias, section string) string {
	if a.isKey {
		return fmt.Sprintf("is no key that Lithops reads, so that other credentials would be used: write %s, indented below %s:", a.means, section)
	}
	return "is no key that Lithops reads, so that other credentials would be used (" + a.means + ")"
}

// warnUnknown warns of keys that look like a misspelling, or, in a section that
// is all ours, of every key that nothing reads.
func (r *keyReader) warnUnknown(entries map[string]setting, section string, known []string, all bool) {
	for _, s := range sortedByLine(entries) {
		if slices.Contains(known, s.key) {
			continue
		}
		hint := ""
		if section == "" {
			hint = didYouMean(spelling.Nearest(s.key, known))
			if meant, ok := sectionAliases[foldKey(s.key)]; ok {
				hint = didYouMean(meant)
			}
			if a := guess(s.key, slices.Concat(awsS3Keys, lithopsKeys)); hint == "" && !yamltree.IsHolder(s.node) && s.node.Anchor == "" {
				hint = a.hint()
			}
		} else {
			hint = guess(s.key, known).hint()
		}
		if hint == "" && !all {
			continue
		}
		r.warn(s.line, joinKey(section, sanitize.SettingName(s.key, hint)), "unknown key"+hint)
	}
}

func didYouMean(word string) string {
	if word == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", word)
}

// bucketProblem says why storage_bucket can't be the name of a bucket, or "".
// What boto3 takes may be one: names of the first years of S3 have upper case and
// underscores, and access points have ARNs.
func bucketProblem(name string) string {
	switch {
	case validate.IsBucket(name):
		return ""
	case strings.HasPrefix(name, "arn:"):
		return "is an ARN that names no access point: write the bucket's name alone"
	case strings.Contains(name, "://"):
		return "is a URL: write the bucket's name alone"
	case len(name) > validate.MaxBucketLength:
		return fmt.Sprintf("has %d characters, which no bucket's name has", len(name))
	case strings.Contains(name, "/"):
		return "has a slash: write the bucket's name alone, without a prefix"
	}
	wrong := sanitize.SettingProblem(name)
	return fmt.Sprintf("%s is not the name of a bucket%s: letters, digits, dots, dashes and underscores", sanitize.SettingValue(name), wrong)
}

// A setting is a key's value, and where it stands.
type setting struct {
	section string
	key     string
	line    int
	node    *yamltree.Node
}

// section returns a section's entries. An empty one counts as absent, where Python
// fails; with orFalsy so do false, 0 and the like, as in Python.
func (r *keyReader) section(s setting, name string, orFalsy bool) (map[string]setting, error) {
	if yamltree.IsNull(s.node) || (orFalsy && yamltree.IsFalsy(s.node)) || yamltree.IsEmptyText(s.node) {
		return map[string]setting{}, nil
	}
	return r.entries(s.node, name)
}

// entries reads a mapping, with merge keys and aliases followed, or, as Python's
// dict.update does for aws, a list of pairs.
func (r *keyReader) entries(node *yamltree.Node, section string) (map[string]setting, error) {
	entries := map[string]setting{}
	pairs, err := yamltree.Pairs(node)
	if err != nil {
		return nil, r.problem(node.Line, section, err.Error())
	}
	for _, pair := range pairs {
		key := pair.Key.Value
		if old, ok := entries[key]; ok && !pair.Merged && old.node != nil {
			r.warn(pair.Key.Line, joinKey(section, sanitize.SettingName(key, "")), fmt.Sprintf("is given twice; this line wins over line %d", old.line))
		}
		entries[key] = setting{section: section, key: key, line: pair.Key.Line, node: pair.Value}
	}
	return entries, nil
}

// text returns a setting's scalar as it was written.
func (r *keyReader) text(s setting) (string, error) {
	text, err := yamltree.Text(s.node)
	if err != nil {
		return "", r.problem(s.line, s.name(), err.Error())
	}
	return text, nil
}

func (s setting) name() string { return joinKey(s.section, s.key) }

func joinKey(section, key string) string {
	if section == "" {
		return key
	}
	return section + "." + key
}

func sortedByLine(entries map[string]setting) []setting {
	sorted := make([]setting, 0, len(entries))
	for _, s := range entries {
		sorted = append(sorted, s)
	}
	slices.SortFunc(sorted, func(a, b setting) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.key, b.key)
	})
	return sorted
}
