package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, options{chunk: 200, workers: 3}))
	assert.Equal(t, 6+1, strings.Count(out.String(), " has ended\n"), "a line for each call: %s", out.String())
	assert.Contains(t, out.String(), "\n    27  the\n    18  it\n    12  a\n    12  is\n")
}

func TestRunOwnText(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(path, []byte("one two\ntwo"), 0o600))
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, options{text: path, chunk: 4, workers: 1}))
	assert.True(t, strings.HasSuffix(out.String(), "     2  two\n     1  one\n"), out.String())
	require.ErrorIs(t, run(t.Context(), io.Discard, options{text: path + "x"}), os.ErrNotExist)
}

// Nothing is left in the bucket, neither after success nor after a failure, which
// the statuses hold until then.
func TestLeavesNothing(t *testing.T) {
	t.Parallel()
	server, err := devs3.Start(nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, server.Close()) }()
	config, err := lithopss3.ParseConfig([]byte(server.Config()))
	require.NoError(t, err)
	store, err := lithopss3.New(t.Context(), config, &lithopss3.Options{Endpoint: server.URL(), STSEndpoint: server.URL()})
	require.NoError(t, err)
	defer func() { assert.NoError(t, store.Close()) }()
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	client := jobs.New(store, bucket, &jobs.Options{Interval: time.Millisecond})
	e := newExecutor(client, 2)
	require.NoError(t, countWords(t.Context(), io.Discard, store, e, strings.NewReader("a b\na"), 2))

	failed := newExecutor(client, 2)
	require.NoError(t, failed.run(t.Context(), io.Discard, "M000", []*pickle.Dict{{}}, func(ctx context.Context, arguments *pickle.Dict, log io.Writer) (any, error) {
		return count(ctx, store, arguments, log)
	}))
	_, err = failed.sum(t.Context(), "M000", 1)
	var failure *jobs.CallError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "the argument obj is no CloudObject", failure.Message)
	_, err = client.Clean(t.Context(), jobs.CleanOptions{ExecutorID: failed.id})
	require.NoError(t, err)

	keys, err := store.ListKeys(t.Context(), bucket, "")
	require.NoError(t, err)
	assert.Empty(t, keys)
}
