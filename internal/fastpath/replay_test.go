// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReplayedAttempt reads the body that the first answer is of, and fails as it does.
func TestReplayedAttempt(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://s3.test", iotest.ErrReader(broken))
	require.NoError(t, err)
	first := &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("all"))}
	_, err = (&replayedAttempt{first: outcome{response: first}}).Do(request)
	require.ErrorIs(t, err, broken)

	body := strings.NewReader("body")
	request.Body = io.NopCloser(body)
	attempt := &replayedAttempt{first: outcome{response: first}}
	response, err := attempt.Do(request)
	require.NoError(t, err)
	assert.Same(t, first, response)
	assert.Zero(t, body.Len(), "its checksum is computed while it is read")
	attempt.close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "all", string(text), "an answer that was given is the SDK's")
}
