// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lockedBuilder is a strings.Builder for several goroutines.
type lockedBuilder struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuilder) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuilder) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// TestWaitsAreShown checks that after a second of failed attempts a terminal shows when
// the next attempt is made.
func TestWaitsAreShown(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "attempt 2 of 6 in 1.3 s: connection refused", wait{2, 6, 0, "connection refused"}.line(1300*time.Millisecond))
	const inTwo, inOne = "\rattempt 3 of 6 in 2.0 s: connection refused\x1b[K", "\rattempt 3 of 6 in 1.0 s: connection refused\x1b[K"
	for _, c := range []struct {
		isTerminal, debug bool
		began             time.Duration // ago
		now, later        string        // after a second
	}{
		{isTerminal: true, began: 2 * time.Second, now: inTwo, later: inTwo},
		{isTerminal: true, later: inOne},
		{isTerminal: false, began: 2 * time.Second},
		{isTerminal: false, debug: true, began: 2 * time.Second}, // "retry" has it
	} {
		synctest.Test(t, func(t *testing.T) {
			out := &lockedBuilder{}
			term := &terminal{stderr: newOutputOn(out, c.isTerminal)}
			handler, ok := term.newLogger(c.debug).Handler().(*logHandler)
			require.True(t, ok)
			if c.began > 0 {
				handler.trouble.began, handler.trouble.until = time.Now().Add(-c.began), time.Now()
			}
			slog.New(handler).Log(t.Context(), s3http.LevelWait, "waiting", "attempt", 3, "attempts", 6, "wait", 2*time.Second, "reason", "connection refused")
			synctest.Wait()
			assert.Equal(t, c.now, out.String())
			time.Sleep(patience)
			synctest.Wait()
			assert.Equal(t, c.later, out.String())
		})
	}
}

// TestShortTroubleIsNotShown shows a wait only while it lasts, and counts from the first one
// that the others followed soon.
func TestShortTroubleIsNotShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &lockedBuilder{}
		trouble := &trouble{out: newOutputOn(out, true)}
		shown := func(duration time.Duration) string {
			before := len(out.String())
			trouble.wait(wait{2, 6, duration, "no"})
			time.Sleep(duration)
			synctest.Wait()
			return out.String()[before:]
		}
		assert.Empty(t, shown(patience-1))
		assert.Equal(t, "\rattempt 2 of 6 in 1.0 s: no\x1b[K", shown(time.Second), "the trouble lasts")
		time.Sleep(recovered)
		assert.NotEmpty(t, shown(1), "it is the same trouble")
		time.Sleep(recovered + 1)
		assert.Empty(t, shown(patience-1), "it is over")
		assert.NotEmpty(t, shown(patience))
	})
}
