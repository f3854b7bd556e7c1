// SPDX-License-Identifier: Apache-2.0

package dateutil

import (
	"strconv"
	"strings"
)

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
	if half, ok := halves()[strings.ToLower(next)]; ok && value < 24 {
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
	if month, ok := months()[strings.ToLower(token)]; ok {
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
	if half, ok := halves()[strings.ToLower(p.token(p.at+2))]; ok {
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

// parseSeconds reads seconds with up to nine digits of a fraction; more are cut, as
// dateutil cuts those after the sixth.
func (p *parser) parseSeconds(token string) (err error) {
	whole, fraction, _ := strings.Cut(token, ".")
	if p.second, err = strconv.Atoi(whole); err != nil {
		return err
	}
	p.nanos = 0
	if fraction != "" {
		p.nanos, err = strconv.Atoi((fraction + "000000000")[:9])
	}
	return err
}
