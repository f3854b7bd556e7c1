// SPDX-License-Identifier: Apache-2.0

//go:build !unix && !windows

package partfile

import "os"

// identify returns false: the standard library can't tell files apart here.
func identify(*os.Root, string) (fileID, bool) { return fileID{}, false }

// inodeOf returns 0: files have no number here that can be written down.
func inodeOf(*os.File) uint64 { return 0 }

// hasOneName returns true: the standard library can't count a file's links here.
func hasOneName(*os.File) bool { return true }
