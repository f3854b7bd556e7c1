// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fullStorage stores no results, and no objects for who has given up.
type fullStorage struct{ lithopss3.Storage }

var errFull = errors.New("the disk is full")

func (s fullStorage) PutObject(ctx context.Context, bucket, key string, body io.Reader, opts *lithopss3.PutOptions) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if strings.HasSuffix(key, "/output.pickle") {
		return errFull
	}
	return s.Storage.PutObject(ctx, bucket, key, body, opts)
}

// TestFinishAlwaysLeavesAStatus checks that a call gets a status even if its result has
// no pickle or can't be stored, and if the worker's context has ended.
func TestFinishAlwaysLeavesAStatus(t *testing.T) {
	t.Parallel()
	_, store, bucket := newJobs(t)
	client := jobs.New(fullStorage{store}, bucket, nil)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for n, c := range []struct {
		result  any
		failure error
		want    string // message, "" for a result
		err     error  // of Finish, in part
	}{
		{result: int64(1)},
		{result: struct{}{}, want: "struct {}"},
		{result: strings.Repeat("x", 9000), want: errFull.Error(), err: errFull},
		{failure: errors.New("broken"), want: "broken"},
		{failure: &pickle.Exception{Module: "builtins", Class: "ValueError", Args: pickle.Tuple{struct{}{}}}, want: "ValueError"},
		{failure: &pickle.Exception{Module: "builtins", Class: "UnicodeDecodeError", Args: pickle.Tuple{"bad"}}, want: "failed: Exception: UnicodeDecodeError: bad"},
	} {
		for i, ctx := range []context.Context{t.Context(), ended} {
			call := jobs.Call{ExecutorID: "e-0", JobID: jobs.FormatJobID(jobs.MapJob, i), CallID: jobs.FormatCallID(n)}
			err := client.Finish(ctx, &jobs.Status{Call: call, ActivationID: "a"}, c.result, c.failure)
			if c.want != "" && c.failure == nil {
				require.Error(t, err)
				require.ErrorContains(t, err, "the result of call "+call.String())
			} else {
				require.NoError(t, err)
			}
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
			}
			status, err := client.Status(t.Context(), call)
			require.NoError(t, err)
			assert.WithinDuration(t, time.Now(), status.WorkerStart, time.Minute)
			_, err = client.ResultOf(t.Context(), status)
			if c.want == "" {
				require.NoError(t, err)
				continue
			}
			var failure *jobs.CallError
			require.ErrorAs(t, err, &failure)
			assert.Contains(t, failure.Error(), c.want)
		}
	}
}

// What the worker knows of its start is kept.
func TestPutStatusFillsTimes(t *testing.T) {
	t.Parallel()
	client, _, _ := newJobs(t)
	start := time.Now().Add(-time.Hour).Round(time.Second)
	for name, status := range map[string]*jobs.Status{"worker": {WorkerStart: start}, "function": {FuncStart: start}} {
		status.Call = jobs.Call{ExecutorID: "e-0", JobID: "M000", CallID: "00000"}
		require.NoError(t, client.PutStatus(t.Context(), status))
		read, err := client.Status(t.Context(), status.Call)
		require.NoError(t, err)
		assert.WithinDuration(t, start, read.WorkerStart, time.Millisecond, name)
		assert.WithinDuration(t, time.Now(), read.WorkerEnd, time.Minute, name)
	}
}
