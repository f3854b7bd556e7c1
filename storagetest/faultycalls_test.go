// SPDX-License-Identifier: Apache-2.0

package storagetest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/lithops-go/lithopss3"
)

// failsAt returns an error of the call of a method with this number, from 1 on.
func failsAt(op string, number int) fault {
	count := 0
	return func(c *call, do func()) {
		if c.op == op {
			count++
		}
		if c.op == op && count == number {
			c.err = errFault
			return
		}
		do()
	}
}

// remembers is the fault of a method that has a cache, which no other method knows of.
func remembers(op string) fault {
	var kept *call
	var data []byte
	return func(c *call, do func()) {
		do()
		if c.op != op {
			return
		}
		if kept == nil {
			kept = c
			c.setBody(func(read []byte) []byte {
				data = read
				return read
			})
			return
		}
		c.object, c.info, c.entries, c.err = kept.object, kept.info, kept.entries, nil
		if c.object != nil {
			c.object.Body = io.NopCloser(bytes.NewReader(data))
		}
	}
}

func faultsOfDeleted() []faultRow {
	return []faultRow{
		{test: "Deleted", name: "a get has a cache", want: []string{"get key: got <nil>", "body: got x, want xx"}, fault: remembers("GetObject")},
		{test: "Deleted", name: "a head has a cache", want: []string{"head key: got <nil>", "size: got 1, want 2"}, fault: remembers("HeadObject")},
		{test: "Deleted", name: "a listing has a cache", want: []string{`list after delete: got ["key"]`}, fault: remembers("ListObjects")},
		{test: "Deleted", name: "no delete of a key twice", want: []string{"delete: out of order"}, fault: func(c *call, do func()) {
			if len(c.keys) != len(slices.Compact(slices.Sorted(slices.Values(c.keys)))) {
				c.err = errFault
				return
			}
			do()
		}},
		{test: "Deleted", name: "nothing is deleted", want: []string{"get key: got <nil>", "head key: got <nil>", `list after delete: got ["key"]`}, fault: func(c *call, do func()) {
			if c.op != "DeleteObjects" {
				do()
			}
		}},
	}
}

// hasFolders is the fault of a storage whose folders are objects.
func hasFolders(c *call, do func()) {
	do()
	isMissing := errors.Is(c.err, fs.ErrNotExist)
	switch {
	case isMissing && c.op == "GetObject":
		c.object, c.err = &lithopss3.Object{Body: io.NopCloser(strings.NewReader(""))}, nil
	case isMissing && c.op == "HeadObject":
		c.info, c.err = &lithopss3.ObjectInfo{Key: c.key}, nil
	}
}

var faultsOfFolders = []faultRow{
	{test: "Folders", name: "a folder is an object", want: []string{
		"get folder: got <nil>", "head folder: got <nil>", "get fold: got <nil>", "with a slash: get folder/: got <nil>", "with a slash: head folder/child/: got <nil>",
	}, fault: hasFolders},
	{test: "Folders", name: "a delete of a folder takes what is in it", want: []string{"list: got []", `get "folder/child": `}, fault: func(c *call, do func()) {
		if slices.Contains(c.keys, "folder") {
			c.keys = []string{"folder/child"}
		}
		do()
	}},
	{test: "Folders", name: "a delete of a folder with a slash takes what is in it", want: []string{"with a slash: list: got []"}, fault: func(c *call, do func()) {
		if slices.Contains(c.keys, "folder/") {
			c.keys = []string{"folder/child"}
		}
		do()
	}},
	{test: "Folders", name: "a folder outlives its objects", want: []string{`folders without an object: got ["folder/"]`}, fault: func(c *call, do func()) {
		do()
		if c.list.Delimiter != "" {
			c.entries = []lithopss3.ObjectInfo{{Key: "folder/", IsPrefix: true}}
		}
	}},
	{test: "Folders", name: "no delete", want: []string{"delete: out of order", "with a slash: delete: out of order", "delete of the only object: out of order"}, fault: fails("DeleteObjects", always)},
}

// readsLater is the fault of a get that looks at its range when its body is read.
func readsLater(c *call, do func()) {
	where := c.get.Range
	do()
	if c.object != nil && where != nil {
		c.object.Body = body{readerFunc(func(p []byte) (int, error) {
			object, err := c.sound.GetObject(c.ctx, c.bucket, c.key, &lithopss3.GetOptions{Range: where})
			if err != nil {
				return 0, err
			}
			n, _ := io.ReadFull(object.Body, p)
			return n, io.EOF
		}), c.object.Body.Close}
	}
}

func faultsOfOptions() []faultRow {
	var own map[string]string
	return []faultRow{
		{test: "Options", name: "a get reads its range later", want: []string{"body of a range that was changed since: got 6789, want 234"}, fault: readsLater},
		{test: "Options", name: "a get shares its map", want: []string{"metadata: got blue"}, fault: func(c *call, do func()) {
			do()
			if c.object == nil {
				return
			}
			if own == nil {
				own = c.info.Metadata
			}
			c.info.Metadata = own
		}},
		{test: "Options", name: "a listing reads its options later", want: []string{`list with options that were changed since: got ["b/key"]`}, fault: func(c *call, do func()) {
			if c.given != nil {
				c.list = *c.given
			}
			do()
		}},
		{test: "Options", name: "no put", want: []string{"out of order"}, fault: fails("PutObject", isKey("a/key"))},
		{test: "Options", name: "no get", want: []string{"out of order"}, fault: fails("GetObject", always)},
		{test: "Options", name: "no listing", want: []string{"out of order"}, fault: fails("ListObjects", always)},
	}
}

// doesAnyway is the fault of a method that does not look at its context before the end.
func doesAnyway(op string) fault {
	return func(c *call, do func()) {
		ended := c.ctx.Err()
		if c.op == op {
			c.ctx = context.WithoutCancel(c.ctx)
		}
		do()
		if c.op == op && ended != nil {
			c.err = ended
		}
	}
}

var faultsOfEnds = []faultRow{
	{test: "CancelKeeps", name: "a cancel is not heard", want: []string{
		"head of the bucket: got <nil>", "creation of a bucket: got <nil>", "put: got <nil>", "delete: got <nil>", "delete of two: got <nil>", "list: got <nil>", `get "key": `,
	}, fault: func(c *call, do func()) {
		c.ctx = context.WithoutCancel(c.ctx)
		do()
	}},
	{test: "CancelKeeps", name: "a deadline is a cancel", want: []string{
		"head: got ", "get: got ", "put: got ", "delete: got ", "head of the bucket: got ", "creation of a bucket: got ", "list: got ",
	}, fault: func(c *call, do func()) {
		do()
		if c.ctx.Err() != nil {
			c.err = context.Canceled
		}
	}},
	{test: "CancelKeeps", name: "a put is done anyway", want: []string{"what was there: got another"}, fault: doesAnyway("PutObject")},
	{test: "CancelKeeps", name: "a delete is done anyway", want: []string{`get "key": `}, fault: doesAnyway("DeleteObjects")},
	{test: "CancelKeeps", name: "a bucket is created anyway", want: []string{"head of a bucket that was not created: got <nil>"}, fault: doesAnyway("CreateBucket")},
	{test: "CancelKeeps", name: "each error is that of a missing object", want: []string{"head: it is taken for a missing object", "creation of a bucket: it is taken for"}, fault: allAreMissing},
}

// locks is the fault of a storage that has one lock, which a call of op keeps: a listing
// while it is ranged over, and a put while it reads its body. Others would wait without end.
func locks(op string) fault {
	var mu sync.Mutex
	tryTo := func(do func() error) error {
		if !mu.TryLock() {
			return errFault
		}
		defer mu.Unlock()
		return do()
	}
	return func(c *call, do func()) {
		switch {
		case c.op != op:
			c.err = tryTo(func() error {
				do()
				return c.err
			})
		case op == "ListObjects":
			mu.Lock()
			c.after = mu.Unlock
			do()
		default:
			mu.Lock()
			defer mu.Unlock()
			do()
		}
		if c.object != nil {
			inner := c.object.Body
			c.object.Body = body{readerFunc(func(p []byte) (n int, err error) {
				err = tryTo(func() error {
					n, err = inner.Read(p)
					return err
				})
				return n, err
			}), inner.Close}
		}
	}
}

func faultsOfLocks() []faultRow {
	return []faultRow{
		{test: "WithinLoop", name: "a listing locks", want: []string{`head "a": out of order`}, fault: locks("ListObjects")},
		{test: "WithinLoop", name: "a put locks", want: []string{`put "0a": `}, fault: locks("PutObject")},
		{test: "WithinLoop", name: "other bytes", want: []string{"body: got text of bxx"}, fault: func(c *call, do func()) {
			do()
			c.setBody(oneMore)
		}},
		{test: "WithinLoop", name: "a put loses the last byte of many", want: []string{"an object that was its own body: got false"}, fault: func(c *call, do func()) {
			c.store(do, func(data []byte) []byte { return data[:len(data)-len(data)/100_000] })
		}},
		{test: "WithinLoop", name: "no put of its own body", want: []string{"an object that is its own body: put "}, fault: failsAt("PutObject", 8)},
		{test: "WithinLoop", name: "no get within a loop", want: []string{`get "a": out of order`}, fault: fails("GetObject", always)},
		{test: "WithinLoop", name: "no delete within a loop", want: []string{"out of order"}, fault: fails("DeleteObjects", always)},
		{test: "WithinLoop", name: "no listing", want: []string{"out of order"}, fault: fails("ListObjects", always)},
		{test: "WithinLoop", name: "a delete does nothing", want: []string{`list: got ["0a" "0b" "0c" "a" "b" "c"]`}, fault: func(c *call, do func()) {
			if c.op != "DeleteObjects" {
				do()
			}
		}},
	}
}

var faultsOfEntries = []faultRow{
	{test: "ListDelimiter", name: "a prefix has a size", want: []string{"a/ has more than its key: got true, want false"}, fault: func(c *call, do func()) {
		do()
		for i := range c.entries {
			if c.entries[i].IsPrefix {
				c.entries[i].Size = 1
			}
		}
	}},
	{test: "ListDelimiter", name: "an object has its key only", want: []string{"b has more than its key: got false, want true"}, fault: func(c *call, do func()) {
		do()
		for i := range c.entries {
			c.entries[i] = lithopss3.ObjectInfo{Key: c.entries[i].Key, IsPrefix: c.entries[i].IsPrefix}
		}
	}},
	{test: "Ranges", name: "a range that begins long after the end is empty", want: []string{"a range after the end: got <nil>"}, fault: func(c *call, do func()) {
		do()
		if errors.Is(c.err, lithopss3.ErrInvalidRange) && c.get.Range.Offset > 10 {
			c.object, c.err = &lithopss3.Object{Body: io.NopCloser(strings.NewReader(""))}, nil
		}
	}},
	{test: "Progress", name: "all is told of a put that is refused", want: []string{"refused: progress of a put that is refused: all bytes are told"}, fault: func(c *call, do func()) {
		if c.put.IfAbsent {
			c.put.Progress(lithopss3.Progress{Done: 600 << 10, Total: 600 << 10})
		}
		do()
	}},
	{test: "Progress", name: "a put ignores its conditions", want: []string{"refused: put: got <nil>"}, fault: func(c *call, do func()) {
		c.put.IfAbsent = false
		do()
	}},
}
