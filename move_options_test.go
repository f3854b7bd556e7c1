// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestMovedFileIsOnTheDisk checks that a file is written through before its object is
// deleted, and that the caller's options stay as they are.
func TestMovedFileIsOnTheDisk(t *testing.T) {
	t.Parallel()
	given := DownloadOptions{Resume: true, VersionID: "v"}
	assert.Equal(t, &DownloadOptions{Resume: true, VersionID: "v", IfMatch: "e", Sync: true, moves: true}, given.toMove("e"))
	assert.Equal(t, DownloadOptions{Resume: true, VersionID: "v"}, given)
}
