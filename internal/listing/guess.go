// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"strings"
)

// A keySample is a page of keys from which the distance of the next ones is guessed.
type keySample struct {
	first, last string
	count       int
}

// The widths of the window of a key that is taken for a number: what may be
// carried to the left of the first character that differs, and the precision
// to the right.
const (
	carryWidth     = 1 << 20
	precisionWidth = 1 << 28
	maxWindow      = 48 // characters, most of which are the same in all keys
)

// A keyScale takes a window of keys for numbers, digit by digit, so that keys can
// be told that are about so many keys further on: a guess, which only has to be
// good on average.
type keyScale struct {
	head   string // what the keys have before the window
	digits []string
	gap    float64 // between two keys
	end    float64 // the numbers end here
}

// newKeyScale is false for a sample that tells nothing. What stands in the first
// fixed bytes never changes.
func newKeyScale(sample keySample, letters *alphabets, fixed int) (*keyScale, bool) {
	differs := commonLength(sample.first, sample.last)
	if sample.count < 2 || differs < fixed || differs >= len(sample.last) {
		return nil, false
	}
	positions := letters.positions(sample.last)
	if len(positions) <= differs {
		return nil, false
	}
	start, width := differs, 1.0
	for ; start > fixed && differs-start < maxWindow; start-- {
		more := float64(max(1, len(positions[start-1].digits())))
		if width*more > carryWidth {
			break
		}
		width *= more
	}
	scale := &keyScale{head: sample.last[:start], end: width}
	width = 1
	for i := start; i < len(positions) && i < differs+maxWindow; i++ {
		digits := positions[i].digits()
		if digits == "" {
			break
		}
		if i >= differs {
			if width *= float64(len(digits)); width > precisionWidth {
				break
			}
			scale.end *= float64(len(digits))
		}
		scale.digits = append(scale.digits, digits)
	}
	scale.gap = (scale.value(sample.last) - scale.value(sample.first)) / float64(sample.count-1)
	return scale, scale.gap > 0
}

func commonLength(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// value is the number of a key that has the scale's head.
func (s *keyScale) value(key string) float64 {
	value := 0.0
	for i, digits := range s.digits {
		value *= float64(len(digits))
		if at := len(s.head) + i; at < len(key) {
			digit := 0
			for digit < len(digits)-1 && digits[digit] < key[at] {
				digit++
			}
			value += float64(digit)
		}
	}
	return value
}

// ahead guesses the key that is so many keys after from. It returns "" if the scale
// does not reach so far.
func (s *keyScale) ahead(from string, keys float64) string {
	if !strings.HasPrefix(from, s.head) {
		return ""
	}
	target := s.value(from) + s.gap*keys
	if target >= s.end {
		return ""
	}
	rest := uint64(target)
	key := []byte(s.head)
	key = append(key, make([]byte, len(s.digits))...)
	for i := len(s.digits) - 1; i >= 0; i-- {
		digits := s.digits[i]
		key[len(s.head)+i] = digits[rest%uint64(len(digits))]
		rest /= uint64(len(digits))
	}
	return toValid(key)
}
