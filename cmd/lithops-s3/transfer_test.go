// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/openfiles"
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
		tasks := make([]task, openfiles.FilesAtOnce+5)
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
		assert.Equal(t, "1 of 69 files failed, 5 were not done", err.Error())
		assert.Contains(t, out.String(), `"files": 63,`)
		assert.Contains(t, out.String(), `"not_done": 5`)
	})
}

// TestFilesAtOnce counts how many files are copied at once. The time is synthetic.
func TestFilesAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		size int64
		want int
	}{
		"small": {openfiles.LargeFile, openfiles.FilesAtOnce}, "empty": {0, openfiles.FilesAtOnce}, "large": {openfiles.LargeFile + 1, openfiles.LargeAtOnce}, "of unknown size": {-1, openfiles.LargeAtOnce},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out strings.Builder
			term := &terminal{ctx: t.Context(), stdout: newOutput(&out), stderr: newOutput(&out)}
			tasks := make([]task, 200)
			begin := time.Now()
			for i := range tasks {
				tasks[i] = task{name: "file", size: test.size, move: func(context.Context, func(lithopss3.Progress)) error {
					time.Sleep(time.Second)
					return nil
				}}
			}
			require.NoError(t, newTransfer(term, "Stored", objectName{bucket: "bucket"}, false, false).run(tasks, nil), name)
			assert.Equal(t, time.Duration((200+test.want-1)/test.want)*time.Second, time.Since(begin), name)
		})
	}
}

// TestCountsAreOfWhatWasMoved checks that reports have the bytes that were moved, also of
// objects whose size was not known before, and in a dry run those that would be.
func TestCountsAreOfWhatWasMoved(t *testing.T) {
	s := newSession(t)
	require.NoError(t, os.Mkdir("out", 0o700))
	for _, key := range []string{"a", "d/b"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader(strings.Repeat(key, 500)), nil))
	}
	for _, line := range []string{
		"get BUCKET a d/b", "get BUCKET a d/b -o out", "cp s3://BUCKET/a s3://BUCKET/d/b out", "cp s3://BUCKET/a s3://BUCKET/d/b s3://BUCKET/copy",
		"cp -r s3://BUCKET/copy out", "put a d/b BUCKET", "mv s3://BUCKET/copy/a s3://BUCKET/copy/b s3://BUCKET/moved/",
	} {
		assert.Contains(t, s.run(0, line+" --json -n"), `"bytes": 2000,`, line)
		assert.Contains(t, s.run(0, line+" --json"), `"bytes": 2000,`, line)
	}
	assert.Contains(t, s.run(0, "cp s3://BUCKET/a out/x --json"), `"bytes": 500,`)
	s.run(exitNotFound, "cp s3://BUCKET/none out/x -n")
	assert.Empty(t, s.run(0, "get BUCKET a -o - -n"), "a dry run gets nothing")
}

// TestCountsOfAFileThatGrows checks that what a file had when it was sent counts.
func TestCountsOfAFileThatGrows(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	term := &terminal{ctx: t.Context(), stdout: newOutput(&out), stderr: newOutput(&out)}
	tasks := []task{
		{size: 3, move: func(_ context.Context, progress func(lithopss3.Progress)) error {
			progress(lithopss3.Progress{Done: 4, Total: 5})
			progress(lithopss3.Progress{Done: 5, Total: 5})
			return nil
		}},
		{size: 70, move: func(context.Context, func(lithopss3.Progress)) error { return nil }},
		{size: -1, move: func(context.Context, func(lithopss3.Progress)) error { return nil }},
	}
	require.NoError(t, newTransfer(term, "Stored", objectName{bucket: "bucket"}, true, true).run(tasks, nil))
	assert.Contains(t, out.String(), `"bytes": 75,`)
}
