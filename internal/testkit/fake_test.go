// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A fakeTB is a test that a helper may skip or let fail.
type fakeTB struct {
	testing.TB
	cleanups  []func()
	failures  []string
	isSkipped bool
	helpers   []string
}

// Helper notes the name of the function that is one.
func (f *fakeTB) Helper() {
	counter, _, _, _ := runtime.Caller(1)
	name := strings.TrimSuffix(runtime.FuncForPC(counter).Name(), "[...]") // of a generic function
	f.helpers = append(f.helpers, name[strings.LastIndexByte(name, '.')+1:])
}

// Cleanup keeps what end calls.
func (f *fakeTB) Cleanup(cleanup func()) { f.cleanups = append(f.cleanups, cleanup) }

// Errorf records a failure.
func (f *fakeTB) Errorf(format string, args ...any) {
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

// FailNow ends the test's goroutine.
func (*fakeTB) FailNow() { runtime.Goexit() }

// Skip ends the test's goroutine.
func (f *fakeTB) Skip(...any) {
	f.isSkipped = true
	runtime.Goexit()
}

// end calls the cleanups, as a test does at its end.
func (f *fakeTB) end() {
	for _, cleanup := range slices.Backward(f.cleanups) {
		cleanup()
	}
	f.cleanups = nil
}

// during runs a test and returns it before it ended.
func during(t *testing.T, test func(testing.TB)) *fakeTB {
	t.Helper()
	fake := &fakeTB{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(fake)
	}()
	<-done
	return fake
}

// outcome runs a test to its end and returns "passed", "skipped" or what failed.
func outcome(t *testing.T, test func(testing.TB)) string {
	t.Helper()
	fake := during(t, test)
	fake.end()
	switch {
	case len(fake.failures) > 0:
		return strings.Join(fake.failures, "\n")
	case fake.isSkipped:
		return "skipped"
	}
	return "passed"
}
