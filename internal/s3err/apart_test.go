// SPDX-License-Identifier: Apache-2.0

package s3err

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"testing"
)

// TestApart finds all errors of a type, and what is next to them.
func TestApart(t *testing.T) {
	t.Parallel()
	a, b := &fs.PathError{Op: "a", Err: io.EOF}, &fs.PathError{Op: "b", Err: fs.ErrExist}
	other := errors.New("other")
	for name, test := range map[string]struct {
		err  error
		want []*fs.PathError
		rest string
	}{
		"nothing":          {nil, nil, ""},
		"itself":           {a, []*fs.PathError{a}, ""},
		"wrapped":          {fmt.Errorf("x: %w", a), []*fs.PathError{a}, ""},
		"several":          {errors.Join(a, fmt.Errorf("x: %w", b)), []*fs.PathError{a, b}, ""},
		"next to another":  {errors.Join(other, a), []*fs.PathError{a}, "other"},
		"among others":     {fmt.Errorf("x: %w", errors.Join(other, a, io.EOF, b)), []*fs.PathError{a, b}, "other\nEOF"},
		"only others":      {errors.Join(other, io.EOF), nil, "other\nEOF"},
		"another, wrapped": {fmt.Errorf("x: %w", other), nil, "x: other"},
		"below what hides": {Answers(fmt.Errorf("x: %w", a)), []*fs.PathError{a}, ""},
		"hidden":           {Hide(a, io.EOF), nil, a.Error()},
	} {
		found, rest := Apart[*fs.PathError](test.err)
		text := ""
		if rest != nil {
			text = rest.Error()
		}
		if !slices.Equal(found, test.want) || text != test.rest {
			t.Errorf("%s: got %v and %q", name, found, text)
		}
	}
}
