// SPDX-License-Identifier: Apache-2.0

package dateutil

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

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
	if p.zone == "" {
		return p.byDefault, nil
	}
	if slices.Contains(localNames(now), p.zone) {
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

func isUTC(zone string) bool {
	switch strings.ToLower(zone) {
	case "utc", "gmt", "z":
		return true
	}
	return false
}
