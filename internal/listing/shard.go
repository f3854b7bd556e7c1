// SPDX-License-Identifier: Apache-2.0

package listing

import "sort"

// A promise is a key that was listed, and the request that did.
type promise struct{ after, key string }

// A shard is the part of a listing with the keys in (after, until].
type shard struct {
	after, until  string // an empty until means no end
	token, before string // of the next request, and of the last one
	last          string // the last key that came
	first         bool   // of the listing: not guessed
	busy, done    bool
	dropped       bool // its answers don't count
	repeated      bool // the next pages came before, up to last
	answered      bool
	joined        bool // to the shard before: their keys fit
	guard         pageGuard

	// When a page reaches over until, over is the rest of it, and more reports
	// whether token continues after that.
	over []Entry
	more bool

	pages    [][]Entry
	added    int     // keys of the last page
	begin    []Entry // the first page with keys, until joined
	sample   keySample
	requests int
	keys     int     // that came since expected was said
	expected float64 // keys up to until, 0 for unknown
}

// put puts entries into a shard, up to its end.
func (l *parallelListing) put(s *shard, entries []Entry) {
	s.over = nil
	if s.until != "" && len(entries) > 0 && entries[len(entries)-1].Key >= s.until {
		kept := upTo(entries, s.until)
		s.over = entries[len(kept):]
		s.done = true
		entries = kept
	}
	s.added = len(entries)
	if len(entries) == 0 {
		return
	}
	s.pages = append(s.pages, entries)
	l.kept++
	s.keys += len(entries)
	s.last = entries[len(entries)-1].Key
}

// fits reports whether a shard may follow another one, as far as is known.
func fits(before, s *shard) bool {
	if s.joined || !before.joined || !before.done || !s.answered {
		return true
	}
	if !before.more {
		return false
	}
	if len(s.begin) == 0 && !s.done {
		return true
	}
	if !isBegin(before.over, s) {
		return false
	}
	s.joined = true
	s.begin = nil
	before.over = nil
	return true
}

// isBegin reports whether a shard has the keys that were listed after its
// beginning, and any key if some were promised there.
func isBegin(over []Entry, s *shard) bool {
	if len(s.begin) == 0 {
		return false
	}
	last := s.begin[len(s.begin)-1].Key
	at := 0
	for _, entry := range over {
		if entry.Key > last {
			break
		}
		for at < len(s.begin) && s.begin[at].Key < entry.Key {
			at++
		}
		if at == len(s.begin) || s.begin[at].Key != entry.Key {
			return false
		}
	}
	return true
}

// upTo returns the entries of a page up to and with the key until.
func upTo(entries []Entry, until string) []Entry {
	n := sort.Search(len(entries), func(i int) bool { return entries[i].Key > until })
	return entries[:n:n]
}

// beyond returns the entries of a page after the key last.
func beyond(entries []Entry, last string) []Entry {
	return entries[sort.Search(len(entries), func(i int) bool { return entries[i].Key > last }):]
}
