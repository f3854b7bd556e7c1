// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"maps"
	"slices"
	"testing"
)

// Some returns the rows of a table: all of them, and under -short count at most. These
// have equal distances in the order of their names, so that each run takes the same.
func Some[R any](rows map[string]R, count int) map[string]R {
	chosen := map[string]R{}
	for _, name := range SomeOf(slices.Sorted(maps.Keys(rows)), count) {
		chosen[name] = rows[name]
	}
	return chosen
}

// SomeOf returns the rows of a list: all of them, and under -short count at most, at
// equal distances.
func SomeOf[R any](rows []R, count int) []R {
	if !testing.Short() {
		return rows
	}
	return spread(rows, count)
}

// spread returns count rows at equal distances, or all if there are fewer.
func spread[R any](rows []R, count int) []R {
	count = min(count, len(rows))
	chosen := make([]R, 0, count)
	for i := range count {
		chosen = append(chosen, rows[i*len(rows)/count])
	}
	return chosen
}

// Less returns whole, a size or a count, and under -short the smaller one that shows the
// same.
func Less[N int | int64](whole, short N) N {
	if testing.Short() {
		return short
	}
	return whole
}
