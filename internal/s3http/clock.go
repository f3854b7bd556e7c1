// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/lithops-go/lithopss3/internal/s3time"
)

// A Clock is this machine's clock, corrected by what a server's answers say
// of the time. Its zero value is this machine's clock. It is safe for concurrent
// use.
type Clock struct{ offset atomic.Int64 }

// Now returns the time that the server has, to about a second.
func (c *Clock) Now() time.Time { return time.Now().Add(c.Correction()) }

// Correction returns what to add to this machine's clock: 0 until an answer proves it wrong.
func (c *Clock) Correction() time.Duration { return time.Duration(c.offset.Load()) }

// observe corrects the clock by an answer to a request that was sent at sent.
//
// The header Date is cut to the second, and was written between sent and now, so
// that it proves no more than bounds: Date 12:00:07 in an answer to a request of
// 12:00:05.2 that came at 12:00:05.4 says that the server is ahead by 1.6 s at
// least (07.0 - 05.4) and by 2.8 s at most (08.0 - 05.2). A correction within the
// bounds stays as it is, so that clocks that agree are never corrected, and an
// upload of ten minutes, which bounds little, undoes nothing.
func (c *Clock) observe(header http.Header, sent time.Time) {
	date, ok := answeredAt(header)
	if !ok {
		return
	}
	least, most := time.Until(date), date.Add(time.Second).Sub(sent)
	if least > most { // this machine's clock was set back meanwhile
		return
	}
	known := c.offset.Load()
	if better := min(max(known, int64(least)), int64(most)); better != known {
		c.offset.Store(better)
	}
}

// answeredAt returns the server's time when it made an answer with this header.
func answeredAt(header http.Header) (time.Time, bool) {
	dates := header["Date"]
	if len(dates) != 1 || len(header["Age"]) > 0 { // a cache's answer is of another time
		return time.Time{}, false
	}
	return s3time.Parse(dates[0])
}

// maxSkew is how far a signature's time may differ from the server's before a refusal
// may be the clock's fault. AWS refuses 15 minutes, other servers less.
const maxSkew = 4 * time.Minute

// IsSkewed reports whether an answer that a Client gave may be a refusal of the
// request's time: the request was signed with another time than the server has.
// The next signature has the server's time, so that the request is worth a retry.
//
// It compares the signature's own time, and not the Clock's before and after,
// because other requests move the Clock between these two.
func IsSkewed(answer *http.Response) bool {
	if answer == nil || answer.Request == nil {
		return false
	}
	switch answer.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
	default:
		return false
	}
	signed, err := time.Parse("20060102T150405Z", answer.Request.Header.Get("X-Amz-Date"))
	answered, ok := answeredAt(answer.Header)
	return err == nil && ok && answered.Sub(signed).Abs() > maxSkew
}
