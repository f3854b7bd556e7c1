package s3time

import (
	"strconv"
	"strings"
	"time"
)

// A parser reads a date in a form that is not known beforehand, as dateutil does:
// it cuts the text into numbers, words and separators, and tells the parts of the
// date from each other by their length, order and neighbours.
type parser struct {
	text string
	at   int

	date  []number // in the order of the text
	month int      // by name

	hasTime              bool
	hour, minute, second int
	nanos                int
	half                 string // "am" or "pm"

	hasZone bool
	offset  time.Duration
}

// A number of the date. How many digits it has tells a year from a day.
type number struct{ value, digits int }

func (p *parser) parse(text string) (at time.Time, ok bool) {
	for p.text = text; p.at < len(p.text); {
		if !p.next() {
			return time.Time{}, false
		}
	}
	year, month, day, ok := p.yearMonthDay()
	if !ok || !p.applyHalf() {
		return time.Time{}, false
	}
	at, ok = dateOf(year, month, day, p.hour, p.minute, p.second, p.nanos)
	if !ok {
		return time.Time{}, false
	}
	return at.Add(-p.offset), true
}

// next reads one part of the text, and reports whether it may stand there.
func (p *parser) next() bool {
	switch c := p.text[p.at]; {
	case isDigit(c):
		return p.number()
	case isLetter(c):
		return p.word(p.take(isLetter))
	case p.hasTime && (c == '+' || c == '-'):
		return p.zoneOffset()
	case strings.IndexByte(" \t\r\n,/.-", c) >= 0:
		p.at++
		return true
	}
	return false
}

func (p *parser) take(is func(byte) bool) string {
	start := p.at
	for p.at < len(p.text) && is(p.text[p.at]) {
		p.at++
	}
	return p.text[start:p.at]
}

// sees reports whether a digit comes after c.
func (p *parser) sees(c byte) bool {
	return p.at+1 < len(p.text) && p.text[p.at] == c && isDigit(p.text[p.at+1])
}

func (p *parser) number() bool {
	digits := p.take(isDigit)
	switch {
	case p.sees(':'):
		return !p.hasTime && p.clock(digits)
	case !p.hasTime && len(p.date) == 0 && p.month == 0 && (len(digits) == 8 || len(digits) == 12 || len(digits) == 14):
		p.date = []number{numberOf(digits[:4]), numberOf(digits[4:6]), numberOf(digits[6:8])}
		return len(digits) == 8 || p.compactClock(digits[8:])
	case !p.hasTime && len(p.date) == 3 && (len(digits) == 4 || len(digits) == 6):
		return p.compactClock(digits)
	case len(p.date) < 3 && len(digits) <= 4:
		p.date = append(p.date, numberOf(digits))
		return true
	}
	return false
}

// numberOf takes digits, few enough for an int.
func numberOf(digits string) number {
	value, _ := strconv.Atoi(digits) // digits only
	return number{value, len(digits)}
}

// clock reads the rest of 15:04, 15:04:05 or 15:04:05.000, after the hour.
func (p *parser) clock(hour string) bool {
	p.at++
	minute := p.take(isDigit)
	second := ""
	if p.sees(':') {
		p.at++
		second = p.take(isDigit)
	}
	return len(hour) <= 2 && len(minute) <= 2 && len(second) <= 2 && p.setClock(hour, minute, second)
}

// compactClock reads 1504 or 150405, and decimals after it.
func (p *parser) compactClock(digits string) bool {
	return p.setClock(digits[:2], digits[2:4], digits[4:])
}

func (p *parser) setClock(hour, minute, second string) bool {
	p.hasTime = true
	p.hour, p.minute, p.second = numberOf(hour).value, numberOf(minute).value, numberOf(second).value
	if second == "" || (!p.sees('.') && !p.sees(',')) {
		return true
	}
	p.at++
	decimals := p.take(isDigit)
	nanos, ok := parseDecimals("." + decimals[:min(len(decimals), 9)])
	p.nanos = nanos
	return ok
}

var (
	months   = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
	weekdays = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
)

func (p *parser) word(word string) bool {
	word = strings.ToLower(word)
	switch word {
	case "t": // between date and time
		return len(p.date) > 0 && !p.hasTime
	case "am", "pm":
		isFirst := p.half == ""
		p.half = word
		return p.hasTime && isFirst
	case "z", "utc", "gmt":
		isFirst := p.hasTime && (!p.hasZone || p.offset == 0) // "+0000 UTC"
		p.hasZone = true
		return isFirst
	case "sept":
		word = "sep"
	}
	if indexOfName(weekdays, word) >= 0 {
		return true
	}
	month := indexOfName(months, word)
	if month < 0 || p.month != 0 {
		return false
	}
	p.month = month + 1
	return true
}

// indexOfName is the place of a name, whole or its first three letters, or -1.
func indexOfName(names []string, word string) int {
	for i, name := range names {
		if word == name || word == name[:3] {
			return i
		}
	}
	return -1
}

// zoneOffset reads +02, +0200 or +02:00. As in POSIX and in dateutil, the sign
// directly after a name has the other meaning: GMT+2 is UTC-2.
func (p *parser) zoneOffset() bool {
	sign := time.Duration(1)
	if p.text[p.at] == '-' {
		sign = -1
	}
	if isLetter(p.text[p.at-1]) {
		sign = -sign
	}
	p.at++
	digits := p.take(isDigit)
	if p.sees(':') && (len(digits) == 1 || len(digits) == 2) {
		p.at++
		digits = "0"[len(digits)-1:] + digits + p.take(isDigit) // +2:00 is +0200
	}
	if p.offset != 0 || (len(digits) != 1 && len(digits) != 2 && len(digits) != 4) {
		return false
	}
	hours, minutes := numberOf(digits[:min(2, len(digits))]), numberOf(digits[min(2, len(digits)):])
	p.hasZone = true
	p.offset = sign * (time.Duration(hours.value)*time.Hour + time.Duration(minutes.value)*time.Minute)
	return hours.value < 24 && minutes.value < 60
}

// applyHalf takes "am" and "pm" into account.
func (p *parser) applyHalf() bool {
	if p.half == "" {
		return true
	}
	if p.hour < 1 || p.hour > 12 {
		return false
	}
	p.hour %= 12
	if p.half == "pm" {
		p.hour += 12
	}
	return true
}

// yearMonthDay tells the parts of the date from each other.
func (p *parser) yearMonthDay() (year, month, day int, ok bool) {
	n := p.date
	switch {
	case p.month != 0 && len(n) == 2:
		month = p.month
		year, day = yearOf(n[1]), n[0].value
		if n[0].digits > 2 {
			year, day = yearOf(n[0]), n[1].value
		}
	case p.month != 0 || len(n) != 3:
		return 0, 0, 0, false
	case n[0].digits > 2:
		year, month, day = yearOf(n[0]), n[1].value, n[2].value
	case n[0].value > 12: // the 13th can't be a month, as in the United States
		day, month, year = n[0].value, n[1].value, yearOf(n[2])
	default:
		month, day, year = n[0].value, n[1].value, yearOf(n[2])
	}
	return year, month, day, year > 0
}

// yearOf reads a year of two digits as POSIX and net/http do.
func yearOf(n number) int {
	switch {
	case n.digits > 2:
		return n.value
	case n.value >= 69:
		return 1900 + n.value
	}
	return 2000 + n.value
}
