// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLearnedPositions looks at each seventh key of a page, and at no more folders than
// maxDepth: the rest of a deeper key is one name.
func TestLearnedPositions(t *testing.T) {
	t.Parallel()
	var page []Entry
	for i := range 15 {
		page = append(page, Entry{Key: string(rune('a'+i)) + "/x"})
	}
	var letters alphabets
	letters.learn(page)
	require.Len(t, letters.names, 2)
	assert.Equal(t, "aho", letters.names[0].bytes[0])

	deep := strings.Repeat("d/", maxDepth+2) + "k"
	letters = alphabets{}
	letters.add(deep)
	assert.Len(t, letters.names, maxDepth)
	assert.Len(t, letters.names[maxDepth-2].bytes, 2)
	assert.Len(t, letters.names[maxDepth-1].bytes, len("d/d/d/k"))
	positions := letters.positions(deep)
	assert.Len(t, positions, len(deep))
	assert.Equal(t, len("d/d/d/k")-1, positions[len(deep)-1].i)
	assert.Equal(t, 0, positions[2].i, "a name begins after a slash")
}

// TestDigits tells kinds of characters by what was seen at a position and near it.
func TestDigits(t *testing.T) {
	t.Parallel()
	many := "abcdefghijklmnopqrstuvwxyz"
	for name, test := range map[string]struct {
		keys []string
		want string // at the last position
	}{
		"digits":                          {[]string{"3", "7"}, decimalDigits},
		"one letter":                      {[]string{"x"}, "x"},
		"letters":                         {[]string{"x", "g"}, "gx"},
		"a digit near four letters":       {[]string{"a1", "b1", "c1", "d1"}, decimalDigits},
		"a digit near five letters":       {[]string{"a1", "b1", "c1", "d1", "e1"}, lowerHex},
		"a digit near five capitals":      {[]string{"A1", "B1", "C1", "D1", "E1"}, upperHex},
		"two letters near five letters":   {[]string{"aa", "bb", "cb", "db", "eb"}, lowerHex},
		"one letter near five letters":    {[]string{"aa", "ba", "ca", "da", "ea"}, "a"},
		"one letter near a rich alphabet": {endingIn(many[:richAlphabet], "b"), many[:richAlphabet]},
		"one letter near one not so rich": {endingIn(many[:richAlphabet-1], "b"), "b"},
		"another kind near":               {endingIn(many[:richAlphabet], "-"), "-"},
		"two before":                      {[]string{"a-1", "b-1", "c-1", "d-1", "e-1"}, lowerHex},
		"three before":                    {[]string{"a--1", "b--1", "c--1", "d--1", "e--1"}, decimalDigits},
		"digits near digits":              {[]string{"11", "21", "31", "41", "51"}, decimalDigits},
	} {
		var letters alphabet
		for _, key := range test.keys {
			letters.add(key)
		}
		assert.Equal(t, test.want, letters.at(len(test.keys[0])-1), name)
	}
	for distance, want := range map[int]string{nearAfter - 1: lowerHex, nearAfter: decimalDigits} {
		var letters alphabet
		for _, c := range many[:5] {
			letters.add(fmt.Sprintf("1%s%c", strings.Repeat("-", distance-1), c))
		}
		assert.Equal(t, want, letters.at(0), "%d after", distance)
	}
	var letters alphabet
	letters.add("10")
	assert.Equal(t, decimalDigits, letters.at(0))
	for _, c := range many[:5] {
		letters.add("1" + string(c))
	}
	assert.Equal(t, lowerHex, letters.at(0), "what is known of a position changes with its neighbors")
}

// endingIn returns a key for each letter, with an end.
func endingIn(letters, end string) []string {
	var keys []string
	for _, c := range letters {
		keys = append(keys, string(c)+end)
	}
	return keys
}
