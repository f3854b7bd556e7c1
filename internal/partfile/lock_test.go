// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLockThatEndsSoon waits for a lock that a starting process inherited, and not for ever.
func TestLockThatEndsSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testLockThatEndsSoon)
}

func testLockThatEndsSoon(t *testing.T) {
	t.Helper()
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
	began := time.Now()
	require.ErrorIs(t, lockIfAny(second), ErrLocked)
	require.Equal(t, lockGrace, time.Since(began))

	time.AfterFunc(lockGrace-time.Millisecond, func() { _ = first.Close() })
	require.NoError(t, lockIfAny(second))
}
