// Package dateutil reads points in time as Python's dateutil.parser.parse does, by
// which boto3 reads expirations: "2040-01-01T00:00:00Z", "2040-01-01 00:00:00 UTC",
// the output of date, HTTP's dates and many more. It must not know where a text
// comes from, nor what the time is for. Start reading at Parse.
package dateutil

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxLength bounds a text, in bytes. The longest known form has 40.
const maxLength = 128

var errForm = errors.New("unknown form")

// Parse returns the point in time that text names. A text without a zone means
// local time. Unlike dateutil, Parse does not take what a text lacks of a date from
// today, and refuses a zone whose name says no offset, such as EST.
func Parse(text string) (time.Time, error) {
	if len(text) > maxLength {
		return time.Time{}, fmt.Errorf("a text of %d bytes is not a time", len(text))
	}
	p := &parser{tokens: split(normalize(text)), date: newDate(), hour: unset, ampm: unset}
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
	hour           int // unset until known
	minute, second int
	micro          int
	ampm           int
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
	if _, ok := weekdays[strings.ToLower(token)]; ok {
		return nil
	}
	if month, ok := months[strings.ToLower(token)]; ok {
		return p.parseMonth(month)
	}
	if half, ok := halves[strings.ToLower(token)]; ok {
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

// parseNumber decides by its length and its neighbours what a number is.
func (p *parser) parseNumber(token string) error {
	next := p.token(p.at + 1)
	label, at, hasLabel := p.label()
	switch {
	case len(p.date.parts) == 3 && (len(token) == 2 || len(token) == 4) && p.hour == unset && next != ":" && !isLabel(next):
		return p.parseClock(token)
	case len(token) == 6, len(token) > 6 && strings.IndexByte(token, '.') == 6:
		if len(p.date.parts) > 0 || strings.Contains(token, ".") {
			return p.parseClock(token)
		}
		return p.addAll(token[:2], token[2:4], token[4:])
	case len(token) == 8, len(token) == 12, len(token) == 14:
		if !isDigits(token) {
			return errForm
		}
		if err := p.addAll(token[:4], token[4:6], token[6:8]); err != nil || len(token) == 8 {
			return err
		}
		return p.parseClock(token[8:])
	case hasLabel:
		p.at = at
		return p.assign(token, label)
	case next == ":" && p.at+2 < len(p.tokens):
		return p.parseTime(token)
	case next == "-" || next == "/" || next == ".":
		return p.parseDate(token, next)
	case next == "" || isJump(next):
		return p.parseLoneNumber(token)
	}
	value, err := strconv.Atoi(token)
	if err != nil {
		return errForm
	}
	if half, ok := halves[strings.ToLower(next)]; ok && value < 24 {
		p.hour = adjust(value, half)
		p.at++
		return nil
	}
	if !p.date.couldBeDay(value) {
		return errForm
	}
	return p.date.addValue(value)
}

// parseClock reads HH, HHMM and HHMMSS, the latter with a fraction.
func (p *parser) parseClock(token string) (err error) {
	if p.hour, err = strconv.Atoi(token[:2]); err != nil || len(token) == 2 {
		return err
	}
	if p.minute, err = strconv.Atoi(token[2:4]); err != nil || len(token) == 4 {
		return err
	}
	return p.parseSeconds(token[4:])
}

func (p *parser) addAll(texts ...string) error {
	for _, text := range texts {
		if err := p.date.addText(text); err != nil {
			return err
		}
	}
	return nil
}

// parseTime reads HH:MM and HH:MM:SS.ss.
func (p *parser) parseTime(token string) (err error) {
	if p.hour, err = strconv.Atoi(token); err != nil {
		return err
	}
	if err := p.parseMinutes(p.token(p.at + 2)); err != nil {
		return err
	}
	if p.token(p.at+3) == ":" && p.at+4 < len(p.tokens) {
		if err := p.parseSeconds(p.token(p.at + 4)); err != nil {
			return err
		}
		p.at += 2
	}
	p.at += 2
	return nil
}

// parseDate reads 01-01-99, 01-Jan-99 and their like, from the first number on.
func (p *parser) parseDate(token, separator string) error {
	if err := p.date.addText(token); err != nil {
		return err
	}
	second := p.token(p.at + 2)
	if second == "" || isJump(second) {
		p.at++
		return nil
	}
	if err := p.addDigitsOrMonth(second); err != nil {
		return err
	}
	if p.token(p.at+3) == separator {
		if err := p.addDigitsOrMonth(p.token(p.at + 4)); err != nil {
			return err
		}
		p.at += 2
	}
	p.at += 2
	return nil
}

func (p *parser) addDigitsOrMonth(token string) error {
	if month, ok := months[strings.ToLower(token)]; ok {
		return p.date.addMonth(month)
	}
	return p.date.addText(token)
}

// parseLoneNumber reads the hour of "12 am", or a part of a date.
func (p *parser) parseLoneNumber(token string) error {
	value, err := strconv.Atoi(strings.TrimSuffix(token, "."))
	if err != nil {
		return errForm
	}
	if half, ok := halves[strings.ToLower(p.token(p.at+2))]; ok {
		p.hour = adjust(value, half)
		p.at += 2
		return nil
	}
	p.at++
	return p.date.addValue(value)
}

// label finds what says that a number is hours (0), minutes (1) or seconds (2):
// the word after it, or the number's place after a word (the 04 of 12h04). at is
// the index of the last token that belongs to it.
func (p *parser) label() (label, at int, ok bool) {
	if label, ok = labelOf(p.token(p.at + 1)); ok {
		return label, p.at + 1, true
	}
	if label, ok = labelOf(p.token(p.at + 2)); ok && p.token(p.at+1) == " " {
		return label, p.at + 2, true
	}
	if label, ok = labelOf(p.token(p.at - 1)); ok {
		return label + 1, p.at, true
	}
	if label, ok = labelOf(p.token(p.at - 2)); ok && p.at == len(p.tokens)-1 && p.token(p.at-1) == " " {
		return label + 1, p.at, true
	}
	return 0, 0, false
}

func (p *parser) assign(token string, label int) error {
	whole, fraction, _ := strings.Cut(token, ".")
	switch label {
	case 0:
		hour, err := strconv.Atoi(whole)
		p.hour = hour
		if minutes := sixtieths(fraction); minutes > 0 {
			p.minute = minutes
		}
		return err
	case 1:
		return p.parseMinutes(token)
	case 2:
		return p.parseSeconds(token)
	}
	return nil
}

// parseMinutes reads minutes, whose fraction is seconds.
func (p *parser) parseMinutes(token string) (err error) {
	whole, fraction, _ := strings.Cut(token, ".")
	p.second = sixtieths(fraction)
	p.minute, err = strconv.Atoi(whole)
	return err
}

func sixtieths(fraction string) int {
	share, err := strconv.ParseFloat("0."+fraction, 64)
	if err != nil || fraction == "" {
		return 0
	}
	return int(60 * share)
}

// parseSeconds reads seconds with up to six digits of a fraction; more are cut.
func (p *parser) parseSeconds(token string) (err error) {
	whole, fraction, _ := strings.Cut(token, ".")
	if p.second, err = strconv.Atoi(whole); err != nil {
		return err
	}
	p.micro = 0
	if fraction != "" {
		p.micro, err = strconv.Atoi((fraction + "000000")[:6])
	}
	return err
}

func (p *parser) couldBeZone(token string) bool {
	if p.hour == unset || p.zone != "" || p.hasOffset || len(token) > 5 {
		return false
	}
	return token == "z" || !strings.ContainsFunc(token, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// parseZone takes a zone's name. GMT+3 means that it is GMT three hours after the
// clock shows it, so the sign is turned around.
func (p *parser) parseZone(token string) {
	p.zone = token
	sign := p.token(p.at + 1)
	if sign != "+" && sign != "-" {
		return
	}
	p.tokens[p.at+1] = choose(sign == "+", "-", "+")
	if isUTC(token) {
		p.zone = ""
	}
}

// parseOffset reads what follows a sign: 0300, 03:00, 03 and 3, and a name in
// parentheses after that.
func (p *parser) parseOffset(sign string) error {
	digits := p.token(p.at + 1)
	hours, minutes := digits, "0"
	switch {
	case len(digits) == 4:
		hours, minutes = digits[:2], digits[2:]
	case p.token(p.at+2) == ":":
		minutes = p.token(p.at + 3)
		p.at += 2
	case len(digits) > 2:
		return errForm
	}
	if !isDigits(hours) || !isDigits(minutes) {
		return errForm
	}
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	p.offset = h*3600 + m*60
	if sign == "-" {
		p.offset = -p.offset
	}
	if name := p.token(p.at + 4); isJump(p.token(p.at+2)) && p.token(p.at+3) == "(" && p.token(p.at+5) == ")" && len(name) >= 3 && p.couldBeZone(name) {
		p.zone = name
		p.at += 4
	}
	p.hasOffset = true
	p.at++
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
	t := time.Date(year, time.Month(month), day, max(p.hour, 0), p.minute, p.second, p.micro*1000, zone)
	inUTC := time.Date(year, time.Month(month), day, max(p.hour, 0), p.minute, p.second, 0, time.UTC)
	if year < 1 || year > 9999 || inUTC.Month() != time.Month(month) || inUTC.Day() != day || inUTC.Hour() != max(p.hour, 0) || p.minute > 59 || p.second > 59 {
		return time.Time{}, errors.New("a part of it is out of range")
	}
	return t, nil
}

func (p *parser) location(now time.Time) (*time.Location, error) {
	if isUTC(p.zone) {
		return time.UTC, nil
	}
	if p.hasOffset {
		if p.offset <= -86400 || p.offset >= 86400 {
			return nil, errors.New("its offset is a day or more")
		}
		return time.FixedZone(p.zone, p.offset), nil
	}
	if p.zone == "" || slices.Contains(localNames(now), p.zone) {
		return time.Local, nil
	}
	return nil, errors.New("its time zone is not known")
}

// localNames are the names of the local zone, in winter and in summer.
func localNames(now time.Time) []string {
	winter, _ := time.Date(now.Year(), time.January, 1, 0, 0, 0, 0, time.Local).Zone()
	summer, _ := time.Date(now.Year(), time.July, 1, 0, 0, 0, 0, time.Local).Zone()
	return []string{winter, summer}
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

func isUTC(zone string) bool {
	switch strings.ToLower(zone) {
	case "utc", "gmt", "z":
		return true
	}
	return false
}

func labelOf(token string) (label int, ok bool) {
	label, ok = labels[strings.ToLower(token)]
	return label, ok
}

func isLabel(token string) bool {
	_, ok := labelOf(token)
	return ok
}

func isJump(token string) bool { return slices.Contains(jumps, strings.ToLower(token)) }

// jumps are the tokens that mean nothing.
var jumps = []string{" ", ".", ",", ";", "-", "/", "'", "at", "on", "and", "ad", "m", "t", "of", "st", "nd", "rd", "th"}

var (
	weekdays = numbered([]string{"mon", "monday"}, []string{"tue", "tuesday"}, []string{"wed", "wednesday"}, []string{"thu", "thursday"},
		[]string{"fri", "friday"}, []string{"sat", "saturday"}, []string{"sun", "sunday"})
	months = numbered(nil, []string{"jan", "january"}, []string{"feb", "february"}, []string{"mar", "march"}, []string{"apr", "april"},
		[]string{"may"}, []string{"jun", "june"}, []string{"jul", "july"}, []string{"aug", "august"}, []string{"sep", "sept", "september"},
		[]string{"oct", "october"}, []string{"nov", "november"}, []string{"dec", "december"})
	halves = numbered([]string{"am", "a"}, []string{"pm", "p"})
	labels = numbered([]string{"h", "hour", "hours"}, []string{"m", "minute", "minutes"}, []string{"s", "second", "seconds"})
)

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
