// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"sort"
	"strings"
)

// A promise is a key that was listed, and the request that did.
type promise struct{ after, key string }

// A shard is the part of a listing with the keys in (after, until].
type shard struct {
	after, until  string // an empty until means no end
	token, before string // of the next request, and of the last one
	last          string // the last key that came
	first         bool   // of the listing
	guessed       bool   // begins at a key that was guessed
	isNamed       bool   // begins at a name of a folder
	isToName      bool   // ends at one, with as many keys before it as expected
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
	children int           // names that the last page had of the deepest folder of all its keys
	path     []folderCount // of last
	counts   []int         // keys that came and begin like last, for each length
	run      int           // keys that came or were expected since the last wrong guess before it
	requests int
	total    int       // keys that came
	keys     int       // of them, since expected was said
	expected float64   // keys up to until, 0 for unknown
	forecast *forecast // of the rest, or nil
	hope     float64   // keys that were expected in all by the first forecast since the last cut
	isTight  bool      // has no place to cut it in the middle
	isWide   bool      // more keys came than were hoped for
	border   borderCut // where to cut it, see parallelListing.border
	limit    string
	misses   int // guesses after it that had no key
	pause    int // how many keys must have come before the next guess
	waits    bool
	// inherited is how many keys a shard was expected to have that this one was cut off from.
	inherited float64
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
	s.enter(entries)
	s.tally(entries)
	s.total += len(entries)
	s.run += len(entries)
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

// A folderCount is a folder that a key is in, and how many keys of it came.
type folderCount struct{ length, keys int }

// enter counts the keys that came in each folder of the last one.
func (s *shard) enter(entries []Entry) {
	last := entries[len(entries)-1].Key
	same := commonLength(s.last, last)
	var path []folderCount
	for i := range len(last) {
		if last[i] != delimiter {
			continue
		}
		count := folderCount{length: i + 1}
		if i < same {
			for _, before := range s.path {
				if before.length == i+1 {
					count.keys = before.keys
				}
			}
		}
		folder := last[:i+1]
		count.keys += len(entries) - sort.Search(len(entries), func(j int) bool { return entries[j].Key >= folder })
		path = append(path, count)
	}
	s.path = path
}

// cameIn returns how many keys came of a folder that the last key is in.
func cameIn(path []folderCount, last, folder string) float64 {
	for _, count := range path {
		if count.length == len(folder) && strings.HasPrefix(last, folder) {
			return float64(count.keys)
		}
	}
	return 0
}

// inherit takes over what is known of the shard that a shard is cut off from.
func (s *shard) inherit(from *shard, expected float64) {
	s.run = from.run + int(expected)
	same := commonLength(from.last, s.last)
	for _, count := range from.path {
		if count.length <= same {
			s.path = append(s.path, folderCount{count.length, count.keys + int(expected)})
		}
	}
}
