// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFailureOfAll has a failure that every file would meet end a transfer. Files that were
// on their way count if they arrive, and the others are told of. The time is synthetic.
func TestFailureOfAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out, problems strings.Builder
		term := &terminal{ctx: t.Context(), stdout: newOutput(&out), stderr: newOutput(&problems)}
		tasks := make([]task, filesAtOnce+5)
		for i := range tasks {
			tasks[i] = task{name: "file", size: 1, move: func(context.Context, func(lithopss3.Progress)) error {
				if i == 0 {
					time.Sleep(time.Second)
					return lithopss3.ErrNoSuchBucket
				}
				time.Sleep(2 * time.Second)
				return nil
			}}
		}
		err := newTransfer(term, "Stored", objectName{bucket: "bucket"}, true, false).run(tasks, nil)
		require.ErrorIs(t, err, lithopss3.ErrNoSuchBucket)
		assert.Equal(t, "1 of 13 files failed, 5 were not done", err.Error())
		assert.Contains(t, out.String(), `"files": 7,`)
		assert.Contains(t, out.String(), `"not_done": 5`)
	})
}
