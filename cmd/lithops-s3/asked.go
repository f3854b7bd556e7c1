// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"hash/maphash"

	"github.com/lithops-go/lithopss3"
)

// asked are the objects that were counted for a question. The answer may take hours, and
// it is about them: what was stored meanwhile stays. It holds some 20 bytes for each.
type asked struct {
	seed    maphash.Seed
	objects map[uint64]struct{}
	stay    map[uint64]struct{} // that were met since, and not counted
	bytes   int64
}

func newAsked() *asked {
	return &asked{seed: maphash.MakeSeed(), objects: map[uint64]struct{}{}, stay: map[uint64]struct{}{}}
}

// sum identifies what is stored under a key.
func (c *asked) sum(info lithopss3.ObjectInfo) uint64 {
	return maphash.Comparable(c.seed, struct {
		key, etag      string
		size, modified int64
	}{info.Key, info.ETag, info.Size, info.LastModified.UnixNano()})
}

func (c *asked) add(info lithopss3.ObjectInfo) {
	c.objects[c.sum(info)] = struct{}{}
	c.bytes += info.Size
}

// keeps reports whether an object was not counted. Without a question, nothing is kept.
func (c *asked) keeps(info lithopss3.ObjectInfo) bool {
	if c == nil {
		return false
	}
	sum := c.sum(info)
	_, isCounted := c.objects[sum]
	if !isCounted {
		c.stay[sum] = struct{}{}
	}
	return !isCounted
}

// total returns how many objects were counted, -1 without a question.
func (c *asked) total() int64 {
	if c == nil {
		return -1
	}
	return int64(len(c.objects))
}

// kept returns how many objects were kept.
func (c *asked) kept() int64 {
	if c == nil {
		return 0
	}
	return int64(len(c.stay))
}

// describeKept says how many objects were kept.
func describeKept(kept int64) string {
	if kept == 0 {
		return ""
	}
	return fmt.Sprintf(", kept %s stored meanwhile", formatCount(kept, "object"))
}
