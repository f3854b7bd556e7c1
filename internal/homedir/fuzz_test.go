// SPDX-License-Identifier: Apache-2.0

package homedir

import (
	"strings"
	"testing"
)

// FuzzExpand checks that a path without $, % and ~ stays as it is.
func FuzzExpand(f *testing.F) {
	f.Fuzz(func(t *testing.T, path, value string) {
		env := func(string) (string, bool) { return value, true }
		for _, goos := range []string{"linux", "windows"} {
			expanded := expand(goos, expandVars(goos, path, env), env, people)
			if expanded != path && !strings.ContainsAny(path, "$~%") {
				t.Fatalf("%q became %q", path, expanded)
			}
		}
	})
}
