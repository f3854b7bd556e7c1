// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An age is a duration as people write ages: a number of days ("7d") or weeks ("2w"),
// or what Go reads ("12h", "1h30m").
type age time.Duration

// UnmarshalText reads an age from the command line.
func (a *age) UnmarshalText(text []byte) error {
	const day = 24 * time.Hour
	for suffix, unit := range map[string]time.Duration{"d": day, "w": 7 * day} {
		number, ok := strings.CutSuffix(string(text), suffix)
		if !ok {
			continue
		}
		count, err := strconv.ParseFloat(number, 64)
		if err != nil || !(count >= 0 && count < 36500) {
			return fmt.Errorf("%q is no age, such as 12h, 7d or 2w", text)
		}
		*a = age(count * float64(unit))
		return nil
	}
	duration, err := time.ParseDuration(string(text))
	if err != nil || duration < 0 {
		return fmt.Errorf("%q is no age, such as 12h, 7d or 2w", text)
	}
	*a = age(duration)
	return nil
}

// A span is an age of an option for which 0 would count as not given.
type span age

// UnmarshalText reads a span from the command line.
func (s *span) UnmarshalText(text []byte) error { return (*age)(s).UnmarshalText(text) }

// validate finds a span of nothing.
func (s span) validate() error {
	if s == 0 {
		return errors.New("the age is 0")
	}
	return nil
}
