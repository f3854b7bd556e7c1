// SPDX-License-Identifier: Apache-2.0

package s3null

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// An upload is an upload in parts.
type upload struct {
	bucket, key string
	algorithm   string
	isWhole     bool // the client wants a checksum of the whole

	mu    sync.Mutex
	parts map[int]received
}

func (s *Server) createUpload(r *http.Request, name, key string) *response {
	u := &upload{
		bucket: name, key: key, parts: map[int]received{}, algorithm: r.Header.Get("X-Amz-Checksum-Algorithm"),
		isWhole: r.Header.Get("X-Amz-Checksum-Type") == "FULL_OBJECT",
	}
	id := fmt.Sprintf("upload-%d", s.lastUpload.Add(1))
	s.uploads.Store(id, u)
	body := fmt.Sprintf(xmlHead+"<InitiateMultipartUploadResult><Bucket>%s</Bucket><Key>%s</Key><UploadId>%s</UploadId></InitiateMultipartUploadResult>",
		name, html.EscapeString(key), id)
	answer := &response{status: http.StatusOK, header: xmlType, body: []byte(body)}
	if u.algorithm != "" {
		kind := "COMPOSITE"
		if u.isWhole {
			kind = "FULL_OBJECT"
		}
		answer.header = append([]string{"x-amz-checksum-algorithm", u.algorithm, "x-amz-checksum-type", kind}, xmlType...)
	}
	return answer
}

func (s *Server) findUpload(r *http.Request) (*upload, bool) {
	found, _ := s.uploads.Load(r.URL.Query().Get("uploadId"))
	u, ok := found.(*upload)
	return u, ok
}

func (s *Server) putPart(r *http.Request) *response {
	u, ok := s.findUpload(r)
	number, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
	if !ok || err != nil || number < 1 || number > 10_000 {
		return failure(http.StatusNotFound, "NoSuchUpload")
	}
	got, err := discard(r)
	if err != nil {
		return badBody(err)
	}
	u.mu.Lock()
	u.parts[number] = got
	u.mu.Unlock()
	return &response{status: http.StatusOK, header: append(got.checksums, "ETag", etag("", stored{size: got.size, crc: got.crc}))}
}

func (s *Server) completeUpload(r *http.Request, b *bucket) *response {
	u, ok := s.findUpload(r)
	if !ok {
		return failure(http.StatusNotFound, "NoSuchUpload")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return badBody(err)
	}
	object, code := u.join(body)
	if code != "" {
		return failure(http.StatusBadRequest, code)
	}
	if want := r.Header.Get("X-Amz-Checksum-Crc32"); u.isWhole && want != "" && want != encodeCRC(object.crc) {
		return failure(http.StatusBadRequest, "BadDigest")
	}
	s.uploads.Delete(r.URL.Query().Get("uploadId"))
	b.put(u.key, object)
	checksum := ""
	if u.isWhole && u.algorithm == "CRC32" {
		checksum = "<ChecksumCRC32>" + encodeCRC(object.crc) + "</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>"
	}
	text := fmt.Sprintf(xmlHead+"<CompleteMultipartUploadResult><Location>http://bench/%[1]s/%[2]s</Location><Bucket>%[1]s</Bucket><Key>%[2]s</Key><ETag>%[3]s</ETag>%[4]s</CompleteMultipartUploadResult>",
		u.bucket, html.EscapeString(u.key), html.EscapeString(etag(u.key, object)), checksum)
	return &response{status: http.StatusOK, header: xmlType, body: []byte(text)}
}

// join puts together the parts that the body names. code is S3's error.
func (u *upload) join(body []byte) (object stored, code string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	object.modified = time.Now()
	last := 0
	for text := range elements(body, "PartNumber") {
		number, err := strconv.Atoi(text)
		part, ok := u.parts[number]
		switch {
		case err != nil || !ok:
			return object, "InvalidPart"
		case number <= last:
			return object, "InvalidPartOrder"
		}
		last = number
		object.crc = joinCRC(object.crc, part.crc, part.size)
		object.size += part.size
	}
	if last == 0 {
		return object, "MalformedXML"
	}
	return object, ""
}

// elements yields the texts of all elements of a name. A decoder that knows all
// of XML would take longer than what is measured.
func elements(body []byte, name string) func(yield func(string) bool) {
	begin, end := []byte("<"+name+">"), []byte("</"+name+">")
	return func(yield func(string) bool) {
		for {
			_, rest, ok := bytes.Cut(body, begin)
			if !ok {
				return
			}
			text, rest, ok := bytes.Cut(rest, end)
			if !ok {
				return
			}
			value := string(text)
			if bytes.IndexByte(text, '&') >= 0 {
				value = html.UnescapeString(value)
			}
			if body = rest; !yield(value) {
				return
			}
		}
	}
}
