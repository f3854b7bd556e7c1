// SPDX-License-Identifier: Apache-2.0

package s3err

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFinal(t *testing.T) {
	t.Parallel()
	cause := errors.New("the file shrank")
	err := fmt.Errorf("sending: %w", Final(cause))
	require.ErrorIs(t, err, cause)
	assert.Equal(t, "sending: the file shrank", err.Error())
	assert.True(t, IsFinal(err))
	assert.False(t, IsFinal(cause))
	var marked interface{ RetryableError() bool }
	require.ErrorAs(t, err, &marked)
	assert.False(t, marked.RetryableError())
}

func TestText(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `a\x1b[31m\u202e\nb`, Text("a\x1b[31m\u202e\nb"))
	assert.Equal(t, strings.Repeat("x", MaxText), Text(strings.Repeat("x", MaxText)))
	assert.Equal(t, strings.Repeat("x", MaxText), Text(strings.Repeat("x", MaxText+1)))
}
