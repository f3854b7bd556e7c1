// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

// FuzzStatus reads whatever is in the place of a status, and all that is in it.
func FuzzStatus(f *testing.F) {
	f.Add([]byte(`{"type": "__end__", "exception": false, "func_result_size": 5.0, "result": "b'\\x80\\x04K\\x02.'", "new": [1, NaN]}`))
	f.Add([]byte(`{"exception": true, "exc_info": "b''", "logs": "eJzLSM3JyVdIK8rPVSjJSFVITszJ4QIATjgHEA=="}`))
	f.Add([]byte(`{"worker_start_tstamp": 1795380904.5, "worker_func_cpu_usage": [1, 2.5], "python_version": null, "chunksize": 1e3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var status Status
		if err := status.UnmarshalJSON(data); err != nil {
			if !errors.Is(err, ErrMalformedStatus) {
				t.Fatalf("%v", err)
			}
			return
		}
		_, _ = status.Logs()
		_, _, _ = status.InlineResult()
		_, _ = status.Futures()
		if err := status.Err(); err != nil {
			_ = err.Error()
		}
		text, err := status.MarshalJSON()
		if err != nil {
			t.Fatalf("read and not written: %v", err)
		}
		if !json.Valid(text) && !bytes.Contains(text, []byte("NaN")) && !bytes.Contains(text, []byte("Infinity")) {
			t.Fatalf("%s", text)
		}
		var again Status
		if err := again.UnmarshalJSON(text); err != nil {
			t.Fatalf("written and not read: %v", err)
		}
		if repeated, err := again.MarshalJSON(); err != nil || !bytes.Equal(text, repeated) {
			t.Fatalf("%s\n%s\n%v", text, repeated, err)
		}
	})
}
