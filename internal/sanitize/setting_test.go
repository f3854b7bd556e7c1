// SPDX-License-Identifier: Apache-2.0

package sanitize

import (
	"strings"
	"testing"
)

func TestSettingName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"region": "region", "a-b_1": "a-b_1", "": Redacted, "Region": Redacted, "1a": Redacted, "a b": Redacted, "wJalrXUtnFEMI/K7MDENG": Redacted,
		strings.Repeat("a", 32): strings.Repeat("a", 32), strings.Repeat("a", 33): Redacted,
	} {
		if got := SettingName(name, ""); got != want {
			t.Errorf("SettingName(%q): got %q, want %q", name, got, want)
		}
		if got := SettingName(name, "region"); got != name {
			t.Errorf("SettingName(%q) of a region: got %q, want it as it is", name, got)
		}
	}
}

func TestSettingValue(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"us east 1": `"us east 1"`, "": `""`, `"us-east-1"`: `"\"us-east-1\""`, "'us-east-1'": `"'us-east-1'"`, "<YOUR_REGION>": `"<YOUR_REGION>"`,
		"${REGION}": `"${REGION}"`, "{region}": `"{region}"`, "$REGION": `"$REGION"`, "%REGION%": `"%REGION%"`, "[region]": `"[region]"`, "{{Region}}": `"{{Region}}"`,
		"us-east-1 # Ohio": `"us-east-1 #…"`, "us-east-1\t; SECRET": `"us-east-1 #…"`, "# SECRET": `" #…"`, " us-east-1\n": `" us-east-1\n"`,
		"us-east-1#x": Redacted, "US": Redacted, "<SECRET7>": Redacted, "SECRET": Redacted, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": Redacted, "x=y": Redacted,
		strings.Repeat("a", 32): `"` + strings.Repeat("a", 32) + `"`, strings.Repeat("a", 33): Redacted, strings.Repeat(" ", 64): `"` + strings.Repeat(" ", 64) + `"`,
		strings.Repeat(" ", 65): Redacted, `"<REGION>"`: `"\"<REGION>\""`, "<a> <b>": Redacted,
	} {
		if got := SettingValue(value); got != want {
			t.Errorf("SettingValue(%q): got %q, want %q", value, got, want)
		}
	}
}

func TestWithoutComment(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"a # b": "a", "a\t; b": "a", "#a": "", ";": "", "a  \t# b # c": "a", "a ;b": "a"} {
		if bare, has := WithoutComment(value); bare != want || !has {
			t.Errorf("WithoutComment(%q): got %q and %v, want %q and true", value, bare, has, want)
		}
	}
	for _, value := range []string{"a#b", "a;b", "", "a b"} {
		if bare, has := WithoutComment(value); bare != value || has {
			t.Errorf("WithoutComment(%q): got %q and %v, want it as it is and false", value, bare, has)
		}
	}
}

func TestSettingProblem(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"us-east-1": "", "": "", "a # b": "comment", `"a"`: "quotes", "“a”": "quotes", "<a>": "placeholder", "x<a": "placeholder", " {a} ": "placeholder", "$A": "placeholder",
		"a\n": "line break", "a\rb": "line break", "a b": "blanks", "a\u00a0": "blanks", "a#b": "a #",
	} {
		got := SettingProblem(value)
		if !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("SettingProblem(%q): got %q, want %q in it", value, got, want)
		}
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://host/a": "https://host/a", "http://u:p@host": "http://[redacted]@host", "u:p@host": "[redacted]@host",
		"http://u:p/q@r@host:1/": "http://[redacted]@host:1/", "": "", "@": "[redacted]@",
	} {
		if got := URL(address); got != want {
			t.Errorf("URL(%q): got %q, want %q", address, got, want)
		}
	}
}
