// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"io"
)

// Decode reads the one pickle that data consists of, within the default
// limits. Data after the pickle is an error.
func Decode(data []byte) (any, error) {
	return Limits{}.Decode(data)
}

// Decode reads the one pickle that data consists of. Data after the pickle is
// an error.
func (l Limits) Decode(data []byte) (any, error) {
	d := NewDecoder(data, l)
	v, err := d.Next()
	if errors.Is(err, io.EOF) {
		err = &Error{Offset: 0, Msg: "no data", Reason: ErrMalformed}
	}
	if err != nil {
		return nil, err
	}
	if rest := len(data) - d.Offset(); rest > 0 {
		return nil, &Error{Offset: d.Offset(), Msg: "data after the pickle", Reason: ErrMalformed}
	}
	return v, nil
}

// Decoder reads pickles that follow one another, as in aggdata.pickle.
type Decoder struct {
	data   []byte
	limits Limits
	offset int
	err    error
}

// NewDecoder reads from data, which must not change before the last Next.
// The limits are those of each pickle.
func NewDecoder(data []byte, limits Limits) *Decoder {
	return &Decoder{data: data, limits: limits.withDefaults()}
}

// Next gives the next pickle's value, and io.EOF after the last one. After an
// error there is no way on: it comes again. Offsets in errors count from the
// beginning of the data.
func (d *Decoder) Next() (any, error) {
	if d.err != nil {
		return nil, d.err
	}
	if d.offset == len(d.data) {
		return nil, io.EOF
	}
	v, end, err := decodeAt(d.data, d.offset, d.limits)
	if err != nil {
		d.err = err
		return nil, err
	}
	d.offset = end
	return v, nil
}

// Offset is where the next pickle begins: after the last one read.
func (d *Decoder) Offset() int { return d.offset }

// decodeAt reads one pickle and tells where it ends.
func decodeAt(data []byte, start int, limits Limits) (v any, end int, err error) {
	if int64(len(data)-start) > limits.MaxSize {
		err = &Error{Offset: start, Reason: ErrLimit, Msg: "data is too large"}
		return nil, 0, err
	}
	m := newMachine(data, start, limits)
	root, err := m.run()
	if err != nil {
		return nil, 0, err
	}
	r := &resolver{budget: m.budget, maxDepth: limits.MaxDepth}
	v, err = r.root(root)
	if err != nil {
		return nil, 0, err
	}
	return v, m.pos, nil
}
