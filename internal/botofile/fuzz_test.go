package botofile

import "testing"

// FuzzExpandPath: a path without $ and ~ stays as it is.
func FuzzExpandPath(f *testing.F) {
	f.Fuzz(func(t *testing.T, path, value string) {
		lookup := func(string) (string, bool) { return value, true }
		expanded := ExpandPath(path, lookup)
		for i := range len(path) {
			if path[i] == '$' || path[i] == '~' {
				return
			}
		}
		if expanded != path {
			t.Fatalf("%q became %q", path, expanded)
		}
	})
}
