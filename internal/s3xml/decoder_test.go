// SPDX-License-Identifier: Apache-2.0

package s3xml

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// page makes an answer from what stands in its root element.
func pageXML(inside string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` + inside + `</ListBucketResult>`
}

func keyXML(key string) string { return `<Contents><Key>` + key + `</Key><Size>1</Size></Contents>` }

// answersOfServers are as AWS, MinIO, versitygw and gofakes3 write them.
var answersOfServers = map[string]string{
	"AWS": pageXML(`<Name>b</Name><Prefix></Prefix><NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>` +
		`<KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>` +
		`<Contents><Key>a+b%2Bc/%C3%A9</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified><ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag>` +
		`<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumAlgorithm>SHA256</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>` +
		`<Size>5497558138880</Size><Owner><ID>75aa57f0</ID><DisplayName>me</DisplayName></Owner><StorageClass>GLACIER</StorageClass>` +
		`<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus></Contents>` +
		`<CommonPrefixes><Prefix>A/</Prefix></CommonPrefixes>`),
	"MinIO": pageXML(`<Name>b</Name><Prefix></Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>` +
		`<Contents><Key>a</Key><LastModified>2024-02-29T23:59:59.123Z</LastModified><ETag>&#34;e&#34;</ETag><Size>0</Size>` +
		`<Owner><ID></ID><DisplayName></DisplayName></Owner><StorageClass>STANDARD</StorageClass></Contents><EncodingType>url</EncodingType>`),
	"versitygw": pageXML(`<IsTruncated>false</IsTruncated><Contents><ETag>e</ETag><Key>a&amp;b&#xD;</Key><LastModified>2026-11-25T03:00:00Z</LastModified>` +
		`<Size>4294967297</Size><StorageClass>STANDARD</StorageClass></Contents>`),
	"gofakes3": `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><IsTruncated>false</IsTruncated>` +
		`<Contents><Key>x</Key><LastModified>2026-11-25T03:00:00.000Z</LastModified><Size>3</Size></Contents></ListBucketResult>`,
}

// soundAnswers must be understood, whichever server sends them.
var soundAnswers = map[string]string{
	"empty":             pageXML(``),
	"empty element":     `<ListBucketResult/>`,
	"no declaration":    `<ListBucketResult></ListBucketResult>`,
	"byte order mark":   "\uFEFF" + pageXML(keyXML("a")),
	"another way":       `<?xml version='1.0' encoding='utf-8' standalone='yes' ?> <!-- x --> <ListBucketResult />` + "\n<!-- y -->\n",
	"white space":       pageXML("\r\n\t<Contents>\n <Key>a</Key>\r\n<Size>1</Size >\n</Contents >\n"),
	"prefixes":          `<s:ListBucketResult xmlns:s='x'><s:Contents><s:Key>a</s:Key></s:Contents></s:ListBucketResult>`,
	"attributes":        `<ListBucketResult a="1" b='"' c = "ü>" ><Contents x:y="z"><Key d="/">a</Key></Contents></ListBucketResult>`,
	"references":        pageXML(keyXML("&lt;&gt;&amp;&quot;&apos;&#13;&#10;&#x41;&#x1F600;&#233;")),
	"CDATA":             pageXML(keyXML("a<![CDATA[<b>&amp;]]]]>c<![CDATA[]]>")),
	"comments":          pageXML(`<!-- <Contents> --><Contents><!----><Key>a<!-- b -->c</Key></Contents>`),
	"line ends":         pageXML(keyXML("a\r\nb\rc\n")),
	"brackets":          pageXML(keyXML("a]b]]c]>")),
	"spaces in a key":   pageXML(keyXML(" a ") + keyXML("  ")),
	"characters":        pageXML(keyXML("ü鍵😀\u0085\u2028")),
	"order of elements": pageXML(`<EncodingType>url</EncodingType><Contents><Size>1</Size><Key>%61</Key></Contents><IsTruncated>false</IsTruncated>` + keyXML("b%0A")),
	"encoding at last":  pageXML(keyXML("%C3%BC%ff+%2b") + `<EncodingType>url</EncodingType>`),
	"unknown elements":  pageXML(`<New><Contents><Key>no</Key></Contents><a/></New><Contents><Key>yes</Key><More x="y">&amp;<b><![CDATA[<]]></b></More></Contents>`),
	"common prefixes":   pageXML(`<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>` + keyXML("a") + keyXML("c") + `<CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes>`),
	"more in a prefix":  pageXML(`<CommonPrefixes><More><Prefix>no</Prefix></More><Prefix>b/</Prefix><x/></CommonPrefixes>`),
	"encoded prefixes":  pageXML(`<EncodingType>url</EncodingType><CommonPrefixes><Prefix>a+%62/</Prefix></CommonPrefixes>` + keyXML("%FF%0f%Aa")),
	"no size":           pageXML(`<Contents><Key>a</Key></Contents>`),
	"the longest keys":  pageXML(keyXML(strings.Repeat("k", maxListedKey)) + keyXML(strings.Repeat("l", maxListedKey))),
	"empty values":      pageXML(`<Prefix/><NextContinuationToken/><Contents><Key>a</Key><ETag/></Contents>`),
	"nanoseconds":       pageXML(`<Contents><Key>a</Key><LastModified>2026-01-31T00:00:00.123456789Z</LastModified></Contents>`),
	"another zone":      pageXML(`<Contents><Key>a</Key><LastModified>2026-01-31T00:00:00+02:00</LastModified></Contents>`),
	"no zone":           pageXML(`<Contents><Key>a</Key><LastModified>2026-01-31T00:00:00.5</LastModified></Contents>`),
}

// toleratedAnswers are decoded as the plain answers next to them: as boto3 reads
// them, or more tolerantly.
var toleratedAnswers = map[string][2]string{
	"an instruction":           {pageXML(`<?php ?>` + keyXML("a")), pageXML(keyXML("a"))},
	"instructions around":      {`<?xml version="1.0"?><?a b?>` + `<ListBucketResult>` + keyXML("a") + `</ListBucketResult><?c?>`, pageXML(keyXML("a"))},
	"document type":            {`<!DOCTYPE ListBucketResult><ListBucketResult>` + keyXML("a") + `</ListBucketResult>`, pageXML(keyXML("a"))},
	"names in other case":      {`<listBucketResult><contents><KEY>a</KEY><size>1</size></contents><isTruncated>false</isTruncated></listBucketResult>`, pageXML(keyXML("a"))},
	"a key in other case":      {pageXML(`<Contents><KEY>a</KEY><SIZE>1</SIZE></Contents>`), pageXML(keyXML("a"))},
	"a prefix in other case":   {pageXML(`<CommonPrefixes><prefix>a/</prefix></CommonPrefixes>`), pageXML(`<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>`)},
	"space before":             {"\r\n \t" + pageXML(keyXML("a")), pageXML(keyXML("a"))},
	"US-ASCII":                 {declared("US-ASCII", keyXML("&#233;")), pageXML(keyXML("é"))},
	"us-ascii":                 {declared("us-ascii", keyXML("a")), pageXML(keyXML("a"))},
	"utf8":                     {declared("utf8", keyXML("é")), pageXML(keyXML("é"))},
	"ISO-8859-1 as UTF-8":      {declared("ISO-8859-1", keyXML("é")), pageXML(keyXML("é"))}, // as botocore
	"ISO-8859-1":               {declared("ISO-8859-1", keyXML("\xe9\xff")), pageXML(keyXML("éÿ"))},
	"latin1, other quotes":     {`<?xml version='1.0' encoding = 'latin1' standalone='yes'?><ListBucketResult>` + keyXML("\xe9") + `</ListBucketResult>`, pageXML(keyXML("é"))},
	"an unknown encoding":      {declared("klingon", keyXML("é")), pageXML(keyXML("é"))},
	"UTF-16, little endian":    {inUTF16(binary.LittleEndian, declared("UTF-16", keyXML("é😀"))), pageXML(keyXML("é😀"))},
	"UTF-16, big endian":       {inUTF16(binary.BigEndian, declared("UTF-16", keyXML("é😀"))), pageXML(keyXML("é😀"))},
	"byte order mark":          {"\uFEFF" + declared("utf8", keyXML("a")), pageXML(keyXML("a"))},
	"XML 1.1":                  {`<?xml version="1.1"?><ListBucketResult>` + keyXML("a") + `</ListBucketResult>`, pageXML(keyXML("a"))},
	"blanks around a number":   {objectXML("<Size> 1 </Size>"), objectXML("<Size>1</Size>")},
	"lines around a number":    {objectXML("<Size>\r\n\t1\n</Size>"), objectXML("<Size>1</Size>")},
	"a plus":                   {objectXML("<Size>+1</Size>"), objectXML("<Size>1</Size>")},
	"zeros":                    {objectXML("<Size>0100</Size>"), objectXML("<Size>100</Size>")},
	"an empty number":          {objectXML("<Size></Size>"), objectXML("")},
	"a blank number":           {objectXML("<Size> </Size>"), objectXML("")},
	"blanks around a boolean":  {truncatedXML(" true "), truncatedXML("true")},
	"lines around a boolean":   {truncatedXML("\n\ttrue\n"), truncatedXML("true")},
	"a boolean in upper case":  {truncatedXML("True"), truncatedXML("true")},
	"a boolean as a number":    {truncatedXML("1"), truncatedXML("true")},
	"no as a number":           {truncatedXML("0"), truncatedXML("false")},
	"an empty boolean":         {truncatedXML(""), truncatedXML("false")},
	"a blank boolean":          {truncatedXML(" \n"), truncatedXML("false")},
	"no boolean":               {pageXML(`<NextContinuationToken>t</NextContinuationToken>`), truncatedXML("false")},
	"blanks around a keyword":  {pageXML(`<EncodingType> url </EncodingType>` + keyXML("%61")), pageXML(keyXML("a"))},
	"a keyword in upper case":  {pageXML(`<EncodingType>URL</EncodingType>` + keyXML("%61")), pageXML(keyXML("a"))},
	"a percent sign":           {escapedXML("100%"), pageXML(keyXML("100%"))},
	"percent signs":            {escapedXML("%%%2"), pageXML(keyXML("%%%2"))},
	"a percent sign and text":  {escapedXML("%zz+%4%41"), pageXML(keyXML("%zz %4A"))},
	"a date in RFC 1123":       {objectXML("<LastModified>Fri, 27 Nov 2026 00:04:31 GMT</LastModified>"), objectXML("<LastModified>2026-11-27T00:04:31Z</LastModified>")},
	"a date with UTC":          {objectXML("<LastModified>2026-11-27 00:04:31 UTC</LastModified>"), objectXML("<LastModified>2026-11-27T00:04:31Z</LastModified>")},
	"a date with an offset":    {objectXML("<LastModified>2026-11-27T02:04:31+0200</LastModified>"), objectXML("<LastModified>2026-11-27T00:04:31Z</LastModified>")},
	"a date in seconds":        {objectXML("<LastModified>1795737871</LastModified>"), objectXML("<LastModified>2026-11-27T00:04:31Z</LastModified>")},
	"blanks around a date":     {objectXML("<LastModified>\n 2026-11-27T00:04:31Z\n</LastModified>"), objectXML("<LastModified>2026-11-27T00:04:31Z</LastModified>")},
	"an empty date":            {objectXML("<LastModified/>"), objectXML("")},
	"the 31st of April":        {objectXML("<LastModified>2026-04-31T00:00:00Z</LastModified>"), objectXML("")},
	"no date":                  {objectXML("<LastModified>yesterday</LastModified>"), objectXML("")},
	"a bad date after a rarer": {objectXML("<?pi?><LastModified>yesterday</LastModified>"), objectXML("")},
	"two dashes":               {pageXML(`<!---->` + keyXML("a")), pageXML(keyXML("a"))},
}

func declared(encoding, inside string) string {
	return `<?xml version="1.0" encoding="` + encoding + `"?><ListBucketResult>` + inside + `</ListBucketResult>`
}

func inUTF16(order binary.AppendByteOrder, text string) string {
	data := order.AppendUint16(nil, 0xFEFF)
	for _, unit := range utf16.Encode([]rune(text)) {
		data = order.AppendUint16(data, unit)
	}
	return string(data)
}

func objectXML(inside string) string {
	return pageXML(`<Contents><Key>a</Key>` + inside + `</Contents>`)
}

func escapedXML(key string) string {
	return pageXML(`<EncodingType>url</EncodingType>` + keyXML(key))
}

func truncatedXML(truth string) string {
	return pageXML(`<IsTruncated>` + truth + `</IsTruncated><NextContinuationToken>t</NextContinuationToken>`)
}

// wrongAnswers are no listings, and never taken for an empty one, nor for a shorter one.
var wrongAnswers = map[string]string{
	"an entity":         `<!DOCTYPE ListBucketResult [<!ENTITY a "b">]><ListBucketResult>` + keyXML("&a;") + `</ListBucketResult>`,
	"unknown entity":    pageXML(keyXML("&eacute;")),
	"no entity":         pageXML(keyXML("a&b and more text")),
	"empty entity":      pageXML(keyXML("a&;b and more text")),
	"forbidden":         pageXML(keyXML("a\x01b")),
	"forbidden number":  pageXML(keyXML("&#1;")),
	"too far":           pageXML(keyXML("&#x110000;")),
	"end of CDATA":      pageXML(keyXML("a]]>b")),
	"element in a key":  pageXML(keyXML("a<b/>")),
	"crossed":           pageXML(`<a><b></a></b>`),
	"crossed, odd":      pageXML(`<?pi?><a><b></a></b>`),
	"colons":            pageXML(`<a:b:c></a:b:c>`),
	"text":              pageXML(`text`),
	"text between":      pageXML(keyXML("a") + `text`),
	"text after":        pageXML(``) + "text",
	"a second root":     pageXML(``) + pageXML(keyXML("a")),
	"a bad size":        objectXML(`<Size>many</Size>`),
	"half a byte":       objectXML(`<Size>0.5</Size>`),
	"a negative size":   objectXML(`<Size>-1</Size>`),
	"a huge size":       objectXML(`<Size>9223372036854775808</Size>`),
	"a bad truth":       truncatedXML("perhaps"),
	"too deep":          pageXML(strings.Repeat("<a>", 20) + strings.Repeat("</a>", 20)),
	"two keys":          objectXML(`<Key>b</Key>`),
	"two keys, odd":     objectXML(`<?pi?><key>b</key>`),
	"two truths":        truncatedXML("true</IsTruncated><IsTruncated>false"),
	"stray end":         `</a>`,
	"attribute":         `<ListBucketResult a=b></ListBucketResult>`,
	"text before":       "text" + pageXML(``),
	"not XML":           `{"error": "not XML"}`,
	"not UTF-8":         pageXML(keyXML("\xff")),
	"not ASCII":         declared("US-ASCII", keyXML("\xff")),
	"not a character":   pageXML(keyXML("\uFFFF")),
	"HTML":              `<!DOCTYPE html><html><body>Welcome to the hotel</body></html>`,
	"no key":            pageXML(`<Contents><Size>1</Size></Contents>`),
	"an empty key":      pageXML(keyXML("")),
	"no prefix":         pageXML(`<CommonPrefixes></CommonPrefixes>`),
	"unknown encoding":  pageXML(`<EncodingType>base64</EncodingType>` + keyXML("a")),
	"half a surrogate":  pageXML(keyXML("&#xD83D;&#xDE00;")),
	"a very long key":   pageXML(keyXML(strings.Repeat("k", maxListedKey+1))),
	"an error document": `<?xml version="1.0"?><Error><Code>InternalError</Code></Error>`,
	"an odd error":      `<?xml version="1.0" encoding="US-ASCII"?><error><Code>InternalError</Code></error>`,
}

func decodeText(text string) (*Page, error) {
	return new(Decoder).Decode([]byte(text))
}

func TestDecodePage(t *testing.T) {
	t.Parallel()
	page, err := decodeText(answersOfServers["AWS"])
	require.NoError(t, err)
	assert.Equal(t, &Page{
		Entries: []Entry{
			{Key: "A/", IsPrefix: true},
			{Key: "a b+c/é", Size: 5 << 40, ETag: `"fba9dede5f27731c9771645a39863328"`, LastModified: time.Date(2009, 10, 12, 17, 50, 30, 0, time.UTC)},
		},
		Truncated: true, Next: "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=",
	}, page)
	page, err = decodeText(pageXML(keyXML("a") + keyXML("b/") + keyXML("c") + `<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>`))
	require.NoError(t, err)
	assert.Equal(t, []Entry{{Key: "a", Size: 1}, {Key: "b/", IsPrefix: true}, {Key: "b/", Size: 1}, {Key: "c", Size: 1}}, page.Entries, "a prefix comes before its object")
	_, err = decodeText(pageXML(keyXML("a") + keyXML(strings.Repeat("k", maxListedKey+1))))
	require.ErrorContains(t, err, "a key of 16385 bytes")
	for name, text := range soundAnswers {
		t.Run(name, func(t *testing.T) { requireReference(t, text) })
	}
	for name, text := range answersOfServers {
		t.Run(name, func(t *testing.T) { requireReference(t, text) })
	}
	for name, texts := range toleratedAnswers {
		want, err := decodeText(texts[1])
		require.NoError(t, err, name)
		got, err := decodeText(texts[0])
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	for name, text := range wrongAnswers {
		_, err := decodeText(text)
		require.Error(t, err, name)
		require.Equal(t, strings.Contains(name, "error"), errors.Is(err, ErrErrorDocument), name)
		require.NotErrorIs(t, err, io.ErrUnexpectedEOF, name) // which would be retried
	}
}

// TestDecodeTruncated checks that an answer that ends anywhere is one that broke off.
func TestDecodeTruncated(t *testing.T) {
	t.Parallel()
	for name, text := range answersOfServers {
		for end := range strings.TrimSpace(text) {
			_, err := decodeText(text[:end])
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s: %q", name, text[:end])
		}
	}
	for _, name := range []string{"another way", "attributes", "references", "CDATA", "comments"} {
		text := strings.TrimSuffix(soundAnswers[name], "\n<!-- y -->\n")
		for end := range text {
			_, err := decodeText(text[:end])
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s: %q", name, text[:end])
		}
	}
}

func TestDecodeAgain(t *testing.T) {
	t.Parallel()
	var decoder Decoder
	first, err := decoder.Decode([]byte(answersOfServers["AWS"]))
	require.NoError(t, err)
	_, err = decoder.Decode([]byte(strings.ReplaceAll(answersOfServers["AWS"], "a", "z")[:400]))
	require.Error(t, err)
	again, err := decoder.Decode([]byte(answersOfServers["AWS"]))
	require.NoError(t, err)
	assert.Equal(t, first, again)
}

// FuzzListPage holds the fast decoder to what encoding/xml reads, and the decoder
// of the rest to what it makes of its own normal form.
func FuzzListPage(f *testing.F) {
	for _, answers := range []map[string]string{answersOfServers, soundAnswers, wrongAnswers} {
		for _, name := range slices.Sorted(maps.Keys(answers)) {
			f.Add([]byte(answers[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(toleratedAnswers)) {
		f.Add([]byte(toleratedAnswers[name][0]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		early := new(Decoder).NextToken(data)
		got, err := new(Decoder).Decode(data)
		if err != nil {
			return
		}
		require.Contains(t, []string{"", got.Next}, early)
		if _, err := new(Decoder).decode(data); err == nil {
			requireReference(t, string(data))
			return
		}
		normal, err := Normalize(data)
		require.NoError(t, err)
		again, err := new(Decoder).decode(normal)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

func split(infos []Entry) (parts [2][]string) {
	for _, info := range infos {
		part := 0
		if info.IsPrefix {
			part = 1
		}
		parts[part] = append(parts[part], fmt.Sprintf("%q %d %q %s", info.Key, info.Size, info.ETag, info.LastModified.UTC().Format(time.RFC3339Nano)))
	}
	return parts
}

func TestNextToken(t *testing.T) {
	t.Parallel()
	const token, truncated = `<NextContinuationToken>a&amp;b</NextContinuationToken>`, `<IsTruncated>true</IsTruncated>`
	rest := keyXML("key") + `<CommonPrefixes>`
	for _, test := range []struct{ text, want string }{
		{pageXML(token + truncated + rest), "a&b"},
		{pageXML(truncated + `<Name>x</Name>` + token + `<CommonPrefixes><Prefix>`), "a&b"},
		{pageXML(token + `<IsTruncated>false</IsTruncated>` + rest), ""},
		{pageXML(token + rest), ""},
		{pageXML(truncated + rest + token), ""},
		{pageXML(truncated + token), ""}, // an empty page
		{"<Error>" + truncated + token, ""},
		{"<Error>" + truncated + token + rest, ""},
		{"", ""},
		{"no XML", ""},
	} {
		var decoder Decoder
		assert.Equal(t, test.want, decoder.NextToken([]byte(test.text)), test.text)
		for cut := range len(test.text) { // never a part of the token
			assert.Contains(t, []string{"", test.want}, decoder.NextToken([]byte(test.text[:cut])))
		}
	}
}
