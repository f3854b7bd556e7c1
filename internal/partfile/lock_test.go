// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLockThatEndsSoon waits for a lock that a starting process inherited.
func TestLockThatEndsSoon(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	first, err := os.Create(path)
	require.NoError(t, err)
	defer func() { _ = first.Close() }()
	if lock(first) != nil {
		t.Skip("without locks")
	}
	second, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = second.Close() }()
	require.ErrorIs(t, lockIfAny(second), ErrLocked)

	time.AfterFunc(20*time.Millisecond, func() { _ = first.Close() })
	require.NoError(t, lockIfAny(second))
}
