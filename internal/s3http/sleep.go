// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"time"
)

// Sleep waits for d, or returns the context's error as soon as it is canceled.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return WithCause(ctx, ctx.Err())
	}
}
