// SPDX-License-Identifier: Apache-2.0

package storagetest_test

import (
	"errors"
	"slices"
	"strings"

	"github.com/lithops-go/lithopss3"
)

// missesLast is the fault of a listing without its last key.
func missesLast(isWrong func(opts *lithopss3.ListOptions) bool) fault {
	return func(c *call, do func()) {
		do()
		if len(c.entries) > 0 && isWrong(&c.list) {
			c.entries = c.entries[:len(c.entries)-1]
		}
	}
}

func isParallel(opts *lithopss3.ListOptions) bool { return opts.Parallel > 1 }

func isAnyList(*lithopss3.ListOptions) bool { return true }

func isAfter(opts *lithopss3.ListOptions) bool { return opts.StartAfter != "" }

// onOptions lists with other options than those asked for.
func onOptions(change func(opts *lithopss3.ListOptions)) fault {
	return func(c *call, do func()) {
		change(&c.list)
		do()
	}
}

var faultsOfListings = []faultRow{
	{test: "List", name: "a key that is not there", want: []string{
		`empty bucket: got ["!"]`, `prefix: got ["!" `, `small pages: got ["!" `, `start after: start after: got ["!" `,
		`start after: start after a key that is not there: got ["!" `, `no match: got ["!"]`,
	}, fault: func(c *call, do func()) {
		do()
		c.entries = slices.Insert(c.entries, 0, lithopss3.ObjectInfo{Key: "!"})
	}},
	{test: "List", name: "the keys in another order", want: []string{`prefix: got ["k/24" `, `small pages: got ["k/24" `}, fault: func(c *call, do func()) {
		do()
		slices.Reverse(c.entries)
	}},
	{test: "List", name: "a key twice", want: []string{`prefix: got ["k/00" "k/00" `}, fault: func(c *call, do func()) {
		do()
		if len(c.entries) > 0 {
			c.entries = slices.Insert(c.entries, 0, c.entries[0])
		}
	}},
	{test: "List", name: "the first page only", want: []string{`small pages: got ["k/00" "k/01" "k/02" "k/03"], want`}, fault: func(c *call, do func()) {
		do()
		if c.list.PageSize > 0 {
			c.entries = c.entries[:min(len(c.entries), c.list.PageSize)]
		}
	}},
	{test: "List", name: "no prefix is heard", want: []string{"prefix: got ", "small pages: got ", `no match: got ["k/00" `}, fault: onOptions(func(opts *lithopss3.ListOptions) { opts.Prefix = "" })},
	{test: "List", name: "no start is heard", want: []string{
		`start after: start after: got ["k/00" `, `start after: start after a key that is not there: got ["k/00" `,
	}, fault: onOptions(func(opts *lithopss3.ListOptions) { opts.StartAfter = "" })},
	{test: "List", name: "a start is in the listing", want: []string{`start after: start after: got ["k/21" "k/22" "k/23" "k/24"]`}, fault: onOptions(func(opts *lithopss3.ListOptions) {
		opts.StartAfter = strings.Replace(opts.StartAfter, "k/21", "k/20~", 1)
	})},
	{test: "List", name: "no sizes and ETags", want: []string{
		"size of k/01: got 0, want 1", "size of k/04: got 0, want 4", "ETag of k/00: got false", "ETag of k/04: got false",
	}, fault: func(c *call, do func()) {
		do()
		for i := range c.entries {
			c.entries[i].Size, c.entries[i].ETag = 0, ""
		}
	}},
	{test: "List", name: "no listing", want: []string{"list: out of order"}, fault: fails("ListObjects", always)},
	{test: "List", name: "no listing by threes", want: []string{"out of order"}, fault: fails("ListObjects", func(c *call) bool { return c.list.PageSize == 3 })},
	{test: "ListDelimiter", name: "no delimiter is heard", want: []string{
		`top: got ["a/1 false" "a/2 false" "a/b/3 false" `, `below a/: got ["a/1" "a/2" "a/b/3"]`,
	}, fault: onOptions(func(opts *lithopss3.ListOptions) { opts.Delimiter = "" })},
	{test: "ListDelimiter", name: "prefixes look like objects", want: []string{`top: got ["a/ false" `}, fault: func(c *call, do func()) {
		do()
		for i := range c.entries {
			c.entries[i].IsPrefix = false
		}
	}},
	{test: "ListDelimiter", name: "no listing", want: []string{"out of order"}, fault: fails("ListObjects", always)},
	{test: "ListMatch", name: "no pattern is heard", want: []string{
		`*: got ["data/a.csv" "data/b.txt" `, `**: got ["data/a.csv" "data/b.txt" `, `a bad pattern: got <nil>`,
	}, fault: onOptions(func(opts *lithopss3.ListOptions) { opts.Match = "" })},
	{test: "ListMatch", name: "no prefix is heard beside a pattern", want: []string{`with a prefix: got ["data/a.csv" `}, fault: onOptions(func(opts *lithopss3.ListOptions) {
		if opts.Match != "" {
			opts.Prefix = ""
		}
	})},
}

var faultsOfParallelListings = []faultRow{
	{test: "ListParallel", name: "no put", want: []string{`put "n/0000": out of order`, `put "odd/a b0": out of order`}, fault: fails("PutObject", always)},
	{test: "ListParallel", name: "a key is missing", want: []string{"sequential: got "}, fault: missesLast(isAnyList)},
	{test: "ListParallel", name: "a key is missing of a parallel listing", want: []string{
		"…PageSize:0 Parallel:2}", "…PageSize:0 Parallel:8}", "…PageSize:7 Parallel:2}", "…PageSize:7 Parallel:8}",
		"{Prefix:odd/ StartAfter: Delimiter: Match: PageSize:1 Parallel:2}", "{Prefix:n/0 StartAfter: Delimiter: Match: PageSize:5 Parallel:8}",
		"…Match:odd/* PageSize:7 Parallel:2}", "{Prefix:n/ StartAfter: Delimiter:/ Match: PageSize:7 Parallel:8}", "start after: {Prefix: StartAfter:n/0",
		"…PageSize:3 Parallel:2}",
	}, fault: missesLast(isParallel)},
	{test: "ListSiblings", name: "no put", want: []string{`put "x/a/00/status": out of order`, `put "x/b/`}, fault: fails("PutObject", always)},
	{test: "ListSiblings", name: "a key is missing of a parallel listing", want: []string{
		"…StartAfter: Delimiter: Match: PageSize:7 Parallel:16}", "…StartAfter: Delimiter: Match: PageSize:1000 Parallel:16}",
		"start after: {Prefix: StartAfter:x/a-0-1/", "start after: {Prefix: StartAfter:x/b/",
	}, fault: missesLast(isParallel)},
	{test: "ListSiblings", name: "a key is missing after another", want: []string{
		"start after: {Prefix: StartAfter:x/a-0-1/10/status Delimiter: Match: PageSize:7 Parallel:1}", "…PageSize:1000 Parallel:1}",
	}, fault: missesLast(isAfter)},
	{test: "ListSiblings", name: "siblings are left out after a key in a folder", want: []string{"start after: {Prefix: StartAfter:x/a/"}, fault: func(c *call, do func()) {
		do()
		folder, _, _ := strings.Cut(strings.TrimPrefix(c.list.StartAfter, "x/"), "/")
		c.entries = slices.DeleteFunc(c.entries, func(entry lithopss3.ObjectInfo) bool {
			return folder == "a" && !strings.HasPrefix(entry.Key, "x/a/")
		})
	}},
}

var faultsOfDeletes = []faultRow{
	{test: "DeleteMany", name: "a delete does nothing", want: []string{
		`left: got ["00" `, "delete from a missing bucket: got <nil>", "delete from a missing bucket: <nil> has not an error for each key",
	}, fault: func(c *call, do func()) {
		if c.op != "DeleteObjects" {
			do()
		}
	}},
	{test: "DeleteMany", name: "a delete of the last thousand only", want: []string{`left: got [`}, fault: func(c *call, do func()) {
		c.keys = slices.Sorted(slices.Values(c.keys))
		c.keys = c.keys[max(0, len(c.keys)-1000):]
		do()
	}},
	{test: "DeleteMany", name: "a delete takes all", want: []string{`left: got [], want ["28" "29"]`}, fault: func(c *call, do func()) {
		if c.op == "DeleteObjects" && len(c.keys) > 2 {
			c.keys = append(slices.Clone(c.keys), "28", "29")
		}
		do()
	}},
	{test: "DeleteMany", name: "no delete", want: []string{"out of order"}, fault: fails("DeleteObjects", always)},
	{test: "DeleteMany", name: "no delete of nothing", want: []string{"delete of nothing: out of order"}, fault: fails("DeleteObjects", func(c *call) bool { return len(c.keys) == 0 })},
	{test: "DeleteMany", name: "an error for all keys together", want: []string{"…has not an error for each key"}, fault: func(c *call, do func()) {
		do()
		var failed *lithopss3.DeleteError
		if errors.As(c.err, &failed) {
			c.err = failed.Failed[0]
		}
	}},
	{test: "DeleteMany", name: "an error for the first key", want: []string{"…has not an error for each key"}, fault: func(c *call, do func()) {
		do()
		var failed *lithopss3.DeleteError
		if errors.As(c.err, &failed) {
			failed.Failed = failed.Failed[:1]
		}
	}},
}

var faultsOfBuckets = []faultRow{
	{test: "Buckets", name: "no head of a bucket", want: []string{"head: out of order", "head of a new one: out of order"}, fault: fails("HeadBucket", always)},
	{test: "Buckets", name: "no bucket twice", want: []string{"create again: create one's own again: out of order"}, fault: fails("CreateBucket", func(c *call) bool { return c.bucket == "bucket" })},
	{test: "Buckets", name: "no new bucket", want: []string{"create: out of order"}, fault: fails("CreateBucket", func(c *call) bool { return c.bucket != "bucket" })},
}
