// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/s3xml"
)

// A normalizeStep makes the SDK decode XML, of errors as well, as tolerantly as this
// module decodes a listing, because the SDK reads one form of dates, numbers without
// white space, and UTF-8 only.
type normalizeStep struct{}

// NormalizeXML adds the step to a client of the SDK. It is an option of every client,
// and the one place for all answers that the SDK decodes.
func NormalizeXML(stack *middleware.Stack) error {
	return stack.Deserialize.Add(normalizeStep{}, middleware.After)
}

// ID names the step.
func (normalizeStep) ID() string { return "LithopsNormalizeXML" }

// HandleDeserialize normalizes XML, and leaves everything else as it is. An answer
// that breaks off gives the part that arrived, and its error, to the SDK.
func (normalizeStep) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || response.Body == nil || response.Body == http.NoBody || (response.StatusCode/100 == 2 && IsStream(ctx, "")) {
		return out, metadata, err
	}
	data, err := io.ReadAll(response.Body)
	rest := io.Reader(bytes.NewReader(data))
	if err != nil {
		rest = io.MultiReader(rest, failingReader{err})
	} else if isXML(data) {
		if normal, err := s3xml.Normalize(data); err == nil {
			rest = bytes.NewReader(normal)
		}
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{rest, response.Body}
	return out, metadata, nil
}

// isXML reports whether an answer is meant to be XML, in any encoding.
func isXML(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, "\xEF\xBB\xBF\xFE\xFF \t\r\n\x00"), []byte("<"))
}

// A failingReader has nothing but an error.
type failingReader struct{ err error }

// Read returns the error.
func (f failingReader) Read([]byte) (int, error) { return 0, f.err }
