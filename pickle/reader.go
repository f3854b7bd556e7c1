// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"bytes"
	"encoding/binary"
)

// reader gives out a pickle's bytes and watches over its frames.
type reader struct {
	data     []byte
	pos      int
	frameEnd int // 0 outside a frame
}

// take gives the next n bytes, without a copy.
func (r *reader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.data)-r.pos) {
		return nil, malformed("%d bytes wanted, %d left", n, len(r.data)-r.pos)
	}
	end := r.pos + int(n)
	if r.frameEnd > 0 {
		if end > r.frameEnd {
			return nil, malformed("argument goes beyond its frame")
		}
	}
	out := r.data[r.pos:end]
	r.pos = end
	if r.pos == r.frameEnd {
		r.frameEnd = 0
	}
	return out, nil
}

// frame begins a frame of n bytes.
func (r *reader) frame(n uint64) error {
	if r.frameEnd > 0 {
		return malformed("a frame begins inside another one")
	}
	if n > uint64(len(r.data)-r.pos) {
		return malformed("a frame of %d bytes, %d left", n, len(r.data)-r.pos)
	}
	if n > 0 {
		r.frameEnd = r.pos + int(n)
	}
	return nil
}

// number reads a little-endian unsigned number of width 1, 2, 4 or 8.
func (r *reader) number(width int) (uint64, error) {
	raw, err := r.take(uint64(width))
	if err != nil {
		return 0, err
	}
	var full [8]byte
	copy(full[:], raw)
	return binary.LittleEndian.Uint64(full[:]), nil
}

// counted reads a length of the given width and that many bytes.
func (r *reader) counted(width int) ([]byte, error) {
	n, err := r.number(width)
	if err != nil {
		return nil, err
	}
	return r.take(n)
}

// line reads up to a line feed, which it drops.
func (r *reader) line() ([]byte, error) {
	end := bytes.IndexByte(r.data[r.pos:], '\n')
	if end < 0 {
		return nil, malformed("line without an end")
	}
	raw, err := r.take(uint64(end) + 1)
	if err != nil {
		return nil, err
	}
	return raw[:end], nil
}
