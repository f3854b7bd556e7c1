// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"bufio"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// unzipped returns the body of an answer that is no object. Some servers and proxies
// compress XML although they are asked not to (Accept-Encoding: identity). Others repeat
// the Content-Encoding of an object, and do not compress.
func unzipped(response *http.Response) io.ReadCloser {
	switch strings.ToLower(response.Header.Get("Content-Encoding")) {
	case "gzip", "x-gzip":
		return &unzipBody{ReadCloser: response.Body, packed: bufio.NewReader(response.Body)}
	}
	return response.Body
}

// gzipMagic begins what gzip has compressed, and no XML.
const gzipMagic = "\x1f\x8b"

// An unzipBody is a body that may be compressed.
type unzipBody struct {
	io.ReadCloser
	packed *bufio.Reader
	reader io.Reader // nil before the first read
}

// Read reads what was compressed. The end of a body that breaks off is
// io.ErrUnexpectedEOF.
func (b *unzipBody) Read(p []byte) (int, error) {
	if b.reader == nil {
		head, _ := b.packed.Peek(len(gzipMagic))
		if string(head) != gzipMagic {
			b.reader = b.packed // which returns the error of Peek again
			return b.reader.Read(p)
		}
		reader, err := gzip.NewReader(b.packed)
		if err != nil {
			return 0, err
		}
		b.reader = reader
	}
	return b.reader.Read(p)
}
