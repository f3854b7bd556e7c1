// SPDX-License-Identifier: Apache-2.0

// Package spelling guesses which known word was meant. It must not know what
// the words are for. Start reading at Nearest.
package spelling

import (
	"slices"
	"strings"
)

// maxLength bounds the words that are compared, in bytes.
const maxLength = 64

// Nearest returns the known word within two edits of word, within one of a short
// word, or "". Letter case and - in place of _ cost nothing; neither does a prefix
// before a long word, as in aws_access_key_id. A word that is known has no other.
func Nearest(word string, known []string) string {
	if slices.Contains(known, word) || len(word) > maxLength {
		return ""
	}
	folded := strings.ReplaceAll(strings.ToLower(word), "-", "_")
	best, bestDistance := "", 3
	for _, candidate := range known {
		limit := min(2, len(candidate)/3)
		edits := distance(folded, candidate)
		if len(candidate) > 6 && strings.HasSuffix(folded, "_"+candidate) {
			edits = 1
		}
		if edits <= limit && edits < bestDistance {
			best, bestDistance = candidate, edits
		}
	}
	return best
}

// distance is Levenshtein's: how many bytes must be added, removed or replaced.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
