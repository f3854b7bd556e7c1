// SPDX-License-Identifier: Apache-2.0

package s3xml

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestNormalize checks what an answer becomes for decoders that read less.
func TestNormalize(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"as it is":             {"<a><b>x</b></a>", "<a><b>x</b></a>"},
		"empty elements":       {"<a><b/></a>", "<a><b></b></a>"},
		"prefixes of names":    {`<n:a xmlns:n="u" xmlns="v"><n:b>x</n:b></n:a>`, "<a><b>x</b></a>"},
		"attributes":           {`<a b="1" n:c='"&lt;'/>`, `<a b="1" n:c="&#34;&lt;"></a>`},
		"what says nothing":    {`<?xml version="1.1"?><?pi?><!DOCTYPE a><!-- c --><a> <!-- d --><b>x<?pi?>y</b> </a>`, "<a><b>xy</b></a>"},
		"names in other case":  {"<LISTBUCKETRESULT><size>1</size></LISTBUCKETRESULT>", "<ListBucketResult><Size>1</Size></ListBucketResult>"},
		"numbers":              {"<a><Size> 1 </Size><Size> </Size></a>", "<a><Size>1</Size></a>"},
		"booleans":             {"<a><IsTruncated> TRUE </IsTruncated></a>", "<a><IsTruncated>true</IsTruncated></a>"},
		"dates":                {"<a><Expiration>2026-11-27 00:04:31 UTC</Expiration><Initiated>x</Initiated></a>", "<a><Expiration>2026-11-27T00:04:31Z</Expiration></a>"},
		"parents with a name":  {"<a><Size><b>x</b></Size></a>", "<a><Size><b>x</b></Size></a>"},
		"UTF-16 and half more": {"\xff\xfe<\x00a\x00/\x00>\x00x", "<a></a>"},
		"no declaration":       {"<?xml-style x?><a/>", "<a></a>"},
		"no name of one":       {"<?xml?><a/>", "<a></a>"},
		"half a declaration":   {`<?xml version="1.0"`, "EOF"},
		"less of one":          {"<?xml", "EOF"},
		"cut":                  {"<a><b>", "EOF"},
		"cut in a name":        {"<a><b", "EOF"},
		"empty":                {"", "EOF"},
		"two roots":            {"<a/><b/>", "wrong"},
		"crossed":              {"<a><b></a></b>", "wrong"},
		"another prefix":       {"<n:a></m:a>", "wrong"},
		"an end only":          {"</a>", "wrong"},
		"text around":          {"x<a/>", "wrong"},
		"text after a child":   {"<a><b/>x</a>", "wrong"},
		"a bad attribute":      {"<a b=c/>", "wrong"},
		"another encoding":     {`<?xml version="1.0" encoding="klingon"?>` + "<a>\xe9</a>", "wrong"},
		"the deepest":          {strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth), strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth)},
		"too deep":             {strings.Repeat("<a>", maxDepth+1), "wrong"},
	} {
		got, err := Normalize([]byte(test.text))
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			got = []byte("EOF")
		case err != nil:
			got = []byte("wrong")
		}
		assert.Equal(t, test.want, string(got), name)
	}
}
