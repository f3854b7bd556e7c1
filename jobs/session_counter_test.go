// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSessionCounterIsBounded checks that a process of many sessions forgets counters, and
// gives no session a number twice.
func TestSessionCounterIsBounded(t *testing.T) {
	t.Parallel()
	counter := &sessionCounter{}
	taken := map[string]bool{}
	take := func(session string) uint64 {
		number := counter.take(session)
		key := CloudObjectKey(session, number)
		require.False(t, taken[key], key)
		taken[key] = true
		require.LessOrEqual(t, len(counter.next), maxSessions)
		return number
	}
	for want := range uint64(3) {
		assert.Equal(t, want, take("often"))
	}
	for i := range maxSessions - 1 {
		assert.Zero(t, take(strconv.Itoa(i)))
	}
	assert.Equal(t, uint64(3), take("often"), "it is known")
	for i := range 2 * maxSessions {
		take("more" + strconv.Itoa(i))
		take("often")
		take("0")
	}
	assert.GreaterOrEqual(t, take("new"), uint64(4), "which a forgotten session had")
}
