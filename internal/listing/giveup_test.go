// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTail checks that no guess is made after the first shard that was given up.
func TestTail(t *testing.T) {
	t.Parallel()
	l := newListing("c", "f", "i", "")
	l.giveUp(l.shards[2])
	assert.Equal(t, "f", l.tail)
	l.giveUp(l.shards[2])
	assert.Equal(t, "f", l.tail, "the later one says no more")
	l.giveUp(l.shards[1])
	assert.Equal(t, "c", l.tail)
}

// TestRepeat counts what a shard had listed as useless, and the request that runs, because the
// shard before lists the same keys.
func TestRepeat(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		keys            int
		busy            bool
		useful, useless float64
	}{{0, false, 7, 2}, {4, false, 6.6, 2.4}, {25, false, 4.5, 4.5}, {10, true, 6, 4}} {
		l := newListing("c", "f", "")
		l.useful, l.useless = 7, 2
		l.shards[1].total, l.shards[1].busy = test.keys, test.busy
		l.giveUp(l.shards[1])
		assert.InDelta(t, test.useful, l.useful, 1e-9, "%+v", test)
		assert.InDelta(t, test.useless, l.useless, 1e-9, "%+v", test)
	}
}

// TestReopen expects the last page of a shard once more.
func TestReopen(t *testing.T) {
	t.Parallel()
	l := newListing("")
	s := l.shards[0]
	s.before, s.token = "one", "two"
	s.done, s.more, s.over = true, false, objects("z")
	require.NoError(t, s.guard.check(&Page{Entries: objects("a", "b", "x"), Truncated: true, Next: "one"}))
	s.last = "b"
	l.reopen(s)
	assert.Equal(t, "one", s.token)
	assert.True(t, s.repeated && s.more && !s.done)
	assert.Empty(t, s.over)
	require.NoError(t, s.guard.check(&Page{Entries: objects("c", "x"), Truncated: true, Next: "one"}), "what follows the last key, and the token, may come again")
}
