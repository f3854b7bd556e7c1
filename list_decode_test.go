package lithopss3

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
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

// soundAnswers are what a decoder has to understand, whoever sends it.
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
	"no size":           pageXML(`<Contents><Key>a</Key></Contents>`),
	"empty values":      pageXML(`<Prefix/><NextContinuationToken/><Contents><Key>a</Key><ETag/></Contents>`),
	"nanoseconds":       pageXML(`<Contents><Key>a</Key><LastModified>2026-01-31T00:00:00.123456789Z</LastModified></Contents>`),
	"another zone":      pageXML(`<Contents><Key>a</Key><LastModified>2026-01-31T00:00:00+02:00</LastModified></Contents>`),
	"no zone":           pageXML(`<Contents><Key>a</Key><LastModified>2026-01-31T00:00:00.5</LastModified></Contents>`),
}

// strangeAnswers are left to the SDK, which may know, or not.
var strangeAnswers = map[string]string{
	"an instruction":   pageXML(`<?php ?>`),
	"unknown entity":   pageXML(keyXML("&eacute;")),
	"no entity":        pageXML(keyXML("a&b and more text")),
	"empty entity":     pageXML(keyXML("a&;b and more text")),
	"forbidden":        pageXML(keyXML("a\x01b")),
	"forbidden number": pageXML(keyXML("&#1;")),
	"too far":          pageXML(keyXML("&#x110000;")),
	"end of CDATA":     pageXML(keyXML("a]]>b")),
	"other case":       pageXML(`<contents><key>a</key></contents>`),
	"twice":            pageXML(`<Contents><Key>a</Key><Key>b</Key></Contents>`),
	"element in a key": pageXML(keyXML("a<b/>")),
	"crossed":          pageXML(`<a><b></a></b>`),
	"colons":           pageXML(`<a:b:c></a:b:c>`),
	"text":             pageXML(`text`),
	"text behind":      pageXML(``) + "text",
	"a bad size":       pageXML(`<Contents><Key>a</Key><Size>many</Size></Contents>`),
	"a bad truth":      pageXML(`<IsTruncated>perhaps</IsTruncated>`),
	"a bad time":       pageXML(`<Contents><Key>a</Key><LastModified>2026-04-31T00:00:00Z</LastModified></Contents>`),
	"too deep":         pageXML(strings.Repeat("<a>", 20) + strings.Repeat("</a>", 20)),
	"two dashes":       pageXML(`<!-- a -- b -->`),
}

// wrongAnswers are no listings, and never taken for an empty one.
var wrongAnswers = map[string]string{
	"DOCTYPE":           `<!DOCTYPE ListBucketResult [<!ENTITY a "b">]><ListBucketResult>` + keyXML("&a;") + `</ListBucketResult>`,
	"another encoding":  `<?xml version="1.0" encoding="ISO-8859-1"?><ListBucketResult/>`,
	"XML 1.1":           `<?xml version="1.1"?><ListBucketResult/>`,
	"stray end":         `</a>`,
	"attribute":         `<ListBucketResult a=b></ListBucketResult>`,
	"text before":       "text" + pageXML(``),
	"not XML":           `{"error": "not XML"}`,
	"not UTF-8":         pageXML(keyXML("\xff")),
	"not a character":   pageXML(keyXML("\uFFFF")),
	"HTML":              `<html><body>Welcome to the hotel</body></html>`,
	"no key":            pageXML(`<Contents><Size>1</Size></Contents>`),
	"an empty key":      pageXML(keyXML("")),
	"no prefix":         pageXML(`<CommonPrefixes></CommonPrefixes>`),
	"a bad escape":      pageXML(`<EncodingType>url</EncodingType>` + keyXML("100%")),
	"a bad escape too":  pageXML(`<EncodingType>url</EncodingType>` + keyXML("%zz")),
	"unknown encoding":  pageXML(`<EncodingType>base64</EncodingType>` + keyXML("a")),
	"half a surrogate":  pageXML(keyXML("&#xD83D;&#xDE00;")),
	"a very long key":   pageXML(keyXML(strings.Repeat("k", maxListedKey+1))),
	"an error document": `<?xml version="1.0"?><Error><Code>InternalError</Code></Error>`,
}

func decodeText(text string) (*listPage, error) {
	return new(pageDecoder).decode([]byte(text))
}

func TestDecodePage(t *testing.T) {
	t.Parallel()
	page, err := decodeText(answersOfServers["AWS"])
	require.NoError(t, err)
	assert.Equal(t, &listPage{
		infos: []ObjectInfo{
			{Key: "A/", IsPrefix: true},
			{Key: "a b+c/é", Size: 5 << 40, ETag: `"fba9dede5f27731c9771645a39863328"`, LastModified: time.Date(2009, 10, 12, 17, 50, 30, 0, time.UTC)},
		},
		truncated: true, next: "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=",
	}, page)
	for name, text := range soundAnswers {
		t.Run(name, func(t *testing.T) { requireReference(t, text) })
	}
	for name, text := range answersOfServers {
		t.Run(name, func(t *testing.T) { requireReference(t, text) })
	}
	for name, text := range strangeAnswers {
		_, err := decodeText(text)
		require.ErrorIs(t, err, errUnknownXML, name)
	}
	for name, text := range wrongAnswers {
		_, err := decodeText(text)
		require.Error(t, err, name)
		require.NotErrorIs(t, err, errUnknownXML, name)
	}
}

func requireReference(t *testing.T, text string) {
	t.Helper()
	got, err := decodeText(text)
	require.NoError(t, err, text)
	want, err := referencePage([]byte(text))
	require.NoError(t, err, text)
	// How objects and prefixes are merged is no matter of XML.
	require.Equal(t, split(want.infos), split(got.infos), text)
	require.Equal(t, []any{want.truncated, want.next}, []any{got.truncated, got.next}, text)
}

// TestDecodeTruncated: an answer that ends anywhere is one that broke off.
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
	var decoder pageDecoder
	first, err := decoder.decode([]byte(answersOfServers["AWS"]))
	require.NoError(t, err)
	_, err = decoder.decode([]byte(strings.ReplaceAll(answersOfServers["AWS"], "a", "z")[:400]))
	require.Error(t, err)
	again, err := decoder.decode([]byte(answersOfServers["AWS"]))
	require.NoError(t, err)
	assert.Equal(t, first, again)
}

// A node is an element as encoding/xml reads it.
type node struct {
	name     string
	text     string
	children []node
}

func readNode(decoder *xml.Decoder, start xml.StartElement) (node, error) {
	n := node{name: start.Name.Local}
	for {
		token, err := decoder.Token()
		if err != nil {
			return n, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			child, err := readNode(decoder, token)
			if err != nil {
				return n, err
			}
			n.children = append(n.children, child)
		case xml.EndElement:
			return n, nil
		case xml.CharData:
			n.text += string(token)
		}
	}
}

func (n node) find(name string) (string, error) {
	found := ""
	for _, child := range n.children {
		if child.name == name {
			if len(child.children) > 0 {
				return "", errors.New("an element in a text")
			}
			found = child.text
		}
	}
	return found, nil
}

// referencePage is decode by means of encoding/xml.
func referencePage(data []byte) (*listPage, error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	var root node
	for root.name == "" {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		if start, ok := token.(xml.StartElement); ok {
			if root, err = readNode(decoder, start); err != nil {
				return nil, err
			}
		}
	}
	page := &listPage{infos: []ObjectInfo{}}
	truncated, err1 := root.find("IsTruncated")
	encoding, err2 := root.find("EncodingType")
	next, err3 := root.find("NextContinuationToken")
	page.truncated, page.next = truncated == "true", next
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	for _, child := range root.children {
		if child.name != "Contents" && child.name != "CommonPrefixes" {
			continue
		}
		info, err := child.info()
		if err == nil && encoding == "url" {
			info.Key, err = url.QueryUnescape(info.Key)
		}
		if err != nil {
			return nil, err
		}
		page.infos = append(page.infos, info)
	}
	return page, nil
}

func (n node) info() (ObjectInfo, error) {
	if n.name == "CommonPrefixes" {
		prefix, err := n.find("Prefix")
		return ObjectInfo{Key: prefix, IsPrefix: true}, err
	}
	key, err1 := n.find("Key")
	tag, err2 := n.find("ETag")
	size, err3 := n.find("Size")
	modified, err4 := n.find("LastModified")
	info := ObjectInfo{Key: key, ETag: tag}
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return info, err
	}
	if size != "" {
		if _, err := fmt.Sscanf(size, "%d", &info.Size); err != nil {
			return info, err
		}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, modified); err == nil {
			info.LastModified = at
		}
	}
	if modified != "" && info.LastModified.IsZero() && !strings.HasPrefix(modified, "0001-01-01") {
		return info, errors.New("not a time")
	}
	return info, nil
}

// FuzzListPage: what the decoder reads, encoding/xml reads alike, and so does
// the SDK, if it can.
func FuzzListPage(f *testing.F) {
	for _, answers := range []map[string]string{answersOfServers, soundAnswers, strangeAnswers, wrongAnswers} {
		for _, name := range slices.Sorted(maps.Keys(answers)) {
			f.Add([]byte(answers[name]))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		early := new(pageDecoder).nextToken(data)
		got, err := new(pageDecoder).decode(data)
		if err != nil {
			return
		}
		require.Contains(t, []string{"", got.next}, early)
		requireReference(t, string(data))
		if sdk, err := pageBySDK(t, data); err == nil {
			requireSamePage(t, sdk, got)
		}
	})
}

func split(infos []ObjectInfo) (parts [2][]string) {
	for _, info := range infos {
		part := 0
		if info.IsPrefix {
			part = 1
		}
		parts[part] = append(parts[part], fmt.Sprintf("%q %d %q %s", info.Key, info.Size, info.ETag, info.LastModified.UTC().Format(time.RFC3339Nano)))
	}
	return parts
}

func requireSamePage(t *testing.T, want, got *listPage) {
	t.Helper()
	texts := func(page *listPage) []string {
		texts := []string{fmt.Sprint(page.truncated, page.next)}
		for _, info := range page.infos {
			texts = append(texts, fmt.Sprintf("%q %v %d %q %s", info.Key, info.IsPrefix, info.Size, info.ETag, info.LastModified.UTC().Format(time.RFC3339Nano)))
		}
		return texts
	}
	require.Equal(t, texts(want), texts(got))
}

func pageBySDK(t *testing.T, body []byte) (*listPage, error) {
	t.Helper()
	store := answeringStore(t, true, func(r *http.Request) (*http.Response, error) {
		return answer(r, http.StatusOK, nil, string(body)), nil
	})
	in, _, err := listInput("bucket", nil)
	require.NoError(t, err)
	out, err := store.client.ListObjectsV2(t.Context(), in, func(o *s3.Options) { o.Retryer = aws.NopRetryer{} })
	if err != nil {
		return nil, err
	}
	return pageOf(out)
}

// answeringStore is a Store whose requests are answered in place.
func answeringStore(t testing.TB, sdkOnly bool, respond roundTripper) *Store {
	t.Helper()
	store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AKID", SecretAccessKey: NewSecret("SECRET")}, &Options{
		Endpoint: "http://127.0.0.1:1", Transport: respond, SDKOnly: sdkOnly, LookupEnv: func(string) (string, bool) { return "", false },
	})
	require.NoError(t, err)
	return store
}

// TestListAnswers runs every kind of answer through a whole listing, with and
// without the decoder.
func TestListAnswers(t *testing.T) {
	t.Parallel()
	list := func(sdkOnly bool, body string) ([]ObjectInfo, int, error) {
		sent := 0
		store := answeringStore(t, sdkOnly, func(r *http.Request) (*http.Response, error) {
			sent++
			if sent > 1 {
				body = pageXML(keyXML("another"))
			}
			return answer(r, http.StatusOK, nil, body), nil
		})
		var infos []ObjectInfo
		for info, err := range store.ListObjects(t.Context(), "bucket", nil) {
			if err != nil {
				return nil, sent, err
			}
			infos = append(infos, info)
		}
		return infos, sent, nil
	}
	for name, body := range strangeAnswers {
		want, _, sdkErr := list(true, body)
		got, _, err := list(false, body)
		assert.Equal(t, sdkErr == nil, err == nil, "%s: %v, %v", name, sdkErr, err)
		assert.Equal(t, want, got, name)
	}
	for name, body := range wrongAnswers {
		if name == "an error document" {
			continue
		}
		_, sent, err := list(false, body)
		require.Error(t, err, name)
		assert.Equal(t, 1, sent, "%s is not asked for again", name)
	}
}

// TestListAsksAgain: what broke off, or is an error behind a 200, is retried.
func TestListAsksAgain(t *testing.T) {
	t.Parallel()
	full := answersOfServers["MinIO"]
	for name, first := range map[string]*http.Response{
		"nothing":        {Body: http.NoBody},
		"half":           {Body: io.NopCloser(strings.NewReader(full[:200]))},
		"a broken line":  {Body: io.NopCloser(io.MultiReader(strings.NewReader(full[:200]), iotest.ErrReader(io.ErrUnexpectedEOF)))},
		"error document": {Body: io.NopCloser(strings.NewReader(wrongAnswers["an error document"]))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := 0
			store := answeringStore(t, false, func(r *http.Request) (*http.Response, error) {
				if sent++; sent == 1 {
					first.StatusCode, first.Header = http.StatusOK, http.Header{}
					return first, nil
				}
				return answer(r, http.StatusOK, nil, full), nil
			})
			keys, err := store.ListKeys(t.Context(), "bucket", "")
			require.NoError(t, err)
			assert.Equal(t, []string{"a"}, keys)
			assert.Equal(t, 2, sent)
		})
	}
}

func TestListBoundsAnswers(t *testing.T) {
	t.Parallel()
	store := answeringStore(t, false, func(*http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(`<ListBucketResult>`), repeat(' '))
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(body)}, nil
	})
	_, err := store.ListKeys(t.Context(), "bucket", "")
	require.ErrorContains(t, err, "longer than 16777216 bytes")
}

type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// BenchmarkListPage is what a page of a thousand keys costs to decode.
func BenchmarkListPage(b *testing.B) {
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, `<Contents><Key>lithops.jobs/4b99c1-0-M000/%05d/status.json</Key><LastModified>2026-11-25T03:00:00.000Z</LastModified>`+
			`<ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>`, i, i)
	}
	data := []byte(pageXML(`<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken><EncodingType>url</EncodingType>` + text.String()))
	b.Run("decoder", func(b *testing.B) {
		var decoder pageDecoder
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if page, err := decoder.decode(data); err != nil || len(page.infos) != 1000 {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/key")
	})
	for name, sdkOnly := range map[string]bool{"request": false, "sdk request": true} {
		b.Run(name, func(b *testing.B) {
			store := answeringStore(b, sdkOnly, func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(data)), Request: r}, nil
			})
			in, _, err := listInput("bucket", nil)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if page, err := store.fetchPage(b.Context(), in, nil); err != nil || len(page.infos) != 1000 {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/key")
		})
	}
}
