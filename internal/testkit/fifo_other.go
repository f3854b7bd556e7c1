// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package testkit

import "testing"

// FIFO makes path a named pipe. It skips the test on systems whose named pipes are no
// files.
func FIFO(t testing.TB, path string) {
	t.Helper()
	t.Skip("a named pipe is no file here: ", path)
}
