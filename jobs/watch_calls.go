// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"strconv"
	"strings"
)

// minCallDigits is how many digits a call id has at least.
const minCallDigits = 5

// unresolved is the first call from a place on, in the order of the keys, that
// is not known to have ended; the place itself, if that is no call that has.
func (b *watchedJob) unresolved(place string) string {
	if place != "" {
		return b.skipDone(place)
	}
	if b.head == "" {
		b.head = strings.Repeat("0", minCallDigits)
	}
	b.head = b.skipDone(b.head)
	return b.head
}

// skipDone returns the first call from callID on that has not ended and that is not
// after the highest call: those that look finds.
func (b *watchedJob) skipDone(callID string) string {
	if b.next == 0 {
		return ""
	}
	for callID != "" {
		n, err := strconv.Atoi(callID)
		if err != nil || n < b.next && !b.done[callID] { // a key within a call, or a call
			return callID
		}
		if b.digits == minCallDigits && n >= b.next {
			return "" // the keys are in the order of the numbers
		}
		digits := b.digits
		if n*10 >= b.next { // as all ids that begin with this one
			digits = len(callID)
		}
		callID = nextCallID(callID, digits)
	}
	return ""
}

// nextCallID returns the call ID after another in the order of the keys, if IDs have
// from five up to the given number of digits: 00009, 00010; with six digits, 10000,
// 100000, …, 100009, 10001. It returns "" after the last.
func nextCallID(callID string, digits int) string {
	if len(callID) < digits && callID[0] != '0' {
		return callID + "0"
	}
	id := []byte(callID)
	for len(id) > minCallDigits && id[len(id)-1] == '9' {
		id = id[:len(id)-1]
	}
	for i := len(id) - 1; i >= 0; i-- {
		if id[i] < '9' {
			id[i]++
			return string(id)
		}
		id[i] = '0'
	}
	return ""
}
