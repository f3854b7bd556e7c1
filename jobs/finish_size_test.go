// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStatusesAreReadAgain checks that a status that is larger than what Status reads is not
// stored, and that Finish stores what can be told of it.
func TestStatusesAreReadAgain(t *testing.T) {
	t.Parallel()
	client := newLimited(memstore.New("bucket"), 1024)
	limit := int(client.limits.status)
	call := callsOfJob(1)[0]
	status := &Status{Call: call, Extra: map[string]json.RawMessage{"x": json.RawMessage(`""`)}}
	require.NoError(t, client.PutStatus(t.Context(), status))
	data, err := status.MarshalJSON()
	require.NoError(t, err)
	fill := func(more int) {
		status.Extra["x"] = json.RawMessage(`"` + strings.Repeat("x", limit-len(data)+more) + `"`)
	}
	fill(0)
	require.NoError(t, client.PutStatus(t.Context(), status))
	read, err := client.Status(t.Context(), call)
	require.NoError(t, err)
	assert.Len(t, read.Extra["x"], len(status.Extra["x"]))
	fill(1)
	require.ErrorIs(t, client.PutStatus(t.Context(), status), lithopss3.ErrTooLarge)

	text := "the beginning" + strings.Repeat("é", limit/2)
	require.ErrorIs(t, client.Finish(t.Context(), &Status{Call: call}, nil, errors.New(text)), lithopss3.ErrTooLarge)
	failed := (*CallError)(nil)
	_, err = client.Result(t.Context(), call)
	require.ErrorAs(t, err, &failed)
	assert.Contains(t, failed.Message, "status.json is larger than 65536 bytes")
	assert.Contains(t, failed.Message, "; the call failed: the beginningé")
}
