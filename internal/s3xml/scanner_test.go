// SPDX-License-Identifier: Apache-2.0

package s3xml

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestScanner tells what it reads from what it leaves to encoding/xml, and from what ends
// too soon.
func TestScanner(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("<a>", maxDepth-1) + strings.Repeat("</a>", maxDepth-1)
	for text, want := range map[string]string{
		`<a/>`:                      "a",
		"\uFEFF<a/>":                "a",
		"\uFEFF\uFEFF<a/>":          "unknown",
		`<?xml version="1.0"?><a/>`: "a",
		`<?xml version='1.0' standalone='no'?> <a/>`: "a",
		`<?xml version="1.1"?><a/>`:                  "unknown",
		`<?xml <?xml?><a/>`:                          "unknown",
		`<?xml-style version="1.0"?><a/>`:            "unknown",
		`<?xml version="1.0"`:                        "EOF",
		`<a></a>`:                                    "a",
		`<A></A>`:                                    "A",
		`<A:A></A:A>`:                                "A",
		`<a></a >`:                                   "a",
		`<a ></a>`:                                   "a",
		`<a><b/></a>`:                                "a b",
		`<a><b>x</b><c/></a>`:                        "a b=x c",
		`<x:a><y:b>1</y:b></x:a>`:                    "a b=1",
		`<a b="1"/>`:                                 "a",
		`<a b = '1"' c="'"/>`:                        "a",
		`<a b/>`:                                     "unknown",
		`<a b=1/>`:                                   "unknown",
		`<a b=>`:                                     "unknown",
		`<a b "1"/>`:                                 "unknown",
		`<a b="<"/>`:                                 "unknown",
		`<a b="&amp;"/>`:                             "unknown",
		"<a b=\"\x01\"/>":                            "unknown",
		"<a b=\"\t\"/>":                              "a",
		`<a b="1`:                                    "EOF",
		`<a b`:                                       "EOF",
		`<a x:`:                                      "EOF",
		`<a`:                                         "EOF",
		`<a>`:                                        "EOF",
		`<a><b`:                                      "EOF",
		`<a><b>x</b>`:                                "EOF",
		`<a><b>&#65`:                                 "EOF",
		`<a></`:                                      "EOF",
		`<a></a`:                                     "EOF",
		`<a><!`:                                      "EOF",
		`<a><!-- x`:                                  "EOF",
		`<a><b><![CDATA[x`:                           "EOF",
		`<:a/>`:                                      "unknown",
		`<x:/>`:                                      "unknown",
		`<x:y:a/>`:                                   "unknown",
		`<x:ü/>`:                                     "unknown",
		`<aü/>`:                                      "unknown",
		`<ü/>`:                                       "unknown",
		`<0a/>`:                                      "unknown",
		`<0x:a/>`:                                    "unknown",
		`<-a/>`:                                      "unknown",
		`<a 0="1"/>`:                                 "unknown",
		`<azAZ09_.-/>`:                               "azAZ09_.-",
		`<a~/>`:                                      "unknown",
		`</a>`:                                       "unknown",
		`<a></b>`:                                    "unknown",
		`<a></aa>`:                                   "unknown",
		`<aa></a>`:                                   "unknown",
		`<x:a></a>`:                                  "unknown",
		`<a></a x>`:                                  "unknown",
		`<a/><b/>`:                                   "unknown",
		`<a/>x`:                                      "unknown",
		`<a/> <!-- x --> `:                           "a",
		`<!-- x --><a/>`:                             "a",
		`<!-- x -- y --><a/>`:                        "unknown",
		`<!DOCTYPE a><a/>`:                           "unknown",
		`<a><?b?></a>`:                               "unknown",
		`x<a/>`:                                      "unknown",
		``:                                           "EOF",
		`<a>x</a>`:                                   "unknown",
		`<a><b>x<c/></b></a>`:                        "unknown",
		`<a><b>x<!-- y -->z</b></a>`:                 "a b=xz",
		`<a><b>]</b></a>`:                            "a b=]",
		`<a><b>]]></b></a>`:                          "unknown",
		`<a><b>&lt;&gt;&amp;&quot;&apos;</b></a>`: `a b=<>&"'`,
		`<a><b>&#65;&#x42;&#10;</b></a>`:          "a b=AB\n",
		`<a><b>&#x0010FFFF;</b></a>`:              "a b=\U0010FFFF",
		`<a><b>&#x000010FFFF;</b></a>`:            "unknown",
		`<a><b>&#x110000;</b></a>`:                "unknown",
		`<a><b>&#31;</b></a>`:                     "unknown",
		`<a><b>&#xFFFE;</b></a>`:                  "unknown",
		`<a><b>&#xFFFF;</b></a>`:                  "unknown",
		`<a><b>&#xFFFD;</b></a>`:                  "a b=\uFFFD",
		`<a><b>&#xD800;</b></a>`:                  "surrogate",
		`<a><b>&#X41;</b></a>`:                    "unknown",
		`<a><b>&65;</b></a>`:                      "unknown",
		`<a><b>&nbsp;</b></a>`:                    "unknown",
		`<a><b>&</b> <c></c></a>`:                 "unknown",
		"<a><b>\r\n\r\t</b></a>":                  "a b=\n\n\t",
		"<a><b>\x1f</b></a>":                      "unknown",
		"<a><b> </b></a>":                         "a b= ",
		"<a><b><![CDATA[ <&]]]>\r\n</b></a>":      "a b= <&]\n",
		"<a><b><![CDATA[\r\n\t ]]></b></a>":       "a b=\n\t ",
		"<a><b><![CDATA[\x1f]]></b></a>":          "unknown",
		"<a>\uFFFE</a>":                           "unknown",
		"<a>\uFFFF</a>":                           "unknown",
		"<a>\xff</a>":                             "unknown",
		"<a><b>x\r":                               "EOF",
		"<a><b>x<":                                "EOF",
		"<a><b>x<c>":                              "unknown",
		"<a><b>x/<!-- y --></b></a>":              "a b=x/",
		"<a><b>x<!-- y -- z</b></a>":              "unknown",
		"<a><bbb>></bbb ></a>":                    "a bbb=>",
		"<a><b>&;":                                "unknown",
		"<a><b>&abcdefghijk":                      "EOF",
		"<a><b>&abcdefghijkl":                     "unknown",
		"<b>" + deep + "</b>":                     "deep",
		strings.Repeat("<a>", maxDepth+1):         "unknown",
		"<b><b>" + deep + "</b></b>":              "unknown",
	} {
		got, err := scanAll(text)
		switch {
		case errors.Is(err, errUnknown):
			got = "unknown"
		case errors.Is(err, io.ErrUnexpectedEOF):
			got = "EOF"
		case err != nil:
			got = "surrogate"
			assert.ErrorContains(t, err, "surrogate")
		case strings.Contains(text, deep):
			got = "deep"
		}
		assert.Equal(t, want, got, "%q", text)
	}
}

// scanAll reads a document with elements of text, or with one of elements.
func scanAll(text string) (string, error) {
	var s scanner
	s.reset([]byte(text))
	found := string(s.root())
	for name := s.child(); name != nil; name = s.child() {
		found += " " + string(name)
		if strings.Contains(text, "<a><a>") {
			s.skip()
			continue
		}
		if value := s.text(nil); len(value) > 0 {
			found += "=" + string(value)
		}
	}
	s.finish()
	return found, s.err
}
