// SPDX-License-Identifier: Apache-2.0

package listing

import "sort"

const (
	// minRest is how many pages must be expected in a shard that is cut in the middle.
	minRest = 3
	// sureRest is after how many expected pages a cut in the middle is no guess.
	sureRest = 8
	// farther is how many times as many pages as came are believed to follow at most.
	farther = 8
	// fewBranches is after how few branches a cut may have no key after it.
	fewBranches = 1.2
	// unhoped is how many times as many keys as expected show that a forecast was wrong.
	unhoped = 1.3
)

// cutInTheMiddle cuts the last shard after all that is expected of it, or the shard that is
// expected to be the longest in its middle, if fewer than half of the requests run. So no
// long one keeps the listing waiting in the end. A model of the keys tells how many are
// expected, and where half of them are, see [forecast].
//
// For example, 3,000 keys from "a/00" to "a/02" came, and the shard ends with "c". Seven
// times as many are expected from "a/03" to "a/09", and as many again as came in "b", so the
// cut is at "a/07".
func (l *parallelListing) cutInTheMiddle(shards []*shard) *shard {
	if l.running >= l.atOnce/2 {
		return nil
	}
	mayGuess := l.mayGuess()
	if last := len(l.shards) - 1; mayGuess && l.tail == "" && len(shards) > last {
		if second := l.explore(last); second != nil {
			return second
		}
	}
	longest, rest := l.longest(shards)
	isSure := longest >= 0 && l.isSure(longest, rest)
	switch {
	case !mayGuess && !isSure:
		return nil
	case longest < 0:
		return l.exploreOpen(shards)
	}
	s := l.shards[longest]
	at, branches := s.forecast.ahead(rest/2, float64(l.pageSize)/4)
	mayBeVain := branches < fewBranches && longest+1 < len(l.shards) && !l.shards[longest+1].answered
	if at == "" || mayBeVain {
		s.isTight = true
		return l.cutInTheMiddle(shards)
	}
	return l.cutAt(longest, borderCut{at: at, isUnsure: !isSure})
}

// explore cuts a shard after all that is expected of it. If the keys begin alike for many
// pages, nothing else tells what follows the last shard.
//
// For example, the first keys all begin with "docs annual", and a page after "docs!" finds
// those that begin with "docs-".
func (l *parallelListing) explore(i int) *shard {
	s := l.shards[i]
	if s.isTight || !l.canDivide(s) {
		return nil
	}
	at := l.forecastOf(s).beyond()
	if at == "" || (l.tail != "" && at >= l.tail) {
		return nil
	}
	return l.cutAt(i, borderCut{at: at, isUnsure: true})
}

// exploreOpen explores a shard that nothing is known to follow.
func (l *parallelListing) exploreOpen(shards []*shard) *shard {
	for i := len(shards) - 1; i >= 0; i-- {
		if isOpen := i+1 == len(l.shards) || (l.shards[i+1].answered && l.shards[i+1].total == 0); !isOpen {
			continue
		}
		if second := l.explore(i); second != nil {
			return second
		}
	}
	return nil
}

// longest returns the shard that is expected to be the longest, and how many keys to expect
// there, or -1 if none is worth a cut.
func (l *parallelListing) longest(shards []*shard) (longest int, most float64) {
	longest, most = -1, minRest*float64(l.pageSize)
	sum := 0.0
	for i, s := range shards {
		if !l.canDivide(s) || s.isTight {
			continue
		}
		rest := min(l.forecastOf(s).rest, farther*max(1, l.useful)*float64(l.pageSize))
		sum += rest
		if rest > most {
			longest, most = i, rest
		}
	}
	if most < sum/float64(l.atOnce/2) {
		return -1, 0
	}
	return longest, most
}

// isSure reports whether a cut in the middle of a shard hardly can be in vain: much is expected,
// and there are keys after the shard.
func (l *parallelListing) isSure(i int, rest float64) bool {
	return rest > sureRest*float64(l.pageSize) && i+1 < len(l.shards) && l.shards[i+1].total > 0
}

// forecastOf returns what is expected of a shard.
func (l *parallelListing) forecastOf(s *shard) *forecast {
	until := l.ceiling(s)
	if l.tail != "" && l.tail > s.last && (until == "" || until > l.tail) {
		until = l.tail
	}
	if s.forecast == nil || s.forecast.until != until {
		s.isWide = s.isWide || (s.hope > 0 && float64(s.total) > unhoped*(s.hope+float64(l.pageSize)))
		s.forecast = l.model.forecast(s, until, s.isWide)
		if s.hope == 0 {
			s.hope = float64(s.total) + s.forecast.rest
		}
	}
	return s.forecast
}

// canDivide reports whether enough is known of a shard to look for its middle.
func (l *parallelListing) canDivide(s *shard) bool {
	if s.done || s.total == 0 || s.sample.count == 0 {
		return false
	}
	return !s.waits || l.useful >= exploreAfter
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
