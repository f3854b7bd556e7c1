// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMarkerOnDisk has the form that other versions of this package find their own files by.
func TestMarkerOnDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	file, err := os.Create(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	require.NoError(t, marker{markerVersion, 7, "n"}.write(file, 3))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	want := `{"lithops_s3_temporary":1,"inode":7,"nonce":"n"}`
	assert.Equal(t, "\x00\x00\x00"+want+strings.Repeat(" ", 255-len(want))+"\n", string(data))
	assert.Regexp(t, "^[0-9a-f]{32}$", newNonce())
	assert.NotEqual(t, newNonce(), newNonce())
}
