// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExceptionsReadAsPythonsStr checks exceptions of a real call, with the type and the
// text that Python gives.
func TestExceptionsReadAsPythonsStr(t *testing.T) {
	var cases []struct {
		Name, Type string
		Literal    string `json:"exc_info_literal"`
		Want       string `json:"python_str"`
	}
	readJSON(t, "exceptions.json", &cases)
	require.NotEmpty(t, cases)
	for _, c := range cases {
		info, err := ParseExcInfo(c.Literal)
		if assert.NoError(t, err, c.Name) {
			assert.Equal(t, c.Want, info.Message, c.Name)
			assert.Equal(t, c.Type, info.Type, c.Name)
		}
	}
}
