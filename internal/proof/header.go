// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/internal/dateutil"
)

// Answers of servers other than AWS's have headers that the SDK can't read, and
// then returns nothing of the answer. A header that is not needed for the bytes must
// not cost them: normalizeHeader writes it as the SDK reads it, or removes it.

// normalizerOf returns the function that normalizes a header that the SDK reads as something
// else than text, or nil.
func normalizerOf(name string) func(string) (string, bool) {
	switch name {
	case "Last-Modified", "X-Amz-Abort-Date":
		return normalizeHTTPDate
	case "X-Amz-Object-Lock-Retain-Until-Date":
		return normalizeISODate
	case "X-Amz-Access-Point-Alias", "X-Amz-Delete-Marker", "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled":
		return normalizeBool
	case "X-Amz-Missing-Meta", "X-Amz-Mp-Parts-Count", "X-Amz-Object-Size", "X-Amz-Tagging-Count",
		"X-Amz-Object-Lock-Event-Hold-Duration-Days", "X-Amz-Object-Lock-Event-Hold-Duration-Years":
		return normalizeNumber
	case "X-Amz-Object-Lock-Event-Hold":
		return normalizeText
	}
	return nil
}

// normalizeHeader rewrites the headers of an answer that the SDK is strict about. A
// Content-Length that is no number is for ContentLength to refuse.
func normalizeHeader(header http.Header) {
	if length, err := ContentLength(header); err == nil && length >= 0 {
		if values := header["Content-Length"]; !isDecimal(values[0]) {
			values[0] = strconv.FormatInt(length, 10) // the SDK takes 0100 for octal
		}
	} else {
		delete(header, "Content-Length")
	}
	for name, values := range header {
		normalize := normalizerOf(name)
		if normalize == nil || len(values) == 0 {
			continue
		}
		if text, ok := normalize(strings.TrimSpace(values[0])); ok {
			values[0] = text
		} else {
			delete(header, name)
		}
	}
}

// ContentLength returns the length of a body as its header says it, in decimal, or -1
// if there is no such header. Both paths read it here.
func ContentLength(header http.Header) (int64, error) {
	values := header["Content-Length"]
	if len(values) == 0 {
		return -1, nil
	}
	text := strings.TrimSpace(values[0])
	if text == "" {
		return -1, nil
	}
	length, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("the server's answer has the Content-Length %.40q, which is no number of bytes", text)
	}
	return int64(length), nil
}

// isDecimal reports whether text is a number as the SDK reads it: digits alone, of
// which the first is no 0.
func isDecimal(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text == "0" || text != "" && text[0] != '0'
}

func normalizeText(text string) (string, bool) { return text, text != "" }

func normalizeBool(text string) (string, bool) {
	is, err := strconv.ParseBool(strings.ToLower(text))
	return strconv.FormatBool(is), err == nil
}

func normalizeNumber(text string) (string, bool) {
	number, err := strconv.ParseInt(text, 10, 32)
	return strconv.FormatInt(number, 10), err == nil
}

func normalizeHTTPDate(text string) (string, bool) { return normalizeDate(text, http.TimeFormat) }

func normalizeISODate(text string) (string, bool) { return normalizeDate(text, time.RFC3339) }

func normalizeDate(text, layout string) (string, bool) {
	if _, err := time.Parse(layout, text); err == nil {
		return text, true
	}
	date, ok := dateutil.ParseS3(text)
	return date.Format(layout), ok
}
