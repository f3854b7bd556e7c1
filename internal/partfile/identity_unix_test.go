// SPDX-License-Identifier: Apache-2.0

//go:build unix

package partfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestClosedFileHasNoIdentity has nothing be known of a file that can't be asked.
func TestClosedFileHasNoIdentity(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	assert.Zero(t, inodeOf(file))
	assert.False(t, hasOneName(file))
}
