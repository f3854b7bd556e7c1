// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// changedLines are the lines, from 1, of each file that differ from a commit.
type changedLines map[string]map[int]bool

// linesSince asks git for the lines of Go files that differ from where this branch left
// a commit.
func linesSince(ctx context.Context, commit string) (changedLines, error) {
	command := exec.CommandContext(ctx, "git", "diff", "--unified=0", "--no-color", "--relative", "--merge-base", commit, "--", "*.go") //nolint:gosec // a developer names it
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("git diff %s: %w", commit, err)
	}
	return readDiff(string(out)), nil
}

// readDiff reads the headers of a diff without context, such as "@@ -1,2 +3,4 @@" for
// the four lines from line 3 on.
func readDiff(diff string) changedLines {
	lines := changedLines{}
	path := ""
	for line := range strings.Lines(diff) {
		if name, ok := strings.CutPrefix(line, "+++ b/"); ok {
			path = filepath.Clean(strings.TrimSpace(name))
			lines[path] = map[int]bool{}
		}
		_, added, ok := strings.Cut(line, " +")
		if !ok || !strings.HasPrefix(line, "@@ ") {
			continue
		}
		first, count := 0, 1
		_, _ = fmt.Sscanf(added, "%d,%d", &first, &count)
		for i := range count {
			lines[path][first+i] = true
		}
	}
	return lines
}

func (l changedLines) has(c change) bool { return l[filepath.Clean(c.path)][c.number] }

// dirs returns the packages that have changed lines outside of tests.
func (l changedLines) dirs() []string {
	var dirs []string
	for path, lines := range l {
		if len(lines) > 0 && !strings.HasSuffix(path, "_test.go") {
			dirs = append(dirs, "./"+filepath.ToSlash(filepath.Dir(path)))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}
