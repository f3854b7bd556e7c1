// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/memstore"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUnusualResults compares what unusual statuses mean with what a future of Python's made of them.
func TestUnusualResults(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/unusual_results.json")
	require.NoError(t, err)
	var cases []struct {
		Name, Status, Output, Repr, Type, Message string
		Futures                                   *[]string
	}
	require.NoError(t, json.Unmarshal(data, &cases))
	require.Len(t, cases, 15)
	for _, c := range cases {
		storage := memstore.New("bucket")
		client := New(storage, "bucket", &Options{NoCache: true})
		call := Call{"e-0", "M000", "00000"}
		require.NoError(t, storage.PutObject(t.Context(), "bucket", call.StatusKey(), strings.NewReader(c.Status), nil))
		if c.Output != "" {
			output := make([]byte, 0, len(c.Output))
			for _, r := range c.Output { // a byte each
				output = append(output, byte(r))
			}
			require.NoError(t, storage.PutObject(t.Context(), "bucket", call.OutputKey(), strings.NewReader(string(output)), nil))
		}
		for range 2 { // as it was stored, and stored again
			value, err := client.Result(t.Context(), call)
			checkUnusualResult(t, c.Name, value, err, c.Type, c.Message, c.Repr, c.Futures)
			status, err := client.Status(t.Context(), call)
			require.NoError(t, err, c.Name)
			require.NoError(t, client.PutStatus(t.Context(), status), c.Name)
		}
	}
}

func checkUnusualResult(t *testing.T, name string, value any, err error, kind, message, repr string, futures *[]string) {
	t.Helper()
	if kind != "" {
		var failure *CallError
		require.ErrorAs(t, err, &failure, name)
		assert.Equal(t, []string{kind, message}, []string{failure.Type, failure.Message}, name)
		return
	}
	require.NoError(t, err, name)
	if futures == nil {
		assert.Equal(t, repr, pickle.Repr(value), name)
		return
	}
	calls, ok := value.([]Call)
	require.True(t, ok, "%s: %v", name, value)
	names := make([]string, len(calls))
	for i, call := range calls {
		names[i] = call.String()
	}
	assert.Equal(t, *futures, names, name)
}
