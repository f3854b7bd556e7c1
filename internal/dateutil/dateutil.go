// SPDX-License-Identifier: Apache-2.0

// Package dateutil reads points in time as Python's dateutil.parser.parse does, by
// which boto3 reads expirations: "2040-01-01T00:00:00Z", "2040-01-01 00:00:00 UTC",
// the output of date, HTTP's dates and many more; and the dates in S3's answers, in XML and
// in headers, in every common form that boto3 reads. It must not know what the time is
// for. Start reading at Parse, and at ParseS3, which leaves all but S3's own forms to Parse.
package dateutil

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxLength bounds a string, in bytes. The longest known form has 40.
const maxLength = 128

var errForm = errors.New("unknown form")

// Parse is ParseIn with local time.
func Parse(text string) (time.Time, error) { return ParseIn(text, time.Local) }

// ParseIn returns the point in time that text names, in zone if text names none. Unlike
// dateutil, it does not take from today what text lacks of a date, and refuses a zone
// whose name says no offset, such as EST.
func ParseIn(text string, zone *time.Location) (time.Time, error) {
	if len(text) > maxLength {
		return time.Time{}, fmt.Errorf("a string of %d bytes is not a time", len(text))
	}
	p := &parser{tokens: split(normalize(text)), date: newDate(), hour: unset, byDefault: zone}
	if err := p.parse(); err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time: %w", text, err)
	}
	t, err := p.time(time.Now())
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time: %w", text, err)
	}
	return t, nil
}

// normalize drops NUL, as dateutil does, and makes ASCII of white space.
func normalize(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 0:
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, text)
}

// unset is the value of a number that the text has not told yet.
const unset = -1

// A parser is the state of dateutil's parser._parse.
type parser struct {
	tokens         []string
	at             int
	date           *date
	byDefault      *time.Location
	hour           int // unset until known
	minute, second int
	nanos          int
	zone           string // the name, "" while unknown
	hasOffset      bool
	offset         int // seconds east of UTC
}

// parse reads all tokens.
func (p *parser) parse() error {
	for p.at = 0; p.at < len(p.tokens); p.at++ {
		if err := p.parseToken(p.tokens[p.at]); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) parseToken(token string) error {
	if isNumber(token) {
		return p.parseNumber(token)
	}
	if _, ok := weekdays()[strings.ToLower(token)]; ok {
		return nil
	}
	if month, ok := months()[strings.ToLower(token)]; ok {
		return p.parseMonth(month)
	}
	if half, ok := halves()[strings.ToLower(token)]; ok {
		if p.hour < 0 || p.hour > 12 {
			return errForm
		}
		p.hour = adjust(p.hour, half)
		return nil
	}
	if p.couldBeZone(token) {
		p.parseZone(token)
		return nil
	}
	if p.hour != unset && (token == "+" || token == "-") {
		return p.parseOffset(token)
	}
	if !isJump(token) {
		return errForm
	}
	return nil
}

// token is the one at index, or "" beyond the end.
func (p *parser) token(index int) string {
	if index < 0 || index >= len(p.tokens) {
		return ""
	}
	return p.tokens[index]
}

// parseMonth reads what follows a month's name: -01, -01-99 or " of 99".
func (p *parser) parseMonth(month int) error {
	if err := p.date.addMonth(month); err != nil {
		return err
	}
	separator := p.token(p.at + 1)
	switch {
	case separator == "-" || separator == "/":
		if err := p.date.addText(p.token(p.at + 2)); err != nil {
			return err
		}
		if p.token(p.at+3) == separator {
			if err := p.date.addText(p.token(p.at + 4)); err != nil {
				return err
			}
			p.at += 2
		}
		p.at += 2
	case separator == " " && strings.EqualFold(p.token(p.at+2), "of") && p.token(p.at+3) == " " && p.at+4 < len(p.tokens):
		if year, err := strconv.Atoi(p.token(p.at + 4)); err == nil {
			if err := p.date.addYear(withCentury(year, time.Now().Year())); err != nil {
				return err
			}
		}
		p.at += 4
	}
	return nil
}

// time puts the parts together.
func (p *parser) time(now time.Time) (time.Time, error) {
	year, month, day, err := p.date.resolve()
	if err != nil {
		return time.Time{}, err
	}
	if !p.date.century {
		year = withCentury(year, now.Year())
	}
	zone, err := p.location(now)
	if err != nil {
		return time.Time{}, err
	}
	t := time.Date(year, time.Month(month), day, max(p.hour, 0), p.minute, p.second, p.nanos, zone)
	inUTC := time.Date(year, time.Month(month), day, max(p.hour, 0), p.minute, p.second, 0, time.UTC)
	if year < 1 || year > 9999 || inUTC.Month() != time.Month(month) || inUTC.Day() != day || inUTC.Hour() != max(p.hour, 0) || p.minute > 59 || p.second > 59 {
		return time.Time{}, errors.New("a part of it is out of range")
	}
	return t, nil
}

// withCentury puts a year of two digits within fifty years of now's.
func withCentury(year, now int) int {
	if year >= 100 {
		return year
	}
	year += now / 100 * 100
	switch {
	case year >= now+50:
		return year - 100
	case year < now-50:
		return year + 100
	}
	return year
}

// adjust turns an hour of the twelve-hour clock into one of the day; half is 0
// for am and 1 for pm.
func adjust(hour, half int) int {
	switch {
	case hour < 12 && half == 1:
		return hour + 12
	case hour == 12 && half == 0:
		return 0
	}
	return hour
}
