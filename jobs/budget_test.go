// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	b := newBudget(10)
	take := func(n int64) func() {
		release, err := b.acquire(t.Context(), n)
		require.NoError(t, err)
		return release
	}
	first := take(6)
	second := take(4)
	ctx, cancel := context.WithCancel(t.Context())
	granted := make(chan string, 3)
	claim := func(ctx context.Context, n int64, name string) {
		queued := len(b.waitingNow())
		go func() {
			release, err := b.acquire(ctx, n)
			if err != nil {
				granted <- fmt.Sprint(name, " ", err)
				return
			}
			granted <- name
			release()
		}()
		for len(b.waitingNow()) == queued {
			runtime.Gosched()
		}
	}
	claim(t.Context(), 1000, "large")
	claim(ctx, 5, "canceled")
	claim(t.Context(), 1, "small")
	first()
	assert.Empty(t, granted, "the large one is first, and takes all")
	cancel()
	assert.Equal(t, "canceled context canceled", <-granted)
	assert.Empty(t, granted)
	second()
	assert.Equal(t, "large", <-granted)
	assert.Equal(t, "small", <-granted)
	for b.heldNow() != 0 {
		runtime.Gosched()
	}
	take(10)()
	take(-1)()
}

func (b *budget) waitingNow() []*claim {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waiting
}

func (b *budget) heldNow() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}
