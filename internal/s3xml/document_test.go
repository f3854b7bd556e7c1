// SPDX-License-Identifier: Apache-2.0

package s3xml

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestDocuments checks what is read of XML, by the scanner and by encoding/xml.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		root    string
		has     bool
		isCut   bool
		isWrong bool
	}{
		"<A><B>x</B></A>":                      {root: "A", has: true},
		"<A>\n <C/> <B> x </B></A>":            {root: "A", has: true},
		"<A><B></B></A>":                       {root: "A"},
		"<A><B/></A>":                          {root: "A"},
		"<A><B> \n</B></A>":                    {root: "A"},
		"<A><C><B>x</B></C></A>":               {root: "A"},
		"<A><B><C/></B></A>":                   {root: "A", has: true},
		"<n:A xmlns:n='x'><n:B>x</n:B></n:A>":  {root: "A", has: true},
		"<A/>":                                 {root: "A"},
		"<A":                                   {isCut: true},
		"<A>":                                  {root: "A", isCut: true},
		"<A><B>x</B>":                          {root: "A", has: true, isCut: true},
		"<A><B>x":                              {root: "A", isCut: true},
		"<A><B>x</B></C>":                      {root: "A", has: true, isWrong: true},
		"<A><B></B><C>x</C></A>":               {root: "A"},
		"<A><B></B>x</A>":                      {root: "A"},
		"</A>":                                 {isWrong: true},
		" \n<A/>":                              {root: "A"},
		"text<A/>":                             {isWrong: true},
		"text":                                 {isWrong: true},
		`{"B": "x"}`:                           {isWrong: true},
		"":                                     {isCut: true},
		"<!-- c --><A><B>x</B></A>":            {root: "A", has: true},
		`<?xml version="1.0"?><A><B>x</B></A>`: {root: "A", has: true},
		`<?xml version="1.0"?>`:                {isCut: true},
		"<A><B><![CDATA[x]]></B></A>":          {root: "A", has: true},
		"<A><B>x</B></A>trailing":              {root: "A", has: true},
	} {
		for name, prefix := range map[string]string{"scanned": "", "decoded": "<?pi?>"} {
			found, err := ReadDocument([]byte(prefix+text), "B")
			if prefix != "" && (text == "" || strings.HasPrefix(text, "<?xml")) {
				continue // no longer the same
			}
			assert.Equal(t, want.isCut || want.isWrong, err != nil, "%s %q: %v", name, text, err)
			assert.Equal(t, want.isCut, errors.Is(err, io.ErrUnexpectedEOF), "%s %q: %v", name, text, err)
			if err == nil {
				assert.Equal(t, Document{want.root, want.has}, found, "%s %q", name, text)
			}
		}
	}
}
