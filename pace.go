// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/upload"
)

// A pace is how long a Store waits, and how large the parts of transfers are. Only
// tests have another than usualPace.
type pace struct {
	io     time.Duration // for a connection, a write, and each part of an answer
	divide time.Duration // of the waits between attempts
	create time.Duration // for the name of an upload that was canceled while it began
	settle time.Duration // before an upload is aborted once more
	detail time.Duration // for what BucketStatus asks about and many servers can't tell
	scale  int64         // divides the sizes of parts and chunks
	fast   int64         // bytes a second of a connection that is used alone; 0 for none
	far    time.Duration // that each response of a far server takes; with 0 none is far
}

// fastConnection is the rate of a connection to a near server, in bytes a second, which
// ranges do not improve. S3 gives a connection less than a fifth of it (85 to 90 MB/s,
// AWS's performance guidelines).
const fastConnection = 512 << 20

// nearResponse is how long the quickest response of a near server takes at most.
const nearResponse = 10 * time.Millisecond

// fastFile is the rate for files, whose ranges are written by as many processors as there
// are. A body has one reader.
func (p pace) fastFile() int64 { return p.fast * int64(runtime.GOMAXPROCS(0)) / 2 }

// detailTime is how long BucketStatus asks about what many servers can't tell. A server
// that answers nonsense would be asked six times for each detail, for half a minute.
const detailTime = 5 * time.Second

var usualPace = pace{io: s3http.IOTimeout, divide: 1, create: upload.CreateGrace, settle: upload.SettleTime, detail: detailTime, scale: 1, fast: fastConnection, far: nearResponse}

// backoff is the wait before another attempt at a request.
func (p pace) backoff(attempt int, err error) (time.Duration, error) {
	d, err := s3http.Backoff(attempt, err)
	return d / p.divide, err
}

// resumeDelay returns how long a body waits before it resumes.
func (p pace) resumeDelay(failures int) time.Duration { return resumeDelay(failures) / p.divide }

// resumeDelay leaves a server that drops connections some time, but not after
// its first.
func resumeDelay(failures int) time.Duration {
	if failures == 1 {
		return 0
	}
	return 100 * time.Millisecond << failures
}

// A quickest is how long the quickest response took. The zero value knows of none. It is safe for
// concurrent use.
type quickest struct{ nanoseconds atomic.Int64 }

// note returns how long the quickest response took, one that took so long among them. On a busy
// machine any one may take long.
func (q *quickest) note(took time.Duration) time.Duration {
	for {
		least := q.nanoseconds.Load()
		if least > 0 && least <= int64(took) {
			return time.Duration(least)
		}
		if q.nanoseconds.CompareAndSwap(least, int64(took)) {
			return took
		}
	}
}
