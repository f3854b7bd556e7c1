// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out))
	assert.Equal(t, 19, strings.Count(out.String(), "\n"))
	for _, want := range []string{"-R008/00000 ", "20000 bytes", "ValueError: boom 5 (", "futures of [", "'big': 1000000000000000000000000000000", "cloudobject_0"} {
		assert.Contains(t, out.String(), want)
	}
}
