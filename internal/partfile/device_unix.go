// SPDX-License-Identifier: Apache-2.0

//go:build unix

package partfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// readerPoll is how often a FIFO is tried that no process reads yet.
const readerPoll = 20 * time.Millisecond

// openDevice opens a device or a FIFO to write. It waits for a reader of the FIFO,
// until ctx ends.
func openDevice(ctx context.Context, path string, kind fs.FileMode) (*os.File, error) {
	for {
		file, err := openfiles.Open(func() (*os.File, error) { return os.OpenFile(path, os.O_WRONLY|openFlags, 0) })
		if kind&fs.ModeNamedPipe == 0 || !errors.Is(err, syscall.ENXIO) {
			return file, err
		}
		select {
		case <-ctx.Done():
			return nil, ended.Why(ctx)
		case <-time.After(readerPoll):
		}
	}
}
