// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package main

import "os"

// standardOutputs returns stdout and stderr. A write to a pipe that no process reads any more
// fails.
func standardOutputs() (stdout, stderr *os.File) {
	return os.Stdout, os.Stderr //nolint:forbidigo // output wraps them
}
