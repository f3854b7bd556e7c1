// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// replacements returns copies of v, each with one part of it replaced by part.
func replacements(v, part any) []any {
	copies := []any{part}
	switch v := v.(type) {
	case []any:
		for i := range v {
			for _, item := range replacements(v[i], part) {
				copies = append(copies, withItem(v, i, item))
			}
		}
	case Tuple:
		for i := range v {
			for _, item := range replacements(v[i], part) {
				copies = append(copies, Tuple(withItem(v, i, item)))
			}
		}
	case *Dict:
		for i := range v.Len() {
			for _, item := range replacements(v.entries[i].value, part) {
				entries := append([]dictEntry{}, v.entries...)
				entries[i].value = item
				copies = append(copies, &Dict{entries: entries, index: v.index})
			}
		}
	case *Object:
		for _, args := range replacements(v.Args, part) {
			if args, ok := args.(Tuple); ok {
				o := *v
				o.Args = args
				copies = append(copies, &o)
			}
		}
		for _, state := range replacements(v.State, part) {
			o := *v
			o.State = state
			copies = append(copies, &o)
		}
	}
	return copies
}

func withItem(items []any, i int, item any) []any {
	changed := append([]any{}, items...)
	changed[i] = item
	return changed
}

// TestReplacedParts shows results of Python in which one part is another value.
func TestReplacedParts(t *testing.T) {
	t.Parallel()
	parts := []any{"canary", int64(1 << 40), int64(-1), nil, Tuple{}, dictOf("canary", int64(1)), []any{"canary"}, []byte("canary"), Global{"canary", "Canary"}}
	count := 0
	for _, c := range readResults(t) {
		v, err := Decode(fromBase64(t, c.B64))
		require.NoError(t, err)
		for _, part := range parts {
			for _, changed := range replacements(v, part) {
				require.NotEmpty(t, Repr(changed), "%s: %v", c.Name, changed)
				count++
			}
		}
	}
	assert.Greater(t, count, 10000)
}
