// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"math/bits"
	"unicode/utf8"
)

const (
	// samples is how many keys of a page a model learns from at first. After manyPages it is
	// half as many, then fewer, and in the end leastSamples.
	samples      = 128
	manyPages    = 12
	leastSamples = 16
	// maxLength is how many characters of a name are told apart.
	maxLength = 128
	// maxWords is how many words of a name are told apart.
	maxWords = 16
	// mostPlaces bounds the memory of a model: a place has 4 to 6 KiB.
	mostPlaces = 1024
	// trust is how many nodes with any last character count as much as all with the same one.
	trust = 2
	// enoughNodes is after how many nodes without a character it is taken for absent, and
	// mostDoubted how many characters of a guess are looked at: the last ones say little of
	// where it is, and are random in keys that are.
	enoughNodes = 3
	mostDoubted = 2
	// fewLetters is from how many letters on characters near say of which kind they are.
	fewLetters = 5
	// newPair is how much less likely a byte of UTF-8 is after one that no key has it after.
	newPair = 0.05
)

// A model learns from listed keys how likely other keys have a character at a place.
//
// Keys that begin alike are a node of the tree of keys. For each place and character, a model
// counts the nodes in which keys with it would have been listed, and those in which they were.
// So a character that would come later in the listing counts as unknown, not as absent.
type model struct {
	words [][]*place   // by number and position
	size  int          // places
	pages int          // that it has learned from
	pairs [256]charset // the bytes that came after each one, at any place
}

// A place is a position in a word of the names of some depth.
type place struct {
	counts  [256]uint32  // nodes with a character
	chances [257]int32   // nodes that were listed up to it: the difference to the one before
	weights [256]float32 // how likely a node has it
	wide    [256]float32 // the same, if others of its kind are as likely
	by      *[256]*place // what is known of nodes with the same last character
	seen    charset
	isStale bool
}

// A spot is where a place is, and the character before it. Words are told apart because what
// follows one of any length begins anywhere in a name.
//
// For example, "dates/page-7_0.png" and "dates/page-12_3.png" have a digit after the "_" at other
// positions of the name, but both at the first of its third word.
type spot struct {
	word, i int // maxWords for each folder above
	last    byte
}

// after returns the spot after a character. Separators in a row end one word.
func (s spot) after(c byte) spot {
	switch folder := s.word / maxWords; {
	case c == delimiter && folder < maxDepth-1:
		return spot{(folder + 1) * maxWords, 0, c}
	case !isSeparator(c):
		return spot{s.word, s.i + 1, c}
	case s.i == 0 || s.word%maxWords == maxWords-1:
		return spot{s.word, s.i, c}
	default:
		return spot{s.word + 1, 0, c}
	}
}

// isSeparator reports whether a character ends a word: none of letters, digits, and UTF-8.
func isSeparator(c byte) bool {
	isLetter := c|0x20 >= 'a' && c|0x20 <= 'z'
	return c < utf8.RuneSelf && !isLetter && (c < '0' || c > '9')
}

// A lesson is a page to learn from, and the key that it follows.
type lesson struct {
	before string
	page   []Entry
}

// learn learns from a page that follows a key.
func (m *model) learn(before string, page []Entry) {
	m.pages++
	step := max(1, len(page)/max(leastSamples, samples*manyPages/(manyPages+m.pages)))
	for i := 0; i < len(page); i += step {
		m.add(before, page[i].Key)
		before = page[i].Key
	}
}

// add learns from a key that follows another one: nothing is between them.
func (m *model) add(before, key string) {
	same := m.end(before, key)
	at := spot{}
	for i := range len(key) {
		if i >= same {
			p := m.place(at)
			if p == nil {
				return
			}
			m.pairs[at.last].add(key[i])
			own := m.of(p, at.last)
			if i > same || i >= len(before) {
				p.pass(0, int(key[i]))
				own.pass(0, int(key[i]))
			}
			m.count(at, p, key[i])
			if own != nil {
				own.counts[key[i]]++
			}
		}
		at = at.after(key[i])
	}
}

// end learns that nothing is between two keys, and returns how many bytes they have in
// common. An empty key is the end of the listing.
func (m *model) end(before, key string) int {
	same := commonLength(before, key)
	at := spot{}
	for i := range len(before) {
		if i >= same {
			p := m.place(at)
			if p == nil {
				break
			}
			to := 255
			if i == same && i < len(key) {
				to = int(key[i])
			}
			p.pass(int(before[i])+1, to)
			m.of(p, at.last).pass(int(before[i])+1, to)
		}
		at = at.after(before[i])
	}
	return same
}

// pass counts a node in which keys with characters in [from, to] would have been listed.
func (p *place) pass(from, to int) {
	if p != nil && from <= to {
		p.chances[from]++
		p.chances[to+1]--
		p.isStale = true
	}
}

// count counts a node that has a character.
func (m *model) count(at spot, p *place, c byte) {
	p.isStale = true
	p.counts[c]++
	if !p.seen.has(c) {
		p.seen.add(c)
		for _, other := range m.words[at.word] {
			other.isStale = true
		}
	}
}

// place returns the place to learn of, or nil if there is no room for it.
func (m *model) place(at spot) *place {
	if at.i >= maxLength {
		return nil
	}
	for len(m.words) <= at.word {
		m.words = append(m.words, nil)
	}
	for len(m.words[at.word]) <= at.i {
		if m.size >= mostPlaces {
			return nil
		}
		m.words[at.word] = append(m.words[at.word], &place{isStale: true})
		m.size++
	}
	return m.words[at.word][at.i]
}

// of returns what is counted of the nodes of a place that follow a character, or nil if there
// is no room for it.
func (m *model) of(p *place, last byte) *place {
	if p.by == nil {
		p.by = new([256]*place)
	}
	if p.by[last] == nil && m.size < mostPlaces {
		p.by[last] = &place{isStale: true}
		m.size++
	}
	return p.by[last]
}

// at returns a place with its weights, as they are after its last character, or nil if no key
// has such a place.
func (m *model) at(s spot) *place {
	if s.word >= len(m.words) || s.i >= len(m.words[s.word]) {
		return nil
	}
	p := m.words[s.word][s.i]
	if p.isStale {
		p.weigh(m.kin(s))
		p.forget()
	}
	own := m.of(p, s.last)
	if own == nil {
		return p
	}
	if own.isStale {
		own.narrow(p, s.last, m.pairs[s.last])
	}
	return own
}

// lacks reports whether the first characters in which key differs from other are such as no key
// has at their places.
func (m *model) lacks(other, key string) bool {
	at, same := spot{}, commonLength(other, key)
	for i := range min(len(key), same+mostDoubted) {
		if p := m.at(at); i >= same && p != nil && p.lacks(key[i]) {
			return true
		}
		at = at.after(key[i])
	}
	return false
}

// lacks reports whether enough nodes were listed up to a character, and none had it.
func (p *place) lacks(c byte) bool {
	chances := int32(0)
	for _, more := range p.chances[:int(c)+1] {
		chances += more
	}
	return p.counts[c] == 0 && chances >= enoughNodes
}

// forget marks the weights after each character as stale.
func (p *place) forget() {
	if p.by == nil {
		return
	}
	for _, own := range p.by {
		if own != nil {
			own.isStale = true
		}
	}
}

// weigh computes how likely each character is: as often as it was listed where it could have
// been, and if little is known, as likely as others of its kind.
func (p *place) weigh(kin charset) {
	p.isStale = false
	p.wide = [256]float32{}
	prior := [256]float32{}
	kin.fill(&prior, 1)
	if kin.isIn(lowerHexSet) || kin.isIn(upperHexSet) {
		p.wide = prior
	}
	for _, k := range kinds {
		n := p.seen.common(k.set).size()
		if n > 0 && kin == (charset{}) {
			k.set.fill(&prior, k.likely[min(n, len(k.likely))-1])
		}
	}
	p.seen.fill(&prior, 1)
	chances := int32(0)
	for c, count := range p.counts {
		chances += p.chances[c]
		p.weights[c] = (float32(count) + prior[c]) / float32(chances+1)
		p.wide[c] = max(p.wide[c], p.weights[c])
	}
}

// narrow computes how likely each character is after the same last one. Of UTF-8, pairs of bytes
// that came nowhere are not likely: a language has few of the letters that begin with a byte.
func (p *place) narrow(all *place, last byte, known charset) {
	p.isStale = false
	chances := int32(0)
	for c, count := range p.counts {
		chances += p.chances[c]
		p.weights[c] = (float32(count) + trust*all.weights[c]) / (float32(chances) + trust)
		if last >= utf8.RuneSelf && c >= utf8.RuneSelf && !known.has(byte(c)) {
			p.weights[c] *= newPair
		}
		p.wide[c] = max(p.weights[c], all.wide[c])
	}
}

// kin returns the largest set of characters of a place nearby that has all those seen here,
// or none.
func (m *model) kin(s spot) charset {
	places := m.words[s.word]
	own := places[s.i].seen
	best := charset{}
	for j := max(0, s.i-nearBefore); j < min(len(places), s.i+nearAfter); j++ {
		near := places[j].seen
		if near.isIn(digitSet) || near.size() < fewLetters {
			continue
		}
		for _, hex := range []charset{lowerHexSet, upperHexSet} {
			if near.isIn(hex) {
				near = hex
			}
		}
		near.drop(delimiter)
		isKind := own.size() > 1 || own.isIn(digitSet) || near.size() >= richAlphabet
		if isKind && own.isIn(near) && near.size() > best.size() {
			best = near
		}
	}
	return best
}

// A charset is a set of bytes.
type charset [4]uint64

func (s *charset) add(c byte)  { s[c>>6] |= 1 << (c & 63) }
func (s *charset) drop(c byte) { s[c>>6] &^= 1 << (c & 63) }

func (s charset) has(c byte) bool { return s[c>>6]&(1<<(c&63)) != 0 }

func (s charset) common(other charset) charset {
	for i := range s {
		s[i] &= other[i]
	}
	return s
}

func (s charset) isIn(other charset) bool { return s.common(other) == s }

func (s charset) size() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// fill gives the characters of a set at least a weight.
func (s charset) fill(weights *[256]float32, weight float32) {
	for c := range 256 {
		if s.has(byte(c)) {
			weights[c] = max(weights[c], weight)
		}
	}
}

var (
	digitSet    = charset{0x03ff_0000_0000_0000}
	lowerHexSet = charset{0x03ff_0000_0000_0000, 0x7e_0000_0000}
	upperHexSet = charset{0x03ff_0000_0000_0000, 0x7e}
)

// kinds are characters that stand for each other, and how likely another one of a kind is
// where one was seen, and where several were: letters, digits, and bytes of UTF-8.
var kinds = []struct {
	set    charset
	likely [2]float32
}{
	{digitSet, [2]float32{0.06, 0.4}},
	{charset{0, 0x07ff_fffe}, [2]float32{0, 0.06}},
	{charset{0, 0x07ff_fffe_0000_0000}, [2]float32{0, 0.06}},
	{charset{0, 0, 0xffff_ffff_ffff_ffff}, [2]float32{0.02, 0.5}},
	{charset{0, 0, 0, 0xffff_fff8}, [2]float32{0.02, 0.3}},
	{charset{0, 0, 0, 0xfffe_0000_0000}, [2]float32{0.05, 0.5}},
}

// toValid returns a key up to the first character that is cut short, which it completes,
// because a server can't be asked for a part of a character.
func toValid(key []byte) string {
	end := 0
	for end < len(key) {
		r, size := utf8.DecodeRune(key[end:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		end += size
	}
	for n := min(len(key)-end, utf8.UTFMax-1); n > 0; n-- {
		for _, rest := range []string{"\x80", "\x80\x80", "\x80\x80\x80", "\xa0\x80", "\x90\x80\x80"} {
			if text := string(key[:end+n]) + rest; utf8.ValidString(text) {
				return text
			}
		}
	}
	return string(key[:end])
}
