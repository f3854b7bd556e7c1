// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stacks returns the stacks of all goroutines in which the function is.
func stacks(function string) (found []string) {
	all := make([]byte, 4<<20)
	for stack := range strings.SplitSeq(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if strings.Contains(stack, function) {
			found = append(found, stack)
		}
	}
	return found
}

// TestPutOfAPipeEnds cancels puts of pipes whose writer says nothing, or that have none. The
// caller's file can be read afterwards.
func TestPutOfAPipeEnds(t *testing.T) {
	folder := t.TempDir()
	mine := errors.New("mine")
	refuses := func(*http.Request, http.RoundTripper) (*http.Response, error) {
		return nil, errors.New("unexpected")
	}
	store := storeOfServer(t, refuses)
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = errors.Join(reader.Close(), writer.Close()) }()
	silent := filepath.Join(folder, "silent")
	testkit.FIFO(t, silent)
	alone := filepath.Join(folder, "alone")
	testkit.FIFO(t, alone)
	held, err := os.OpenFile(silent, os.O_RDWR, 0)
	require.NoError(t, err)
	defer func() { _ = held.Close() }()
	for name, test := range map[string]struct {
		put   func(ctx context.Context) error
		where string // the put waits
	}{
		"an open pipe":            {func(ctx context.Context) error { return store.PutObject(ctx, "bucket", "key", reader, nil) }, "(*streamSource).readFirst"},
		"a pipe without a word":   {func(ctx context.Context) error { return store.UploadFile(ctx, silent, "bucket", "key", nil) }, "(*streamSource).readFirst"},
		"a pipe without a writer": {func(ctx context.Context) error { return store.UploadFile(ctx, alone, "bucket", "key", nil) }, "openfiles.OpenToRead.func"},
		"canceled before":         {func(ctx context.Context) error { return store.UploadFile(ctx, alone, "bucket", "key", nil) }, ""},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		if test.where == "" {
			cancel(mine)
		}
		go func() { done <- test.put(ctx) }()
		if test.where != "" {
			testkit.Await(t, func() bool { return len(stacks(test.where)) > 0 })
		}
		cancel(mine)
		require.ErrorIs(t, <-done, mine, name)
		testkit.Await(t, func() bool { return len(stacks("openfiles.OpenToRead")) == 0 })
	}
	_, err = writer.WriteString("later")
	require.NoError(t, err)
	text := make([]byte, 10)
	n, err := reader.Read(text)
	require.NoError(t, err)
	assert.Equal(t, "later", string(text[:n]), "the deadline is gone")
}
