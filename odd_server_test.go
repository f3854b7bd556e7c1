// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/testkit"
)

// An oddServer answers GET and HEAD for one object, and lets its field change each answer.
type oddServer struct {
	data []byte
	odd  func(request *http.Request, response *http.Response)
	gets atomic.Int64
	all  atomic.Int64
}

func (s *oddServer) trip(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
	s.all.Add(1)
	size := int64(len(s.data))
	header := http.Header{"Etag": {`"e"`}, "Last-Modified": {"Mon, 02 Jan 2006 15:04:05 GMT"}, "X-Amz-Checksum-Crc32": {checksum.EncodeCRC32(crc32.ChecksumIEEE(s.data))}}
	response := &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: request, Header: header, ContentLength: size, Body: http.NoBody}
	start, end := int64(0), size
	if request.Method == http.MethodGet {
		s.gets.Add(1)
		if text := request.Header.Get("Range"); text != "" {
			if n, err := fmt.Sscanf(text, "bytes=%d-%d", &start, &end); n == 0 {
				return nil, err
			}
			if start < 0 { // the last bytes
				start = max(0, size+start)
			}
			if start >= size {
				return testkit.ErrorAnswer(request, http.StatusRequestedRangeNotSatisfiable, "InvalidRange"), nil
			}
			end = min(end+1, size)
			response.StatusCode = http.StatusPartialContent
			header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, end-1, size))
			if start > 0 || end < size {
				header.Del("X-Amz-Checksum-Crc32")
			}
		}
		response.ContentLength = end - start
		response.Body = io.NopCloser(bytes.NewReader(s.data[start:end]))
	}
	header.Set("Content-Length", strconv.FormatInt(response.ContentLength, 10))
	if s.odd != nil {
		s.odd(request, response)
	}
	return response, nil
}
