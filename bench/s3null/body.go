// SPDX-License-Identifier: Apache-2.0

package s3null

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// What is known of a body that was read and dropped.
type received struct {
	size      int64
	crc       uint32
	checksums []string // the request's checksum headers and trailers, as header
}

var errBadDigest = errors.New("the checksum is not the body's")

var buffers = sync.Pool{New: func() any { buffer := make([]byte, 256<<10); return &buffer }}

// discard reads a body. Checksums other than CRC32 are taken at their word: to
// check them would cost the server more than the rest of its work.
func discard(r *http.Request) (received, error) {
	var got received
	body, trailer := payload(r)
	buffer, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	for {
		n, err := body.Read(*buffer)
		got.crc = crc32.Update(got.crc, crc32.IEEETable, (*buffer)[:n])
		got.size += int64(n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return got, err
		}
	}
	for _, header := range []http.Header{r.Header, trailer} {
		for name, values := range header {
			if strings.HasPrefix(name, "X-Amz-Checksum-") && name != "X-Amz-Checksum-Algorithm" && name != "X-Amz-Checksum-Type" {
				got.checksums = append(got.checksums, name, values[0])
			}
			if name == "X-Amz-Checksum-Crc32" && values[0] != encodeCRC(got.crc) {
				return got, errBadDigest
			}
		}
	}
	return got, nil
}

// payload is a request's body without the frames of aws-chunked; trailer is
// filled once the body is read.
func payload(r *http.Request) (io.Reader, http.Header) {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return r.Body, nil
	}
	trailer := http.Header{}
	return &unchunker{in: bufio.NewReaderSize(r.Body, 64<<10), trailer: trailer}, trailer
}

// encodeCRC is a CRC32 as S3's headers have it.
func encodeCRC(sum uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

// An unchunker takes the frames off a body that is aws-chunked. It does not check
// the signatures of the chunks.
type unchunker struct {
	in      *bufio.Reader
	left    int64 // of the chunk
	begun   bool
	done    bool
	trailer http.Header
}

// Read reads the content.
func (u *unchunker) Read(p []byte) (int, error) {
	if u.done {
		return 0, io.EOF
	}
	if u.left == 0 {
		if err := u.nextChunk(); err != nil {
			return 0, err
		}
	}
	n, err := u.in.Read(p[:min(int64(len(p)), u.left)])
	u.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (u *unchunker) nextChunk() error {
	if u.begun {
		if _, err := u.line(); err != nil { // the end of the chunk before
			return err
		}
	}
	u.begun = true
	head, err := u.line()
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(head, ";")
	if u.left, err = strconv.ParseInt(size, 16, 64); err != nil || u.left > 0 {
		return err
	}
	u.done = true
	for {
		line, err := u.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if line == "" {
			return io.EOF
		}
		name, value, _ := strings.Cut(line, ":")
		u.trailer.Set(name, strings.TrimSpace(value))
	}
}

func (u *unchunker) line() (string, error) {
	line, err := u.in.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}
