// SPDX-License-Identifier: Apache-2.0

package dateutil

import "strings"

// split cuts text into words, numbers and single characters (dateutil's
// _timelex). Dots within a number may be decimal points or separators: "4:30:21.5"
// keeps one token for the seconds, "20.09.2009" becomes five.
func split(text string) []string {
	var tokens []string
	for at := 0; at < len(text); {
		token, dotted := scan(text[at:])
		at += len(token)
		if dotted && (hasLetter(token) || strings.Count(token, ".") > 1 || strings.ContainsAny(token[len(token)-1:], ".,")) {
			tokens = append(tokens, splitDots(token)...)
			continue
		}
		if dotted && !strings.Contains(token, ".") {
			token = strings.ReplaceAll(token, ",", ".") // 21,5 seconds
		}
		if isSpace(token[0]) {
			token = " "
		}
		tokens = append(tokens, token)
	}
	return tokens
}

// scan returns the first run of letters, digits and the dots between them, or one
// character. dotted reports whether the run has a dot, or a decimal comma.
func scan(text string) (token string, dotted bool) {
	word := isLetter(text[0])
	if !word && !isDigit(text[0]) {
		return text[:1], false
	}
	for i := 1; i < len(text); i++ {
		c, previous := text[i], text[i-1]
		switch {
		case c == '.', c == ',' && !word && !dotted && i >= 2:
			dotted = true
		case word && isLetter(c), !word && isDigit(c):
		case dotted && previous == '.' && (isLetter(c) || isDigit(c)):
			word = isLetter(c)
		default:
			return text[:i], dotted
		}
	}
	return text, dotted
}

// splitDots makes tokens of the dots and commas of a token and of what is between them.
func splitDots(token string) []string {
	var parts []string
	for token != "" {
		i := strings.IndexAny(token, ".,")
		switch {
		case i < 0:
			return append(parts, token)
		case i > 0:
			parts = append(parts, token[:i])
		}
		parts = append(parts, token[i:i+1])
		token = token[i+1:]
	}
	return parts
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isSpace(c byte) bool { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f) }

func hasLetter(token string) bool {
	return strings.ContainsFunc(token, func(r rune) bool { return isLetter(byte(r)) }) //nolint:gosec // tokens are of ASCII
}

// isNumber reports whether a token is digits with at most one dot between them.
func isNumber(token string) bool {
	whole, fraction, _ := strings.Cut(token, ".")
	return isDigits(whole) && (fraction == "" || isDigits(fraction))
}

func isDigits(token string) bool {
	for i := range len(token) {
		if !isDigit(token[i]) {
			return false
		}
	}
	return token != ""
}
