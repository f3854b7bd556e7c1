// SPDX-License-Identifier: Apache-2.0

package listing

import "strings"

// maxDepth is how many folders above each other are told apart.
const maxDepth = 64

// alphabets has an alphabet for the names at each depth, because a name may begin
// anywhere in a key: a position means more in a name than in a key.
type alphabets struct{ names []alphabet }

// learn takes notice of some of a page's keys.
func (a *alphabets) learn(page []Entry) {
	const step = 7
	for i := 0; i < len(page); i += step {
		a.add(page[i].Key)
	}
}

func (a *alphabets) add(key string) {
	for depth := 0; key != ""; depth++ {
		end := strings.IndexByte(key, delimiter) + 1
		if end == 0 || depth == maxDepth-1 {
			end = len(key)
		}
		if depth == len(a.names) {
			a.names = append(a.names, alphabet{})
		}
		a.names[depth].add(key[:end])
		key = key[end:]
	}
}

// A position is a place in a name at some depth, where a key has a byte.
type position struct {
	*alphabet
	i    int
	byte byte
}

// positions returns the position of each byte of a key, as far as there are keys with one.
func (a *alphabets) positions(key string) []position {
	positions := make([]position, 0, len(key))
	depth, begin := 0, 0
	for i := range len(key) {
		if depth == len(a.names) || i-begin >= len(a.names[depth].sets) {
			break
		}
		positions = append(positions, position{&a.names[depth], i - begin, key[i]})
		if key[i] == delimiter && depth < maxDepth-1 {
			depth++
			begin = i + 1
		}
	}
	return positions
}

// digits returns the bytes, in order, that a key may have at a position. A name does not
// end where the key's does not, because what follows would be in the wrong place.
func (p position) digits() string {
	if p.byte == delimiter {
		return string(delimiter)
	}
	digits := p.at(p.i)
	if end := strings.IndexByte(digits, delimiter); end >= 0 {
		return digits[:end] + digits[end+1:]
	}
	return digits
}
