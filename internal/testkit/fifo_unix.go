// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testkit

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// FIFO makes path a named pipe. It skips the test on systems whose named pipes are no
// files.
func FIFO(t testing.TB, path string) {
	t.Helper()
	require.NoError(t, syscall.Mkfifo(path, 0o600))
}
