// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/lithops-go/lithopss3/internal/checksum"
)

// copyLimit is the largest body that is copied, in bytes. Memory for a larger one costs
// more than to read it twice.
const copyLimit = 16 << 10

// A largeBody is a body that is read in place, once to hash it and once to send it.
type largeBody struct {
	reader      io.ReadSeeker
	start, size int64

	mu       sync.Mutex
	isClosed bool
}

// Read reads for net/http, which may do so after it has given an answer.
func (b *largeBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed {
		return 0, io.EOF
	}
	return b.reader.Read(p)
}

// WritePiece writes the next bytes of a body in memory to w, at most so many, and returns
// io.EOF after the last. It returns errors.ErrUnsupported for another body. w must not
// wait for the network, because Close waits for w.
func (b *largeBody) WritePiece(w io.Writer, most int) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isClosed {
		return 0, io.EOF // what is read now is of another attempt, or the caller's
	}
	memory, ok := b.reader.(checksum.Memory)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	rest := memory.Rest()
	if rest == nil {
		return 0, errors.ErrUnsupported
	}
	if len(rest) == 0 {
		return 0, io.EOF
	}
	n, err := w.Write(rest[:min(len(rest), most)])
	if _, seekErr := b.reader.Seek(int64(n), io.SeekCurrent); err == nil {
		err = seekErr
	}
	return n, err
}

// Close waits for a Read in progress, and ends those after it.
func (b *largeBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.isClosed = true
	return nil
}

// rewind seeks the start.
func (b *largeBody) rewind() error {
	_, err := b.reader.Seek(b.start, io.SeekStart)
	return err
}

// hash gives all of the body to sum, piece by piece. It returns an error if the body is
// shorter than its size.
func (b *largeBody) hash(sum func([]byte)) error {
	if memory, ok := b.reader.(checksum.Memory); ok {
		if rest := memory.Rest(); int64(len(rest)) == b.size {
			for piece := range slices.Chunk(rest, hashSize) {
				sum(piece)
			}
			return nil
		}
	}
	buffer, _ := readBuffers.Get().(*[]byte)
	defer readBuffers.Put(buffer)
	for left := b.size; left > 0; {
		n, err := b.reader.Read((*buffer)[:min(left, int64(len(*buffer)))])
		sum((*buffer)[:n])
		left -= int64(n)
		if err != nil && left > 0 {
			return err
		}
	}
	return nil
}

// openBody takes a body and leaves its position as it was. It reports false if the body
// can't be sought.
func (r *request) openBody(body io.Reader) bool {
	seeker, ok := body.(io.ReadSeeker)
	if !ok {
		return false
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return false
	}
	end, err := seeker.Seek(0, io.SeekEnd)
	if _, seekErr := seeker.Seek(start, io.SeekStart); err != nil || seekErr != nil || end < start {
		return false
	}
	if end-start > copyLimit {
		r.large = &largeBody{reader: seeker, start: start, size: end - start}
		return true
	}
	r.body = make([]byte, end-start)
	_, err = io.ReadFull(seeker, r.body)
	_, seekErr := seeker.Seek(start, io.SeekStart)
	return err == nil && seekErr == nil
}

// addBody adds the headers that depend on the body, and returns what is signed of it:
// its hash, or over https that nothing is. A CRC32 is a header, also where the SDK sends
// it after the body. It reports false for a body that only the SDK can send.
func (r *request) addBody(t *template) (payload string, ok bool) {
	if r.method != http.MethodPut {
		return emptySHA256, true
	}
	if r.large != nil {
		return r.addLarge(t)
	}
	if t.needsCRC32 && !r.hasCRC32 {
		r.addCRC32(crc32.ChecksumIEEE(r.body))
	}
	if !t.isBodySigned() {
		return unsignedPayload, true
	}
	sum := sha256.Sum256(r.body)
	return hex.EncodeToString(sum[:]), true
}

// addLarge reads the body once for all hashes.
func (r *request) addLarge(t *template) (payload string, ok bool) {
	needsCRC32 := t.needsCRC32 && !r.hasCRC32
	sum := uint32(0)
	signed := sha256.New()
	if needsCRC32 || t.isBodySigned() {
		err := r.large.hash(func(b []byte) {
			if needsCRC32 {
				sum = crc32.Update(sum, crc32.IEEETable, b)
			}
			if t.isBodySigned() {
				signed.Write(b)
			}
		})
		if rewindErr := r.large.rewind(); err != nil || rewindErr != nil {
			return "", false
		}
	}
	if needsCRC32 {
		r.addCRC32(sum)
	}
	if !t.isBodySigned() {
		return unsignedPayload, true
	}
	return hex.EncodeToString(signed.Sum(nil)), true
}

func (r *request) addCRC32(sum uint32) {
	r.computedCRC32 = checksum.EncodeCRC32(sum)
	r.add("X-Amz-Checksum-Crc32", "x-amz-checksum-crc32", r.computedCRC32)
}

// hashSize is how many bytes are hashed at once, with all hashes while they are in the
// processor's cache.
const hashSize = 64 << 10

var readBuffers = sync.Pool{New: func() any {
	buffer := make([]byte, hashSize)
	return &buffer
}}
