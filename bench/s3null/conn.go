// SPDX-License-Identifier: Apache-2.0

package s3null

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A response is what a request is answered with: body, or length bytes of the
// content of key from offset on.
type response struct {
	status int
	header []string // names and values in turn
	body   []byte

	key            string
	offset, length int64
	operation      operation
}

func (a *response) set(name, value string) { a.header = append(a.header, name, value) }

func (a *response) size() int64 { return int64(len(a.body)) + a.length }

// appendHead appends the status line and the headers.
func (a *response) appendHead(dst []byte) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(a.status), 10)
	dst = append(dst, ' ')
	dst = append(dst, http.StatusText(a.status)...)
	dst = append(dst, "\r\nServer: AmazonS3\r\nx-amz-request-id: BENCH\r\nDate: "...)
	dst = time.Now().UTC().AppendFormat(dst, http.TimeFormat)
	for i := 0; i < len(a.header); i += 2 {
		dst = append(dst, "\r\n"...)
		dst = append(dst, a.header[i]...)
		dst = append(dst, ": "...)
		dst = append(dst, a.header[i+1]...)
	}
	if a.status != http.StatusNoContent {
		dst = append(dst, "\r\nContent-Length: "...)
		dst = strconv.AppendInt(dst, a.size(), 10)
	}
	return append(dst, "\r\n\r\n"...)
}

// A connection serves one client's requests in turn. net/http's server would take
// as much CPU as a lean client, on the same two cores.
type connection struct {
	server  *Server
	conn    net.Conn
	in      *bufio.Reader
	buffer  []byte
	up      pacer
	down    pacer
	isSmall bool // its socket buffers are
}

func (s *Server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	pace := pacer{now: time.Now, sleep: time.Sleep}
	c := &connection{server: s, conn: conn, up: pace, down: pace}
	c.in = bufio.NewReaderSize(c, 16<<10)
	for {
		request, err := http.ReadRequest(c.in)
		if err != nil {
			return
		}
		if request.Method == http.MethodConnect {
			s.tunnel(conn)
			return
		}
		if strings.EqualFold(request.Header.Get("Expect"), "100-continue") { // which the SDK for Go v1 writes with a capital
			request.Body = &continued{ReadCloser: request.Body, conn: conn}
		}
		answer := s.answer(request)
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return
		}
		s.count(answer)
		if answer.operation != admin {
			time.Sleep(s.shape.Load().Latency)
		}
		if err := c.write(answer, request.Method == http.MethodHead); err != nil || request.Close {
			return
		}
	}
}

// tunnel serves a client that takes the server for its proxy to AWS, as AWS.
func (s *Server) tunnel(conn net.Conn) {
	if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); err != nil || s.TLS == nil {
		return
	}
	s.serve(tls.Server(conn, s.TLS))
}

// Read reads from the client at the connection's rate.
func (c *connection) Read(p []byte) (int, error) {
	rate := c.server.shape.Load().Rate
	if rate > 0 {
		p = p[:min(len(p), pieceSize)]
		c.shrink()
	}
	n, err := c.conn.Read(p)
	c.up.wait(n, rate)
	return n, err
}

// shrink keeps megabytes from passing into the kernel's buffers at any rate.
func (c *connection) shrink() {
	conn := c.conn
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok && !c.isSmall {
		_ = tcp.SetReadBuffer(pieceSize)
		_ = tcp.SetWriteBuffer(pieceSize)
	}
	c.isSmall = true
}

func (c *connection) write(answer *response, headOnly bool) error {
	c.buffer = answer.appendHead(c.buffer[:0])
	if headOnly {
		return c.send(c.buffer)
	}
	body, offset, left := answer.body, answer.offset, answer.length
	if answer.size() <= pieceSize/2 { // in one packet with the head
		c.buffer = append(append(c.buffer, body...), Content(answer.key, offset, int(left))...)
		body, left = nil, 0
	}
	if err := c.send(c.buffer); err != nil {
		return err
	}
	if err := c.send(body); err != nil {
		return err
	}
	for left > 0 {
		run := Content(answer.key, offset, int(min(left, maxRun)))
		if err := c.send(run); err != nil {
			return err
		}
		offset, left = offset+int64(len(run)), left-int64(len(run))
	}
	return nil
}

// send writes at the connection's rate.
func (c *connection) send(data []byte) error {
	rate := c.server.shape.Load().Rate
	for len(data) > 0 {
		piece := data
		if rate > 0 {
			piece = data[:min(len(data), pieceSize)]
		}
		n, err := c.conn.Write(piece)
		if err != nil {
			return err
		}
		c.down.wait(n, rate)
		data = data[n:]
	}
	return nil
}

// continued asks for a body once it is read.
type continued struct {
	io.ReadCloser
	conn  net.Conn
	asked bool
}

// Read reads the body.
func (b *continued) Read(p []byte) (int, error) {
	if !b.asked {
		b.asked = true
		if _, err := io.WriteString(b.conn, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return 0, err
		}
	}
	return b.ReadCloser.Read(p)
}
