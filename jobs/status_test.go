// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGoldenCallStatusDecode(t *testing.T) {
	t.Parallel()
	var golden struct {
		Cases []struct {
			Raw   string          `json:"raw_b64"`
			Repr  string          `json:"out_repr"`
			Error json.RawMessage `json:"error"`
		} `json:"get_call_status_decode"`
	}
	data, err := os.ReadFile("../testdata/golden/job_status.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &golden))
	for _, c := range golden.Cases {
		raw, err := base64.StdEncoding.DecodeString(c.Raw)
		require.NoError(t, err)
		var status jobs.Status
		err = status.UnmarshalJSON(raw)
		isUTF8 := string(raw) == `{"x": "é"}` // Python refuses it; nothing is ambiguous about it
		if strings.HasPrefix(c.Repr, "{") || isUTF8 {
			require.NoError(t, err, "%q", raw)
			continue
		}
		require.ErrorIs(t, err, jobs.ErrMalformedStatus, "%q", raw)
	}
}

// A status that is read and written again says the same.
func TestCallStatusRoundTrip(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../examples/pythonjob/job.json", "../testdata/golden/job_objects.json"} {
		var recorded recordedJob
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, &recorded))
		count := 0
		for _, object := range recorded.Objects {
			raw := []byte(object.JSON)
			if raw == nil && object.B64 != nil {
				raw, err = base64.StdEncoding.DecodeString(*object.B64)
				require.NoError(t, err)
			}
			if !strings.HasSuffix(object.Key, "status.json") {
				continue
			}
			var status jobs.Status
			require.NoError(t, status.UnmarshalJSON(raw))
			assert.Equal(t, object.Key, status.StatusKey())
			again, err := status.MarshalJSON()
			require.NoError(t, err)
			assert.JSONEq(t, withoutNull(t, raw), withoutNull(t, again))
			count++
		}
		assert.GreaterOrEqual(t, count, 19)
	}
}

// withoutNull leaves out the zeros that Python writes or not, by the kind of worker.
func withoutNull(t *testing.T, raw []byte) string {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal(raw, &fields))
	for name, value := range fields {
		if value == nil || value == 0.0 {
			delete(fields, name)
		}
	}
	text, err := json.Marshal(fields)
	require.NoError(t, err)
	return string(text)
}

func TestCallStatusKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	var status jobs.Status
	require.NoError(t, status.UnmarshalJSON([]byte(`{"type": "__end__", "executor_id": "e-0", "job_id": "M000", "call_id": "00000", "new": {"b": [1.0, NaN], "a": "é"}}`)))
	text, err := status.MarshalJSON()
	require.NoError(t, err)
	assert.Contains(t, string(text), `"new": {"b": [1.0, NaN], "a": "\u00e9"}`)
	delete(status.Extra, "new") // encoding/json has no NaN
	pointed, err := json.Marshal(map[string]any{"call": &status})
	require.NoError(t, err)
	within, err := json.Marshal(map[string]any{"call": status})
	require.NoError(t, err)
	assert.Equal(t, string(pointed), string(within))

	err = status.UnmarshalJSON([]byte(`{"chunksize": "x"}`))
	require.ErrorIs(t, err, jobs.ErrMalformedStatus)
	assert.ErrorContains(t, err, "chunksize")
}

// What Python's workers leave when a function ends its process, or when the
// exception can't be pickled, and what they write on Windows.
func TestCallStatusWithoutResult(t *testing.T) {
	t.Parallel()
	const start = `{"exception": false, "activation_id": "1f0fda12f0b2", "call_id": "00000", "job_id": "M006", "executor_id": "cd367d-0", "type": "__end__", `
	for name, c := range map[string]struct{ text, want string }{
		"sys.exit":            {start + `"worker_peak_memory_end": 80162816.0}`, "call cd367d-0-M006/00000 failed: it left no result: its function ended the worker's process, as sys.exit does"},
		"exception not found": {strings.Replace(start, "false", "true", 1) + `"worker_peak_memory_end": 1.0}`, "call cd367d-0-M006/00000 failed: its exception is lost: its worker could not write it; its logs have the traceback"},
		"none":                {start + `"func_result_size": 0.0}`, ""},
		"Windows":             {start + `"func_result_size": 0.0, "worker_peak_memory_start": "None", "worker_peak_memory_end": "None"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var status jobs.Status
			require.NoError(t, status.UnmarshalJSON([]byte(c.text)))
			again, err := status.MarshalJSON()
			require.NoError(t, err)
			assert.Equal(t, strings.Contains(c.text, "func_result_size"), strings.Contains(string(again), "func_result_size"))
			if c.want == "" {
				require.NoError(t, status.Err())
				return
			}
			var failure *jobs.CallError
			require.ErrorAs(t, status.Err(), &failure)
			assert.Equal(t, c.want, failure.Error())
			assert.Equal(t, "1f0fda12f0b2", failure.ActivationID)
		})
	}
}
