// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package partfile

import (
	"context"
	"io/fs"
	"os"

	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// openDevice opens a device to write.
func openDevice(_ context.Context, path string, _ fs.FileMode) (*os.File, error) {
	return openfiles.Open(func() (*os.File, error) { return os.OpenFile(path, os.O_WRONLY, 0) })
}
