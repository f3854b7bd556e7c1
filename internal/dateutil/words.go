// SPDX-License-Identifier: Apache-2.0

package dateutil

import (
	"slices"
	"strings"
	"sync"
)

// jumps are the tokens that mean nothing.
var jumps = []string{" ", ".", ",", ";", "-", "/", "'", "at", "on", "and", "ad", "m", "t", "of", "st", "nd", "rd", "th"}

// The maps are made on first use, because few processes read dates in words.
var (
	weekdays = sync.OnceValue(func() map[string]int {
		return numbered([]string{"mon", "monday"}, []string{"tue", "tuesday"}, []string{"wed", "wednesday"}, []string{"thu", "thursday"},
			[]string{"fri", "friday"}, []string{"sat", "saturday"}, []string{"sun", "sunday"})
	})
	months = sync.OnceValue(func() map[string]int {
		return numbered(nil, []string{"jan", "january"}, []string{"feb", "february"}, []string{"mar", "march"}, []string{"apr", "april"},
			[]string{"may"}, []string{"jun", "june"}, []string{"jul", "july"}, []string{"aug", "august"}, []string{"sep", "sept", "september"},
			[]string{"oct", "october"}, []string{"nov", "november"}, []string{"dec", "december"})
	})
	halves = sync.OnceValue(func() map[string]int { return numbered([]string{"am", "a"}, []string{"pm", "p"}) })
	labels = sync.OnceValue(func() map[string]int {
		return numbered([]string{"h", "hour", "hours"}, []string{"m", "minute", "minutes"}, []string{"s", "second", "seconds"})
	})
)

func labelOf(token string) (label int, ok bool) {
	label, ok = labels()[strings.ToLower(token)]
	return label, ok
}

func isLabel(token string) bool {
	_, ok := labelOf(token)
	return ok
}

func isJump(token string) bool { return slices.Contains(jumps, strings.ToLower(token)) }

// numbered maps each of several words to the place of its group.
func numbered(groups ...[]string) map[string]int {
	numbers := map[string]int{}
	for i, group := range groups {
		for _, word := range group {
			numbers[word] = i
		}
	}
	return numbers
}
