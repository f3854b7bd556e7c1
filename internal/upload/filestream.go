// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"context"
	"os"
	"time"
)

// A fileStream is a pipe or a device, or a file that does not know its end.
type fileStream struct{ *os.File }

// endWith has a Read that waits end with ctx, if the system has deadlines for such a file. What
// it returns ends that, and leaves the caller's file as it was. A nil one is no file.
func (f *fileStream) endWith(ctx context.Context) (leave func()) {
	if f == nil {
		return func() {}
	}
	set := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(set)
		_ = f.SetReadDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-set
			_ = f.SetReadDeadline(time.Time{})
		}
	}
}
