// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"region": "region", "a-b_1": "a-b_1", "": Text, "Region": Text, "1a": Text, "a b": Text, "wJalrXUtnFEMI/K7MDENG": Text,
		strings.Repeat("a", 32): strings.Repeat("a", 32), strings.Repeat("a", 33): Text,
	} {
		assert.Equal(t, want, Name(name, ""), name)
		assert.Equal(t, name, Name(name, "region"), name)
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"us east 1": `"us east 1"`, "": `""`, `"us-east-1"`: `"\"us-east-1\""`, "'us-east-1'": `"'us-east-1'"`, "<YOUR_REGION>": `"<YOUR_REGION>"`,
		"${REGION}": `"${REGION}"`, "{region}": `"{region}"`, "$REGION": `"$REGION"`, "%REGION%": `"%REGION%"`, "[region]": `"[region]"`, "{{Region}}": `"{{Region}}"`,
		"us-east-1 # Ohio": `"us-east-1 #…"`, "us-east-1\t; SECRET": `"us-east-1 #…"`, "# SECRET": `" #…"`, " us-east-1\n": `" us-east-1\n"`,
		"us-east-1#x": Text, "US": Text, "<SECRET7>": Text, "SECRET": Text, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": Text, "x=y": Text,
		strings.Repeat("a", 32): `"` + strings.Repeat("a", 32) + `"`, strings.Repeat("a", 33): Text, strings.Repeat(" ", 64): `"` + strings.Repeat(" ", 64) + `"`,
		strings.Repeat(" ", 65): Text, `"<REGION>"`: `"\"<REGION>\""`, "<a> <b>": Text,
	} {
		assert.Equal(t, want, Value(value), "%q", value)
	}
}

func TestWithoutComment(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"a # b": "a", "a\t; b": "a", "#a": "", ";": "", "a  \t# b # c": "a", "a ;b": "a"} {
		bare, has := WithoutComment(value)
		assert.Equal(t, want, bare, value)
		assert.True(t, has, value)
	}
	for _, value := range []string{"a#b", "a;b", "", "a b"} {
		bare, has := WithoutComment(value)
		assert.Equal(t, value, bare)
		assert.False(t, has, value)
	}
}

func TestWrong(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"us-east-1": "", "": "", "a # b": "comment", `"a"`: "quotes", "“a”": "quotes", "<a>": "placeholder", "x<a": "placeholder", " {a} ": "placeholder", "$A": "placeholder",
		"a\n": "line break", "a\rb": "line break", "a b": "blanks", "a\u00a0": "blanks", "a#b": "a #",
	} {
		got := Wrong(value)
		assert.Contains(t, got, want, "%q", value)
		assert.Equal(t, want == "", got == "", "%q", value)
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://host/a": "https://host/a", "http://u:p@host": "http://[redacted]@host", "u:p@host": "[redacted]@host",
		"http://u:p/q@r@host:1/": "http://[redacted]@host:1/", "": "", "@": "[redacted]@",
	} {
		assert.Equal(t, want, URL(address))
	}
}
