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
// script's ten in a row, so that their place in the row is their value.
func asciiDigit(r rune) rune {
	for _, row := range unicode.Nd.R16 {
		if rune(row.Lo) <= r && r <= rune(row.Hi) {
			return '0' + (r-rune(row.Lo))%10
		}
	}
	for _, row := range unicode.Nd.R32 {
		if rune(row.Lo) <= r && r <= rune(row.Hi) {
			return '0' + (r-rune(row.Lo))%10
		}
	}
	return r
}
