// SPDX-License-Identifier: Apache-2.0

package listing

import "strings"

// An alphabet knows which bytes keys have at each position.
type alphabet struct {
	sets  [][4]uint64
	bytes []string // the same as strings
	known []string // what at has returned, "" for unknown
}

func (a *alphabet) add(key string) {
	for len(a.sets) < len(key) {
		a.sets = append(a.sets, [4]uint64{})
		a.bytes = append(a.bytes, "")
		a.known = append(a.known, "")
	}
	for i := range len(key) {
		set, bit := &a.sets[i][key[i]>>6], uint64(1)<<(key[i]&63)
		if *set&bit == 0 { // which is seldom
			*set |= bit
			a.bytes[i] = bytesOf(a.sets[i])
			clear(a.known) // a position's digits depend on its neighbors
		}
	}
}

const (
	decimalDigits = "0123456789"
	lowerHex      = "0123456789abcdef"
	upperHex      = "0123456789ABCDEF"
)

// at returns the bytes, in order, that a key may have at a position. Digits stand for
// all digits, also hexadecimal ones, because a number's first digits are seen last.
func (a *alphabet) at(i int) string {
	if i >= len(a.sets) {
		return ""
	}
	if a.known[i] == "" {
		a.known[i] = a.digitsAt(i)
	}
	return a.known[i]
}

// nearBefore and nearAfter are how far neighbors are looked for, since characters of one
// kind stand next to each other.
const (
	nearBefore = 2
	nearAfter  = 8
	// richAlphabet is the size from which an alphabet is more than decimal or
	// hexadecimal digits. A letter among such ones is hardly ever a constant.
	richAlphabet = 20
)

func (a *alphabet) digitsAt(i int) string {
	seen := a.bytes[i]
	if isOf(seen, decimalDigits) {
		seen = decimalDigits
	}
	best := seen
	for j := max(0, i-nearBefore); j < min(len(a.sets), i+nearAfter); j++ {
		near := a.bytes[j]
		if len(near) > 4 && !isOf(near, decimalDigits) {
			near = hexOf(near)
			isKind := len(a.bytes[i]) > 1 || isOf(seen, decimalDigits) || len(near) >= richAlphabet
			if isKind && len(near) > len(best) && isOf(a.bytes[i], near) {
				best = near
			}
		}
	}
	return best
}

// hexOf returns all hexadecimal digits for some of them.
func hexOf(seen string) string {
	for _, hex := range []string{lowerHex, upperHex} {
		if isOf(seen, hex) {
			return hex
		}
	}
	return seen
}

func bytesOf(set [4]uint64) string {
	var b []byte
	for c := range 256 {
		if set[c>>6]&(1<<(c&63)) != 0 {
			b = append(b, byte(c))
		}
	}
	return string(b)
}

func isOf(text, set string) bool {
	for i := range len(text) {
		if strings.IndexByte(set, text[i]) < 0 {
			return false
		}
	}
	return text != ""
}
