// SPDX-License-Identifier: Apache-2.0

package s3xml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/dateutil"
	"github.com/stretchr/testify/require"
)

func requireReference(t *testing.T, text string) {
	t.Helper()
	got, err := decodeText(text)
	require.NoError(t, err, text)
	want, err := referencePage([]byte(text))
	require.NoError(t, err, text)
	// How objects and prefixes are merged is no matter of XML.
	require.Equal(t, split(want.Entries), split(got.Entries), text)
	require.Equal(t, []any{want.Truncated, want.Next}, []any{got.Truncated, got.Next}, text)
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
func referencePage(data []byte) (*Page, error) {
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
	page := &Page{Entries: []Entry{}}
	truncated, err1 := root.find("IsTruncated")
	encoding, err2 := root.find("EncodingType")
	next, err3 := root.find("NextContinuationToken")
	page.Truncated, page.Next = truncated == "true" || truncated == "1", next
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	for _, child := range root.children {
		if child.name != "Contents" && child.name != "CommonPrefixes" {
			continue
		}
		info, err := child.info()
		if err == nil && strings.EqualFold(strings.TrimSpace(encoding), "url") {
			info.Key = unquote(info.Key)
		}
		if err != nil {
			return nil, err
		}
		page.Entries = append(page.Entries, info)
	}
	return page, nil
}

func (n node) info() (Entry, error) {
	if n.name == "CommonPrefixes" {
		prefix, err := n.find("Prefix")
		return Entry{Key: prefix, IsPrefix: true}, err
	}
	key, err1 := n.find("Key")
	tag, err2 := n.find("ETag")
	size, err3 := n.find("Size")
	modified, err4 := n.find("LastModified")
	info := Entry{Key: key, ETag: tag}
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return info, err
	}
	if size != "" {
		if _, err := fmt.Sscanf(size, "%d", &info.Size); err != nil {
			return info, err
		}
	}
	info.LastModified, _ = dateutil.ParseS3(modified)
	return info, nil
}

// unquote is Python's unquote_plus, except for what is not UTF-8.
func unquote(text string) string {
	text = strings.ReplaceAll(text, "+", " ")
	return regexp.MustCompile("%[0-9A-Fa-f]{2}").ReplaceAllStringFunc(text, func(escape string) string {
		c, _ := strconv.ParseUint(escape[1:], 16, 8)
		return string([]byte{byte(c)})
	})
}
