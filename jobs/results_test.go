// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResultAs(t *testing.T) {
	t.Parallel()
	client, _, _ := newJobs(t)
	ctx := t.Context()
	calls := jobs.Calls("e-0", "M000", 4)
	for i, result := range []any{pickle.Tuple{"one", 1}, nil, strings.Repeat("x", 10_000)} {
		require.NoError(t, client.Finish(ctx, &jobs.Status{Call: calls[i]}, result, nil))
	}
	require.NoError(t, client.Finish(ctx, &jobs.Status{Call: calls[3]}, nil, errors.New("too large")))

	type count struct {
		Word string
		N    int
	}
	first, err := jobs.ResultAs[count](ctx, client, calls[0])
	require.NoError(t, err)
	assert.Equal(t, count{"one", 1}, first)
	none, err := jobs.ResultAs[*count](ctx, client, calls[1])
	require.NoError(t, err)
	assert.Nil(t, none)
	long, err := jobs.ResultAs[string](ctx, client, calls[2])
	require.NoError(t, err)
	assert.Len(t, long, 10_000)

	_, err = jobs.ResultAs[[]int](ctx, client, calls[0])
	var misfit *pickle.ConvertError
	require.ErrorAs(t, err, &misfit)
	require.EqualError(t, err, "the result of call e-0-M000/00000: [0]: str does not fit into int")
	_, err = jobs.ResultAs[string](ctx, client, calls[3])
	var failure *jobs.CallError
	require.ErrorAs(t, err, &failure)
	_, err = jobs.ResultAs[string](ctx, client, jobs.Call{ExecutorID: "e-1", JobID: "M000", CallID: "00000"})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestNamesOfKinds(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"started", "done", "lost", "EventKind(0)", "EventKind(4)"},
		[]string{jobs.CallStarted.String(), jobs.CallDone.String(), jobs.CallLost.String(), jobs.EventKind(0).String(), jobs.EventKind(4).String()})
	assert.Equal(t, []string{"running", "lost", "ended", "State(0)", "State(4)"},
		[]string{jobs.StateRunning.String(), jobs.StateLost.String(), jobs.StateEnded.String(), jobs.State(0).String(), jobs.State(4).String()})
	names := []string{}
	for kind := range jobs.KeyRuntime + 2 {
		names = append(names, kind.String())
	}
	assert.Equal(t, []string{"KeyKind(0)", "function", "data", "init", "status", "output", "cloudobject", "runtime", "KeyKind(8)"}, names)
}

func TestCalls(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []jobs.Call{{ExecutorID: "e-0", JobID: "M000", CallID: "00000"}, {ExecutorID: "e-0", JobID: "M000", CallID: "00001"}}, jobs.Calls("e-0", "M000", 2))
	assert.Empty(t, jobs.Calls("e-0", "M000", -1))
	assert.Equal(t, "100000", jobs.Calls("e-0", "M000", 100_001)[100_000].CallID)
}
