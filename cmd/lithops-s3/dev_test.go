// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDevLoad(t *testing.T) {
	t.Parallel()
	server, err := devs3.Start(nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, server.Close()) }()
	var out strings.Builder
	term := &terminal{ctx: t.Context(), stdout: newOutput(&out)}
	require.NoError(t, load(term, server, "../../examples/pythonjob/job.json"))
	assert.Contains(t, out.String(), "64 objects of ../../examples/pythonjob/job.json are in bucket lithops-us-east-1-wxyz.\n")

	store, err := openEmbedded(term, server)
	require.NoError(t, err)
	defer func() { assert.NoError(t, store.Close()) }()
	bucket, err := store.Bucket(t.Context())
	require.NoError(t, err)
	list, err := jobs.New(store, bucket, nil).List(t.Context(), "")
	require.NoError(t, err)
	assert.Len(t, list, 12)

	require.ErrorIs(t, load(term, server, "absent.json"), os.ErrNotExist)
	bad := filepath.Join(t.TempDir(), "bad.json")
	require.NoError(t, os.WriteFile(bad, []byte(`{"objects": 1}`), 0o600))
	require.ErrorContains(t, load(term, server, bad), "bad.json")
}

// TestDevAllowsRemoteOnlyIfAsked checks that an address that others can reach needs an
// option and causes a warning.
func TestDevAllowsRemoteOnlyIfAsked(t *testing.T) {
	t.Parallel()
	code, _, problems := command(t.Context(), "dev", "--addr", "0.0.0.0:0")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, problems, "not a loopback address")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, out, problems := command(ctx, "dev", "--addr", "127.0.0.1:0", "--allow-remote")
	assert.Contains(t, problems, "warning: whoever reaches 127.0.0.1:0 can read and change")
	assert.Contains(t, out, "export AWS_ENDPOINT_URL=")
}
