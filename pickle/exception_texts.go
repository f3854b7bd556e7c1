// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"strings"
	"sync"
)

// tableMessage returns the text of an exception that is in libraryTexts, if it has what
// its format names.
func (e *Exception) tableMessage(depth int) (string, bool) {
	format, known := libraryTexts()[e.Module+"."+e.Class]
	var out strings.Builder
	for known {
		before, rest, found := strings.Cut(format, "{")
		out.WriteString(before)
		if !found {
			return out.String(), true
		}
		var name string
		name, format, _ = strings.Cut(rest, "}")
		name, isRepr := strings.CutSuffix(name, "!r")
		value, has := e.named(name)
		switch {
		case !has:
			return "", false
		case isRepr:
			out.WriteString(Repr(value))
		default:
			out.WriteString(strAt(value, depth+1))
		}
	}
	return "", false
}

// named returns the first argument, which is named 0, or an attribute.
func (e *Exception) named(name string) (any, bool) {
	if name == "0" {
		if len(e.Args) == 0 {
			return nil, false
		}
		return e.Args[0], true
	}
	return e.Attrs.Get(name)
}

// libraryTexts are the texts of exceptions of Python's library and of boto3 whose __str__
// is not that of their arguments.
var libraryTexts = sync.OnceValue(func() map[string]string {
	rule := strings.Repeat("-", 75)
	return map[string]string{
		"asyncio.exceptions.LimitOverrunError":       "{0}",
		"boto3.exceptions.RetriesExceededError":      "Max Retries Exceeded",
		"s3transfer.exceptions.RetriesExceededError": "Max Retries Exceeded",
		"calendar.IllegalMonthError":                 "bad month number {0!r}; must be 1-12",
		"calendar.IllegalWeekdayError":               "bad weekday number {0!r}; must be 0 (Monday) to 6 (Sunday)",
		"email.errors.NonPrintableDefect":            "the following ASCII non-printables found in header: {non_printables}",
		"getopt.GetoptError":                         "{0}",
		"importlib.metadata.PackageNotFoundError":    "No package metadata was found for {0}",
		"multiprocessing.managers.RemoteError":       "\n" + rule + "\n{0}" + rule,
		"multiprocessing.pool.MaybeEncodingError":    "Error sending result: '{value}'. Reason: '{exc}'",
		"netrc.NetrcParseError":                      "{msg} ({filename}, line {lineno})",
		"optparse.BadOptionError":                    "no such option: {opt_str}",
		"optparse.OptionConflictError":               "option {option_id}: {msg}",
		"optparse.OptionError":                       "option {option_id}: {msg}",
		"urllib.error.HTTPError":                     "HTTP Error {code}: {msg}",
		"xmlrpc.client.Fault":                        "<Fault {faultCode}: {faultString!r}>",
		"xmlrpc.client.ProtocolError":                "<ProtocolError for {url}: {errcode} {errmsg}>",
	}
})

// partialMessage reads (bytes, expected number or None) of asyncio's IncompleteReadError.
func (e *Exception) partialMessage() (string, bool) {
	if len(e.Args) != 2 {
		return "", false
	}
	partial, ok := e.Args[0].([]byte)
	expected := "undefined"
	if e.Args[1] != nil {
		expected = Repr(e.Args[1])
	}
	return fmt.Sprintf("%d bytes read on a total of %s expected bytes", len(partial), expected), ok
}
