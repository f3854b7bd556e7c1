// SPDX-License-Identifier: Apache-2.0

package listing

import "strings"

// An order is one in which servers list.
type order int

const (
	// byBytes is S3's order.
	byBytes order = iota
	// byPath is the order of file systems that are walked: the slash comes before
	// all other characters.
	byPath
	// byUTF16 is the order of strings in Java and JavaScript, where characters
	// beyond U+FFFF come before those from U+E000 on.
	byUTF16
	// byNothing is any other, such as that of directory buckets.
	byNothing
)

// An orderGuard finds entries that come again, and pages that overlap or go back.
// Its zero value expects the order of the keys' bytes. If the server breaks that
// order, it is held to another one that all entries before agree with; to none if
// its very first page has none. In no order, an entry must not be twice in a page
// or in two pages in a row.
type orderGuard struct {
	order   order
	began   bool      // there was an entry
	last    string    // entry
	lastOf  [2]string // the last object, and the last common prefix
	notPath bool      // two entries were not in the order of paths
	seen    map[Entry]bool
	pages   int // with entries
}

// check looks at the next page. The error is ErrUnsound.
func (g *orderGuard) check(page []Entry) error {
	if len(page) == 0 {
		return nil
	}
	err := g.checkPage(page)
	g.pages++
	return err
}

// rewind goes back to a place in a listing of objects.
func (g *orderGuard) rewind(last string) {
	g.began = last != ""
	g.last = last
	g.lastOf = [2]string{last}
	g.seen = map[Entry]bool{}
}

func (g *orderGuard) checkPage(page []Entry) error {
	if g.order == byBytes {
		before := *g
		if g.isByBytes(page) {
			return nil
		}
		*g = before
		if err := g.findOrder(page); err != nil {
			return err
		}
	}
	if g.order == byNothing {
		return g.checkSeen(page)
	}
	return g.checkKinds(page, g.order)
}

// isByBytes reports whether a page continues in the order of bytes. The same string
// may be a common prefix and an object.
func (g *orderGuard) isByBytes(page []Entry) bool {
	last := g.last
	for i := range page {
		entry := &page[i]
		if entry.Key <= last && (entry.Key < last || entry.Key == g.lastOf[kindOf(entry)]) && (g.began || i > 0) {
			return false
		}
		last = entry.Key
		g.lastOf[kindOf(entry)] = last
	}
	g.notPath = g.notPath || !isByPath(g.last, page)
	g.began, g.last = true, last
	return true
}

// isByPath reports whether entries that are in the order of bytes are in that of
// paths as well.
func isByPath(last string, page []Entry) bool {
	// All keys between the first and the last begin like them.
	skip := commonLength(page[0].Key, page[len(page)-1].Key)
	for i := range page {
		key := page[i].Key
		at := commonLength(last, key)
		if i > 0 {
			at = skip + commonLength(last[skip:], key[skip:])
		}
		if at < len(key) && at < len(last) && key[at] == '/' {
			return false // after something that is less than a slash
		}
		last = key
	}
	return true
}

func kindOf(entry *Entry) int {
	if entry.IsPrefix {
		return 1
	}
	return 0
}

// findOrder finds the order of a server whose page is not in that of bytes.
func (g *orderGuard) findOrder(page []Entry) error {
	var err error
	for _, candidate := range []order{byPath, byUTF16} {
		if candidate == byPath && g.notPath {
			continue
		}
		trial := *g
		if err = trial.checkKinds(page, candidate); err == nil {
			g.order = candidate
			return nil
		}
	}
	if g.pages > 0 {
		trial := *g
		return trial.checkKinds(page, byBytes)
	}
	g.order, g.seen = byNothing, map[Entry]bool{}
	return nil
}

// checkKinds holds objects and common prefixes, each for themselves, to an order,
// and all of them to begin after the pages before: how the two are merged within a
// page says nothing about the server.
func (g *orderGuard) checkKinds(page []Entry, by order) error {
	floor := g.last
	for i := range page {
		entry := &page[i]
		last := &g.lastOf[kindOf(entry)]
		if g.began && compare(floor, entry.Key, by) >= 0 && (floor != entry.Key || *last == floor) {
			return outOfOrder(floor, entry.Key)
		}
		if *last != "" && compare(*last, entry.Key, by) >= 0 {
			return outOfOrder(*last, entry.Key)
		}
		*last = entry.Key
		if compare(g.last, entry.Key, by) < 0 {
			g.last = entry.Key
		}
	}
	g.began = true
	return nil
}

func outOfOrder(last, key string) error {
	if last == key {
		return unsound("%.100q comes twice", key)
	}
	return unsound("%.100q comes after %.100q", key, last)
}

func (g *orderGuard) checkSeen(page []Entry) error {
	now := make(map[Entry]bool, len(page))
	for _, entry := range page {
		entry = Entry{Key: entry.Key, IsPrefix: entry.IsPrefix}
		if now[entry] || g.seen[entry] {
			return unsound("%.100q comes twice", entry.Key)
		}
		now[entry] = true
	}
	g.seen = now
	return nil
}

// compare is negative for a before b.
func compare(a, b string, by order) int {
	i := commonLength(a, b)
	if i == len(a) || i == len(b) || by == byBytes {
		return strings.Compare(a, b)
	}
	return rank(a[i], by) - rank(b[i], by)
}

// rank orders the first bytes that differ.
func rank(c byte, by order) int {
	switch {
	case by == byPath && c == '/':
		return -1
	case by == byUTF16 && c >= 0xF0: // begins a character beyond U+FFFF
		return 0xED*8 + 1 + int(c&7)
	case by == byUTF16:
		return int(c) * 8
	}
	return int(c)
}

// isAscending reports whether a page is in the order of bytes, and has no key twice.
func isAscending(page []Entry) bool {
	for i := 1; i < len(page); i++ {
		if page[i].Key <= page[i-1].Key {
			return false
		}
	}
	return true
}
