// SPDX-License-Identifier: Apache-2.0

package s3xml

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lithops-go/lithopss3/internal/dateutil"
)

// Normalize returns an XML document in the form that this package's decoder, and
// the SDK's, understands: UTF-8 without declaration, comments and processing
// instructions, names without prefixes, and numbers, booleans and dates as S3
// writes them. Values that can't be read as what they should be are left out
// (dates), or left as they are (numbers and booleans).
//
// The error is io.ErrUnexpectedEOF for a document that breaks off.
func Normalize(data []byte) ([]byte, error) {
	text, err := toUTF8(data)
	if err != nil {
		return nil, err
	}
	n := normalizer{in: xml.NewDecoder(bytes.NewReader(text))}
	return n.run()
}

// A normalizer copies a document, token by token.
type normalizer struct {
	in   *xml.Decoder
	out  bytes.Buffer
	open []element
	text []byte // of the innermost element, as long as it has no child
	done bool   // the root element has ended
}

// An element is an open one: its name, and where it and its content begin in the output.
type element struct {
	name           xml.Name
	start, content int
	isParent       bool
}

func (n *normalizer) run() ([]byte, error) {
	for {
		token, err := n.in.RawToken()
		switch {
		case errors.Is(err, io.EOF) && n.done:
			return n.out.Bytes(), nil
		case errors.Is(err, io.EOF), isCutOff(err):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		if err := n.copy(token); err != nil {
			return nil, err
		}
	}
}

func isCutOff(err error) bool {
	var syntax *xml.SyntaxError
	return errors.As(err, &syntax) && syntax.Msg == "unexpected EOF"
}

func (n *normalizer) copy(token xml.Token) error {
	switch token := token.(type) {
	case xml.StartElement:
		return n.start(token)
	case xml.EndElement:
		return n.end(token.Name)
	case xml.CharData:
		return n.characters(token)
	}
	return nil // comments, instructions and document types say nothing
}

func (n *normalizer) start(token xml.StartElement) error {
	switch {
	case n.done:
		return errors.New("a second root element")
	case len(n.open) == maxDepth:
		return fmt.Errorf("more than %d elements inside each other", maxDepth)
	case len(n.open) > 0:
		n.open[len(n.open)-1].isParent = true
	}
	start := n.out.Len()
	n.out.WriteString("<" + canonicalName(token.Name.Local))
	for _, attribute := range token.Attr {
		if attribute.Name.Space == "xmlns" || attribute.Name.Local == "xmlns" {
			continue // the decoders compare local names
		}
		n.out.WriteByte(' ')
		if attribute.Name.Space != "" {
			n.out.WriteString(attribute.Name.Space + ":")
		}
		n.out.WriteString(attribute.Name.Local + `="`)
		n.escape(attribute.Value)
		n.out.WriteByte('"')
	}
	n.out.WriteByte('>')
	n.open = append(n.open, element{name: token.Name, start: start, content: n.out.Len()})
	n.text = n.text[:0]
	return nil
}

func (n *normalizer) end(name xml.Name) error {
	if len(n.open) == 0 || n.open[len(n.open)-1].name != name {
		return fmt.Errorf("</%s> closes another element", name.Local)
	}
	last := n.open[len(n.open)-1]
	n.open = n.open[:len(n.open)-1]
	n.done = len(n.open) == 0
	if !last.isParent {
		value, isValue := canonicalValue(name.Local, string(n.text))
		if !isValue {
			n.out.Truncate(last.start)
			return nil
		}
		n.escape(value)
	}
	n.out.WriteString("</" + canonicalName(name.Local) + ">")
	return nil
}

// characters keeps the text of an element without children. Between elements
// only white space may stand.
func (n *normalizer) characters(text []byte) error {
	if len(n.open) > 0 && !n.open[len(n.open)-1].isParent {
		n.text = append(n.text, text...)
		return nil
	}
	if len(bytes.Trim(text, " \t\r\n\uFEFF")) > 0 {
		return errors.New("text between elements")
	}
	return nil
}

func (n *normalizer) escape(text string) {
	_ = xml.EscapeText(&n.out, []byte(text)) // a buffer does not fail
}

// canonicalNames are the elements of a listing, which the SDK reads in upper and
// lower case alike.
var canonicalNames = map[string]string{
	"listbucketresult": "ListBucketResult", "contents": "Contents", "commonprefixes": "CommonPrefixes", "istruncated": "IsTruncated",
	"nextcontinuationtoken": "NextContinuationToken", "encodingtype": "EncodingType", "key": "Key", "lastmodified": "LastModified",
	"etag": "ETag", "size": "Size", "prefix": "Prefix",
}

func canonicalName(name string) string {
	if canonical, isKnown := canonicalNames[strings.ToLower(name)]; isKnown {
		return canonical
	}
	return name
}

// A kind is what the text of an element stands for.
type kind int

const (
	isText kind = iota
	isNumber
	isBoolean
	isDate
)

// kinds are the elements of S3's and STS's answers that are not texts.
var kinds = map[string]kind{
	"lastmodified": isDate, "initiated": isDate, "creationdate": isDate, "expiration": isDate, "restoreexpirydate": isDate,
	"size": isNumber, "keycount": isNumber, "maxkeys": isNumber, "maxuploads": isNumber, "maxparts": isNumber, "partnumber": isNumber,
	"partscount": isNumber, "objectsize": isNumber, "packedpolicysize": isNumber,
	"istruncated": isBoolean, "deletemarker": isBoolean, "islatest": isBoolean, "isrestoreinprogress": isBoolean, "bucketkeyenabled": isBoolean,
}

// canonicalValue returns the text of an element as S3 writes it. It reports false
// for an element that is better left out.
func canonicalValue(name, text string) (value string, isValue bool) {
	switch kinds[strings.ToLower(name)] {
	case isDate:
		at, ok := dateutil.ParseS3(text)
		return at.Format("2006-01-02T15:04:05.999999999Z"), ok
	case isNumber, isBoolean:
		text = strings.ToLower(strings.TrimSpace(text))
		return text, text != ""
	}
	return text, true
}

// toUTF8 returns data as UTF-8 without a byte order mark and without an XML
// declaration. As botocore does, it takes bytes that are valid UTF-8 for UTF-8,
// whatever the declaration says; others are ISO-8859-1 if they are declared as
// that, or UTF-16 if they begin with its byte order mark.
func toUTF8(data []byte) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if text, isUTF16 := fromUTF16(data); isUTF16 {
		data = text
	}
	data = bytes.TrimLeft(data, " \t\r\n")
	declaration := []byte(nil)
	if hasDeclaration(data) {
		declaration, data, _ = bytes.Cut(data, []byte("?>"))
	}
	if utf8.Valid(data) {
		return data, nil
	}
	if !isLatin1(declaration) {
		return nil, errors.New("bytes that are not UTF-8")
	}
	text := make([]byte, 0, len(data)+len(data)/8)
	for _, c := range data {
		text = utf8.AppendRune(text, rune(c))
	}
	return text, nil
}

func hasDeclaration(data []byte) bool {
	rest, found := bytes.CutPrefix(data, []byte("<?xml"))
	return found && len(rest) > 0 && isSpace(rest[0])
}

// isLatin1 reports whether a declaration says encoding="ISO-8859-1".
func isLatin1(declaration []byte) bool {
	_, rest, _ := strings.Cut(strings.ToLower(string(declaration)), "encoding")
	rest = strings.TrimLeft(rest, " \t\r\n=")
	name := ""
	for _, quote := range []string{`"`, `'`} {
		if after, found := strings.CutPrefix(rest, quote); found {
			name, _, _ = strings.Cut(after, quote)
		}
	}
	return name == "iso-8859-1" || name == "iso8859-1" || name == "latin1" || name == "latin-1"
}

func fromUTF16(data []byte) (text []byte, isUTF16 bool) {
	order := binary.ByteOrder(binary.LittleEndian)
	switch {
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		order = binary.BigEndian
	case !bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return nil, false
	}
	units := make([]uint16, 0, len(data)/2)
	for data = data[2:]; len(data) > 1; data = data[2:] {
		units = append(units, order.Uint16(data))
	}
	return []byte(string(utf16.Decode(units))), true
}
