// SPDX-License-Identifier: Apache-2.0

package awsconfig

import (
	"strconv"
	"strings"
	"unicode"
)

// ParseInt reads what Python's int reads: blanks around the number, a sign, decimal digits
// of any script, and single underscores between them. The error is that of strconv.Atoi,
// which gives the nearest number where Python's has no end.
func ParseInt(text string) (int, error) {
	text = strings.TrimSpace(text)
	digits := strings.TrimLeft(text, "+-")
	if strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(strings.Map(asciiDigit, strings.ReplaceAll(text, "_", "")))
}

// asciiDigit returns the digit of ASCII for a decimal digit of any script. Unicode has each
// script's ten in a row, so that the digits right before one tell its value.
func asciiDigit(r rune) rune {
	if !unicode.IsDigit(r) {
		return r
	}
	before := rune(0)
	for unicode.IsDigit(r - before - 1) {
		before++
	}
	return '0' + before%10
}
