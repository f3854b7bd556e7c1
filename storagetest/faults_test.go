// SPDX-License-Identifier: Apache-2.0

package storagetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing/iotest"
	"time"

	"github.com/lithops-go/lithopss3"
)

// faults are the faults that a storage may have, and what the test of the suite that has to
// notice them says. A sound storage is noticed by none.
var faults = slices.Concat(soundStorages(), faultsOfBodies, faultsOfRanges, faultsOfConditions, faultsOfDescriptions,
	faultsOfErrors, faultsOfNames, faultsOfListings, faultsOfParallelListings, faultsOfDeletes, faultsOfBuckets,
	faultsOfOwnership, faultsOfBodiesInBetween, faultsOfProgress, faultsOfRaces(), faultsOfReplacement, faultsOfAlikeKeys,
	faultsOfPrefixes, faultsOfListedTimes, faultsOfSequences(), faultsOfInvalidDeletes, faultsOfSharing, faultsOfKinds,
	faultsOfDeleted(), faultsOfFolders, faultsOfOptions(), faultsOfEnds, faultsOfLocks(), faultsOfEntries)

type faultRow struct {
	test   string
	name   string
	fault  fault
	want   []string
	isSlow bool // and left out under -short
}

// soundStorages has a row for each test, so that none of them takes a wrapped storage for a
// faulty one.
func soundStorages() []faultRow {
	var rows []faultRow
	for _, test := range []string{
		"PutAndGet", "Readers", "FailingBody", "Ownership", "Close", "Replaced", "Progress", "Ranges", "Conditions", "ConditionalPut", "ConditionalParts",
		"ConditionalRace", "Describes", "Missing", "InvalidNames", "AwkwardKeys", "AlikeKeys", "ControlCharacters", "List", "ListPrefix", "ListDescribes",
		"ListMany", "ListAgain", "ListDelimiter", "ListMatch", "ListParallel", "ListSiblings", "DeleteMany", "DeleteInvalid", "Buckets", "Cancel", "CancelCause", "Concurrent",
		"Deleted", "Folders", "Options", "CancelKeeps", "WithinLoop",
	} {
		rows = append(rows, faultRow{test: test, name: "no fault", fault: func(_ *call, do func()) { do() }})
	}
	return rows
}

func withoutLast(data []byte) []byte { return data[:max(0, len(data)-1)] }

func oneMore(data []byte) []byte { return append(data, 'x') }

var faultsOfBodies = []faultRow{
	{test: "PutAndGet", name: "a get has a byte more", want: []string{
		`body: got firstx, want first`, `replaced body: got second, longerx`, `empty body: got x`, `nil body: got x`,
	}, fault: func(c *call, do func()) {
		do()
		c.setBody(oneMore)
	}},
	{test: "PutAndGet", name: "no put", want: []string{`put "a/b.txt": out of order`}, fault: fails("PutObject", always)},
	{test: "PutAndGet", name: "no put without a body", want: []string{`put a nil body: out of order`}, fault: fails("PutObject", func(c *call) bool { return c.body == nil })},
	{test: "PutAndGet", name: "no get", want: []string{`get "a/b.txt": out of order`}, fault: fails("GetObject", always)},
	{test: "PutAndGet", name: "a body that breaks off", want: []string{`read "a/b.txt": out of order`}, fault: func(c *call, do func()) {
		do()
		if c.object != nil {
			c.object.Body = io.NopCloser(iotest.ErrReader(errFault))
		}
	}},
	{test: "PutAndGet", name: "a body that can't be closed", want: []string{`close "a/b.txt": out of order`}, fault: func(c *call, do func()) {
		do()
		if c.object != nil {
			c.object.Body = unclosed{c.object.Body}
		}
	}},
	{test: "Readers", name: "a put loses the last byte", want: []string{
		"one byte at a time: got 0", "data with the end: got 0", "buffer: got 0", "section: got 0", "what is left: got 4",
	}, fault: func(c *call, do func()) { c.store(do, withoutLast) }},
	{test: "Readers", name: "no put of a reader", want: []string{"…: out of order"}, fault: fails("PutObject", func(c *call) bool { return c.key != "advanced" })},
	{test: "Readers", name: "no put of the rest of a reader", want: []string{"out of order"}, fault: fails("PutObject", isKey("advanced"))},
	{test: "Readers", name: "a put begins at the start", want: []string{"what is left: got 0123"}, fault: func(c *call, do func()) {
		if seeker, ok := c.body.(*strings.Reader); ok {
			_, _ = seeker.Seek(0, io.SeekStart)
		}
		do()
	}},
	{test: "LargeBodies", name: "a put of many bytes loses the last", isSlow: true, want: []string{
		"file-16777217: other bytes came back",
		"stream-5242880: other", "stream-5242881: other", "stream-10485761: other",
	}, fault: func(c *call, do func()) { c.store(do, withoutLast) }},
	{test: "LargeBodies", name: "no put of many bytes", isSlow: true, want: []string{"file-16777217: out of order"}, fault: fails("PutObject", always)},
	{test: "FailingBody", name: "a body's error is no error", want: []string{"a body that fails: got <nil>"}, fault: func(c *call, do func()) {
		do()
		if c.op == "PutObject" {
			c.err = nil
		}
	}},
	{test: "FailingBody", name: "a body's error is the put's answer", want: []string{"a body that is another object, which was replaced, is taken for a lock: GetObject another-bucket/another: "}, fault: func(c *call, do func()) {
		if c.op == "PutObject" && c.key == "lock" {
			_, c.err = io.ReadAll(c.body)
			return
		}
		do()
	}},
	{test: "FailingBody", name: "a body is stored up to its error", want: []string{"what was there: got \x00"}, fault: func(c *call, do func()) {
		if c.op != "PutObject" {
			do()
			return
		}
		data, err := io.ReadAll(c.body)
		c.body = bytes.NewReader(data[:min(len(data), 10)])
		do()
		c.err = err
	}},
}

// unclosed is a body whose Close fails.
type unclosed struct{ io.Reader }

func (unclosed) Close() error { return errFault }

// suffixed returns names, each with a suffix.
func suffixed(names []string, suffix string) []string {
	var all []string
	for _, name := range names {
		all = append(all, name+suffix)
	}
	return all
}

// rangeNames are the ranges that are tried, as they are printed.
func rangeNames(suffix string) []string {
	return suffixed([]string{
		"<nil>", "&{Offset:0 Length:1}", "&{Offset:3 Length:4}", "&{Offset:9 Length:1}", "&{Offset:8 Length:100}", "&{Offset:5 Length:0}", "&{Offset:7 Length:-1}",
		"&{Offset:-2 Length:-1}", "&{Offset:4 Length:9223372036854775807}", "&{Offset:-4 Length:2}", "long suffix: &{Offset:-100 Length:-1}",
	}, suffix)
}

var faultsOfRanges = []faultRow{
	{test: "Ranges", name: "other bytes", want: rangeNames(": got "), fault: func(c *call, do func()) {
		do()
		c.setBody(oneMore)
	}},
	{test: "Ranges", name: "another size", want: rangeNames(" size: got 11, want 10"), fault: func(c *call, do func()) {
		do()
		if c.object != nil {
			c.object.Size++
		}
	}},
	{test: "Ranges", name: "another place", want: rangeNames(" offset: got "), fault: func(c *call, do func()) {
		do()
		if c.object != nil {
			c.object.Offset++
		}
	}},
	{test: "Ranges", name: "another length", want: rangeNames(" length: got "), fault: func(c *call, do func()) {
		do()
		if c.object != nil {
			c.object.Length++
		}
	}},
	{test: "Ranges", name: "no get", want: []string{"<nil>: out of order", "long suffix: ", "a range after the end: got out of order"}, fault: fails("GetObject", always)},
	{test: "Ranges", name: "a range from the end on is empty", want: []string{"a range after the end: got <nil>"}, fault: func(c *call, do func()) {
		do()
		if errors.Is(c.err, lithopss3.ErrInvalidRange) && c.get.Range.Offset == 10 {
			c.object, c.err = &lithopss3.Object{Body: io.NopCloser(strings.NewReader(""))}, nil
		}
	}},
}

// conditions are those of a get that hold, and those that don't.
var (
	heldConditions = []string{
		"IfMatch of this", "IfMatch without quotes", "IfNoneMatch of another", "IfModifiedSince earlier", "IfUnmodifiedSince later", "IfMatch with a Range too",
	}
	brokenConditions = []string{
		"IfMatch of another: get: got <nil>", "IfNoneMatch of this: get: got <nil>", "IfModifiedSince the second after: get: got <nil>", "IfUnmodifiedSince earlier: get: got <nil>",
	}
)

// onPut has a fault in puts with a condition only.
func onPut(isWrong func(opts *lithopss3.PutOptions) bool, err error) fault {
	return func(c *call, do func()) {
		if c.op == "PutObject" && isWrong(&c.put) {
			c.err = err
			return
		}
		do()
	}
}

func isIfMatch(opts *lithopss3.PutOptions) bool { return opts.IfMatch != "" }

func isIfAbsent(opts *lithopss3.PutOptions) bool { return opts.IfAbsent }

// ignoresConditions is the fault of a put and a get without their conditions.
func ignoresConditions(c *call, do func()) {
	c.put = lithopss3.PutOptions{}
	c.get = lithopss3.GetOptions{Range: c.get.Range}
	do()
}

var faultsOfConditions = slices.Concat([]faultRow{
	{test: "Conditions", name: "a get ignores its conditions", want: brokenConditions, fault: ignoresConditions},
	{test: "Conditions", name: "a get holds no condition to be true", want: heldConditions, fault: func(c *call, do func()) {
		do()
		if c.op == "GetObject" {
			c.err = errFault
		}
	}},
	{test: "Conditions", name: "a body that breaks off", want: suffixed(heldConditions, `: read "key": out of order`), fault: func(c *call, do func()) {
		do()
		if c.object != nil {
			c.object.Body = io.NopCloser(iotest.ErrReader(errFault))
		}
	}},
	{test: "Conditions", name: "no head", want: []string{"out of order"}, fault: fails("HeadObject", always)},
}, faultsOfConditionalPuts("ConditionalPut"), faultsOfConditionalPuts("ConditionalParts"))

func faultsOfConditionalPuts(test string) []faultRow {
	return []faultRow{
		{test: test, name: "a put ignores its conditions", want: []string{
			"IfMatch where nothing is: got <nil>", "IfAbsent where something is: got <nil>", "IfMatch of the one before: got <nil>", `…begins with "fou`,
		}, fault: ignoresConditions},
		{test: test, name: "no put if absent", want: []string{"IfAbsent where nothing is: out of order"}, fault: onPut(isIfAbsent, errFault)},
		{test: test, name: "no put over another", want: []string{"IfMatch where nothing is: got out of order", "IfMatch of this: out of order", `…begins with "one`}, fault: onPut(isIfMatch, errFault)},
		{test: test, name: "a put over another stores nothing", want: []string{`…begins with "one`}, fault: onPut(isIfMatch, nil)},
		{test: test, name: "no head", want: []string{"out of order"}, fault: fails("HeadObject", always)},
	}
}

var faultsOfDescriptions = []faultRow{
	{test: "Describes", name: "nothing is described", want: []string{
		"head key: got ", "head size: got 0, want 4", "head content type: got ", "head metadata: got ", "head has an ETag: got false", "head is new: got false",
		"get key: got ", "get size: got 0, want 4", "get content type: got ", "get metadata: got ", "get has an ETag: got false", "get is new: got false",
		"content type of none: content type: got ",
	}, fault: func(c *call, do func()) {
		do()
		if c.info != nil {
			*c.info = lithopss3.ObjectInfo{}
		}
	}},
	{test: "Describes", name: "metadata keeps its case", want: []string{"head metadata: got ", "get metadata: got "}, fault: func(c *call, do func()) {
		do()
		if c.info != nil {
			c.info.Metadata = map[string]string{"Colour": "green"}
		}
	}},
	{test: "Describes", name: "an object is an hour old", want: []string{"head is new: got false", "get is new: got false"}, fault: func(c *call, do func()) {
		do()
		if c.info != nil {
			c.info.LastModified = c.info.LastModified.Add(-time.Hour)
		}
	}},
	{test: "Describes", name: "a body that can't be closed", want: []string{`close "key": out of order`}, fault: func(c *call, do func()) {
		do()
		if c.object != nil {
			c.object.Body = unclosed{c.object.Body}
		}
	}},
	{test: "Describes", name: "no put", want: []string{"out of order"}, fault: fails("PutObject", isKey("key"))},
	{test: "Describes", name: "no head", want: []string{"out of order"}, fault: fails("HeadObject", isKey("key"))},
	{test: "Describes", name: "no get", want: []string{"out of order"}, fault: fails("GetObject", always)},
	{test: "Describes", name: "no head without a content type", want: []string{"head: out of order"}, fault: failsSecond("HeadObject")},
}

// hidesErrors is the fault of errors that say nothing, and of a listing that ends without its
// error.
func hidesErrors(c *call, do func()) {
	do()
	if c.op == "ListObjects" {
		c.err = nil
	}
	if c.err != nil {
		c.err = errFault
	}
}

var faultsOfErrors = []faultRow{
	{test: "Missing", name: "errors have no kind", want: []string{
		"get: got out of order", "head: got out of order", "head in a missing bucket: got out of order", "get from a missing bucket: got out of order",
		"get from a missing bucket: get: got out of order", "put into a missing bucket: got out of order", "head of a missing bucket: got out of order",
		"list of a missing bucket: got <nil>",
	}, fault: hidesErrors},
	{test: "Missing", name: "a missing key is a missing bucket", want: []string{"a missing key is taken for a missing bucket: "}, fault: func(c *call, do func()) {
		do()
		if c.err != nil {
			c.err = errors.Join(lithopss3.ErrNoSuchBucket, fs.ErrNotExist)
		}
	}},
	{test: "Missing", name: "no delete of what is not there", want: []string{"delete: out of order"}, fault: fails("DeleteObjects", always)},
	{test: "Cancel", name: "a cancel is not heard", want: []string{
		"get: got GetObject", "put: got <nil>", "list: got <nil>", "delete: got <nil>", "put in parts: got <nil>", "nothing was stored: got <nil>",
	}, fault: func(c *call, do func()) {
		c.ctx = context.WithoutCancel(c.ctx)
		do()
	}},
	{test: "CancelCause", name: "the cause is the error", want: []string{
		"put, canceled with io.EOF: got EOF", "…HeadObject another-bucket/another: ", "head, canceled because another object is missing: ",
	}, fault: func(c *call, do func()) {
		do()
		if c.ctx.Err() != nil && c.err != nil {
			c.err = context.Cause(c.ctx)
		}
	}},
	{test: "CancelCause", name: "the cause ends a body", want: []string{
		"put, canceled with io.EOF: got <nil>", "nothing was stored: got <nil>", "read, canceled with io.EOF: 9 bytes and <nil>",
	}, fault: func(c *call, do func()) {
		if c.op == "PutObject" && c.body != nil {
			c.ctx = context.WithoutCancel(c.ctx)
		}
		do()
		c.setBody(func(data []byte) []byte { return data[:min(9, len(data))] })
	}},
}

// invalidKeys are the names that have to be refused, as the suite says it.
func invalidNames() []string {
	names := []string{"put: got out of order", "get: got out of order", "head: got out of order"}
	for _, bucket := range []string{"", "a/b", "a b", "?"} {
		names = append(names, "get from "+bucket+": got out of order", "put into "+bucket+": got out of order")
	}
	for _, bucket := range []string{"", "ab", "Upper-Case", "lithops-None-wxyz", "under_score", "-dash", "dash-", "a..b", "192.168.0.1", strings.Repeat("a", 64)} {
		names = append(names, "create "+bucket+": got out of order")
	}
	return names
}

// awkward has what is said of the first and last keys of each group.
func awkward(format string) []string {
	var all []string
	for _, group := range [][]string{
		{"characters", "with space", strings.Repeat("0123456789/", 93)[:1023] + "x"},
		{"leading slash", "/leading"},
		{"double slash", "double//slash"},
		{"trailing slash", "trailing/"},
		{"slashes only", "/", "//"},
		{"dot segments", "../up", "dot/./dot/../dot"},
		{"key below key", "dir", "dir/child"},
		{"long parts", strings.Repeat("k", 1024), strings.Repeat("é", 512)},
	} {
		for _, key := range group[1:] {
			all = append(all, group[0]+": "+fmt.Sprintf(format, key))
		}
	}
	return all
}

var faultsOfNames = []faultRow{
	{test: "InvalidNames", name: "errors have no kind", want: invalidNames(), fault: hidesErrors},
	{test: "AwkwardKeys", name: "no put", want: []string{`characters: put "with space": out of order`, `long parts: put "k`}, fault: fails("PutObject", always)},
	{test: "AwkwardKeys", name: "no head", want: awkward("head %q: out of order"), fault: fails("HeadObject", always)},
	{test: "AwkwardKeys", name: "other bytes", want: awkward("body of %q: got "), fault: func(c *call, do func()) {
		do()
		c.setBody(oneMore)
	}},
	{test: "AwkwardKeys", name: "another size", want: awkward("size of %q: got "), fault: func(c *call, do func()) {
		do()
		if c.info != nil {
			c.info.Size++
		}
	}},
	{test: "AwkwardKeys", name: "a listing misses a key", want: []string{"leading slash: list: got []"}, fault: func(c *call, do func()) {
		do()
		c.entries = c.entries[:max(0, len(c.entries)-1)]
	}},
	{test: "AwkwardKeys", name: "a delete does nothing", want: []string{"characters: list after delete: got [", "leading slash: list after delete: got ["}, fault: func(c *call, do func()) {
		if c.op != "DeleteObjects" {
			do()
		}
	}},
	{test: "ControlCharacters", name: "no delete", want: []string{"delete: out of order", "list after delete: got "}, fault: fails("DeleteObjects", always)},
}
