// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTable checks that columns are as wide as their widest cell, and that colors repeat
// the words of states on a terminal that has them.
func TestTable(t *testing.T) {
	for _, c := range []struct {
		isTerminal    bool
		noColor, term string
		want          string
	}{
		{isTerminal: true, term: "xterm", want: "\x1b[31mfailed\x1b[0m"},
		{isTerminal: true, term: "xterm", noColor: "1", want: "failed"},
		{isTerminal: true, term: "dumb", want: "failed"},
		{term: "xterm", want: "failed"},
	} {
		t.Setenv("TERM", c.term)
		t.Setenv("NO_COLOR", c.noColor)
		out := &strings.Builder{}
		table := newTable("CALL", "STATE", "RESULT")
		table.add(cell{text: "鍵"}, cell{"failed", stateStyle("failed")}, cell{text: "x"})
		table.add(cell{text: "b"}, cell{text: "odd"}, cell{text: ""})
		require.NoError(t, table.print(newOutputOn(out, c.isTerminal)))
		assert.Equal(t, "CALL  STATE   RESULT\n鍵    "+c.want+"  x\nb     odd     \n", out.String())
	}
}

// TestStatesHaveColors checks that every state of a call has its style in tables and
// events.
func TestStatesHaveColors(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	assert.Equal(t, []style{good, bad, bad, doubt, doubt, ""}, []style{stateStyle("done"), stateStyle("failed"), stateStyle("lost"), stateStyle("running"), stateStyle("started"), stateStyle("")})
	assert.Equal(t, []cell{{"0", ""}, {"2", bad}}, []cell{countCell(0, "lost"), countCell(2, "lost")})
	out := &strings.Builder{}
	event := &watchEvent{Time: time.Now(), Call: "e-0-M000/00000", Event: "failed", Error: "boom"}
	require.NoError(t, event.print(newOutputOn(out, true)))
	assert.Contains(t, out.String(), "\te-0-M000/00000\t\x1b[31mfailed\x1b[0m\tboom\n")
}

// A slowStorage waits before each object of a listing.
type slowStorage struct{ lithopss3.Storage }

func (s slowStorage) ListObjects(ctx context.Context, bucket string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		for info, err := range s.Storage.ListObjects(ctx, bucket, opts) {
			time.Sleep(drawEvery)
			if !yield(info, err) {
				return
			}
		}
	}
}

// TestCleanShowsHowFarItIs checks that a terminal shows how many objects are counted and
// deleted.
func TestCleanShowsHowFarItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New("bucket")
		for _, key := range []string{"lithops.jobs/e-0-M000/a", "lithops.jobs/e-0-M000/b"} {
			require.NoError(t, store.PutObject(t.Context(), "bucket", key, strings.NewReader("x"), nil))
		}
		client := jobs.New(slowStorage{store}, "bucket", nil)
		out := &lockedBuilder{}
		term := &terminal{ctx: t.Context(), stdin: &input{ctx: t.Context(), in: strings.NewReader("y\n"), isTerminal: true}, stderr: newOutputOn(out, true)}
		command := &cleanCommand{All: true}
		seen, err := command.ask(term, client, jobs.CleanOptions{All: true})
		require.NoError(t, err)
		assert.Equal(t, int64(2), seen.total())
		assert.Contains(t, out.String(), "2 objects")
		report, err := command.clean(term, client, jobs.CleanOptions{All: true}, seen)
		require.NoError(t, err)
		assert.Equal(t, int64(2), report.Objects)
		assert.Contains(t, out.String(), "50%")
		assert.Contains(t, out.String(), "2/2 objects")
	})
}
