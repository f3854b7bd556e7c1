// SPDX-License-Identifier: Apache-2.0

package storagetest_test

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/lithops-go/lithopss3"
)

// writesOver is the fault of a put that leaves what the object had after its own bytes.
func writesOver(c *call, do func()) {
	if c.op != "PutObject" || c.body == nil {
		do()
		return
	}
	var old []byte
	if object, err := c.sound.GetObject(c.ctx, c.bucket, c.key, nil); err == nil {
		old, _ = io.ReadAll(object.Body)
	}
	c.store(do, func(data []byte) []byte { return append(data, old[min(len(data), len(old)):]...) })
}

// keepsMetadata is the fault of a put that leaves the metadata of the object before.
func keepsMetadata(c *call, do func()) {
	if old, err := c.sound.HeadObject(c.ctx, c.bucket, c.key); err == nil && c.op == "PutObject" && c.put.Metadata == nil {
		c.put.Metadata = old.Metadata
	}
	do()
}

var faultsOfReplacement = []faultRow{
	{test: "PutAndGet", name: "a put writes over the beginning", want: []string{"body replaced by a shorter one: got 3rdond, longer"}, fault: writesOver},
	{test: "Describes", name: "a put keeps the metadata of the object before", want: []string{"metadata of the object before: metadata: got green"}, fault: keepsMetadata},
	{test: "Describes", name: "metadata keeps its spaces", want: []string{"head metadata with spaces: got \t", "get metadata with spaces: got \t"}, fault: func(c *call, do func()) {
		do()
		if c.info != nil {
			c.info.Metadata = map[string]string{"colour": "green", "shape": "\t round or so "}
		}
	}},
	{test: "Ranges", name: "any range of an empty object", want: []string{"a range of an empty object: got <nil>"}, fault: func(c *call, do func()) {
		if c.key == "none" {
			c.get.Range = nil
		}
		do()
	}},
}

// mapKeys is the fault of a storage that takes several keys for one.
func mapKeys(change func(key string) string) fault {
	return func(c *call, do func()) {
		c.key = change(c.key)
		keys := make([]string, len(c.keys))
		for i, key := range c.keys {
			keys[i] = change(key)
		}
		c.keys = keys
		do()
	}
}

var faultsOfAlikeKeys = []faultRow{
	{test: "AlikeKeys", name: "case is folded", want: []string{`body of "case": got body of Case`, `list: got ["cafe`}, fault: mapKeys(strings.ToLower)},
	{test: "AlikeKeys", name: "accents are composed", want: []string{`body of "café": got body of cafe` + "\u0301"}, fault: mapKeys(func(key string) string { return strings.ReplaceAll(key, "e\u0301", "\u00e9") })},
	{test: "AlikeKeys", name: "dots and spaces at the end are cut", want: []string{`body of "end": got body of end `}, fault: mapKeys(func(key string) string { return strings.TrimRight(key, ". ") })},
}

// onPrefix selects keys of a listing by another rule than that of a prefix.
func onPrefix(has func(key, prefix string) bool) fault {
	return func(c *call, do func()) {
		prefix := c.list.Prefix
		c.list.Prefix = ""
		do()
		c.entries = slices.DeleteFunc(c.entries, func(entry lithopss3.ObjectInfo) bool { return !has(entry.Key, prefix) })
	}
}

// isLike reports whether a key matches SQL's pattern of the prefix.
func isLike(key, prefix string) bool {
	pattern := strings.NewReplacer("_", ".", "%", ".*").Replace(regexp.QuoteMeta(prefix))
	return regexp.MustCompile("^" + pattern).MatchString(key)
}

func isBelow(key, prefix string) bool {
	folder := strings.TrimSuffix(prefix, "/")
	return folder == "" || key == folder || strings.HasPrefix(key, folder+"/")
}

// sorts lists in another order.
func sorts(compare func(a, b string) int) fault {
	return func(c *call, do func()) {
		do()
		slices.SortFunc(c.entries, func(a, b lithopss3.ObjectInfo) int { return compare(a.Key, b.Key) })
	}
}

func inUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// starts lists the keys that are after the start by another rule.
func starts(isAfter func(key, start, prefix string) bool) fault {
	return func(c *call, do func()) {
		start := c.list.StartAfter
		c.list.StartAfter = ""
		do()
		c.entries = slices.DeleteFunc(c.entries, func(entry lithopss3.ObjectInfo) bool { return start != "" && !isAfter(entry.Key, start, c.list.Prefix) })
	}
}

var faultsOfPrefixes = []faultRow{
	{test: "ListPrefix", name: "a prefix is a folder", want: []string{`prefix d: got [], want`, `prefix dir: got ["dir/1" "dir/2"]`, `single keys: got ["dir/1" `}, fault: onPrefix(isBelow)},
	{test: "ListPrefix", name: "a prefix is a pattern of SQL", want: []string{`prefix p_: got ["p%/1" `, "prefix %: got [\"Zebra/1\" "}, fault: onPrefix(isLike)},
	{test: "ListPrefix", name: "a prefix is a pattern of paths", want: []string{`prefix p*: got ["p%/1" `, `prefix p?: got ["p%/1" `, "prefix [p]: got ["}, fault: onPrefix(func(key, prefix string) bool {
		parts := strings.Split(key, "/")
		ok, _ := path.Match(prefix, parts[0])
		return ok || strings.HasPrefix(key, prefix) && prefix != "[p]"
	})},
	{test: "ListPrefix", name: "a prefix of any case", want: []string{`prefix Dir/: got ["dir/1" `, `prefix zebra: got ["Zebra/1" `}, fault: onPrefix(func(key, prefix string) bool {
		return strings.HasPrefix(strings.ToLower(key), strings.ToLower(prefix))
	})},
	{test: "ListPrefix", name: "a prefix is cleaned", want: []string{`prefix dir/: got ["dir-1" `, `prefix ./dir: got ["dir-1" `, `prefix dir/1/: got ["dir/1"]`}, fault: onPrefix(func(key, prefix string) bool {
		return prefix == "" || strings.HasPrefix(key, path.Clean(prefix))
	})},
	{test: "ListPrefix", name: "the order of UTF-16", want: []string{`the order: got ["Zebra/1" `}, fault: sorts(inUTF16)},
	{test: "ListPrefix", name: "the order of a dictionary", want: []string{`the order: got ["[p]/1" `}, fault: sorts(func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })},
	{test: "ListPrefix", name: "a start before the prefix hides it", want: []string{`start after: prefix "dir/" after "A": got []`}, fault: starts(func(key, start, prefix string) bool { return strings.HasPrefix(start, prefix) && key > start })},
	{test: "ListPrefix", name: "a start after the prefix is not heard", want: []string{`start after: prefix "dir/" after "p": got ["dir/1" "dir/2"]`}, fault: starts(func(key, start, prefix string) bool {
		return key > start || prefix != "" && start > prefix && !strings.HasPrefix(start, prefix)
	})},
	{test: "ListPrefix", name: "a start in UTF-16", want: []string{`start after: prefix "" after "😀/1": got ["～/1"]`}, fault: starts(func(key, start, _ string) bool { return inUTF16(key, start) > 0 })},
}

var faultsOfListedTimes = []faultRow{
	{test: "ListDescribes", name: "a listing has no times", want: []string{"listed time: got 0001-01-01"}, fault: func(c *call, do func()) {
		do()
		for i := range c.entries {
			c.entries[i].LastModified = c.entries[i].LastModified.AddDate(-10000, 0, 0)
			c.entries[i] = lithopss3.ObjectInfo{Key: c.entries[i].Key, Size: c.entries[i].Size, ETag: c.entries[i].ETag}
		}
	}},
	{test: "ListDescribes", name: "ETags of a listing without quotes", want: []string{"listed ETag: got "}, fault: func(c *call, do func()) {
		do()
		for i := range c.entries {
			c.entries[i].ETag = strings.Trim(c.entries[i].ETag, `"`)
		}
	}},
	{test: "ListDescribes", name: "no sizes of a listing", want: []string{"listed size: got 0, want 3"}, fault: func(c *call, do func()) {
		do()
		for i := range c.entries {
			c.entries[i].Size = 0
		}
	}},
	{test: "ListDescribes", name: "a get has another ETag and time", want: []string{"ETag of a get: got other", "time of a get: got 0001"}, fault: func(c *call, do func()) {
		do()
		if c.object != nil {
			c.object.ETag = "other"
			c.object.LastModified = lithopss3.ObjectInfo{}.LastModified
		}
	}},
	{test: "ListDescribes", name: "one ETag for all", want: []string{`"three" has the ETag same of other bytes`, `"" has the ETag same`}, fault: func(c *call, do func()) {
		do()
		if c.info != nil {
			c.info.ETag = "same"
		}
	}},
	{test: "ListDescribes", name: "no listing", want: []string{"out of order"}, fault: fails("ListObjects", always)},
}

func faultsOfSequences() []faultRow {
	lists := 0
	var kept []lithopss3.ObjectInfo
	return []faultRow{
		{test: "ListAgain", name: "a sequence for one loop", want: []string{`list: got []`}, fault: func(c *call, do func()) {
			do()
			if c.op != "ListObjects" {
				return
			}
			if lists++; lists > 1 {
				c.entries = nil
			}
		}},
		{test: "ListAgain", name: "a sequence remembers", want: []string{`list: got ["a" "b"]`}, fault: func(c *call, do func()) {
			do()
			if c.op != "ListObjects" { // puts are concurrent
				return
			}
			if kept == nil {
				kept = c.entries
			}
			c.entries = kept
		}},
		{test: "ListAgain", name: "no listing", want: []string{"out of order"}, fault: fails("ListObjects", always)},
		{test: "ListMany", name: "the first thousand only", isSlow: true, want: []string{"pages of 0: got [", "pages of 999: got [", "pages of 5000: got ["}, fault: func(c *call, do func()) {
			do()
			c.entries = c.entries[:min(len(c.entries), 1000)]
		}},
		{test: "ListMany", name: "a delete of the first thousand only", isSlow: true, want: []string{`left: got ["1000"]`}, fault: func(c *call, do func()) {
			c.keys = c.keys[:min(len(c.keys), 1000)]
			do()
		}},
		{test: "ListMany", name: "no delete", isSlow: true, want: []string{"out of order"}, fault: fails("DeleteObjects", always)},
	}
}

// withoutKeys returns errors that name no key.
func withoutKeys(c *call, do func()) {
	do()
	var failed *lithopss3.DeleteError
	if errors.As(c.err, &failed) {
		for _, each := range failed.Failed {
			each.Key = ""
		}
	}
}

var faultsOfInvalidDeletes = []faultRow{
	{test: "DeleteMany", name: "errors name no key", want: []string{"…has not an error for each key"}, fault: withoutKeys},
	{test: "DeleteInvalid", name: "errors name no key", want: []string{`…has no error for "kkkkkkkkkk"`}, fault: withoutKeys},
	{test: "DeleteInvalid", name: "a wrong key is no error", want: []string{"delete: got <nil>", `delete: <nil> has no error for ""`}, fault: func(c *call, do func()) {
		c.keys = slices.DeleteFunc(slices.Clone(c.keys), func(key string) bool { return key == "" || len(key) > 1024 })
		do()
	}},
	{test: "DeleteInvalid", name: "a wrong key alone is named", want: []string{"delete, canceled: a, which is not deleted, is not named"}, fault: func(c *call, do func()) {
		do()
		var failed *lithopss3.DeleteError
		if c.ctx.Err() != nil && errors.As(c.err, &failed) {
			failed.Failed = slices.DeleteFunc(failed.Failed, func(each *lithopss3.Error) bool { return each.Key != "" })
			c.err = errors.Join(failed, c.ctx.Err())
		}
	}},
	{test: "DeleteInvalid", name: "canceled, and no error", want: []string{"delete, canceled: got no error"}, fault: func(c *call, do func()) {
		if do(); c.ctx.Err() != nil {
			c.err = nil
		}
	}},
	{test: "DeleteInvalid", name: "a wrong key ends it", want: []string{`left: got ["b" "c"], want ["c"]`}, fault: func(c *call, do func()) {
		at := slices.IndexFunc(c.keys, func(key string) bool { return key == "" || len(key) > 1024 })
		if at >= 0 {
			c.keys = c.keys[:at+1]
		}
		do()
	}},
}

var faultsOfSharing = []faultRow{
	{test: "Buckets", name: "a bucket that is created again is empty", want: []string{`get "key": `}, fault: func(c *call, do func()) {
		if c.op == "CreateBucket" && c.bucket == "bucket" {
			_ = c.sound.DeleteObjects(c.ctx, c.bucket, []string{"key"})
		}
		do()
	}},
	{test: "Buckets", name: "buckets share their objects", want: []string{`objects of a new one: got ["key"]`, "an object of the first one: got another", "objects of the first one: got []"}, fault: func(c *call, do func()) {
		if !strings.HasSuffix(c.op, "Bucket") {
			c.bucket = "bucket"
		}
		do()
	}},
	{test: "Buckets", name: "no delete", want: []string{"delete: out of order"}, fault: fails("DeleteObjects", always)},
}

// allAreMissing is the fault of a storage whose errors are all those of a missing object.
func allAreMissing(c *call, do func()) {
	do()
	if c.err != nil {
		c.err = errors.Join(c.err, fs.ErrNotExist)
	}
}

var faultsOfKinds = []faultRow{
	{test: "Missing", name: "a listing has more after its error", want: []string{"list of a missing bucket: got the listing has more after its error"}, fault: func(c *call, do func()) {
		do()
		c.more = 1
	}},
	{test: "Cancel", name: "each error is that of a missing object", want: []string{"get: it is taken for a missing object", "list: it is taken for", "delete: it is taken for"}, fault: allAreMissing},
	{test: "InvalidNames", name: "each error is that of a missing object", want: []string{"put: it is taken for a missing object", "head: it is taken for a missing object"}, fault: allAreMissing},
	{test: "Ranges", name: "each error is that of a missing object", want: []string{"a range after the end: it is taken for a missing object"}, fault: allAreMissing},
	{test: "Conditions", name: "each error is that of a missing object", want: []string{"IfMatch of another: get: it is taken for a missing object"}, fault: allAreMissing},
}
