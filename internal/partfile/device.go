// SPDX-License-Identifier: Apache-2.0

package partfile

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
)

// IsDevice reports whether the target is a device, a pipe or a socket, which can be
// written but not replaced.
func (t *Target) IsDevice() bool { return t.device != 0 }

// A Device is an open device or pipe.
type Device struct {
	ctx  context.Context //nolint:containedctx // a device's writes have no other way to hear a cancel
	file *os.File
	stop func() bool
}

// OpenDevice opens the device to write. The end of ctx ends a write that waits for
// the reader of a pipe.
func (t *Target) OpenDevice(ctx context.Context) (*Device, error) {
	file, err := openDevice(ctx, t.path, t.device)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = file.SetWriteDeadline(time.Unix(1, 0)) })
	return &Device{ctx: ctx, file: file, stop: stop}, nil
}

// Write writes p, or returns why ctx ended.
func (d *Device) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = ended.Why(d.ctx)
	}
	return n, err
}

// Close closes the device.
func (d *Device) Close() error {
	d.stop()
	return d.file.Close()
}
