// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestTerminalNames checks that Windows has two names for a console, and other systems
// one file.
func TestTerminalNames(t *testing.T) {
	t.Parallel()
	assert.Equal(t, [2]string{"CONIN$", "CONOUT$"}, terminalNames("windows"))
	assert.Equal(t, [2]string{"/dev/tty", "/dev/tty"}, terminalNames("linux"))
}
