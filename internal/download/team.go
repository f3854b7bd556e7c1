// SPDX-License-Identifier: Apache-2.0

package download

import (
	"context"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/panics"
)

// A team is goroutines of which the first error, or panic, ends all.
type team struct {
	ctx    context.Context //nolint:containedctx // it is the goroutines' own
	caller context.Context //nolint:containedctx // of which ctx is made
	cancel context.CancelCauseFunc
	group  panics.Group
}

func newTeam(ctx context.Context) *team {
	t := &team{caller: ctx}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	return t
}

// start runs f in a goroutine.
func (t *team) start(f func(ctx context.Context) error) {
	t.group.Go(func() {
		if err := f(t.ctx); err != nil {
			t.cancel(err)
		}
	}, func() { t.cancel(panics.ErrPanicked) })
}

// wait waits for all goroutines, and returns the first error or the caller's reason
// to cancel. A panic of a goroutine reaches the one that waits.
func (t *team) wait() error {
	t.group.Wait()
	return ended.First(t.caller, t.ctx)
}

// stop ends the goroutines that still run, and waits for them.
func (t *team) stop() {
	t.cancel(nil)
	t.group.Wait()
}
