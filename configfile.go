// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/lithops-go/lithopss3/internal/homedir"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/yamltree"
)

// A ConfigLoader finds and reads a configuration. Its zero value looks where Lithops
// looks: the JSON in LITHOPS_CONFIG, the file that LITHOPS_CONFIG_FILE names,
// ./.lithops_config, ~/.lithops/config, /etc/lithops/config
// (lithops.config.load_config).
type ConfigLoader struct {
	// Path is the file to read, in place of the search; a leading ~ is the home folder.
	Path string
	// Backend overrides lithops.storage, as the option -b of Lithops' command does.
	Backend string
	// SkipEmpty continues with the search if the file at Path is empty, as Lithops'
	// option -c does. Otherwise an empty file is an error.
	SkipEmpty bool

	// lookupEnv and dir are the environment and the working folder; nil and "" are the
	// process's own.
	lookupEnv func(string) (string, bool)
	dir       string
}

// Load reads and resolves the configuration. If the search finds none, the Config is
// empty. Errors are *ConfigError, and match ErrOtherBackend if lithops.storage is not
// aws_s3.
func (l ConfigLoader) Load() (*Config, error) {
	if l.lookupEnv == nil {
		l.lookupEnv = homedir.Environment()
	}
	if l.Path == "" {
		return l.search()
	}
	config, err := l.loadFile(homedir.Expand(l.Path, l.lookupEnv))
	if !l.SkipEmpty || !errors.Is(err, errEmptyConfig) {
		return config, err
	}
	config, err = l.search()
	if config != nil {
		config.Warnings = append(config.Warnings, homedir.Abbreviate(l.Path)+" is empty: using "+sourceName(config))
	}
	return config, err
}

func sourceName(config *Config) string {
	if config.Source == "" {
		return "no configuration"
	}
	return homedir.Abbreviate(config.Source)
}

// search follows lithops.config.load_config and get_default_config_filename.
func (l ConfigLoader) search() (*Config, error) {
	if text, ok := l.lookupEnv("LITHOPS_CONFIG"); ok {
		return l.loadJSON(text)
	}
	if path, ok := l.lookupEnv("LITHOPS_CONFIG_FILE"); ok {
		return l.loadEnvFile(path)
	}
	for _, path := range l.searchPaths() {
		if _, err := os.Stat(path); err == nil {
			return l.loadFile(path)
		}
	}
	if l.Backend != "" && l.Backend != Backend {
		return nil, otherBackend("", 0, l.Backend)
	}
	return &Config{}, nil
}

func (l ConfigLoader) searchPaths() []string {
	paths := []string{filepath.Join(l.dir, ".lithops_config")}
	if home := homedir.Dir(l.lookupEnv); home != "" {
		paths = append(paths, filepath.Join(home, ".lithops", "config"))
	}
	return append(paths, filepath.Join("/etc", "lithops", "config"))
}

func (l ConfigLoader) loadJSON(text string) (*Config, error) {
	const source = "environment LITHOPS_CONFIG"
	tree, err := yamltree.ParseJSON(text)
	if err != nil {
		return nil, unreadable(source, err)
	}
	if yamltree.IsFalsy(tree) {
		return nil, emptyConfigError(source)
	}
	return resolveConfig(tree, source, l.Backend)
}

// loadEnvFile refuses a missing file. Python silently uses localhost storage instead.
// It does not expand ~, as Python does not.
func (l ConfigLoader) loadEnvFile(path string) (*Config, error) {
	const variable = "environment LITHOPS_CONFIG_FILE"
	const instead = "Python Lithops would silently use its localhost storage instead"
	cause := errors.Join(fs.ErrNotExist, ErrOtherBackend)
	if path == "" {
		return nil, &ConfigError{Source: variable, Reason: "is set but empty; " + instead, Err: cause}
	}
	config, err := l.loadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return config, err
	}
	hint := ""
	if strings.HasPrefix(path, "~") {
		hint = " (~ is not expanded here)"
	}
	return nil, &ConfigError{Source: variable, Reason: fmt.Sprintf("no such file: %s%s; %s", path, hint, instead), Err: cause}
}

func (l ConfigLoader) loadFile(path string) (*Config, error) {
	source := l.absolute(path)
	data, info, err := openfiles.ReadInfo(source, yamltree.MaxSize)
	if err != nil {
		return nil, &ConfigError{Source: source, Reason: fileProblem(err), Err: err}
	}
	tree, err := yamltree.Parse(data)
	if err != nil {
		return nil, unreadable(source, err)
	}
	if yamltree.IsFalsy(tree) {
		return nil, emptyConfigError(source)
	}
	config, err := resolveConfig(tree, source, l.Backend)
	if err == nil {
		config.warnOfReaders(info.Mode())
	}
	return config, err
}

// absolute names a file so that its source means the same from every folder.
func (l ConfigLoader) absolute(path string) string {
	if l.dir != "" && !filepath.IsAbs(path) {
		return filepath.Join(l.dir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// warnOfReaders warns where others can read a file that holds a secret.
func (c *Config) warnOfReaders(mode fs.FileMode) {
	holdsSecret := !c.SecretAccessKey.IsZero() || !c.SessionToken.IsZero()
	if runtime.GOOS == "windows" || !holdsSecret || mode.Perm()&0o044 == 0 {
		return
	}
	c.Warnings = append(c.Warnings, fmt.Sprintf("%s: others can read this file (mode %04o) and the secret key in it: chmod 600",
		homedir.Abbreviate(c.Source), mode.Perm()))
}
