package lithopss3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxPageBytes is the longest answer to a listing that is read; a thousand of
// the longest keys, each byte escaped, are 4 MiB.
const maxPageBytes = 16 << 20

// headBytes is how much of a page is looked at for its token before the rest comes.
const headBytes = 4 << 10

// fetchPage makes one request. The SDK signs, sends and retries it; the answer is
// decoded in front of the SDK's decoder, which takes 20 µs for each key, unless
// only that one knows how.
func (s *Store) fetchPage(ctx context.Context, in *s3.ListObjectsV2Input, early func(token string)) (*listPage, error) {
	step := decodePageStep{early: early}
	decode := func(*s3.Options) {}
	if !s.hot.off {
		decode = func(o *s3.Options) { o.APIOptions = append(o.APIOptions, step.addTo) }
	}
	out, err := call(ctx, s, aws.ToString(in.Bucket), in, s.client.ListObjectsV2, decode)
	if err != nil {
		return nil, err
	}
	page := step.page
	if page == nil {
		if page, err = pageOf(out); err != nil {
			return nil, err
		}
	}
	for _, info := range page.infos {
		if err := checkPrefix(info.Key, aws.ToString(in.Prefix)); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// A decodePageStep decodes the answer of a call in the SDK's middleware.
type decodePageStep struct {
	early func(token string) // told the token that continues, may be nil
	page  *listPage
}

func (d *decodePageStep) addTo(stack *middleware.Stack) error {
	return stack.Deserialize.Add(d, middleware.After)
}

// ID names the step.
func (d *decodePageStep) ID() string { return "LithopsDecodePage" }

// HandleDeserialize decodes a page and leaves an empty one to the SDK. An answer
// that it does not know stays as it is.
func (d *decodePageStep) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	d.page = nil
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || response.StatusCode/100 != 2 {
		return out, metadata, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return out, metadata, &smithy.DeserializationError{Err: fmt.Errorf("the server answered with HTTP %d", response.StatusCode)}
	}
	reader, _ := pageReaders.Get().(*pageReader)
	d.page, err = reader.read(response.Body, d.early)
	left := io.Reader(bytes.NewReader([]byte("<ListBucketResult/>")))
	if errors.Is(err, errUnknownXML) || errors.Is(err, errErrorDocument) {
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

// A pageReader reads and decodes answers. It is used again.
type pageReader struct {
	buffer  bytes.Buffer
	decoder pageDecoder
}

var pageReaders = sync.Pool{New: func() any { return &pageReader{} }}

func (r *pageReader) read(body io.Reader, early func(token string)) (*listPage, error) {
	r.buffer.Reset()
	if early != nil {
		if _, err := r.buffer.ReadFrom(io.LimitReader(body, headBytes)); err != nil {
			return nil, err
		}
		if token := r.decoder.nextToken(r.buffer.Bytes()); token != "" {
			early(token)
		}
	}
	if err := readPage(&r.buffer, body, maxPageBytes); err != nil {
		return nil, err
	}
	return r.decoder.decode(r.buffer.Bytes())
}

// pageOf is the page that the SDK decoded: objects and common prefixes in the
// order of their keys.
func pageOf(out *s3.ListObjectsV2Output) (*listPage, error) {
	decode := func(text string) (string, error) { return text, nil }
	if out.EncodingType == types.EncodingTypeUrl {
		decode = url.QueryUnescape
	}
	infos := make([]ObjectInfo, 0, len(out.Contents)+len(out.CommonPrefixes))
	prefixes := out.CommonPrefixes
	takePrefixes := func(before string, all bool) error {
		for len(prefixes) > 0 {
			prefix, err := decode(aws.ToString(prefixes[0].Prefix))
			if err != nil {
				return fmt.Errorf("the server listed a prefix that can't be decoded: %w", err)
			}
			if !all && prefix > before {
				return nil
			}
			infos, prefixes = append(infos, ObjectInfo{Key: prefix, IsPrefix: true}), prefixes[1:]
		}
		return nil
	}
	for _, object := range out.Contents {
		key, err := decode(aws.ToString(object.Key))
		if err != nil {
			return nil, fmt.Errorf("the server listed a key that can't be decoded: %w", err)
		}
		if err := takePrefixes(key, false); err != nil {
			return nil, err
		}
		infos = append(infos, ObjectInfo{
			Key: key, Size: aws.ToInt64(object.Size), ETag: aws.ToString(object.ETag), LastModified: aws.ToTime(object.LastModified),
		})
	}
	if err := takePrefixes("", true); err != nil {
		return nil, err
	}
	return &listPage{infos: infos, truncated: aws.ToBool(out.IsTruncated), next: aws.ToString(out.NextContinuationToken)}, nil
}
