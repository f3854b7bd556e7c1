// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package partfile

import "io/fs"

// openFlags has nothing to add: opening a file does not wait here.
const openFlags = 0

// Owner, links and permissions are not to be had from the standard library here;
// the nonce of the journal must do.
func isOwn(fs.FileInfo) bool      { return true }
func hasOneName(fs.FileInfo) bool { return true }
func isPrivate(fs.FileInfo) bool  { return true }

// inodeOf returns 0: files have no number here that can be written down.
func inodeOf(fs.FileInfo) uint64 { return 0 }
