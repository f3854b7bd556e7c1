// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An answer is one of the server's, or one that is made up.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// makeUp is the answer of the kinds that ask no server, else nil.
func makeUp(kind Kind, r *http.Request) *answer {
	date := time.Now().UTC()
	switch kind {
	case InternalError:
		return errorAnswer(http.StatusInternalServerError, "InternalError", date)
	case BadGateway:
		return &answer{http.StatusBadGateway, http.Header{"Content-Type": {"text/html"}}, []byte("<html><body>Bad Gateway</body></html>")}
	case SlowDown:
		return errorAnswer(http.StatusServiceUnavailable, "SlowDown", date)
	case TooMany:
		return errorAnswer(http.StatusTooManyRequests, "TooManyRequests", date)
	case RequestTimeout:
		return errorAnswer(http.StatusBadRequest, "RequestTimeout", date)
	case ErrorIn200:
		return errorAnswer(http.StatusOK, "InternalError", date)
	case ExpiredToken:
		return errorAnswer(http.StatusBadRequest, "ExpiredToken", date)
	case Skew:
		return errorAnswer(http.StatusForbidden, "RequestTimeTooSkewed", date.Add(20*time.Minute))
	case Redirect, Moved:
		status, code := http.StatusTemporaryRedirect, "TemporaryRedirect"
		if kind == Moved {
			status, code = http.StatusMovedPermanently, "PermanentRedirect"
		}
		made := errorAnswer(status, code, date)
		made.header.Set("Location", "http://"+r.Host+r.RequestURI)
		return made
	}
	return nil
}

func errorAnswer(status int, code string, date time.Time) *answer {
	return &answer{
		status: status,
		header: http.Header{"Content-Type": {"application/xml"}, "Date": {date.Format(http.TimeFormat)}},
		body:   []byte("<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>made up by faultproxy</Message></Error>"),
	}
}

func (a *answer) send(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // or the client has gone
}

// deliver hands the server's answer on, or what the fault leaves of it.
func (p *Proxy) deliver(kind Kind, w http.ResponseWriter, r *http.Request, got *answer) {
	half := len(got.body) / 2
	switch kind {
	case LoseAnswer:
		reset(w)
	case ResetInHead:
		p.cut(w, got, func(conn net.Conn, head []byte) { _, _ = conn.Write(head[:len(head)/2]); linger(conn) })
	case ResetInAnswer:
		p.cut(w, got, func(conn net.Conn, head []byte) { _, _ = conn.Write(append(head, got.body[:half]...)); linger(conn) })
	case Truncate:
		p.cut(w, got, func(conn net.Conn, head []byte) { _, _ = conn.Write(append(head, got.body[:half]...)) })
	case Shorten:
		if r.Header.Get("Range") == "" && !hasWholeChecksum(got.header) {
			got.send(w) // as with FlipAnswer
			return
		}
		short := &answer{got.status, got.header.Clone(), got.body[:half]}
		short.header.Del("Content-Length")
		p.cut(w, short, func(conn net.Conn, head []byte) { _, _ = conn.Write(append(head, short.body...)) })
	case StallInAnswer:
		p.cut(w, got, func(conn net.Conn, head []byte) {
			_, _ = conn.Write(append(head, got.body[:half]...))
			p.wait(p.options.Stall)
			linger(conn)
		})
	case ThrottledAnswer:
		p.cut(w, got, func(conn net.Conn, head []byte) {
			slow := &slowReader{reader: bytes.NewReader(got.body), proxy: p, step: int64(len(got.body)/slowSteps + 1)}
			_, _ = io.Copy(conn, io.MultiReader(bytes.NewReader(head), slow))
		})
	case FlipAnswer:
		// Of an object without a checksum, nothing tells.
		if len(got.body) > 0 && (r.Header.Get("Range") != "" || hasWholeChecksum(got.header)) {
			got.body[half] ^= 1
		}
		got.send(w)
	case WrongChecksum:
		spoil(got.header)
		got.send(w)
	default:
		if r.Method == http.MethodHead {
			got.body = nil
		}
		got.send(w)
	}
}

// hasWholeChecksum tells whether an answer has a checksum of all of the object's
// bytes, and not of its parts' checksums.
func hasWholeChecksum(header http.Header) bool {
	for name, values := range header {
		isSum := strings.HasPrefix(name, "X-Amz-Checksum-") && name != "X-Amz-Checksum-Type"
		if isSum && !strings.Contains(values[0], "-") && header.Get("X-Amz-Checksum-Type") != "COMPOSITE" {
			return true
		}
	}
	return false
}

// spoil changes each checksum of an answer into another. Their type is no base64, and stays.
func spoil(header http.Header) {
	for name, values := range header {
		sum, err := base64.StdEncoding.DecodeString(values[0])
		if strings.HasPrefix(name, "X-Amz-Checksum-") && err == nil && len(sum) > 0 {
			sum[0] ^= 1
			header[name] = []string{base64.StdEncoding.EncodeToString(sum)}
		}
	}
}

// cut writes an answer by hand and ends the connection.
func (p *Proxy) cut(w http.ResponseWriter, got *answer, write func(conn net.Conn, head []byte)) {
	conn := hijack(w)
	if conn == nil {
		return
	}
	defer func() { _ = conn.Close() }()
	var head bytes.Buffer
	_, _ = fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", got.status, http.StatusText(got.status))
	header := got.header.Clone()
	if header.Get("Content-Length") == "" {
		header.Set("Content-Length", strconv.Itoa(len(got.body)))
	}
	_ = header.Write(&head)
	head.WriteString("\r\n")
	write(conn, head.Bytes())
}

func reset(w http.ResponseWriter) {
	if conn := hijack(w); conn != nil {
		linger(conn)
		_ = conn.Close()
	}
}

// hijack takes the connection, or is nil if it is gone.
func hijack(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil
	}
	return conn
}

// linger makes the connection's end a reset.
func linger(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// refusingListener resets a connection that it accepts, where one is due.
type refusingListener struct {
	net.Listener
	proxy *Proxy
}

// Accept waits for a connection that is not to be refused.
func (l *refusingListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || !l.proxy.refuses() {
			return conn, err
		}
		linger(conn)
		_ = conn.Close()
	}
}

func (p *Proxy) refuses() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refusals == 0 {
		return false
	}
	p.refusals--
	return true
}

// What is throttled goes in so many steps, with a pause after each.
const (
	slowSteps = 20
	slowPause = 2 * time.Millisecond
)

// slowReader gives a step at a time.
type slowReader struct {
	reader io.Reader
	proxy  *Proxy
	step   int64
}

// Read gives at most a step.
func (s *slowReader) Read(p []byte) (int, error) {
	s.proxy.wait(slowPause)
	return s.reader.Read(p[:min(int64(len(p)), s.step)])
}
