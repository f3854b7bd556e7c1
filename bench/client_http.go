// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// httpClient shows what the machine allows: it sends requests without signatures,
// checksums or retries, for parts and ranges of 8 MiB, 16 at once.
type httpClient struct {
	endpoint string
	client   *http.Client
}

const (
	floorPart   = 8 << 20
	floorAtOnce = 16
)

func openHTTP(_ context.Context, endpoint string, _ *job) (client, error) {
	return &httpClient{endpoint, &http.Client{Transport: newTransport()}}, nil
}

// do sends a request and has use read the answer, if it is one of success.
func (c *httpClient) do(ctx context.Context, method, path string, body io.Reader, length int64, header http.Header, use func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, method, c.endpoint+path, body)
	if err != nil {
		return err
	}
	request.ContentLength = length
	for name, values := range header {
		request.Header[name] = values
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= http.StatusMultipleChoices {
		return errors.New(answer.Status)
	}
	if use != nil {
		err = use(answer.Body)
	}
	_, drainErr := io.Copy(io.Discard, answer.Body)
	return errors.Join(err, drainErr)
}

func (c *httpClient) read(ctx context.Context, method, path string, body []byte) (text []byte, err error) {
	err = c.do(ctx, method, path, bytes.NewReader(body), int64(len(body)), nil, func(r io.Reader) error {
		text, err = io.ReadAll(r)
		return err
	})
	return text, err
}

func (c *httpClient) put(ctx context.Context, bucket, key string, data []byte) error {
	return c.do(ctx, http.MethodPut, "/"+bucket+"/"+key, bytes.NewReader(data), int64(len(data)), nil, nil)
}

func (c *httpClient) get(ctx context.Context, bucket, key string) ([]byte, error) {
	return c.read(ctx, http.MethodGet, "/"+bucket+"/"+key, nil)
}

func (c *httpClient) uploadFile(ctx context.Context, path, bucket, key string) error {
	return withFile(path, func(file *os.File) error {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		at := int64(0)
		return c.uploadParts(ctx, bucket, key, func() (io.Reader, int64, func(), error) {
			size := min(floorPart, info.Size()-at)
			if size == 0 {
				return nil, 0, nil, io.EOF
			}
			section := io.NewSectionReader(file, at, size)
			at += size
			return section, size, func() {}, nil
		})
	})
}

func (c *httpClient) uploadStream(ctx context.Context, r io.Reader, bucket, key string) error {
	free := sync.Pool{New: func() any { buffer := make([]byte, floorPart); return &buffer }}
	return c.uploadParts(ctx, bucket, key, func() (io.Reader, int64, func(), error) {
		buffer, _ := free.Get().(*[]byte)
		n, err := io.ReadFull(r, *buffer)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil
		}
		return bytes.NewReader((*buffer)[:n]), int64(n), func() { free.Put(buffer) }, err
	})
}

// uploadParts sends what next gives until it gives io.EOF.
func (c *httpClient) uploadParts(ctx context.Context, bucket, key string, next func() (io.Reader, int64, func(), error)) error {
	path := "/" + bucket + "/" + key
	created, err := c.read(ctx, http.MethodPost, path+"?uploads", nil)
	if err != nil {
		return err
	}
	id, _ := cut(created, "<UploadId>", "</UploadId>")
	group, ctx := errgroup.WithContext(ctx)
	slots := make(chan struct{}, floorAtOnce)
	var list strings.Builder
	for number := 1; ; number++ {
		slots <- struct{}{}
		body, size, done, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "<Part><PartNumber>%d</PartNumber></Part>", number)
		group.Go(func() error {
			defer func() { done(); <-slots }()
			return c.do(ctx, http.MethodPut, fmt.Sprintf("%s?uploadId=%s&partNumber=%d", path, id, number), body, size, nil, nil)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	_, err = c.read(context.WithoutCancel(ctx), http.MethodPost, path+"?uploadId="+string(id),
		[]byte("<CompleteMultipartUpload>"+list.String()+"</CompleteMultipartUpload>"))
	return err
}

func (c *httpClient) downloadFile(ctx context.Context, bucket, key, path string) error {
	url := "/" + bucket + "/" + key
	size, err := c.size(ctx, url)
	if err != nil {
		return err
	}
	return intoFile(path, func(file *os.File) error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(floorAtOnce)
		for at := int64(0); at < size; at += floorPart {
			group.Go(func() error {
				header := http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", at, at+floorPart-1)}}
				return c.do(ctx, http.MethodGet, url, nil, 0, header, func(r io.Reader) error {
					_, err := io.CopyBuffer(struct{ io.Writer }{io.NewOffsetWriter(file, at)}, r, make([]byte, 256<<10))
					return err
				})
			})
		}
		return group.Wait()
	})
}

func (c *httpClient) size(ctx context.Context, path string) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, c.endpoint+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return 0, err
	}
	return answer.ContentLength, answer.Body.Close()
}

func (c *httpClient) list(ctx context.Context, bucket, prefix string, each func(string)) error {
	query := url.Values{"list-type": {"2"}, "encoding-type": {"url"}, "prefix": {prefix}}
	var page bytes.Buffer
	for {
		page.Reset()
		err := c.do(ctx, http.MethodGet, "/"+bucket+"?"+query.Encode(), nil, 0, nil, func(r io.Reader) error {
			_, err := page.ReadFrom(r)
			return err
		})
		if err != nil {
			return err
		}
		text := page.Bytes()
		next, _ := cut(text, "<NextContinuationToken>", "</NextContinuationToken>")
		for {
			key, rest := cut(text, "<Key>", "</Key>")
			if key == nil {
				break
			}
			decoded, err := url.QueryUnescape(string(key))
			if err != nil {
				return err
			}
			each(decoded)
			text = rest
		}
		if len(next) == 0 {
			return nil
		}
		query.Set("continuation-token", string(next))
	}
}

func (c *httpClient) remove(ctx context.Context, bucket string, keys []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(floorAtOnce)
	for batch := range slices.Chunk(keys, 1000) {
		group.Go(func() error {
			body := []byte("<Delete><Quiet>true</Quiet>")
			for _, key := range batch {
				body = append(append(append(body, "<Object><Key>"...), html.EscapeString(key)...), "</Key></Object>"...)
			}
			_, err := c.read(ctx, http.MethodPost, "/"+bucket+"?delete", append(body, "</Delete>"...))
			return err
		})
	}
	return group.Wait()
}

// cut returns the text between two marks, and the text after the second one.
func cut(text []byte, begin, end string) (between, rest []byte) {
	_, rest, ok := bytes.Cut(text, []byte(begin))
	if !ok {
		return nil, nil
	}
	between, rest, _ = bytes.Cut(rest, []byte(end))
	return between, rest
}
