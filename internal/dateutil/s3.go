// SPDX-License-Identifier: Apache-2.0

package dateutil

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// httpTime is net/http's TimeFormat: settings are read with this package too, and need no
// requests.
const httpTime = "Mon, 02 Jan 2006 15:04:05 GMT"

// ParseS3 returns the time, in UTC, that text of an answer of S3 stands for, and reports
// whether it could be read. It reads what botocore's parse_timestamp reads with dateutil:
// ISO 8601 with or without separators and zone, RFC 1123, 850 and 822, the output
// of asctime and of "date -u", and seconds since 1970, with blanks around them.
// A time without a zone is in UTC. What can't be read is the zero time, so that a
// caller can drop the date and keep the rest of the answer.
func ParseS3(text string) (at time.Time, ok bool) {
	if at, ok := ParseUTC(text); ok {
		return at, true
	}
	text = strings.TrimSpace(text)
	if at, err := time.Parse(httpTime, text); err == nil {
		return at.UTC(), true
	}
	if at, ok := parseEpoch(text); ok {
		return at, true
	}
	at, err := ParseIn(text, time.UTC)
	if err != nil {
		at, err = ParseIn(likePython(text), time.UTC)
	}
	return at.UTC(), err == nil
}

// likePython rewrites what Go's servers send, and dateutil does not read: "+0000 UTC",
// and the zone of HTTP's dates in lower case.
func likePython(text string) string {
	return strings.Replace(strings.ToUpper(text), "+0000 UTC", "+0000", 1)
}

// ParseUTC returns the time of the form 2006-01-02T15:04:05.000Z, which S3 itself
// sends, with up to nine decimals or none, and reports whether text has that form.
// It does not allocate.
func ParseUTC[T string | []byte](text T) (at time.Time, ok bool) {
	const layout = "0000-00-00T00:00:00"
	if len(text) <= len(layout) || len(text) > len(layout)+len(".000000000Z") || text[len(text)-1] != 'Z' {
		return time.Time{}, false
	}
	for i := range len(layout) {
		if layout[i] == '0' && !isDigit(text[i]) || layout[i] != '0' && text[i] != layout[i] {
			return time.Time{}, false
		}
	}
	nanos, ok := parseDecimals(text[len(layout) : len(text)-1])
	if !ok {
		return time.Time{}, false
	}
	two := func(i int) int { return int(text[i]-'0')*10 + int(text[i+1]-'0') }
	return dateOf(two(0)*100+two(2), two(5), two(8), two(11), two(14), two(17), nanos)
}

func parseDecimals[T string | []byte](text T) (nanos int, ok bool) {
	if len(text) == 0 {
		return 0, true
	}
	if text[0] != '.' || len(text) == 1 {
		return 0, false
	}
	unit := int(time.Second)
	for i := 1; i < len(text); i++ {
		if !isDigit(text[i]) {
			return 0, false
		}
		unit /= 10
		nanos += int(text[i]-'0') * unit
	}
	return nanos, true
}

// dateOf reports false for fields that are out of range, such as April 31.
func dateOf(year, month, day, hour, minute, second, nanos int) (at time.Time, ok bool) {
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	at = time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if at.Day() != day {
		return time.Time{}, false
	}
	return at, true
}

// Python's dates begin with the year 1 and end before the year 10000.
const (
	firstEpoch = -62135596800
	lastEpoch  = 253402300800
)

// parseEpoch reads seconds since 1970, with decimals or an exponent.
func parseEpoch(text string) (at time.Time, ok bool) {
	if text == "" || strings.Trim(text, "0123456789.+-eE") != "" {
		return time.Time{}, false
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || number < firstEpoch || number >= lastEpoch {
		return time.Time{}, false
	}
	seconds, fraction := math.Modf(number)
	// A float64 holds microseconds of today's times, and not more.
	micros := math.Round(fraction * 1e6)
	return time.Unix(int64(seconds), int64(micros)*1000).UTC(), true
}
