// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"strconv"
	"time"

	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/spelling"
	"github.com/lithops-go/lithopss3/internal/validate"
	"github.com/lithops-go/lithopss3/internal/yamltree"
)

// Backend is the name of this storage backend in a Lithops configuration and in a
// CloudObject.
const Backend = "aws_s3"

// DefaultMonitoringInterval is how often Lithops looks at a job's objects
// unless lithops.monitoring_interval says otherwise (Lithops' constants.py).
const DefaultMonitoringInterval = 2 * time.Second

// DefaultExecutionTimeout is how long Lithops lets a call run unless
// lithops.execution_timeout says otherwise (Lithops' constants.py).
const DefaultExecutionTimeout = 1800 * time.Second

// A Config describes the storage on S3 of a Lithops configuration. It can be
// built in code: only what is set counts, and nothing is required that AWS's own
// settings give. It prints without its secrets. A Config is not safe for
// concurrent changes; the functions of this package only read it.
type Config struct {
	// Region is the bucket's region, and part of the name of a bucket that Lithops
	// makes. If it is empty, AWS's own settings give it.
	Region string
	// StorageBucket is the bucket to use; empty for the one that Lithops makes
	// for the user.
	StorageBucket string
	// AccessKeyID, SecretAccessKey and SessionToken sign the requests. If all are
	// empty, boto3's chain finds credentials.
	AccessKeyID     string
	SecretAccessKey Secret
	SessionToken    Secret
	// MonitoringInterval is the time between two looks at a job's objects; 0 is
	// DefaultMonitoringInterval.
	MonitoringInterval time.Duration
	// ExecutionTimeout is how long a call may run; 0 is DefaultExecutionTimeout.
	ExecutionTimeout time.Duration

	// Source is the file's path, or "environment LITHOPS_CONFIG"; empty for a
	// Config built in code, or without a configuration.
	Source string
	// RegionSource says which key of Source gave Region.
	RegionSource string
	// Warnings lists what a person should look at. None of them is an error.
	Warnings []string
}

// A regionChoice is the region that requests are signed for, and why.
type regionChoice struct {
	name, source string
	isFallback   bool // nothing names a region
	isFIPS       bool // a pseudo region asked for endpoints of FIPS
}

const (
	fallbackRegion = "us-east-1"
	// globalRegion is the region of a client that has none and does not use the global
	// host of us-east-1.
	globalRegion = "aws-global"
	// sourceAWS is the source of a region and of credentials from Options.AWS.
	sourceAWS = "Options.AWS"
	// defaultRegionSource is the RegionSource where nothing names a region.
	defaultRegionSource = "default"
)

// resolveRegion is the whole fallback of the region: the Lithops configuration
// (aws.region_name over aws_s3.region over aws.region, see resolver.resolveRegion),
// then the region given with Options.AWS, then AWS_DEFAULT_REGION, then the profile of ~/.aws, then us-east-1, which boto3's
// S3 client uses without one.
func resolveRegion(config *Config, given string, env *awsconfig.Environment, s3 *awsconfig.S3) (regionChoice, error) {
	choice := regionChoice{name: config.Region, source: cmp.Or(config.RegionSource, "configuration")}
	if choice.name == "" {
		choice = regionChoice{name: given, source: sourceAWS}
	}
	if choice.name == "" {
		found, err := env.Region()
		if err != nil {
			return regionChoice{}, err
		}
		choice = regionChoice{name: found.Text, source: found.Source, isFallback: !found.Set}
	}
	if choice.isFallback {
		choice.name, choice.source = fallbackRegion, defaultRegionSource
		if s3.RegionalUSEast1 && s3.URL == "" {
			choice.name = globalRegion
		}
	}
	choice.name, choice.isFIPS = awsconfig.SplitFIPS(choice.name)
	return choice, nil
}

// ParseConfig reads a configuration from YAML, which JSON is too.
// Its errors are those of [ConfigLoader.Load].
func ParseConfig(data []byte) (*Config, error) {
	tree, err := yamltree.Parse(data)
	if err != nil {
		return nil, unreadable("configuration", err)
	}
	if yamltree.IsFalsy(tree) {
		return nil, emptyConfigError("configuration")
	}
	return resolveConfig(tree, "configuration", "")
}

// resolver turns the sections of one source into a Config.
type resolver struct {
	keyReader

	config *Config
	// merged is aws under aws_s3, by key.
	merged map[string]setting
}

// resolveConfig follows lithops.config.default_storage_config and
// lithops.storage.backends.aws_s3.config.load_config.
func resolveConfig(tree *yamltree.Node, source, backend string) (*Config, error) {
	r := &resolver{keyReader: keyReader{source: source}, config: &Config{Source: source}}
	if !yamltree.IsMapping(tree) {
		return nil, r.problem(tree.Line, "", "must be a mapping of sections such as lithops and aws, not "+yamltree.KindName(tree))
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
	r.config.Warnings = r.warnings
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
	if storage, ok := entries["storage"]; ok && !yamltree.IsNull(storage.node) {
		if !yamltree.IsScalar(storage.node) {
			return r.problem(storage.line, "lithops.storage", "must be the name of a storage backend, not "+yamltree.KindName(storage.node))
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
	if yamltree.IsNull(s.node) {
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

// resolveRegion sets the region. region_name is an alias of region and beats it after
// the merge, so that aws.region_name overrides aws_s3.region. The alias counts only if
// there is an aws section. All of it is as in Python.
func (r *resolver) resolveRegion(sections map[string]setting) error {
	s, ok := r.merged["region"]
	aws, hasAWS := sections["aws"]
	if alias, hasAlias := r.merged["region_name"]; hasAlias && hasAWS {
		s, ok = alias, true
	} else if hasAlias {
		r.warn(alias.line, alias.name(), "is ignored: Lithops reads it only next to an aws section; write region")
	}
	if !ok {
		if !hasAWS || yamltree.IsNull(aws.node) {
			return nil
		}
		return r.problem(aws.line, "aws.region", "is missing: Lithops requires region under aws or aws_s3"+r.nearRegion())
	}
	if yamltree.IsNull(s.node) {
		return nil
	}
	text, err := r.text(s)
	if err != nil {
		return err
	}
	if problem := awsconfig.RegionProblem(text); problem != "" {
		return r.problem(s.line, s.name(), problem)
	}
	r.config.Region = text
	r.config.RegionSource = fmt.Sprintf("%s in %s", s.name(), r.source)
	return nil
}

// nearRegion points to a key that may be a misspelled region.
func (r *resolver) nearRegion() string {
	for key := range r.merged {
		if near := spelling.Nearest(key, awsKeys); near == "region" || near == "region_name" {
			return fmt.Sprintf(" (%s looks like a misspelling of it)", r.merged[key].name())
		}
	}
	return ""
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
		if !ok || yamltree.IsNull(s.node) || (part.key == "storage_bucket" && yamltree.IsFalsy(s.node)) {
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
