// SPDX-License-Identifier: Apache-2.0

// Package homedir finds home folders and expands paths as Python's os.path does, with
// the rules of Windows and those of other systems. It must not know what the paths are
// for. Start reading at Expand, which every path of this module with a ~ passes.
package homedir

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// A Lookup finds an environment variable.
type Lookup = func(name string) (value string, ok bool)

// A database returns the home folder of a user; "" is the user of this process.
type database func(name string) (home string, ok bool)

// Environment returns the environment of this process. Where HOME is not set, it has
// the home folder of the password database, as Python does under env -i and in systemd's
// services; on Windows nothing is added.
//
// Other environments, such as those of tests, get nothing from the database, so that
// one without HOME never leads to the files of the person who runs the program.
func Environment() Lookup { return withHome(runtime.GOOS, os.LookupEnv, passwd) }

func withHome(goos string, lookup Lookup, users database) Lookup {
	return func(name string) (string, bool) {
		value, ok := lookup(name)
		if ok || name != "HOME" || goos == "windows" {
			return value, ok
		}
		return users("")
	}
}

// passwd asks the password database, which without cgo is /etc/passwd.
func passwd(name string) (string, bool) {
	found, err := user.Lookup(name)
	if name == "" {
		found, err = user.LookupId(strconv.Itoa(os.Getuid()))
	}
	if err != nil {
		return "", false
	}
	return found.HomeDir, true
}

// Dir returns the home folder of env's user, or "" if there is none.
func Dir(env Lookup) string {
	home := Expand("~", env)
	if home == "~" {
		return ""
	}
	return home
}

// Expand replaces ~ or ~name at the beginning of a path (os.path.expanduser). The path
// stays as it is if the home folder is not known.
func Expand(path string, env Lookup) string { return expand(runtime.GOOS, path, env, passwd) }

// ExpandVars replaces $NAME and ${NAME}, on Windows %NAME% too (os.path.expandvars), and
// then expands the home folder. A variable that is not set stays as it is.
func ExpandVars(path string, env Lookup) string {
	return Expand(expandVars(runtime.GOOS, path, env), env)
}

// Abbreviate returns path with ~ in place of this process's home folder, for people.
func Abbreviate(path string) string {
	home := Dir(Environment())
	if home == "" || home == "/" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
		return "~" + string(filepath.Separator) + rest
	}
	return path
}

func expand(goos, path string, env Lookup, users database) string {
	if !strings.HasPrefix(path, "~") {
		return path
	}
	if goos == "windows" {
		return expandOnWindows(path, env)
	}
	name, rest := cutUser(path, "/")
	home, ok := homeOf(name, env, users)
	if !ok {
		return path
	}
	home = strings.TrimRight(home, "/") + rest
	if home == "" {
		return "/"
	}
	return home
}

// cutUser cuts the name after the ~ off a path. The rest begins with a separator.
func cutUser(path, separators string) (name, rest string) {
	if i := strings.IndexAny(path, separators); i >= 0 {
		return path[1:i], path[i:]
	}
	return path[1:], ""
}

// homeOf returns HOME, even if it is empty, for "~" without a user's name.
func homeOf(name string, env Lookup, users database) (string, bool) {
	if name == "" {
		return env("HOME")
	}
	return users(name)
}
