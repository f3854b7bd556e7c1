// SPDX-License-Identifier: Apache-2.0

package dateutil

import (
	"errors"
	"strconv"
	"time"
)

var (
	errParts     = errors.New("the parts of the date contradict each other")
	errAmbiguous = errors.New("the year, the month or the day is missing")
)

// A date collects the numbers of a date in the order in which they stand, and
// which of them is known to be the year, the month or the day (dateutil's _ymd).
// An index is -1 while unknown.
type date struct {
	parts            []int
	year, month, day int
	century          bool // the year has its century
}

func newDate() *date { return &date{year: -1, month: -1, day: -1} }

// addText adds a number as it is written; one of three or more digits is a year.
func (d *date) addText(text string) error {
	value, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	if len(text) > 2 {
		return d.addYear(value)
	}
	d.parts = append(d.parts, value)
	return nil
}

// addValue adds a number without knowing how it is written.
func (d *date) addValue(value int) error {
	if value > 100 {
		return d.addYear(value)
	}
	d.parts = append(d.parts, value)
	return nil
}

func (d *date) addYear(value int) error {
	d.century = true
	return d.label(&d.year, value)
}

func (d *date) addMonth(month int) error { return d.label(&d.month, month) }

func (d *date) label(index *int, value int) error {
	if *index >= 0 {
		return errParts
	}
	*index = len(d.parts)
	d.parts = append(d.parts, value)
	return nil
}

// couldBeDay reports whether value can be the day of what is known of the date.
func (d *date) couldBeDay(value int) bool {
	switch {
	case d.day >= 0 || value < 1:
		return false
	case d.month < 0:
		return value <= 31
	}
	month := d.parts[d.month]
	if d.year < 0 {
		return value <= daysOf(2000, month)
	}
	return value <= daysOf(d.parts[d.year], month)
}

func daysOf(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// resolve decides which number is what, as Americans read it: month before day,
// unless a number is too large for that.
func (d *date) resolve() (year, month, day int, err error) {
	if len(d.parts) != 3 {
		return 0, 0, 0, errAmbiguous
	}
	order := d.order()
	for i, part := range d.parts {
		switch order[i] {
		case 'y':
			year = part
		case 'm':
			month = part
		case 'd':
			day = part
		}
	}
	return year, month, day, nil
}

// order names the three parts by the letters y, m and d.
func (d *date) order() string {
	if known := d.known(); known != "" {
		return known
	}
	first, second := d.parts[0], d.parts[1]
	switch d.month {
	case 0: // Apr-2003-25, Apr-25-2003
		return choose(second > 31, "myd", "mdy")
	case 1: // 99-Jan-01, 01-Jan-99
		return choose(first > 31, "ymd", "dmy")
	case 2: // 01-99-Jan, 99-01-Jan
		return choose(second > 31, "dym", "ydm")
	}
	switch {
	case first > 31 || d.year == 0: // 99-01-31
		return "ymd"
	case first > 12: // 31-01-99
		return "dmy"
	}
	return "mdy" // 01-31-99
}

// known is the order where two of the three parts have their names, or "".
func (d *date) known() string {
	order := []byte("   ")
	for name, index := range map[byte]int{'y': d.year, 'm': d.month, 'd': d.day} {
		if index >= 0 {
			order[index] = name
		}
	}
	missing := -1
	for i, name := range order {
		if name == ' ' {
			if missing >= 0 {
				return ""
			}
			missing = i
		}
	}
	if missing >= 0 {
		order[missing] = 'y' ^ 'm' ^ 'd' ^ order[0] ^ order[1] ^ order[2] ^ ' '
	}
	return string(order)
}

func choose(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
