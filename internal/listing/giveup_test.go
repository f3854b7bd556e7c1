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
	assert.InDelta(t, 3, l.useless, 0)
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
