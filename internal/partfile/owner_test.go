// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFilesOfAnotherUser are neither used nor removed.
func TestFilesOfAnotherUser(t *testing.T) {
	t.Parallel()
	for _, extension := range []string{"part", "journal"} {
		folder := t.TempDir()
		path := filepath.Join(folder, "file")
		leave(t, path)
		name := ".file.lithops-s3." + extension
		testkit.GiveAway(t, filepath.Join(folder, name))
		root, err := os.OpenRoot(folder)
		require.NoError(t, err)
		assert.False(t, IsLeftover(root, name))
		require.NoError(t, root.Close())
		f, err := resume(t, path)
		require.NoError(t, err)
		assert.Nil(t, f)
		assert.FileExists(t, filepath.Join(folder, name))
	}

	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	left := create(t, openTarget(t, path), "left")
	kill(left)
	testkit.GiveAway(t, filepath.Join(folder, left.name))
	require.NoError(t, create(t, openTarget(t, path), "new").Commit(3, false))
	assert.Len(t, namesIn(t, folder), 2)
}
