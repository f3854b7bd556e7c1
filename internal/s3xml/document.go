// SPDX-License-Identifier: Apache-2.0

package s3xml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// A Document is what [ReadDocument] finds in an answer.
type Document struct {
	Root       string // the root element's name without prefix; "" for what is no XML
	HasElement bool   // reports whether the element is there and not empty
}

// ReadDocument reads XML to its end. It looks for an element directly below the root
// unless that is "". XML that ends too soon is io.ErrUnexpectedEOF.
func ReadDocument(data []byte, element string) (Document, error) {
	var s scanner
	s.reset(data)
	found := Document{Root: string(s.root())}
	for name := s.child(); name != nil; name = s.child() {
		start := s.at
		isWanted := element != "" && string(name) == element
		s.skip()
		if isWanted && s.err == nil {
			content, _, _ := bytes.Cut(data[start:s.at], []byte("</"))
			found.HasElement = found.HasElement || len(bytes.TrimSpace(content)) > 0
		}
	}
	if errors.Is(s.err, errUnknown) {
		return decodeStrange(data, element)
	}
	return found, s.err
}

// decodeStrange is ReadDocument for XML that only encoding/xml can read.
func decodeStrange(data []byte, element string) (Document, error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	var found Document
	depth, inside := 0, false
	for {
		token, err := decoder.Token()
		if err != nil {
			return found, endOfDocument(err, found.Root)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				found.Root = token.Name.Local
			}
			found.HasElement = found.HasElement || inside
			inside = inside || depth == 1 && element != "" && token.Name.Local == element
			depth++
		case xml.EndElement:
			if depth--; depth <= 1 {
				inside = false
			}
			if depth == 0 {
				return found, nil
			}
		case xml.CharData:
			isBlank := len(bytes.TrimSpace(token)) == 0
			if found.Root == "" && !isBlank {
				return found, errUnknown
			}
			found.HasElement = found.HasElement || inside && !isBlank
		}
	}
}

// endOfDocument tells XML that breaks off from what is no XML.
func endOfDocument(err error, root string) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, io.EOF) && root == "":
		return errUnknown
	case errors.Is(err, io.EOF), errors.As(err, &syntax) && strings.HasSuffix(syntax.Msg, "unexpected EOF"):
		return io.ErrUnexpectedEOF
	}
	return err
}
