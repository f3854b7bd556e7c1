// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package partfile

import "io/fs"

// openFlags has nothing to add: opening a file does not wait here.
const openFlags = 0

// Owner and permissions are not to be had from the standard library here; the nonce of
// the journal must do.
func isOwn(fs.FileInfo) bool     { return true }
func isPrivate(fs.FileInfo) bool { return true }
