// SPDX-License-Identifier: Apache-2.0

// Package progress counts the bytes of a transfer and reports them to a callback, at
// most once for each 256 KiB and never twice at a time. It also measures how fast a
// connection gives them.
//
// It must not know requests, files or the public types.
//
// Start reading at [Meter].
package progress

import (
	"sync"
	"sync/atomic"
)

// Step is the least number of bytes between two reports.
const Step = 256 << 10

// A Meter counts the bytes of a transfer. All methods are safe for concurrent use,
// and do nothing on nil.
type Meter struct {
	report func(done, total int64)
	total  int64
	done   atomic.Int64

	mu       sync.Mutex
	reported int64
	ended    bool
}

// New returns a meter for total bytes, -1 if that is not known. It returns nil if
// report is nil.
func New(report func(done, total int64), total int64) *Meter {
	if report == nil {
		return nil
	}
	return &Meter{report: report, total: total}
}

// Add counts n more bytes. It does not wait for a report that is being made, because
// that one, or the next, includes these bytes. It never reports that all bytes are
// done: that is Finish's report.
func (m *Meter) Add(n int64) {
	if m == nil {
		return
	}
	m.done.Add(n)
	if !m.mu.TryLock() {
		return
	}
	defer m.mu.Unlock()
	done := m.done.Load()
	if m.ended || done-m.reported < Step || (m.total >= 0 && done >= m.total) {
		return
	}
	m.reported = done
	m.report(done, m.total)
}

// Finish makes the last report: all of total bytes are done.
func (m *Meter) Finish(total int64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.ended {
		m.ended = true
		m.report(total, total)
	}
}

// End makes the meter silent. It waits for a report that is being made.
func (m *Meter) End() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
}
