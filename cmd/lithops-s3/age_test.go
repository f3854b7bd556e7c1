// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAge(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"7d": 168 * time.Hour, "2w": 336 * time.Hour, "0.5d": 12 * time.Hour, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute, "0s": 0,
	} {
		var got age
		require.NoError(t, got.UnmarshalText([]byte(text)), text)
		assert.Equal(t, want, time.Duration(got), text)
	}
	for _, text := range []string{"", "7", "d", "-1d", "-1h", "NaNd", "Infw", "1e9d", "7 d", "x"} {
		var got age
		require.ErrorContains(t, got.UnmarshalText([]byte(text)), "is no age", text)
	}
}
