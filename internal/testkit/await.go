// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"testing"
	"time"
)

// Await waits until done reports true. How long that takes is no verdict: what never
// comes true ends with the time limit of go test, whose stacks show where.
func Await(t testing.TB, done func() bool) {
	t.Helper()
	for !done() {
		time.Sleep(time.Millisecond)
	}
}
