// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// A dialer makes connections.
type dialer struct {
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	timeout time.Duration // of a handshake, and of a write
	config  *tls.Config
}

// insecure makes a connection without TLS.
func (d *dialer) insecure(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.open(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &writeDeadlineConn{Conn: conn, timeout: d.timeout}, nil
}

// open makes a connection, if need be in place of one that no request uses.
func (d *dialer) open(ctx context.Context, network, address string) (net.Conn, error) {
	return openfiles.Open(func() (net.Conn, error) { return d.dial(ctx, network, address) })
}

// secure makes a connection with TLS, as net/http does.
func (d *dialer) secure(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	conn, err := d.open(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := d.config.Clone()
	config.ServerName = host
	below := &writeDeadlineConn{Conn: conn, timeout: d.timeout}
	secure := &bulkConn{Conn: tls.Client(below, config), below: below}
	ctx, cancel := context.WithTimeoutCause(ctx, d.timeout, errHandshake)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		isLate := errors.Is(err, os.ErrDeadlineExceeded)  // a write may see it first
		if isLate || context.Cause(ctx) == errHandshake { //nolint:errorlint,forbidigo // it is the cause of a context made here
			return nil, errHandshake
		}
		return nil, err
	}
	return secure, nil
}

// errHandshake is a server that does not answer a handshake in time.
var errHandshake = &net.OpError{Op: "TLS handshake", Err: os.ErrDeadlineExceeded}

// A writeDeadlineConn ends a write that does not move for timeout. A deadline on the
// whole request would end a long upload.
type writeDeadlineConn struct {
	net.Conn
	timeout time.Duration

	mu       sync.Mutex
	gathered *[]byte // nil unless it gathers
}

// Write writes, or keeps p for flush.
func (c *writeDeadlineConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gathered == nil {
		return c.writeAll(p)
	}
	if len(*c.gathered)+len(p) > cap(*c.gathered) {
		if err := c.writeGathered(); err != nil {
			return 0, err
		}
	}
	*c.gathered = append(*c.gathered, p...)
	return len(p), nil
}

// writeAll writes, and has patience as long as bytes are taken.
func (c *writeDeadlineConn) writeAll(p []byte) (written int, err error) {
	for {
		if err := c.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(p[written:])
		written += n
		if n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return written, err
		}
	}
}

// gather keeps what is written until flush, or until there is much.
func (c *writeDeadlineConn) gather() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gathered, _ = gatherBuffers.Get().(*[]byte)
}

// flush writes what was gathered, and ends that.
func (c *writeDeadlineConn) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.writeGathered()
	gatherBuffers.Put(c.gathered)
	c.gathered = nil
	return err
}

func (c *writeDeadlineConn) writeGathered() error {
	_, err := c.writeAll(*c.gathered)
	*c.gathered = (*c.gathered)[:0]
	return err
}

// ReadFrom writes a request's body. net/http would make a buffer for each.
func (c *writeDeadlineConn) ReadFrom(body io.Reader) (int64, error) { return writeBody(c, body) }

// A bulkConn is a connection with TLS that writes much at once, because each record has
// 16 KiB at most, and a write of one costs as much as that of several.
type bulkConn struct {
	*tls.Conn
	below   *writeDeadlineConn
	writing atomic.Int32
}

// maxRecord is the most that is in a record of TLS, in bytes.
const maxRecord = 16 << 10

// Write writes. It is called by one goroutine at a time.
func (c *bulkConn) Write(p []byte) (int, error) {
	if len(p) <= maxRecord {
		return c.Conn.Write(p)
	}
	c.writing.Add(1)
	defer c.writing.Add(-1)
	c.below.gather()
	n, err := c.Conn.Write(p)
	return n, errors.Join(err, c.below.flush())
}

// A memoryBody is a body that may be in memory.
type memoryBody interface {
	// WritePiece writes the next bytes to w, at most so many, and returns io.EOF after
	// the last, or errors.ErrUnsupported for a body that is not in memory. w must not
	// wait, because Close waits for it.
	WritePiece(w io.Writer, most int) (int, error)
}

// ReadFrom writes a request's body. One in memory is encrypted where it is.
func (c *bulkConn) ReadFrom(body io.Reader) (int64, error) {
	limited, ok := body.(*io.LimitedReader)
	if !ok {
		return writeBody(c, body)
	}
	memory, ok := limited.R.(memoryBody)
	if !ok {
		return writeBody(c, body)
	}
	for total := int64(0); ; {
		n, err := c.writePiece(memory, int(min(bodyPiece, limited.N)))
		total += int64(n)
		limited.N -= int64(n)
		if errors.Is(err, errors.ErrUnsupported) {
			copied, err := writeBody(c, body)
			return total + copied, err
		}
		if err == io.EOF || err == nil && limited.N <= 0 { //nolint:errorlint // as io.Copy
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// writePiece writes a piece of a body in memory. It encrypts it first, and waits for the
// network after that.
func (c *bulkConn) writePiece(body memoryBody, most int) (int, error) {
	c.writing.Add(1)
	defer c.writing.Add(-1)
	c.below.gather()
	n, err := body.WritePiece(c.Conn, most)
	if flushErr := c.below.flush(); flushErr != nil {
		return n, flushErr
	}
	return n, err
}

// Close closes the connection. During a Write it does so at once, as tls.Conn does.
func (c *bulkConn) Close() error {
	if c.writing.Load() > 0 {
		return c.below.Close()
	}
	return c.Conn.Close()
}

// bodyPiece is how much of a body is written at once.
const bodyPiece = 64 << 10

func writeBody(conn io.Writer, body io.Reader) (int64, error) {
	buffer, _ := writeBuffers.Get().(*[]byte)
	defer writeBuffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{conn}, body, *buffer)
}

var (
	writeBuffers = sync.Pool{New: func() any {
		buffer := make([]byte, bodyPiece)
		return &buffer
	}}
	// gatherBuffers have room for a piece in records.
	gatherBuffers = sync.Pool{New: func() any {
		buffer := make([]byte, 0, bodyPiece+2<<10)
		return &buffer
	}}
)
