// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCheck has the samples that a room with its share has hardly ever.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		noticed, tried, share int
		isError               bool
	}{
		{4, 4, 90, false},
		{1, 4, 90, false},
		{0, 4, 90, true},
		{4, 8, 90, false},
		{3, 8, 90, true},
		{0, 2, 90, false},
		{30, 40, 90, false},
		{29, 40, 90, true},
		{0, 0, 90, false},
		{0, 40, 0, false},
	} {
		r := room{noticed: test.noticed, tried: test.tried, share: test.share}
		assert.Equal(t, test.isError, r.check() != nil, "%+v: %v", test, r.check())
	}
}

func TestReadDiff(t *testing.T) {
	t.Parallel()
	lines := readDiff("--- a/x/f.go\n+++ b/x/f.go\n@@ -1,2 +3,2 @@ func f() {\n+a +7\n@@ -9 +8 @@\n@@ -11,2 +9,0 @@\n--- a/x/f_test.go\n+++ b/x/f_test.go\n@@ -1 +1 @@\n")
	assert.Equal(t, map[int]bool{3: true, 4: true, 8: true}, lines["x/f.go"])
	assert.Equal(t, []string{"./x"}, lines.dirs())
	assert.True(t, lines.has(change{path: "./x/f.go", number: 8}))
	assert.False(t, lines.has(change{path: "./x/f.go", number: 9}))
}

func TestFileChanges(t *testing.T) {
	t.Parallel()
	changes, err := fileChanges("f.go", []byte(strings.Join([]string{"package p", "func f(a int) bool {", "if a < 2 && !g() {", "g()", "}", "return false", "}"}, "\n")))
	require.NoError(t, err)
	var got []string
	for _, c := range changes {
		got = append(got, c.what)
		assert.LessOrEqual(t, c.number, 4)
		assert.Contains(t, c.String(), "f.go: f: ")
	}
	assert.ElementsMatch(t, []string{"the condition was never true", "&& became ||", "< became <=", "< became >=", "2 became 2+1", "! was dropped", "the call was dropped"}, got)
}

// TestNext takes turns.
func TestNext(t *testing.T) {
	t.Parallel()
	a, b := &room{dir: "a", changes: make([]change, 3)}, &room{dir: "b", changes: make([]change, 1)}
	var order []string
	for {
		r, _, ok := next([]*room{a, b}, 2)
		if !ok {
			break
		}
		order = append(order, r.dir)
	}
	assert.Equal(t, []string{"a", "b", "a"}, order)
}

// TestAllowed has only changes that can still be made.
func TestAllowed(t *testing.T) {
	t.Chdir("../..")
	allowed, err := readAllowed(".ci/mutate/allowed.txt")
	require.NoError(t, err)
	known, err := readRooms(".ci/mutate/rooms.txt")
	require.NoError(t, err)
	for _, dir := range known.dirs {
		changes, err := packageChanges(dir)
		require.NoError(t, err)
		require.NotEmpty(t, changes, dir)
		for _, c := range changes {
			delete(allowed, c.String())
		}
	}
	assert.Empty(t, allowed, "no such line any more")
}

// TestNoPackage checks that a folder without code is an error, and not a room without survivors.
func TestNoPackage(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		_, err := packageChanges(dir)
		assert.ErrorContains(t, err, "no Go files in "+dir)
	}
}
