// SPDX-License-Identifier: Apache-2.0

// Package lifecycle puts rules into the XML of a bucket's lifecycle configuration, and
// leaves every other rule as it is, byte for byte.
// It must not know requests, the SDK or what a rule is for.
// Start reading at [Merge].
package lifecycle

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Rule has S3 delete by itself what is older than a number of days.
type Rule struct {
	ID          string // names the rule; another one of this name is replaced
	Prefix      string // of the keys; empty for all
	ExpireDays  int    // of objects; 0 to keep them
	UploadsDays int    // of multipart uploads that are not completed; 0 to keep them
}

// Merge returns a configuration that has the rules, and all others of document as they
// are; changed reports whether it differs from document, which may be empty. A document
// that this package does not understand is an error, because a rule might get lost.
func Merge(document []byte, rules []Rule) (merged []byte, changed bool, err error) {
	found, err := parse(document)
	if err != nil {
		return nil, false, fmt.Errorf("the bucket's lifecycle configuration can't be kept: %w", err)
	}
	missing := bytes.Buffer{}
	replaced := map[int]bool{}
	for _, rule := range rules {
		isThere := false
		for i, old := range found.rules {
			switch {
			case old.ID != rule.ID:
			case old.is(rule) && !isThere:
				isThere = true
			default:
				replaced[i] = true
			}
		}
		if !isThere {
			rule.write(&missing)
		}
	}
	if missing.Len() == 0 && len(replaced) == 0 {
		return document, false, nil
	}
	return found.rebuild(replaced, missing.Bytes()), true, nil
}

// Has reports whether a configuration has the rules.
func Has(document []byte, rules []Rule) bool {
	_, changed, err := Merge(document, rules)
	return err == nil && !changed
}

// namespace is that of S3's documents.
const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// A parsedRule is a rule of a document, and where it is.
type parsedRule struct {
	ID     string `xml:"ID"`
	Status string `xml:"Status"`
	Prefix string `xml:"Prefix"` // as old rules have it
	Filter *struct {
		Prefix string    `xml:"Prefix"`
		Others []element `xml:",any"`
	} `xml:"Filter"`
	Expiration *struct {
		Days   int       `xml:"Days"`
		Others []element `xml:",any"`
	} `xml:"Expiration"`
	Uploads *struct {
		Days int `xml:"DaysAfterInitiation"`
	} `xml:"AbortIncompleteMultipartUpload"`
	Others []element `xml:",any"`

	start, end int64
}

// An element is one that is not looked into.
type element struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

// is reports whether a rule of a document does what rule says, and nothing else.
func (p parsedRule) is(rule Rule) bool {
	prefix, expire, uploads, others := p.Prefix, 0, 0, len(p.Others)
	if p.Filter != nil {
		prefix += p.Filter.Prefix
		others += len(p.Filter.Others)
	}
	if p.Expiration != nil {
		expire = p.Expiration.Days
		others += trueOnes(p.Expiration.Others)
	}
	if p.Uploads != nil {
		uploads = p.Uploads.Days
	}
	return p.Status == "Enabled" && others == 0 && rule == Rule{p.ID, prefix, expire, uploads}
}

// trueOnes counts the elements that are not "false", which servers add.
func trueOnes(elements []element) int {
	count := 0
	for _, e := range elements {
		if strings.TrimSpace(e.Text) != "false" {
			count++
		}
	}
	return count
}

func (r Rule) write(out *bytes.Buffer) {
	out.WriteString("<Rule><ID>")
	_ = xml.EscapeText(out, []byte(r.ID)) // a buffer takes everything
	out.WriteString("</ID><Status>Enabled</Status><Filter><Prefix>")
	_ = xml.EscapeText(out, []byte(r.Prefix))
	out.WriteString("</Prefix></Filter>")
	if r.ExpireDays > 0 {
		fmt.Fprintf(out, "<Expiration><Days>%d</Days></Expiration>", r.ExpireDays)
	}
	if r.UploadsDays > 0 {
		fmt.Fprintf(out, "<AbortIncompleteMultipartUpload><DaysAfterInitiation>%d</DaysAfterInitiation></AbortIncompleteMultipartUpload>", r.UploadsDays)
	}
	out.WriteString("</Rule>")
}

// A parsed is a document taken apart.
type parsed struct {
	document []byte
	rules    []parsedRule
	end      int64 // where the root's end tag begins; 0 for a document to be made
}

// errForeign is a document in which a rule of ours would not be understood.
var errForeign = errors.New("it is not a LifecycleConfiguration as S3 writes it")

func parse(document []byte) (*parsed, error) {
	p := &parsed{document: document}
	if len(bytes.TrimSpace(document)) == 0 {
		return p, nil
	}
	decoder := xml.NewDecoder(bytes.NewReader(document))
	if err := p.readRoot(decoder); err != nil {
		return nil, err
	}
	for {
		start := decoder.InputOffset()
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.EndElement:
			p.end = start
			return p, onlySpace(decoder)
		case xml.StartElement:
			if token.Name.Local != "Rule" {
				if err := decoder.Skip(); err != nil {
					return nil, err
				}
				continue
			}
			rule := parsedRule{start: start}
			if err := decoder.DecodeElement(&rule, &token); err != nil {
				return nil, err
			}
			rule.end = decoder.InputOffset()
			p.rules = append(p.rules, rule)
		}
	}
}

// readRoot reads up to the root's start tag, which must have no prefix and end in a tag
// of its own: rules go between the two.
func (p *parsed) readRoot(decoder *xml.Decoder) error {
	for {
		start := decoder.InputOffset()
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		root, isStart := token.(xml.StartElement)
		if !isStart {
			continue
		}
		tag := string(p.document[start:decoder.InputOffset()])
		if root.Name.Local != "LifecycleConfiguration" || !strings.HasPrefix(tag, "<LifecycleConfiguration") {
			return errForeign
		}
		if strings.HasSuffix(tag, "/>") { // an empty one
			p.document = nil
		}
		return nil
	}
}

// onlySpace returns an error if something follows the root.
func onlySpace(decoder *xml.Decoder) error {
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if text, ok := token.(xml.CharData); ok && len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		return errForeign
	}
}

// rebuild returns the document without the replaced rules, and with added before the end
// of the root.
func (p *parsed) rebuild(replaced map[int]bool, added []byte) []byte {
	out := &bytes.Buffer{}
	if len(p.document) == 0 || p.end == 0 {
		out.WriteString(`<LifecycleConfiguration xmlns="` + namespace + `">`)
		out.Write(added)
		out.WriteString("</LifecycleConfiguration>")
		return out.Bytes()
	}
	at := int64(0)
	for i, rule := range p.rules {
		if replaced[i] {
			out.Write(p.document[at:rule.start])
			at = rule.end
		}
	}
	out.Write(p.document[at:p.end])
	out.Write(added)
	out.Write(p.document[p.end:])
	return out.Bytes()
}
