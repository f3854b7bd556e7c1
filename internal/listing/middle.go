// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"sort"
	"strings"
)

// maxPlaces is how many characters after the first one that may differ are looked at.
const maxPlaces = 64

// minRest is how many pages must be expected in a shard that is cut in the middle.
const minRest = 3

// cutInTheMiddle cuts the shard that is expected to be the longest, if fewer than half of
// the requests run, so that it does not keep the listing waiting in the end. Nothing is
// known of the place but characters that keys have, and how many came with each.
//
// For example, 3,000 keys from "a/00" to "a/02" came, and the shard ends with "c". Seven
// times as many are expected from "a/03" to "a/09", and as many again as came in "b", so the
// cut is at "a/07".
func (l *parallelListing) cutInTheMiddle(shards []*shard) *shard {
	if l.running >= l.atOnce/2 || !l.mayGuess() {
		return nil
	}
	longest, at := -1, ""
	most, sum := minRest*float64(l.pageSize), 0.0
	for i, s := range shards {
		if !l.canDivide(s) {
			continue
		}
		until := l.ceiling(s)
		p := l.prospect(s, until)
		middle := p.middle(s.last, until)
		if middle == "" || (l.tail != "" && middle >= l.tail) {
			continue
		}
		sum += p.rest
		if p.rest > most {
			longest, at, most = i, middle, p.rest
		}
	}
	if longest < 0 || most < sum/float64(l.atOnce/2) {
		return nil
	}
	return l.cutAt(longest, borderCut{at: at, isUnsure: true})
}

// canDivide reports whether enough is known of a shard to look for its middle.
func (l *parallelListing) canDivide(s *shard) bool {
	if s.done || s.total == 0 || s.sample.count == 0 {
		return false
	}
	return !s.waits || l.useful >= exploreAfter
}

// A prospect tells how many keys are expected in a shard after its last key: for each
// character of that key, how many keys have a greater one there.
type prospect struct {
	head   int // characters that all keys have in common
	places []place
	rest   float64 // keys
}

// A place is a character of the last key.
type place struct {
	digits string  // that keys may have instead, in order
	keys   float64 // that are expected to have them
}

// prospect estimates the rest of a shard up to a key, or without an end for "".
func (l *parallelListing) prospect(s *shard, until string) prospect {
	p := prospect{head: min(len(l.prefix), len(s.last))}
	if until != "" {
		p.head = commonLength(s.last, until)
	}
	isTop := true
	positions := l.letters.positions(s.last)
	end := min(p.head+maxPlaces, len(s.counts)-1, len(positions))
	for i := p.head; i < end; i++ {
		digits := positions[i].seen()
		if isTop && l.mayWiden(s.last, p.head, i, positions[i]) {
			digits = positions[i].wide()
		}
		greater := digitsAfter(digits, s.last[i])
		if i == p.head {
			greater = digitsBefore(greater, until, i)
		}
		each, isKnown := s.keysOfEach(i, digits)
		if !isKnown && !isTop { // there may be none
			greater = greater[:min(len(greater), 2)]
			each /= 2
		}
		keys := each * float64(len(greater))
		p.places = append(p.places, place{greater, keys})
		p.rest += keys
		isTop = isTop && len(greater) == 0
	}
	return p
}

// mayWiden reports whether keys may have characters at a position that were not seen: at
// first in each, and later in the one in which keys differ.
func (l *parallelListing) mayWiden(last string, head, i int, at position) bool {
	if l.useful < 2*exploreAfter {
		return true
	}
	isFirst := i == head || i == head+1 && last[head] == delimiter
	return isFirst && len(at.seen()) > 1
}

// digitsAfter returns the digits that are greater than a character.
func digitsAfter(digits string, c byte) string {
	return digits[sort.Search(len(digits), func(j int) bool { return digits[j] > c }):]
}

// digitsBefore returns the digits at a position that are less than those of the key until,
// or if there are none, that key's own.
func digitsBefore(digits, until string, i int) string {
	if i >= len(until) {
		return digits
	}
	less := digits[:sort.Search(len(digits), func(j int) bool { return digits[j] >= until[i] })]
	if less == "" && len(until) > i+1 {
		return until[i : i+1]
	}
	return less
}

// keysOfEach returns how many keys to expect with another character at a position of the
// last key: as many as came with each one before, or else as many as came with its own.
func (s *shard) keysOfEach(i int, digits string) (keys float64, isKnown bool) {
	all, own := s.counts[i], s.counts[i+1]
	passed := len(digits) - len(digitsAfter(digits, s.last[i])) - 1
	if len(s.after) > i && s.after[:i] == s.last[:i] {
		passed -= sort.Search(len(digits), func(j int) bool { return digits[j] >= s.after[i] })
	}
	if passed > 0 && all > own {
		return float64(all-own) / float64(passed), true
	}
	return float64(own), false
}

// middle returns a key before which and after which about as many keys are expected.
func (p *prospect) middle(last, until string) string {
	sum := 0.0
	for i := len(p.places) - 1; i >= 0; i-- {
		at := p.places[i]
		if len(at.digits) > 0 && sum+at.keys >= p.rest/2 {
			n := int((p.rest/2 - sum) / at.keys * float64(len(at.digits)))
			for n = min(n, len(at.digits)-1); n >= 0; n-- {
				key := toValid([]byte(last[:p.head+i] + at.digits[n:n+1]))
				if key > last && (until == "" || key < until) {
					return key
				}
			}
		}
		sum += at.keys
	}
	return ""
}

// toValid returns what comes before the first byte that is in no character, because what
// begins in the middle of one can't be asked for.
func toValid(key []byte) string {
	text, _, _ := strings.Cut(strings.ToValidUTF8(string(key), "\uFFFD"), "\uFFFD")
	return text
}

// tally counts, for each length, how many keys came that begin like the last one.
func (s *shard) tally(entries []Entry) {
	last := entries[len(entries)-1].Key
	counts := s.counts[:min(commonLength(s.last, last)+1, len(s.counts))]
	for i := range counts {
		counts[i] += len(entries)
	}
	from := 0
	for i := len(counts); i <= len(last) && from < len(entries)-1; i++ {
		from += sort.Search(len(entries)-from, func(j int) bool { return entries[from+j].Key >= last[:i] })
		counts = append(counts, len(entries)-from)
	}
	s.counts = counts
}

// ceiling returns the end of a shard, or the end of the folders that its last key is in if
// nothing is known to follow them.
func (l *parallelListing) ceiling(s *shard) string {
	until := s.until
	for folder := l.prefix; ; {
		child := childOf(folder, s.last)
		lev := l.levels[folder]
		if child == "" || lev == nil || !lev.isOnly || s.last < lev.after || lev.from(s.last) < lev.to(until) {
			return until
		}
		until = lev.limit(s, until)
		folder = child
	}
}
