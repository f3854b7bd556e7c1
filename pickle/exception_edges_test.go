// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestMessagesAtTheirEdges covers arguments that a class's own text is made of, and
// others, for which the arguments are shown.
func TestMessagesAtTheirEdges(t *testing.T) {
	t.Parallel()
	builtin := func(class string, args ...any) *Exception {
		return &Exception{Module: builtins, Class: class, Args: args}
	}
	of := func(module, class string, attrs *Dict, args ...any) *Exception {
		return &Exception{Module: module, Class: class, Args: args, Attrs: attrs}
	}
	for want, e := range map[string]*Exception{
		"m (f.py, line 3)": builtin("SyntaxError", "m", Tuple{"/a/f.py", int64(3)}),
		"m (f.py)":         builtin("IndentationError", "m", Tuple{"f.py", nil}),
		"m (line 3)":       builtin("TabError", "m", Tuple{nil, int64(3)}),
		"m":                builtin("SyntaxError", "m", Tuple{nil, nil}),
		"('m', ('f.py',))": builtin("SyntaxError", "m", Tuple{"f.py"}),
		"('m', 5)":         builtin("SyntaxError", "m", int64(5)),
		"only":             builtin("SyntaxError", "only"),
		"can't translate characters in position 0-1: why": builtin("UnicodeTranslateError", "ab", int64(0), int64(2), "why"),
		"('a', 1, 1, 'why')":                              builtin("UnicodeTranslateError", "a", int64(1), int64(1), "why"),
		"('a', -1, 1, 'why')":                             builtin("UnicodeTranslateError", "a", int64(-1), int64(1), "why"),
		"[Errno 11] x":                                    builtin("BlockingIOError", int64(11), "x", int64(5)),
		"[Errno 11] x: 'f'":                               builtin("BlockingIOError", int64(11), "x", "f"),
		"[Errno 2] x: 5":                                  builtin("OSError", int64(2), "x", int64(5)),
		"[Errno -2] n":                                    of("socket", "gaierror", nil, int64(-2), "n"),
		"[Errno 1] n":                                     of("socket", "herror", nil, int64(1), "n"),
		"(1, 'n')":                                        of("socket", "other", nil, int64(1), "n"),
		"[SSL] x":                                         of("ssl", "SSLCertVerificationError", nil, int64(1), "[SSL] x"),
		"(1, 2)":                                          of("ssl", "SSLError", nil, int64(1), int64(2), "x", nil, nil),
		"(1, 'CertificateError')":                         of("ssl", "CertificateError", nil, int64(1), "CertificateError"),
		"<urlopen error [Errno 2] x>":                     of("urllib.error", "URLError", nil, builtin("OSError", int64(2), "x")),
		"":                                                of("urllib.error", "URLError", nil),
		"IncompleteRead(1 bytes read)":                    of("http.client", "IncompleteRead", nil, []byte("a")),
		"IncompleteRead(0 bytes read, 7 more expected)": of("http.client", "IncompleteRead", NewDict("expected", int64(7)), []byte{}),
		"text":            of("http.client", "IncompleteRead", nil, "text"),
		"'No zone'":       of("zoneinfo._common", "ZoneInfoNotFoundError", nil, "No zone"),
		"No section: 's'": of("configparser", "NoSectionError", NewDict("message", "No section: 's'"), "s"),
		"s":               of("configparser", "NoSectionError", nil, "s"),
		"Command 'x' timed out after 1.5 seconds":      of("subprocess", "TimeoutExpired", nil, "x", 1.5),
		"Command 'x' died with unknown signal 99.":     of("subprocess", "CalledProcessError", nil, int64(-99), "x"),
		"Command 'x' died with <Signals.SIGTERM: 15>.": of("subprocess", "CalledProcessError", nil, int64(-15), "x"),
		"Command 'x' returned non-zero exit status 0.": of("subprocess", "CalledProcessError", nil, int64(0), "x"),
		"('s', 'x')": of("subprocess", "CalledProcessError", nil, "s", "x"),
		"An error occurred (Unknown) when calling the Op operation: Unknown": of("botocore.exceptions", "ClientError", nil, &Dict{}, "Op"),
		"An error occurred (C) when calling the Op operation (reached max retries: 4): M": of("botocore.errorfactory", "Busy", nil,
			NewDict("Error", NewDict("Code", "C", "Message", "M"), "ResponseMetadata", NewDict("RetryAttempts", int64(4), "MaxAttemptsReached", true)), "Op"),
		"An error occurred (D) when calling the Op operation: M": of("botocore.exceptions", "ClientError", nil,
			NewDict("Error", NewDict("Code", "D", "Message", "M"), "ResponseMetadata", NewDict("RetryAttempts", int64(4))), "Op"),
		"inner":                   builtin("RuntimeError", builtin("ValueError", "inner")),
		"2024-01-02":              builtin("RuntimeError", Date{2024, 1, 2}),
		"'k'":                     builtin("KeyError", "k"),
		"1/3":                     builtin("ValueError", &Object{Module: "fractions", Name: "Fraction", Args: Tuple{int64(1), int64(3)}}),
		"4":                       builtin("ValueError", &Object{Module: "fractions", Name: "Fraction", Args: Tuple{"4"}}),
		`C:\a`:                    builtin("ValueError", &Object{Module: "pathlib", Name: "PureWindowsPath", Args: Tuple{`C:\`, "a"}}),
		"x/y":                     builtin("ValueError", &Object{Module: "pathlib", Name: "PosixPath", Args: Tuple{"x", "y"}}),
		"10.0.0.1":                builtin("ValueError", &Object{Module: "ipaddress", Name: "IPv4Address", Args: Tuple{int64(167772161)}}),
		"datetime.timezone(5)":    builtin("ValueError", &Object{Module: "datetime", Name: "timezone", Args: Tuple{int64(5)}}),
		"datetime.timezone(5, 5)": builtin("ValueError", &Object{Module: "datetime", Name: "timezone", Args: Tuple{int64(5), int64(5)}}),
		"-2 days, 0:00:01.000002": builtin("ValueError", Timedelta{-2, 1, 2}),
		"-1 day, 1:01:01":         builtin("ValueError", Timedelta{-1, 3661, 0}),
	} {
		assert.Equal(t, want, e.Message())
	}
	packed := func(class string, kwargs *Dict) string {
		return strOf(&Object{Module: botocoreModule, Name: botocoreBuilder, Args: Tuple{Global{botocoreModule, class}, nil, kwargs}})
	}
	assert.Equal(t, "Unable to locate credentials", packed("NoCredentialsError", &Dict{}))
	assert.Equal(t, `Connect timeout on endpoint URL: "u"`, packed("ConnectTimeoutError", NewDict("endpoint_url", "u")))
	assert.Equal(t, `Connect timeout on endpoint URL: "{endpoint_url}"`, packed("ConnectTimeoutError", &Dict{}))
	assert.Equal(t, "SSL validation failed for u inner", packed("SSLError", NewDict("endpoint_url", "u", "error", builtin("OSError", "inner"))))
	assert.Equal(t, "{'a': 1}", packed("Unheard", NewDict("a", int64(1))))
	assert.Empty(t, packed("Unheard", &Dict{}))
}
