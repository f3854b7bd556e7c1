// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNothingIsKept changes what a sequence was made of, before and while it is used.
func TestNothingIsKept(t *testing.T) {
	t.Parallel()
	client := jobs.New(memstore.New("bucket"), "bucket", nil)
	calls := jobs.Calls("e-0", "M000", 200)
	bodies := make([]io.Reader, len(calls))
	for i, call := range calls {
		require.NoError(t, client.Finish(t.Context(), &jobs.Status{Call: call}, i, nil))
		bodies[i] = bytes.NewReader([]byte{byte(i)})
	}
	objects, err := client.PutCloudObjects(t.Context(), bodies)
	require.NoError(t, err)

	opts := &jobs.WatchOptions{Calls: map[string]int{"M000": len(calls)}}
	events := client.Watch(t.Context(), jobs.ID{ExecutorID: "e-0"}, opts)
	opts.Calls["M000"], opts.Calls["M001"] = 1, 1 // which would never end
	done := 0
	for event, err := range events {
		require.NoError(t, err)
		if event.Kind == jobs.CallDone {
			done++
		}
	}
	assert.Equal(t, len(calls), done)

	n := 0
	for status, err := range client.Statuses(t.Context(), calls) {
		require.NoError(t, err)
		assert.Equal(t, jobs.FormatCallID(n), status.CallID)
		clear(calls)
		n++
	}
	assert.Equal(t, len(calls), n)

	n = 0
	for data, err := range client.GetCloudObjects(t.Context(), objects) {
		require.NoError(t, err)
		assert.Equal(t, []byte{byte(n)}, data)
		clear(objects)
		n++
	}
	assert.Equal(t, len(objects), n)
}
