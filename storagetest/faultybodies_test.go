// SPDX-License-Identifier: Apache-2.0

package storagetest_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/lithops-go/lithopss3"
)

// failsSecond returns an error of the second call of a method.
func failsSecond(op string) fault {
	count := 0
	return func(c *call, do func()) {
		if c.op == op {
			count++
		}
		if c.op == op && count == 2 {
			c.err = errFault
			return
		}
		do()
	}
}

// keepsBuffer is the fault of a put that keeps the memory of a buffer.
func keepsBuffer() fault {
	var kept []byte
	return func(c *call, do func()) {
		if buffer, ok := c.body.(*bytes.Buffer); ok {
			kept = buffer.Bytes()
		}
		do()
		c.setBody(func([]byte) []byte { return kept })
	}
}

// keepsMap is the fault of a put that keeps the map of its metadata, and of a head that
// returns it.
func keepsMap() fault {
	var kept map[string]string
	return func(c *call, do func()) {
		if c.op == "PutObject" {
			kept = c.put.Metadata
		}
		do()
		if c.op == "HeadObject" && c.info != nil {
			c.info.Metadata = kept
		}
	}
}

// sharesMap is the fault of a head that returns the storage's own map.
func sharesMap() fault {
	var own map[string]string
	return func(c *call, do func()) {
		do()
		if c.op != "HeadObject" || c.info == nil {
			return
		}
		if own == nil {
			own = c.info.Metadata
		}
		c.info.Metadata = own
	}
}

var faultsOfOwnership = []faultRow{
	{test: "Ownership", name: "a put keeps the caller's buffer", want: []string{"body: got something els"}, fault: keepsBuffer()},
	{test: "Ownership", name: "a put keeps the caller's map", want: []string{"metadata: got red", "metadata: got blue"}, fault: keepsMap()},
	{test: "Ownership", name: "a head shares its map", want: []string{"metadata: got blue"}, fault: sharesMap()},
	{test: "Ownership", name: "a delete sorts the caller's keys", want: []string{`keys of a delete: got ["a" "b" "c" "key"]`}, fault: func(c *call, do func()) {
		slices.Sort(c.keys)
		do()
	}},
	{test: "Ownership", name: "no put", want: []string{"out of order"}, fault: fails("PutObject", always)},
	{test: "Ownership", name: "no delete", want: []string{"out of order"}, fault: fails("DeleteObjects", always)},
	{test: "Ownership", name: "no head", want: []string{"head: out of order"}, fault: fails("HeadObject", always)},
}

// A body is what a faulty storage returns.
type body struct {
	io.Reader
	close func() error
}

func (b body) Close() error { return b.close() }

// onBody has a get return another body.
func onBody(change func(c *call, body io.ReadCloser) io.ReadCloser) fault {
	return func(c *call, do func()) {
		do()
		if c.object != nil {
			c.object.Body = change(c, c.object.Body)
		}
	}
}

// A living body reads what the object has now.
type living struct {
	call   *call
	offset int64
}

func (l *living) Read(p []byte) (int, error) {
	where := &lithopss3.GetOptions{Range: lithopss3.Range(l.offset, int64(len(p)))}
	object, err := l.call.sound.GetObject(l.call.ctx, l.call.bucket, l.call.key, where)
	if errors.Is(err, lithopss3.ErrInvalidRange) || errors.Is(err, fs.ErrNotExist) {
		return 0, io.EOF
	}
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(object.Body, p[:object.Length])
	l.offset += int64(n)
	return n, err
}

var faultsOfBodiesInBetween = []faultRow{
	{test: "Close", name: "a body is read after Close", want: []string{"bytes after Close: got 10", "bytes after Close: got 7", "read after Close: got EOF"}, fault: onBody(func(_ *call, body io.ReadCloser) io.ReadCloser { return io.NopCloser(body) })},
	{test: "Close", name: "a second Close fails", want: []string{"close after 0 bytes: out of order", "close after 3 bytes: out of order", "close after 10 bytes: out of order"}, fault: onBody(func(_ *call, inner io.ReadCloser) io.ReadCloser {
		isClosed := false
		return body{inner, func() error {
			if isClosed {
				return errFault
			}
			isClosed = true
			return inner.Close()
		}}
	})},
	{test: "Close", name: "a body that can't be read", want: []string{"read: EOF"}, fault: onBody(func(_ *call, inner io.ReadCloser) io.ReadCloser { return body{strings.NewReader(""), inner.Close} })},
	{test: "Replaced", name: "a body is of what is there now", want: []string{
		"replaced by a shorter one: the body mixes two objects, or ends early: it has 10 of 300000 bytes",
		"replaced by a longer one: the body mixes two objects, or ends early: it has 600000 of", "replaced by none: the body mixes",
	}, fault: onBody(func(c *call, inner io.ReadCloser) io.ReadCloser { return body{&living{call: c}, inner.Close} })},
	{test: "Replaced", name: "a body that can't be closed", want: []string{"close: out of order"}, fault: onBody(func(_ *call, inner io.ReadCloser) io.ReadCloser { return unclosed{inner} })},
	{test: "Replaced", name: "no delete", want: []string{"none: out of order"}, fault: fails("DeleteObjects", always)},
	{test: "Replaced", name: "a body that can't be read", want: []string{"…: EOF"}, fault: onBody(func(_ *call, inner io.ReadCloser) io.ReadCloser { return body{strings.NewReader(""), inner.Close} })},
	{test: "FailingBody", name: "an error with bytes is not heard", want: []string{"a body that fails with its last bytes: got <nil>", "what was there: got \x00"}, fault: func(c *call, do func()) {
		if inner := c.body; inner != nil {
			c.body = readerFunc(func(p []byte) (int, error) {
				n, err := inner.Read(p)
				if n > 0 {
					err = nil
				}
				return n, err
			})
		}
		do()
	}},
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// reports is the fault of a put that reports this progress of size bytes.
func reports(steps func(size int64) []int64) fault {
	return func(c *call, do func()) {
		report := c.put.Progress
		c.put.Progress = nil
		do()
		reader, ok := c.body.(*bytes.Reader)
		if !ok || report == nil {
			return
		}
		for _, done := range steps(reader.Size()) {
			report(lithopss3.Progress{Done: done, Total: reader.Size()})
		}
	}
}

var faultsOfProgress = []faultRow{
	{test: "Progress", name: "none", want: []string{
		"last progress: got 0, want 1", "last progress: got 0, want 614400", "progress of 0 bytes: 0 calls, want 1 to 2", "progress of 614400 bytes: 0 calls, want 1 to 4",
	}, fault: reports(func(int64) []int64 { return nil })},
	{test: "Progress", name: "it falls", want: []string{"progress of 614400 bytes: 1 after 2"}, fault: reports(func(size int64) []int64 { return []int64{2, 1, size} })},
	{test: "Progress", name: "it exceeds the body", want: []string{"progress of 0 bytes: 1 after 0", "progress of 614400 bytes: 614401 after 0"}, fault: reports(func(size int64) []int64 { return []int64{size + 1} })},
	{test: "Progress", name: "it is told too often", want: []string{"progress of 614400 bytes: 5 calls"}, fault: reports(func(size int64) []int64 { return []int64{size, size, size, size, size} })},
	{test: "Progress", name: "no put", want: []string{"out of order"}, fault: fails("PutObject", always)},
}

// checksFirst is the fault of conditions that are looked at before the put: the first eight
// puts with such a condition wait for each other in between.
func checksFirst(isMine func(opts *lithopss3.PutOptions) bool) fault {
	var arrived sync.WaitGroup
	arrived.Add(8)
	var mu sync.Mutex
	count := 0
	return func(c *call, do func()) {
		mu.Lock()
		isFirst := c.op == "PutObject" && isMine(&c.put) && count < 8
		if isFirst {
			count++
		}
		mu.Unlock()
		if isFirst {
			_, err := c.sound.HeadObject(c.ctx, c.bucket, c.key)
			arrived.Done()
			arrived.Wait()
			if c.put.IfAbsent && err == nil {
				c.err = lithopss3.ErrPrecondition
				return
			}
			c.put = lithopss3.PutOptions{}
		}
		do()
	}
}

func faultsOfRaces() []faultRow {
	losesToo := func(c *call, do func()) {
		if !c.put.IfAbsent && c.put.IfMatch == "" {
			do()
			return
		}
		c.store(do, func(data []byte) []byte { return data })
		if c.err != nil {
			_, _ = c.body.(io.Seeker).Seek(0, io.SeekStart)
			_ = c.sound.PutObject(c.ctx, c.bucket, c.key, c.body, nil)
		}
	}
	return []faultRow{
		{test: "ConditionalRace", name: "an absence is looked at before the put", want: []string{"IfAbsent: 8 of 8 puts at once succeeded, want 1"}, fault: checksFirst(isIfAbsent)},
		{test: "ConditionalRace", name: "an ETag is looked at before the put", want: []string{"IfMatch: 8 of 8 puts at once succeeded, want 1"}, fault: checksFirst(isIfMatch)},
		{test: "ConditionalRace", name: "a put that lost is stored too", want: []string{"what won with IfAbsent: got ", "what won with IfMatch: got "}, fault: losesToo},
		{test: "ConditionalRace", name: "no put", want: []string{"IfAbsent that lost: got out of order", "IfAbsent: 0 of 8 puts"}, fault: onPut(isIfAbsent, errFault)},
		{test: "ConditionalRace", name: "no delete", want: []string{"out of order"}, fault: fails("DeleteObjects", always)},
		{test: "Concurrent", name: "no put", want: []string{"caller 0: out of order", "caller 7: out of order"}, fault: fails("PutObject", func(c *call) bool { return c.key != "shared" })},
		{test: "Concurrent", name: "other bytes", want: []string{"caller 0: body: got ", `caller 7: body: got "7/0x"`}, fault: func(c *call, do func()) {
			do()
			c.setBody(oneMore)
		}},
		{test: "Concurrent", name: "an object of two puts", want: []string{"caller 0: an object that is replaced meanwhile: "}, fault: func(c *call, do func()) {
			do()
			if c.key == "shared" {
				c.setBody(func(data []byte) []byte { return append(data, data[0]) })
			}
		}},
		{test: "Concurrent", name: "another size", want: []string{"caller 0: head: "}, fault: func(c *call, do func()) {
			do()
			if c.info != nil {
				c.info.Size++
			}
		}},
		{test: "Concurrent", name: "keys of others", want: []string{`…list: got "shared", want "`}, fault: func(c *call, do func()) {
			do()
			c.entries = append(c.entries, lithopss3.ObjectInfo{Key: "shared"})
		}},
		{test: "Concurrent", name: "no delete", want: []string{"caller 0: out of order", "left: got ["}, fault: fails("DeleteObjects", always)},
	}
}
