// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"io"
	"time"
)

// A Speed measures how fast a connection gives bytes while its caller waits for them. The
// zero value is ready. It is not safe for concurrent use.
type Speed struct {
	bytes  int64
	waited time.Duration
}

// Read reads from the connection.
func (s *Speed) Read(connection io.Reader, p []byte) (int, error) {
	began := time.Now()
	n, err := connection.Read(p)
	s.waited += time.Since(began)
	s.bytes += int64(n)
	return n, err
}

// IsFast reports whether rate bytes a second, or more, came: of each window of bytes anew,
// because a connection gets slower, and a caller that did not read for a while finds much
// that has come meanwhile. A window has the time of all its bytes from its beginning. With
// a window of 0, one begins with each call. No connection gives 0 a second.
func (s *Speed) IsFast(rate, window int64) bool {
	isFast := rate > 0 && float64(max(s.bytes, window)) >= float64(rate)*s.waited.Seconds()
	if s.bytes >= window || !isFast {
		*s = Speed{}
	}
	return isFast
}
