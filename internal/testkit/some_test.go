// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSome(t *testing.T) {
	t.Parallel()
	list, table := []int{0, 1, 2, 3, 4}, map[string]int{"a": 0, "b": 1, "c": 2, "d": 3, "e": 4}
	assert.Equal(t, []int{0, 2}, spread(list, 2))
	assert.Equal(t, []int{0, 1, 3}, spread(list, 3))
	assert.Equal(t, list, SomeOf(list, 5))
	assert.Equal(t, list[:1], SomeOf(list[:1], 5))
	if !testing.Short() {
		assert.Equal(t, list, SomeOf(list, 2))
		assert.Equal(t, table, Some(table, 2))
		return
	}
	assert.Equal(t, []int{0, 2}, SomeOf(list, 2))
	assert.Equal(t, map[string]int{"a": 0, "c": 2}, Some(table, 2))
}

func TestLess(t *testing.T) {
	t.Parallel()
	want := 5
	if testing.Short() {
		want = 2
	}
	assert.Equal(t, want, Less(5, 2))
}
