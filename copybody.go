// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"cmp"
	"errors"
	"io"
	"sync"

	"github.com/lithops-go/lithopss3/internal/ended"
)

// copyBuffers have at least the size that net/http reads at once.
var copyBuffers = sync.Pool{New: func() any {
	buffer := make([]byte, 256<<10)
	return &buffer
}}

// errBadWrite is a Write that says that it took more bytes than it was given, as io.Copy
// refuses it too.
var errBadWrite = errors.New("the writer's Write returned an impossible count")

// copyBody copies a body with a buffer that is used again, and allocates nothing.
func copyBody(w io.Writer, body io.Reader) (copied int64, err error) {
	buffer, _ := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buffer)
	for {
		n, err := body.Read(*buffer)
		if n > 0 {
			written, writeErr := w.Write((*buffer)[:n])
			if written < 0 || written > n {
				written, writeErr = 0, cmp.Or(writeErr, errBadWrite)
			}
			copied += int64(written)
			if writeErr == nil && written < n {
				writeErr = io.ErrShortWrite
			}
			if writeErr != nil {
				return copied, writeErr
			}
		}
		if ended.IsEOF(err) {
			return copied, nil
		}
		if err != nil {
			return copied, err
		}
	}
}
