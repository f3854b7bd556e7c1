package lithopss3

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// A document is what readDocument finds.
type document struct {
	root       string // of the XML, without prefix; "" for what is no XML
	hasElement bool   // whether the element is there and not empty
}

// readDocument reads XML to its end. It looks for an element directly below the root
// unless that is "". XML that ends too soon is io.ErrUnexpectedEOF.
func readDocument(data []byte, element string) (document, error) {
	var scanner xmlScanner
	scanner.reset(data)
	found := document{root: string(scanner.root())}
	for name := scanner.child(); name != nil; name = scanner.child() {
		start := scanner.at
		isWanted := element != "" && string(name) == element
		scanner.skip()
		if isWanted && scanner.err == nil {
			content, _, _ := bytes.Cut(data[start:scanner.at], []byte("</"))
			found.hasElement = found.hasElement || len(bytes.TrimSpace(content)) > 0
		}
	}
	if errors.Is(scanner.err, errUnknownXML) {
		return decodeStrange(data, element)
	}
	return found, scanner.err
}

// decodeStrange is readDocument for XML that only encoding/xml can read.
func decodeStrange(data []byte, element string) (document, error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	var found document
	depth, inside := 0, false
	for {
		token, err := decoder.Token()
		if err != nil {
			return found, endOfDocument(err, found.root)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				found.root = token.Name.Local
			}
			found.hasElement = found.hasElement || inside
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
			if found.root == "" && !isBlank {
				return found, errUnknownXML
			}
			found.hasElement = found.hasElement || inside && !isBlank
		}
	}
}

// endOfDocument tells XML that breaks off from what is no XML.
func endOfDocument(err error, root string) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, io.EOF) && root == "":
		return errUnknownXML
	case errors.Is(err, io.EOF), errors.As(err, &syntax) && strings.HasSuffix(syntax.Msg, "unexpected EOF"):
		return io.ErrUnexpectedEOF
	}
	return err
}
