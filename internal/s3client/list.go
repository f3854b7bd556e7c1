// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/listing"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/s3xml"
)

// maxPageBytes is the longest answer to a listing that is read; a thousand of
// the longest keys, each byte escaped, are 4 MiB.
const maxPageBytes = 16 << 20

// headBytes is how much of a page is looked at for its token before the rest comes.
const headBytes = 4 << 10

// ListPage makes one request, and calls early with the token that continues the listing
// before it has read the page. early may be nil. The SDK signs, sends and retries the
// request. The answer is decoded before the SDK's decoder, which takes 20 µs for each key
// and reads less.
func (c *Client) ListPage(ctx context.Context, in *s3.ListObjectsV2Input, early func(token string)) (*listing.Page, error) {
	step := decodePageStep{early: early, peer: c.Peer}
	_, err := Call(ctx, c, aws.ToString(in.Bucket), in, c.SDK.ListObjectsV2, func(o *s3.Options) { o.APIOptions = append(o.APIOptions, step.addTo) })
	if err != nil {
		return nil, err
	}
	if step.page == nil {
		return nil, errors.New("the server's answer was not decoded")
	}
	return &listing.Page{
		Entries: step.page.Entries, Truncated: step.page.Truncated, Next: step.page.Next, TokensOnly: c.Peer.ListsByTokens.Load(),
		Decoding: step.decoding,
	}, nil
}

// A decodePageStep decodes the answer of a call in the SDK's middleware.
type decodePageStep struct {
	early func(token string) // is called with the token that continues; may be nil
	peer  *s3http.Peer
	page  *s3xml.Page
	// decoding is how long the decoder took.
	decoding time.Duration
}

func (d *decodePageStep) addTo(stack *middleware.Stack) error {
	return stack.Deserialize.Add(d, middleware.After)
}

// ID names the step.
func (d *decodePageStep) ID() string { return "LithopsDecodePage" }

// HandleDeserialize decodes a page and leaves an empty one to the SDK. An error
// document stays as it is.
func (d *decodePageStep) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	d.page = nil
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || response.StatusCode/100 != 2 {
		return out, metadata, err
	}
	observeServer(d.peer, response.Header)
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return out, metadata, &smithy.DeserializationError{Err: fmt.Errorf("the server answered with HTTP %d", response.StatusCode)}
	}
	reader, _ := pageReaders.Get().(*pageReader)
	d.page, err = reader.read(response.Body, d.early)
	d.decoding = reader.decoding
	left := io.Reader(bytes.NewReader([]byte("<ListBucketResult/>")))
	if errors.Is(err, s3xml.ErrErrorDocument) {
		left, err = &reader.buffer, nil
	} else {
		pageReaders.Put(reader)
	}
	if err != nil {
		_ = response.Body.Close() // the SDK would read it to its end, wherever that is
		response.Body = http.NoBody
		return out, metadata, &smithy.DeserializationError{Err: fmt.Errorf("failed to decode the listing, %w", err)}
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{left, response.Body}
	return out, metadata, nil
}

// observeServer notes a server whose listings can be relied on only by their tokens.
// MinIO says so in each answer, unless a front end replaces the header Server.
func observeServer(p *s3http.Peer, header http.Header) {
	isMinio := strings.HasPrefix(strings.ToLower(header.Get("Server")), "minio") || header["X-Minio-Deployment-Id"] != nil
	if isMinio && !p.ListsByTokens.Load() {
		p.ListsByTokens.Store(true)
	}
}

// A pageReader reads and decodes answers. It is used again.
type pageReader struct {
	buffer  bytes.Buffer
	decoder s3xml.Decoder
	// decoding is how long the decoder took for the last answer.
	decoding time.Duration
}

var pageReaders = sync.Pool{New: func() any { return &pageReader{} }}

func (r *pageReader) read(body io.Reader, early func(token string)) (*s3xml.Page, error) {
	r.buffer.Reset()
	if early != nil {
		if _, err := r.buffer.ReadFrom(io.LimitReader(body, headBytes)); err != nil {
			return nil, err
		}
		if token := r.decoder.NextToken(r.buffer.Bytes()); token != "" {
			early(token)
		}
	}
	if err := readPage(&r.buffer, body, maxPageBytes); err != nil {
		return nil, err
	}
	began := time.Now()
	page, err := r.decoder.Decode(r.buffer.Bytes())
	r.decoding = time.Since(began)
	return page, err
}

// readPage reads an answer's body, or the rest of it, into buffer, which gets limit
// bytes at most.
func readPage(buffer *bytes.Buffer, body io.Reader, limit int) error {
	_, err := buffer.ReadFrom(io.LimitReader(body, int64(limit-buffer.Len()+1)))
	switch {
	case err != nil:
		return err
	case buffer.Len() > limit:
		return fmt.Errorf("the server's answer is longer than %d bytes", limit)
	case buffer.Len() == 0:
		return io.ErrUnexpectedEOF
	}
	return nil
}
