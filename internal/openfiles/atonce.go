// SPDX-License-Identifier: Apache-2.0

package openfiles

// How many files of a folder are transferred at once, in either direction.
const (
	// FilesAtOnce is how many there are at most. A small file is one request, most of whose time
	// is the way to the server and back.
	FilesAtOnce = 64
	// LargeAtOnce is how many of them may be larger than LargeFile bytes, or of unknown size.
	// Each has many requests.
	LargeAtOnce = 8
	// LargeFile is how many bytes a file may have that is not large.
	LargeFile = 8 << 20
)

const (
	// filesEach is of how many open files one is transferred at once: it may have its folder,
	// a temporary file with a lock, and a connection. The rest is for others.
	filesEach = 16
	// leastAtOnce are transferred at once whatever the limit is.
	leastAtOnce = 8
)

// AtOnce returns how many files to transfer at once: FilesAtOnce, or fewer if the process may
// not have many files open.
func AtOnce() int { return atOnce(Limit()) }

func atOnce(limit int) int {
	if limit == 0 {
		return FilesAtOnce
	}
	return min(FilesAtOnce, max(leastAtOnce, limit/filesEach))
}
