package lithopss3

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"github.com/lithops-go/lithopss3/internal/validate"
	"gopkg.in/yaml.v3"
)

// regionFormat is what botocore.utils.validate_region_name accepts, but for names
// of more than maxRegionLength and the all-digit ones. (To count in an expression
// makes it large, and every start of a process slow.)
var regionFormat = lazyregexp.New(`^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$`)

const maxRegionLength = 63

var allDigits = lazyregexp.New(`^[0-9]+$`)

// resolver turns the sections of one source into a Config.
type resolver struct {
	source string
	config *Config
	// merged is aws under aws_s3 with the names of the sections in front of the keys.
	merged map[string]setting
}

// A setting is a key's value and where it came from.
type setting struct {
	section string
	key     string
	line    int
	node    *yaml.Node
}

// resolveConfig follows lithops.config.default_storage_config and
// lithops.storage.backends.aws_s3.config.load_config.
func resolveConfig(tree *yaml.Node, source, backend string) (*Config, error) {
	r := &resolver{source: source, config: &Config{Source: source}}
	if tree.Kind != yaml.MappingNode {
		return nil, r.problem(tree.Line, "", "must be a mapping of sections such as lithops and aws, not "+kindName(tree))
	}
	sections, err := r.entries(tree, "")
	if err != nil {
		return nil, err
	}
	if err := r.checkTop(sections); err != nil {
		return nil, err
	}
	r.warnUnknown(sections, "", sectionNames, false)
	for _, step := range []func(map[string]setting) error{
		func(s map[string]setting) error { return r.resolveLithops(s["lithops"], backend) },
		r.mergeAWS,
		r.resolveRegion,
		r.resolveKeys,
	} {
		if err := step(sections); err != nil {
			return nil, err
		}
	}
	return r.config, nil
}

func (r *resolver) resolveLithops(section setting, backend string) error {
	entries, err := r.section(section, "lithops", true)
	if err != nil {
		return err
	}
	if err := r.checkSection(entries, "lithops", nil); err != nil {
		return err
	}
	r.warnUnknown(entries, "lithops", lithopsKeys, false)
	line, selected := 0, Backend
	if storage, ok := entries["storage"]; ok && !isNull(storage.node) {
		if storage.node.Kind != yaml.ScalarNode {
			return r.problem(storage.line, "lithops.storage", "must be the name of a storage backend, not "+kindName(storage.node))
		}
		line, selected = storage.line, storage.node.Value
	}
	if backend != "" {
		line, selected = 0, backend
	}
	if selected != Backend {
		return otherBackend(r.source, line, selected)
	}
	const day = 24 * time.Hour
	r.config.MonitoringInterval, err = r.seconds(entries["monitoring_interval"], "monitoring_interval", DefaultMonitoringInterval, day)
	if err != nil {
		return err
	}
	r.config.ExecutionTimeout, err = r.seconds(entries["execution_timeout"], "execution_timeout", DefaultExecutionTimeout, 365*day)
	return err
}

// seconds reads a number of seconds, up to most, of the section lithops.
func (r *resolver) seconds(s setting, name string, byDefault, most time.Duration) (time.Duration, error) {
	if isNull(s.node) {
		return byDefault, nil
	}
	text, err := r.text(s)
	if err != nil {
		return 0, err
	}
	var seconds float64
	if err = s.node.Decode(&seconds); err != nil { // a number in quotes is one too
		seconds, err = strconv.ParseFloat(text, 64)
	}
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > most.Seconds() {
		return 0, r.problem(s.line, "lithops."+name, fmt.Sprintf("must be a number of seconds from 0 to %.0f", most.Seconds()))
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// mergeAWS lays aws_s3 over aws, key by key; a null in aws_s3 counts.
func (r *resolver) mergeAWS(sections map[string]setting) error {
	aws, err := r.section(sections["aws"], "aws", false)
	if err != nil {
		return err
	}
	s3, err := r.section(sections["aws_s3"], "aws_s3", true)
	if err != nil {
		return err
	}
	r.merged = maps.Clone(aws)
	maps.Copy(r.merged, s3)
	if err := r.checkSection(aws, "aws", r.merged); err != nil {
		return err
	}
	if err := r.checkSection(s3, "aws_s3", r.merged); err != nil {
		return err
	}
	r.warnUnknown(aws, "aws", awsS3Keys, false)
	r.warnUnknown(s3, "aws_s3", awsS3Keys, true)
	return nil
}

// resolveRegion: region_name is another name of region and beats it after the
// merge, so that aws.region_name overrides aws_s3.region. Both are as in Python,
// as is that the alias counts only beside an aws section.
func (r *resolver) resolveRegion(sections map[string]setting) error {
	s, ok := r.merged["region"]
	aws, hasAWS := sections["aws"]
	if alias, hasAlias := r.merged["region_name"]; hasAlias && hasAWS {
		s, ok = alias, true
	} else if hasAlias {
		r.warn(alias.line, alias.name(), "is ignored: Lithops reads it only beside an aws section; write region")
	}
	if !ok {
		if !hasAWS || isNull(aws.node) {
			return nil
		}
		return r.problem(aws.line, "aws.region", "is missing: Lithops requires region under aws or aws_s3"+r.nearRegion())
	}
	if isNull(s.node) {
		return nil
	}
	text, err := r.text(s)
	if err != nil {
		return err
	}
	if err := validateRegion(text); err != nil {
		return r.problem(s.line, s.name(), err.Error())
	}
	r.config.Region = text
	r.config.RegionSource = fmt.Sprintf("%s in %s", s.name(), r.source)
	return nil
}

// nearRegion points to a key that may be a misspelled region.
func (r *resolver) nearRegion() string {
	for key := range r.merged {
		if near := nearest(key, awsKeys); near == "region" || near == "region_name" {
			return fmt.Sprintf(" (%s looks like a misspelling of it)", r.merged[key].name())
		}
	}
	return ""
}

// validateRegion refuses what botocore refuses with InvalidRegionError.
func validateRegion(region string) error {
	if region == "" {
		return fmt.Errorf("is empty; leave the key out to use the region of AWS's own settings")
	}
	if len(region) > maxRegionLength || !regionFormat().MatchString(region) || allDigits().MatchString(region) {
		return fmt.Errorf("%s is not a region name%s: letters, digits and inner dashes, at most 63", printableValue(region), whatIsWrong(region))
	}
	return nil
}

func (r *resolver) resolveKeys(map[string]setting) error {
	var secret, token string
	for _, part := range []struct {
		key    string
		target *string
		check  func(string) string
	}{
		{"access_key_id", &r.config.AccessKeyID, validate.KeyProblem},
		{"secret_access_key", &secret, validate.SecretProblem},
		{"session_token", &token, validate.KeyProblem},
		{"storage_bucket", &r.config.StorageBucket, bucketProblem},
	} {
		s, ok := r.merged[part.key]
		if !ok || isNull(s.node) || (part.key == "storage_bucket" && isFalsy(s.node)) {
			continue
		}
		text, err := r.text(s)
		if err != nil {
			return err
		}
		if problem := part.check(text); problem != "" {
			return r.problem(s.line, s.name(), problem)
		}
		*part.target = text
	}
	r.config.SecretAccessKey, r.config.SessionToken = NewSecret(secret), NewSecret(token)
	return nil
}

// section gives a section's entries. An empty one counts as absent, where
// Python crashes; orFalsy also takes false, 0 and the like, where Python does.
func (r *resolver) section(s setting, name string, orFalsy bool) (map[string]setting, error) {
	if isNull(s.node) || (orFalsy && isFalsy(s.node)) || isEmptyText(s.node) {
		return map[string]setting{}, nil
	}
	return r.entries(s.node, name)
}

// entries reads a mapping, with merge keys and aliases followed, or, as Python's
// dict.update does for aws, a list of pairs.
func (r *resolver) entries(node *yaml.Node, section string) (map[string]setting, error) {
	entries := map[string]setting{}
	pairs, err := mappingPairs(node)
	if err != nil {
		return nil, r.problem(node.Line, section, err.Error())
	}
	for _, pair := range pairs {
		key := pair.key.Value
		if old, ok := entries[key]; ok && !pair.merged && old.node != nil {
			r.warn(pair.key.Line, joinKey(section, printableName(key, "")), fmt.Sprintf("is given twice; this line wins over line %d", old.line))
		}
		entries[key] = setting{section: section, key: key, line: pair.key.Line, node: pair.value}
	}
	return entries, nil
}

// text gives a scalar as it was written: 0123 and on are texts here, where
// YAML 1.1 makes 83 and true of them.
func (r *resolver) text(s setting) (string, error) {
	if s.node.Kind != yaml.ScalarNode {
		return "", r.problem(s.line, s.name(), "must be a text, not "+kindName(s.node))
	}
	if tag := s.node.ShortTag(); !plainTags[tag] {
		return "", r.problem(s.node.Line, s.name(), "has a YAML tag; put a value that begins with ! in quotes")
	}
	return s.node.Value, nil
}

// plainTags are the tags whose scalars are texts for this package. A !!binary
// is bytes in Python, which no setting takes.
var plainTags = map[string]bool{
	"!!str": true, "!!int": true, "!!float": true, "!!bool": true, "!!null": true,
	"!!timestamp": true, "!!merge": true, "!!value": true,
}

func (s setting) name() string { return joinKey(s.section, s.key) }

func joinKey(section, key string) string {
	if section == "" {
		return key
	}
	return section + "." + key
}

func (r *resolver) problem(line int, key, reason string) error {
	return &ConfigError{Source: r.source, Line: line, Key: key, Reason: reason}
}

func (r *resolver) warn(line int, key, text string) {
	warning := &ConfigError{Source: r.source, Line: line, Key: key, Reason: text}
	r.config.Warnings = append(r.config.Warnings, warning.Error())
}

var plainName = lazyregexp.New(`^[a-z][a-z0-9_-]*$`)

// printableName leaves out a key that looks like a secret in the wrong place more
// than like a misspelling.
func printableName(key, hint string) string {
	if hint == "" && (len(key) > 32 || !plainName().MatchString(key)) {
		return redacted
	}
	return key
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

func didYouMean(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", near)
	}
	return ""
}

// nearest is the known word within two edits (one in a short word), or "".
// Letter case and - for _ cost nothing.
func nearest(word string, known []string) string {
	if slices.Contains(known, word) || len(word) > 64 {
		return ""
	}
	folded := strings.ReplaceAll(strings.ToLower(word), "-", "_")
	best, bestDistance := "", 3
	for _, candidate := range known {
		limit := min(2, len(candidate)/3)
		distance := editDistance(folded, candidate)
		if strings.HasSuffix(folded, "_"+candidate) && len(candidate) > 6 {
			distance = 1
		}
		if distance <= limit && distance < bestDistance {
			best, bestDistance = candidate, distance
		}
	}
	return best
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
