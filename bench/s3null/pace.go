// SPDX-License-Identifier: Apache-2.0

package s3null

import "time"

// A Shape is how slow the server is.
type Shape struct {
	Latency time.Duration // before each answer
	Rate    int64         // bytes a second on a connection, each way; 0 is no limit
}

// pieceSize is how many bytes pass a limited connection at once: 1.5 ms at 90 MB/s.
const pieceSize = 128 << 10

// credit is how much of the time that a sleep takes too long is made up for.
const credit = 2 * time.Millisecond

// A pacer holds one direction of a connection to a rate, by sleeping.
type pacer struct {
	due   time.Time // when all bytes so far should have passed
	now   func() time.Time
	sleep func(time.Duration)
}

// wait is called after n bytes have passed.
func (p *pacer) wait(n int, rate int64) {
	if rate <= 0 {
		return
	}
	now := p.now()
	if earliest := now.Add(-credit); p.due.Before(earliest) {
		p.due = earliest
	}
	p.due = p.due.Add(time.Duration(int64(n) * int64(time.Second) / rate))
	if ahead := p.due.Sub(now); ahead > 0 {
		p.sleep(ahead)
	}
}
