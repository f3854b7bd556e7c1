// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/lithops-go/lithopss3/bench/s3null"
	"golang.org/x/sync/errgroup"
)

// httpClient shows what the machine allows: it sends requests without signatures,
// checksums or retries, for parts and ranges of 8 MiB, 16 at once. Tuned, it knows
// the keys that it lists in parallel, and reads ahead.
type httpClient struct {
	endpoint string // "" is AWS
	client   *http.Client
	borders  []string // of the pages of a listing, "" is the first
	ahead    int      // ranges that a reader is ahead
}

const (
	floorPart   = 8 << 20
	floorAtOnce = 16
)

func openHTTP(_ context.Context, job *job) (client, error) {
	c := &httpClient{endpoint: job.Endpoint, client: &http.Client{Transport: newTransport()}, borders: job.borders}
	if job.Tuned {
		c.ahead = floorAtOnce
	}
	return c, nil
}

// url returns where a bucket's key is, and "" where the bucket is.
func (c *httpClient) url(bucket, key string) string {
	if c.endpoint == "" {
		return "https://" + bucket + "." + s3null.AWSHost + "/" + key
	}
	return c.endpoint + "/" + bucket + "/" + key
}

// do sends a request and has use read the answer, if it is one of success.
func (c *httpClient) do(ctx context.Context, method, target string, body io.Reader, length int64, header http.Header, use func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, method, target, body)
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

func (c *httpClient) ask(ctx context.Context, method, target string, body []byte) (text []byte, err error) {
	err = c.do(ctx, method, target, bytes.NewReader(body), int64(len(body)), nil, func(r io.Reader) error {
		text, err = io.ReadAll(r)
		return err
	})
	return text, err
}

func (c *httpClient) put(ctx context.Context, bucket, key string, data []byte) error {
	return c.do(ctx, http.MethodPut, c.url(bucket, key), bytes.NewReader(data), int64(len(data)), nil, nil)
}

func (c *httpClient) get(ctx context.Context, bucket, key string) ([]byte, error) {
	return c.ask(ctx, http.MethodGet, c.url(bucket, key), nil)
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

func (c *httpClient) upload(ctx context.Context, r io.Reader, bucket, key string) error {
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
	target := c.url(bucket, key)
	created, err := c.ask(ctx, http.MethodPost, target+"?uploads", nil)
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
			return c.do(ctx, http.MethodPut, fmt.Sprintf("%s?uploadId=%s&partNumber=%d", target, id, number), body, size, nil, nil)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	_, err = c.ask(context.WithoutCancel(ctx), http.MethodPost, target+"?uploadId="+string(id),
		[]byte("<CompleteMultipartUpload>"+list.String()+"</CompleteMultipartUpload>"))
	return err
}

func (c *httpClient) downloadFile(ctx context.Context, bucket, key, path string) error {
	target := c.url(bucket, key)
	size, err := c.size(ctx, target)
	if err != nil {
		return err
	}
	return intoFile(path, func(file *os.File) error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(floorAtOnce)
		for at := int64(0); at < size; at += floorPart {
			group.Go(func() error {
				return c.do(ctx, http.MethodGet, target, nil, 0, rangeFrom(at), func(r io.Reader) error {
					_, err := io.CopyBuffer(struct{ io.Writer }{io.NewOffsetWriter(file, at)}, r, make([]byte, 256<<10))
					return err
				})
			})
		}
		return group.Wait()
	})
}

func rangeFrom(at int64) http.Header {
	return http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", at, at+floorPart-1)}}
}

// read has so many ranges in flight, and writes them in order.
func (c *httpClient) read(ctx context.Context, bucket, key string, w io.Writer) error {
	target := c.url(bucket, key)
	if c.ahead == 0 {
		return c.do(ctx, http.MethodGet, target, nil, 0, nil, func(r io.Reader) error {
			_, err := io.Copy(w, r)
			return err
		})
	}
	size, err := c.size(ctx, target)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	ranges := make(chan chan []byte, c.ahead-1)
	free := sync.Pool{New: func() any { buffer := make([]byte, floorPart); return &buffer }}
	group.Go(func() error {
		defer close(ranges)
		for at := int64(0); at < size; at += floorPart {
			got := make(chan []byte, 1)
			ranges <- got
			group.Go(func() error {
				defer close(got)
				buffer, _ := free.Get().(*[]byte)
				return c.do(ctx, http.MethodGet, target, nil, 0, rangeFrom(at), func(r io.Reader) error {
					n, err := io.ReadFull(r, (*buffer)[:min(floorPart, size-at)])
					got <- (*buffer)[:n]
					return err
				})
			})
		}
		return nil
	})
	var failed error
	for got := range ranges {
		data := <-got
		if failed == nil {
			_, failed = w.Write(data)
		}
		data = data[:cap(data)]
		free.Put(&data)
	}
	return errors.Join(group.Wait(), failed)
}

func (c *httpClient) size(ctx context.Context, target string) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, target, http.NoBody)
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
	if len(c.borders) > 0 {
		return c.listPages(ctx, bucket, query, each)
	}
	var page bytes.Buffer
	for {
		next, err := c.page(ctx, bucket, query, &page, each)
		if err != nil || next == "" {
			return err
		}
		query.Set("continuation-token", next)
	}
}

// listPages lists all pages at once, because it knows where they begin.
func (c *httpClient) listPages(ctx context.Context, bucket string, query url.Values, each func(string)) error {
	pages := make([][]string, len(c.borders))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelListings)
	for i, border := range c.borders {
		group.Go(func() error {
			query := maps.Clone(query)
			if border != "" {
				query.Set("start-after", border)
			}
			var page bytes.Buffer
			_, err := c.page(ctx, bucket, query, &page, func(key string) { pages[i] = append(pages[i], key) })
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, page := range pages {
		for _, key := range page {
			each(key)
		}
	}
	return nil
}

// page lists a page, with page as its buffer, and returns the token of the next one.
func (c *httpClient) page(ctx context.Context, bucket string, query url.Values, page *bytes.Buffer, each func(string)) (string, error) {
	page.Reset()
	err := c.do(ctx, http.MethodGet, c.url(bucket, "")+"?"+query.Encode(), nil, 0, nil, func(r io.Reader) error {
		_, err := page.ReadFrom(r)
		return err
	})
	if err != nil {
		return "", err
	}
	text := page.Bytes()
	next, _ := cut(text, "<NextContinuationToken>", "</NextContinuationToken>")
	for {
		key, rest := cut(text, "<Key>", "</Key>")
		if key == nil {
			return string(next), nil
		}
		decoded, err := url.QueryUnescape(string(key))
		if err != nil {
			return "", err
		}
		each(decoded)
		text = rest
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
			_, err := c.ask(ctx, http.MethodPost, c.url(bucket, "")+"?delete", append(body, "</Delete>"...))
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
