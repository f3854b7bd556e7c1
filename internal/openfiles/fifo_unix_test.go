// SPDX-License-Identifier: Apache-2.0

//go:build unix

package openfiles

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func makeFIFO(t *testing.T, path string) bool {
	t.Helper()
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return true
}
