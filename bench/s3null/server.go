// SPDX-License-Identifier: Apache-2.0

// Package s3null is an S3 server for measuring clients: it keeps no bytes, makes
// up what it is asked for, and costs as little as it can, so that what is measured
// is the client. It checks that what arrives is the Content of its key, and no
// signatures. It knows what the clients of the bench send, and not all of S3.
package s3null

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// operation names a request as S3 does.
type operation int

const (
	other operation = iota
	putObject
	getObject
	headObject
	deleteObject
	deleteObjects
	listObjects
	createUpload
	uploadPart
	completeUpload
	abortUpload
	failed
	admin // counted nowhere
)

var operationNames = [...]string{
	"Other", "PutObject", "GetObject", "HeadObject", "DeleteObject", "DeleteObjects", "ListObjectsV2",
	"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "Failed",
}

// A Server serves any number of buckets. It is safe for concurrent use.
type Server struct {
	// TLS is the server's side of connections that ask it as a proxy for AWS; nil
	// refuses them.
	TLS *tls.Config

	shape       atomic.Pointer[Shape]
	buckets     sync.Map // of *bucket, by name
	uploads     sync.Map // of *upload, by id
	lastUpload  atomic.Int64
	counts      [len(operationNames)]atomic.Int64
	connections atomic.Int64
}

// New makes a server that is as fast as it can be.
func New() *Server {
	s := &Server{}
	s.shape.Store(&Shape{})
	return s
}

// Serve answers the connections of a listener until it is closed.
func (s *Server) Serve(listener net.Listener) error {
	noise()
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		s.connections.Add(1)
		go s.serve(conn)
	}
}

// count counts a request by its operation, and one that was refused once more.
func (s *Server) count(answer *response) {
	if answer.operation == admin {
		return
	}
	s.counts[answer.operation].Add(1)
	if answer.status >= http.StatusBadRequest {
		s.counts[failed].Add(1)
	}
}

// answer reads a request's body and says what to answer.
func (s *Server) answer(r *http.Request) *response {
	name, key := splitTarget(r.Host, r.URL.Path)
	if name == "-" {
		answer := s.administer(key, r.URL.Query())
		answer.operation = admin
		return answer
	}
	b := s.bucket(name)
	operation := operationOf(r.Method, key, r.URL.Query())
	var answer *response
	switch operation {
	case listObjects:
		answer = s.list(r, b, name)
	case getObject, headObject:
		answer = b.get(r, key)
	case putObject:
		answer = b.receive(r, key)
	case createUpload:
		answer = s.createUpload(r, name, key)
	case uploadPart:
		answer = s.putPart(r)
	case completeUpload:
		answer = s.completeUpload(r, b)
	case abortUpload:
		s.uploads.Delete(r.URL.Query().Get("uploadId"))
		answer = &response{status: http.StatusNoContent}
	case deleteObject:
		b.remove(key)
		answer = &response{status: http.StatusNoContent}
	case deleteObjects:
		answer = b.receiveDeletes(r)
	default: // of a bucket
		answer = &response{status: http.StatusOK, header: []string{"x-amz-bucket-region", "us-east-1"}}
	}
	answer.operation = operation
	return answer
}

// bucket finds a bucket: all are always there.
func (s *Server) bucket(name string) *bucket {
	found, ok := s.buckets.Load(name)
	if !ok {
		found, _ = s.buckets.LoadOrStore(name, newBucket(name))
	}
	b, _ := found.(*bucket)
	return b
}

func operationOf(method, key string, query url.Values) operation {
	isPart := query.Has("uploadId")
	switch {
	case key == "" && method == http.MethodGet && query.Get("list-type") == "2":
		return listObjects
	case key == "" && method == http.MethodPost && query.Has("delete"):
		return deleteObjects
	case key == "":
		return other
	case method == http.MethodPut && isPart:
		return uploadPart
	case method == http.MethodPost && isPart:
		return completeUpload
	case method == http.MethodDelete && isPart:
		return abortUpload
	case method == http.MethodPost && query.Has("uploads"):
		return createUpload
	}
	return map[string]operation{
		http.MethodPut: putObject, http.MethodGet: getObject, http.MethodHead: headObject, http.MethodDelete: deleteObject,
	}[method]
}

func failure(status int, code string) *response {
	return &response{status: status, header: xmlType, body: fmt.Appendf(nil, xmlHead+"<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)}
}

func badBody(err error) *response {
	if errors.Is(err, errBadDigest) {
		return failure(http.StatusBadRequest, "BadDigest")
	}
	return failure(http.StatusBadRequest, "IncompleteBody")
}

func (b *bucket) receive(r *http.Request, key string) *response {
	got, err := discard(r)
	switch {
	case err != nil:
		return badBody(err)
	case b.layout != nil:
		return failure(http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
	object := stored{size: got.size, crc: got.crc, modified: time.Now()}
	b.put(key, object)
	return &response{status: http.StatusOK, header: append(got.checksums, "ETag", etag(key, object))}
}

func (b *bucket) receiveDeletes(r *http.Request) *response {
	payload, _ := payload(r)
	body, err := io.ReadAll(payload)
	if err != nil {
		return badBody(err)
	}
	isQuiet := strings.Contains(string(body), "<Quiet>true</Quiet>")
	answer := []byte(xmlHead + `<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`)
	keys := make([]string, 0, maxPageSize)
	for key := range elements(body, "Key") {
		keys = append(keys, key)
		if !isQuiet {
			answer = append(appendText(append(answer, "<Deleted><Key>"...), key), "</Key></Deleted>"...)
		}
	}
	if len(keys) == 0 || len(keys) > maxPageSize {
		return failure(http.StatusBadRequest, "MalformedXML")
	}
	b.remove(keys...)
	return &response{status: http.StatusOK, header: xmlType, body: append(answer, "</DeleteResult>"...)}
}

// get answers GetObject and HeadObject.
func (b *bucket) get(r *http.Request, key string) *response {
	object, ok := b.find(key)
	if !ok {
		return failure(http.StatusNotFound, "NoSuchKey")
	}
	tag := etag(key, object)
	if match := r.Header.Get("If-Match"); match != "" && strings.Trim(match, `"`) != strings.Trim(tag, `"`) {
		return failure(http.StatusPreconditionFailed, "PreconditionFailed")
	}
	answer := &response{status: http.StatusOK, key: key, length: object.size}
	answer.set("ETag", tag)
	answer.set("Last-Modified", object.modified.UTC().Format(http.TimeFormat))
	answer.set("Accept-Ranges", "bytes")
	answer.set("Content-Type", "binary/octet-stream")
	if text := r.Header.Get("Range"); text != "" {
		if answer.offset, answer.length, ok = parseRange(text, object.size); !ok {
			return failure(http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		}
		answer.status = http.StatusPartialContent
		answer.set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", answer.offset, answer.offset+answer.length-1, object.size))
	} else if r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" {
		answer.set("x-amz-checksum-crc32", encodeCRC(b.sum(key, object)))
		answer.set("x-amz-checksum-type", "FULL_OBJECT")
	}
	return answer
}

// parseRange reads a Range of one part (RFC 9110, section 14.1.2).
func parseRange(text string, size int64) (offset, length int64, ok bool) {
	first, last, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	if !ok {
		return 0, 0, false
	}
	end := size - 1
	if first == "" { // so many from the end
		n, err := strconv.ParseInt(last, 10, 64)
		offset = max(0, size-n)
		return offset, size - offset, err == nil && n > 0 && size > 0
	}
	offset, err := strconv.ParseInt(first, 10, 64)
	if last != "" && err == nil {
		var asked int64
		asked, err = strconv.ParseInt(last, 10, 64)
		end = min(end, asked)
	}
	return offset, end - offset + 1, err == nil && offset < size && offset <= end
}

// Stats are the requests since the last reset.
type Stats struct {
	Requests    map[string]int64 // by S3's names of operations; those refused count under Failed too
	Connections int64
}

// administer serves what the bench asks: reset, stats and report.
func (s *Server) administer(what string, query url.Values) *response {
	var result any
	switch what {
	case "reset":
		latency, err := time.ParseDuration(query.Get("latency"))
		rate, rateErr := strconv.ParseInt(query.Get("rate"), 10, 64)
		if err != nil || rateErr != nil {
			return failure(http.StatusBadRequest, "InvalidArgument")
		}
		s.reset(Shape{Latency: latency, Rate: rate})
		s.bucket(query.Get("bucket")).prepare()
	case "stats":
		stats := Stats{Requests: map[string]int64{}, Connections: s.connections.Load()}
		for i := range s.counts {
			if n := s.counts[i].Load(); n > 0 {
				stats.Requests[operationNames[i]] = n
			}
		}
		result = stats
	case "report":
		result = s.bucket(query.Get("bucket")).report()
	default:
		return failure(http.StatusNotFound, "NoSuchKey")
	}
	body, err := json.Marshal(result)
	if err != nil {
		return failure(http.StatusInternalServerError, "InternalError")
	}
	return &response{status: http.StatusOK, header: []string{"Content-Type", "application/json"}, body: body}
}

func (s *Server) reset(shape Shape) {
	s.shape.Store(&shape)
	s.buckets.Clear()
	s.uploads.Clear()
	s.connections.Store(0)
	for i := range s.counts {
		s.counts[i].Store(0)
	}
}
