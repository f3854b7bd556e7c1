// SPDX-License-Identifier: Apache-2.0

package openfiles

const (
	// filesEach is of how many open files one is transferred at once: it may have its folder,
	// a temporary file with a lock, and a connection. The rest is for others.
	filesEach = 16
	// leastAtOnce are transferred at once whatever the limit is.
	leastAtOnce = 8
)

// AtOnce returns how many files to transfer at once: n, or fewer if the process may not have
// many files open.
func AtOnce(n int) int { return atOnce(n, Limit()) }

func atOnce(n, limit int) int {
	if limit == 0 {
		return n
	}
	return min(n, max(leastAtOnce, limit/filesEach))
}
