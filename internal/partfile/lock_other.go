// SPDX-License-Identifier: Apache-2.0

//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package partfile

import "os"

// lock returns errNoLocks, because the standard library has no lock for this system.
func lock(*os.File) error { return errNoLocks }
