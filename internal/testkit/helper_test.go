// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFailuresNameTheCaller checks that each function that may fail or skip a test is left
// out of the places that a failure names.
func TestFailuresNameTheCaller(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	newPath := func() string { return filepath.Join(t.TempDir(), "new") }
	compare := func(t testing.TB) {
		RequireSameRequest(t, madeRequest(t, chunked(oneChunk)), madeRequest(t, inHeader))
	}
	tests := map[string]func(t testing.TB){
		"AssertMode":          func(t testing.TB) { AssertMode(t, 0o600, 0o600) },
		"Await":               func(t testing.TB) { Await(t, func() bool { return true }) },
		"Chmod":               func(t testing.TB) { Chmod(t, file, 0o600) },
		"Files":               func(t testing.TB) { Files(t, filepath.Dir(file)) },
		"FIFO":                func(t testing.TB) { FIFO(t, newPath()) },
		"GiveAway":            func(t testing.TB) { GiveAway(t, file) },
		"Golden":              func(t testing.TB) { Golden(t, filepath.Join("..", ".."), "credentials.json", new(any)) },
		"NeedsCommand":        func(t testing.TB) { NeedsCommand(t, "go") },
		"NeedsRenameOverOpen": func(t testing.TB) { NeedsRenameOverOpen(t) },
		"RequireSameRequest":  compare,
		"comparedHeader":      compare,
		"decodeChunk":         compare,
		"RemoveOpen":          func(t testing.TB) { RemoveOpen(t, file) },
		"Server":              func(t testing.TB) { Server(t, startService, nil) },
		"SetEnv":              func(t testing.TB) { SetEnv(t, nil) },
		"ShortDir":            func(t testing.TB) { ShortDir(t) },
		"Socket":              func(t testing.TB) { Socket(t, filepath.Join(ShortDir(t), "socket")) },
		"Symlink":             func(t testing.TB) { Symlink(t, file, newPath()) },
	}
	if runtime.GOOS != "windows" {
		tests["Device"] = func(t testing.TB) { Device(t) }
	}
	for name, test := range tests {
		fake := during(t, test)
		fake.end()
		assert.Contains(t, fake.helpers, name)
	}
}
