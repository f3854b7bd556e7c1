// SPDX-License-Identifier: Apache-2.0

package homedir

import "strings"

const windowsSeparators = `\/`

// expandOnWindows follows ntpath.expanduser: USERPROFILE, then HOMEDRIVE and HOMEPATH;
// HOME does not count. Another user's folder is taken to be next to this one's.
func expandOnWindows(path string, env Lookup) string {
	home, ok := windowsHome(env)
	if !ok {
		return path
	}
	name, rest := cutUser(path, windowsSeparators)
	self, _ := env("USERNAME")
	if name == "" || name == self {
		return home + rest
	}
	base := strings.LastIndexAny(home, windowsSeparators) + 1
	if self == "" || home[base:] != self {
		return path
	}
	return home[:base] + name + rest
}

func windowsHome(env Lookup) (string, bool) {
	if home, ok := env("USERPROFILE"); ok {
		return home, true
	}
	path, ok := env("HOMEPATH")
	if !ok {
		return "", false
	}
	drive, _ := env("HOMEDRIVE")
	if hasDrive(path) {
		return path, true
	}
	return drive + path, true
}

// hasDrive reports whether a path names its drive or server.
func hasDrive(path string) bool {
	return (len(path) > 1 && path[1] == ':') || strings.HasPrefix(path, `\\`) || strings.HasPrefix(path, "//")
}
