// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import "os"

// enableEscapes reports whether the terminal interprets escape sequences.
func enableEscapes(*os.File) bool { return true }
