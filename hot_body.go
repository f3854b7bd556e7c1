package lithopss3

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
	"net/http"
	"sync"
)

// hotLimit is the largest body that is copied, in bytes. It is signed also over
// https, where the SDK puts the checksum behind the body: for a small body that
// costs less than it says.
const hotLimit = 256 << 10

// A largeBody is a body that is read where it is, once to hash it and once to send it.
type largeBody struct {
	reader      io.ReadSeeker
	start, size int64

	mu     sync.Mutex
	closed bool
}

// Read reads for net/http, which may do so after it has given an answer.
func (b *largeBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, io.EOF
	}
	return b.reader.Read(p)
}

// Close waits for a Read under way, and lets none come after it.
func (b *largeBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

// rewind goes back to the start.
func (b *largeBody) rewind() error {
	_, err := b.reader.Seek(b.start, io.SeekStart)
	return err
}

// hash reads all of the body. One that is not as long as it was said to be is an error.
func (b *largeBody) hash(sum func([]byte)) error {
	buffer, _ := readBuffers.Get().(*[]byte)
	defer readBuffers.Put(buffer)
	for left := b.size; left > 0; {
		n, err := b.reader.Read((*buffer)[:min(left, int64(len(*buffer)))])
		sum((*buffer)[:n])
		if left -= int64(n); err != nil && left > 0 {
			return err
		}
	}
	return nil
}

// openBody takes a body of known length, and leaves it as it found it.
func (r *hotRequest) openBody(body io.Reader) bool {
	seeker, ok := body.(io.ReadSeeker)
	if !ok {
		return false
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return false
	}
	end, err := seeker.Seek(0, io.SeekEnd)
	if _, back := seeker.Seek(start, io.SeekStart); err != nil || back != nil || end < start {
		return false
	}
	if end-start > hotLimit {
		r.large = &largeBody{reader: seeker, start: start, size: end - start}
		return true
	}
	r.body = make([]byte, end-start)
	_, err = io.ReadFull(seeker, r.body)
	_, back := seeker.Seek(start, io.SeekStart)
	return err == nil && back == nil
}

// addBody adds what a body brings along, and returns its hash. It is false for a
// body that only the SDK can send.
func (r *hotRequest) addBody(p *pattern) (payload string, ok bool) {
	switch {
	case r.method != http.MethodPut:
		return emptySHA256, true
	case r.large != nil:
		return r.addLarge(p)
	}
	if p.checksum && *r.checksum == nil {
		r.addChecksum(crc32.ChecksumIEEE(r.body))
	}
	sum := sha256.Sum256(r.body)
	return hex.EncodeToString(sum[:]), true
}

// addLarge hashes the body once for all. Where the SDK has the checksum behind the
// body, it need not read it before, and is the better one.
func (r *hotRequest) addLarge(p *pattern) (payload string, ok bool) {
	if p.trailer {
		return "", false
	}
	addsChecksum, checksum, signed := p.checksum && *r.checksum == nil, uint32(0), sha256.New()
	if addsChecksum || !p.unsigned {
		err := r.large.hash(func(b []byte) {
			if addsChecksum {
				checksum = crc32.Update(checksum, crc32.IEEETable, b)
			}
			if !p.unsigned {
				signed.Write(b)
			}
		})
		if back := r.large.rewind(); err != nil || back != nil {
			return "", false
		}
	}
	if addsChecksum {
		r.addChecksum(checksum)
	}
	if p.unsigned {
		return unsignedPayload, true
	}
	return hex.EncodeToString(signed.Sum(nil)), true
}

func (r *hotRequest) addChecksum(sum uint32) {
	text := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
	*r.checksum = &text
	r.add("X-Amz-Checksum-Crc32", "x-amz-checksum-crc32", text)
}

var readBuffers = sync.Pool{New: func() any {
	buffer := make([]byte, 64<<10)
	return &buffer
}}
