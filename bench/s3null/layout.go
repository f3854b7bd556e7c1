// SPDX-License-Identifier: Apache-2.0

package s3null

import (
	"bytes"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// CallsPerJob is how many calls a job of the layout "jobs" has; each has three keys.
const CallsPerJob = 100_000

// ExecutorID is the executor that the jobs of the layout "jobs" are of.
const ExecutorID = "4b99c1-0"

// A Layout is a bucket's keys, made when they are asked for: a million texts would
// weigh on the server's collector.
type Layout struct {
	Count int
	Size  int64 // of each object, in bytes
	// AppendKey appends the i-th key in the order of the listing.
	AppendKey func(dst []byte, i int) []byte
}

// smallSize is the size of the objects of a layout that says nothing else, in bytes.
const smallSize = 1024

// ParseLayout reads a bucket's name: "jobs-N" has N keys as Lithops names them,
// "hex-N" N keys without any order in them, "small-N" N objects of 1 KiB,
// "small-N-SIZE" N objects of that size, and "file-SIZE" the object file.bin. Others
// are in packed. ok is false for a bucket that keeps what is put.
func ParseLayout(bucket string) (layout Layout, ok bool) {
	kind, number, _ := strings.Cut(bucket, "-")
	number, sizeText, hasSize := strings.Cut(number, "-")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return Layout{}, false
	}
	size := int64(smallSize)
	if hasSize {
		if size, err = strconv.ParseInt(sizeText, 10, 64); err != nil || size < 1 {
			return Layout{}, false
		}
	}
	switch kind {
	case "jobs":
		return Layout{n, size, appendJobKey}, true
	case "hex":
		return Layout{n, size, func(dst []byte, i int) []byte { return appendHexKey(dst, i, n) }}, true
	case "small":
		return Layout{n, size, func(dst []byte, i int) []byte { return append(dst, SmallKey(i)...) }}, true
	case "file":
		return Layout{1, int64(n), func(dst []byte, _ int) []byte { return append(dst, "file.bin"...) }}, true
	}
	return packedLayout(kind, n)
}

// SmallKey is the i-th key of the layout "small".
func SmallKey(i int) string { return fmt.Sprintf("small/%06d", i) }

func appendJobKey(dst []byte, i int) []byte {
	call := i / 3
	dst = append(dst, "lithops.jobs/"+ExecutorID+"-M"...)
	dst = appendPadded(dst, call/CallsPerJob, 3)
	dst = append(dst, '/')
	dst = appendPadded(dst, call%CallsPerJob, 5)
	switch i % 3 {
	case 0:
		dst = append(dst, '/')
		return append(appendHex(dst, mix(uint64(call)), 12), ".init"...)
	case 1:
		return append(dst, "/output.pickle"...)
	}
	return append(dst, "/status.json"...)
}

// appendHexKey spreads n keys over all of 64 bits, with gaps of any width.
func appendHexKey(dst []byte, i, n int) []byte {
	stride := ^uint64(0) / uint64(n)
	dst = append(dst, "data/"...)
	dst = appendHex(dst, uint64(i)*stride+mix(uint64(i))%stride, 16)
	return append(dst, ".bin"...)
}

// mix spreads the bits of n (splitmix64).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

func appendPadded(dst []byte, n, digits int) []byte {
	for unit := pow10(digits - 1); unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+n/unit%10))
	}
	return dst
}

func pow10(n int) int {
	power := 1
	for range n {
		power *= 10
	}
	return power
}

func appendHex(dst []byte, n uint64, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[n>>shift&15])
	}
	return dst
}

// Search is the index of the first key that is not below key.
func (l *Layout) Search(key []byte) int {
	var buffer [128]byte
	return sort.Search(l.Count, func(i int) bool { return bytes.Compare(l.AppendKey(buffer[:0], i), key) >= 0 })
}

// Find returns the index of key, or -1. A caller that looks up keys in their order
// passes the index of the previous key as near, which makes the lookup immediate.
func (l *Layout) Find(key string, near int) int {
	var buffer [128]byte
	is := func(i int) bool { return i < l.Count && string(l.AppendKey(buffer[:0], i)) == key }
	if is(near + 1) {
		return near + 1
	}
	if i := l.Search([]byte(key)); is(i) {
		return i
	}
	return -1
}
