// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strconv"
	"strings"
)

// A cell is a place of a table. Its text is one line. A style is for terminals with
// colors, and only repeats what the text says.
type cell struct {
	text  string
	style style
}

// A table is printed in columns when it is whole. Its last column is not padded.
type table struct{ rows [][]cell }

// newTable returns a table with a heading.
func newTable(titles ...string) *table {
	heading := make([]cell, len(titles))
	for i, title := range titles {
		heading[i].text = title
	}
	return &table{rows: [][]cell{heading}}
}

// add adds a row, which has as many cells as the heading.
func (t *table) add(row ...cell) { t.rows = append(t.rows, row) }

// print prints the table.
func (t *table) print(out *output) error {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], textWidth(cell.text))
		}
	}
	for _, row := range t.rows {
		for i, cell := range row {
			if err := out.styled(cell.style, cell.text); err != nil {
				return err
			}
			end := "\n"
			if i+1 < len(row) {
				end = strings.Repeat(" ", widths[i]-textWidth(cell.text)+2)
			}
			if _, err := io.WriteString(out, end); err != nil {
				return err
			}
		}
	}
	return nil
}

// stateStyle returns how the state of a call, or an event, is shown.
func stateStyle(state string) style {
	switch state {
	case "done":
		return good
	case "failed", "lost":
		return bad
	case "running", "started":
		return doubt
	}
	return ""
}

// countCell returns a number of calls, in the style of their state unless there are none.
func countCell(n int, state string) cell {
	counted := cell{text: strconv.Itoa(n)}
	if n > 0 {
		counted.style = stateStyle(state)
	}
	return counted
}
