// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lithops-go/lithopss3/internal/dateutil"
)

// A Clock is this machine's clock, corrected by what a server's answers say
// of the time. Its zero value is this machine's clock. It is safe for concurrent
// use.
type Clock struct {
	known atomic.Pointer[correction] // nil before the first answer
	// sets is how far this machine's clock was set since began was called first; nil is clockSets.
	sets func() time.Duration
}

// A correction has what to add to this machine's clock, as an answer told, and how far the
// clock had been set by then.
type correction struct{ offset, sets time.Duration }

// Now returns the time that the server has, to about a second.
func (c *Clock) Now() time.Time { return time.Now().Add(c.Correction()) }

// Correction returns what to add to this machine's clock: 0 until an answer proves it wrong.
//
// If the clock was set since, as by NTP some time after the machine's start, the next answer
// tells. Until then, and a program that only presigns gets none, a clock that was set back is
// corrected by as much, and one that was set by what it was wrong is right. A clock that is ahead
// for another reason was asleep with the machine, and nothing is known of it.
func (c *Clock) Correction() time.Duration {
	known := c.known.Load()
	if known == nil {
		return 0
	}
	set := c.setBy() - known.sets
	isMended := (set - known.offset).Abs() < setTolerance
	if set.Abs() < setTolerance || set > 0 && !isMended {
		return known.offset
	}
	return known.offset - set
}

// setTolerance is how much a clock may differ from another, in a long time, without being set.
const setTolerance = 30 * time.Second

// setBy returns how far this machine's clock was set since began was called first.
func (c *Clock) setBy() time.Duration {
	if c.sets != nil {
		return c.sets()
	}
	return clockSets()
}

// began returns the time of both of this machine's clocks when it was called first: that of the
// day, and the monotonic one, which is never set.
var began = sync.OnceValue(time.Now)

// clockSets compares both clocks.
func clockSets() time.Duration {
	first, now := began(), time.Now()
	return now.Round(0).Sub(first.Round(0)) - now.Sub(first)
}

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
	better, sets := min(max(c.Correction(), least), most), c.setBy()
	if known := c.known.Load(); known == nil || known.offset != better || (known.sets-sets).Abs() >= setTolerance {
		c.known.Store(&correction{better, sets})
	}
}

// answeredAt returns the server's time when it made an answer with this header.
func answeredAt(header http.Header) (time.Time, bool) {
	dates := header["Date"]
	if len(dates) != 1 || len(header["Age"]) > 0 { // a cache's answer is of another time
		return time.Time{}, false
	}
	return dateutil.ParseS3(dates[0])
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
