// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// laughs doubles a list by the memo: n lists, each twice the one before.
func laughs(n int) []byte {
	out := []byte("\x80\x04(]\x94") // memo 0
	for i := range n {
		out = append(out, "]\x94("...)
		out = append(out, 'j')
		out = binary.LittleEndian.AppendUint32(out, uint32(i))
		out = append(out, '2', 'e') // the same twice
	}
	return append(out, 'l', '.')
}

// laughsInTuples does it without lists, so that every level stays on top.
func laughsInTuples(n int, leaf string) []byte {
	return []byte("\x80\x04" + leaf + strings.Repeat("2\x86", n) + ".")
}

// copies makes n bytes of one shared text of 1 MiB: each would be a copy.
func copies(n int) []byte {
	var out bytes.Buffer
	out.WriteString("\x80\x04(X\x00\x00\x10\x00")
	out.WriteString(strings.Repeat("a", 1<<20))
	out.WriteString("\x940(")
	for range n {
		out.WriteString("c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R")
	}
	out.WriteString("tt.")
	return out.Bytes()
}

func TestHostilePickles(t *testing.T) {
	limits, times := Limits{MaxMemory: 64 << 20}, 200_000
	if testing.Short() { // a quarter of both
		limits.MaxMemory, times = 16<<20, 50_000
	}
	long := func(s string) string { return strings.Repeat(s, times) }
	for name, c := range map[string]struct {
		data   []byte
		reason error
	}{
		"empty":                  {nil, ErrMalformed},
		"no stop":                {[]byte("N"), ErrMalformed},
		"only stop":              {[]byte("."), ErrMalformed},
		"two values":             {[]byte("NN."), ErrMalformed},
		"mark left":              {[]byte("(N."), ErrMalformed},
		"unknown opcode":         {[]byte("\x80\x04\xff."), ErrUnsupported},
		"protocol 6":             {[]byte("\x80\x06N."), ErrUnsupported},
		"nested tuples":          {[]byte("N" + long("\x85") + "."), ErrLimit},
		"nested lists":           {[]byte(long("]") + long("a") + "."), ErrMalformed},
		"deep lists":             {[]byte("]" + long("]") + long("a") + "."), ErrLimit},
		"marks":                  {[]byte(long("(") + "."), ErrMalformed},
		"bytes of 2 EiB":         {[]byte("\x8e\x00\x00\x00\x00\x00\x00\x00\x20."), ErrMalformed},
		"text of 2^64-1":         {[]byte("\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), ErrMalformed},
		"bytearray of 4 GiB":     {[]byte("\x96\x00\x00\x00\x00\x01\x00\x00\x00."), ErrMalformed},
		"bytes of 4 GiB":         {[]byte("B\xff\xff\xff\xffa."), ErrMalformed},
		"LONG4 negative":         {[]byte("\x8b\xff\xff\xff\xff."), ErrMalformed},
		"LONG4 short":            {[]byte("\x8b\x00\x00\x00\x10a."), ErrMalformed},
		"BINSTRING negative":     {[]byte("T\xff\xff\xff\xff."), ErrMalformed},
		"frame too long":         {[]byte("\x80\x04\x95\x09\x00\x00\x00\x00\x00\x00\x00N."), ErrMalformed},
		"frame too short":        {[]byte("\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00K\x01\x85."), nil},
		"frame splits argument":  {[]byte("\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00M\x01\x01."), ErrMalformed},
		"stop inside a frame":    {[]byte("\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00N.N"), ErrMalformed},
		"frame in a frame":       {[]byte("\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x95\x02\x00\x00\x00\x00\x00\x00\x00N."), ErrMalformed},
		"trailing data":          {[]byte("N.N."), ErrMalformed},
		"persistent id":          {[]byte("Pa\n."), ErrUnsupported},
		"binary persistent id":   {[]byte("NQ."), ErrUnsupported},
		"extension code":         {[]byte("\x82\x01."), ErrUnsupported},
		"next buffer":            {[]byte("\x97."), ErrUnsupported},
		"readonly buffer":        {[]byte("N\x98."), ErrUnsupported},
		"unknown memo":           {[]byte("h\x07."), ErrMalformed},
		"memo of nothing":        {[]byte("\x94."), ErrMalformed},
		"memo index":             {[]byte("Np-1\n."), ErrMalformed},
		"list in itself":         {[]byte("]\x94h\x00a."), ErrCycle},
		"tuple in itself":        {[]byte("]\x94h\x00\x85a."), ErrCycle},
		"dict in itself":         {[]byte("}\x94K\x01h\x00s."), ErrCycle},
		"object in itself":       {[]byte("ca\nb\n)\x81\x94}X\x01\x00\x00\x00ah\x00sb."), ErrCycle},
		"list as a key":          {[]byte("}]Ns."), ErrMalformed},
		"list in a set":          {[]byte("\x8f(]\x90."), ErrMalformed},
		"key without value":      {[]byte("}(Nu."), ErrMalformed},
		"append to a tuple":      {[]byte(")Na."), ErrMalformed},
		"append to a number":     {[]byte("K\x01Na."), ErrMalformed},
		"append to a set":        {[]byte("\x8fNa."), ErrMalformed},
		"set item of a list":     {[]byte("]NNs."), ErrMalformed},
		"pop beyond a mark":      {[]byte("N(a."), ErrMalformed},
		"state of a class":       {[]byte("ca\nb\n}b."), ErrMalformed},
		"two states":             {[]byte("ca\nb\n)\x81}b}b."), ErrUnsupported},
		"call with a list":       {[]byte("ca\nb\n]R."), ErrMalformed},
		"class without a name":   {[]byte("ca\n\n."), ErrMalformed},
		"class named by number":  {[]byte("K\x01K\x02\x93."), ErrMalformed},
		"bad UTF-8":              {[]byte("\x8c\x01\xff."), ErrMalformed},
		"bad number":             {[]byte("I0x10\n."), ErrMalformed},
		"long number":            {[]byte("I" + strings.Repeat("9", 5000) + "\n."), ErrLimit},
		"hexadecimal float":      {[]byte("F0x1p4\n."), ErrMalformed},
		"bad unicode escape":     {[]byte("V\\u12\n."), ErrMalformed},
		"unicode beyond":         {[]byte("V\\U00110000\n."), ErrMalformed},
		"Python 2 bytes":         {[]byte("U\x01\xff."), ErrMalformed},
		"laughs":                 {laughs(100), ErrLimit},
		"laughs in tuples":       {laughsInTuples(100, "N"), ErrLimit},
		"laughs in frozensets":   {[]byte("\x80\x04N\x94" + strings.Repeat("\x94h\x00(h\x00h\x00\x91\x85", 3) + "."), ErrMalformed},
		"laughs as a key":        {[]byte("}N" + strings.Repeat("2\x86", 60) + "Ns."), ErrLimit},
		"deep key":               {[]byte("}N" + strings.Repeat("\x85", 100) + "Ns."), ErrLimit},
		"copies of shared text":  {copies(200), ErrLimit},
		"shared deep containers": {sharedDepth(20_000), ErrLimit},
	} {
		t.Run(name, func(t *testing.T) {
			allocated := allocatedBy(func() {
				_, err := limits.Decode(c.data)
				if c.reason == nil {
					assert.NoError(t, err)
					return
				}
				assert.ErrorIs(t, err, c.reason)
			})
			assert.Less(t, allocated, uint64(2*limits.MaxMemory))
		})
	}
}

// sharedDepth is a list of lists, each in the one after it, so that every one
// is done before the next one is looked at.
func sharedDepth(n int) []byte {
	out := []byte("](")
	for i := range n {
		out = append(out, ']', 'r')
		out = binary.LittleEndian.AppendUint32(out, uint32(i))
		if i > 0 {
			out = append(out, 'j')
			out = binary.LittleEndian.AppendUint32(out, uint32(i-1))
			out = append(out, 'a')
		}
	}
	return append(out, 'e', '.')
}

// allocatedBy is how many bytes f allocates in all.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestSmallLimitsBoundMemory(t *testing.T) {
	limits := Limits{MaxMemory: 1 << 20}
	for _, data := range [][]byte{
		[]byte("(" + strings.Repeat("]", 1<<20) + "l."),
		[]byte("(" + strings.Repeat("N", 1<<20) + "l."),
		[]byte("N" + strings.Repeat("\x94", 1<<20) + "."),
		[]byte(strings.Repeat("(", 1<<20) + "."),
		[]byte("(" + strings.Repeat("K\x01N", 1<<18) + "d."),
		append([]byte("X\x00\x00\x20\x00"), make([]byte, 2<<20)...),
	} {
		allocated := allocatedBy(func() {
			_, err := limits.Decode(data)
			assert.ErrorIs(t, err, ErrLimit)
		})
		assert.Less(t, allocated, uint64(8<<20), "%.20q", data)
	}
	_, err := Limits{MaxSize: 2}.Decode([]byte("NN."))
	assert.ErrorIs(t, err, ErrLimit)
	_, err = Limits{MaxDepth: 2}.Decode([]byte("N\x85\x85\x85."))
	assert.ErrorIs(t, err, ErrLimit)
	_, err = Limits{MaxDepth: 3}.Decode([]byte("N\x85\x85\x85."))
	assert.NoError(t, err)
}

func TestErrorNamesOpcodeAndOffset(t *testing.T) {
	_, err := Decode([]byte("\x80\x04N\xff."))
	assert.EqualError(t, err, "unsupported pickle at offset 3: unknown opcode 0xff")
	_, err = Decode([]byte("\x80\x04N\x82\x01."))
	assert.EqualError(t, err, "unsupported pickle: EXT1 at offset 3: there is no registry of extension codes")
}

func TestDecoderReadsOneAfterAnother(t *testing.T) {
	d := NewDecoder([]byte("K\x01.\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00N.K\x02.\xff"), Limits{})
	for _, want := range []struct {
		value  any
		offset int
	}{{int64(1), 3}, {nil, 16}, {int64(2), 19}} {
		v, err := d.Next()
		require.NoError(t, err)
		assert.Equal(t, want.value, v)
		assert.Equal(t, want.offset, d.Offset())
	}
	_, err := d.Next()
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, 19, e.Offset)
	_, again := d.Next()
	assert.Equal(t, err, again)
	_, err = NewDecoder(nil, Limits{}).Next()
	assert.True(t, errors.Is(err, io.EOF))
}
