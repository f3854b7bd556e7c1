// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
)

// TestCallBar checks that a burst of events is drawn completely, without a later event.
func TestCallBar(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		bar := &callBar{out: newOutput(&out), shown: true, total: 4}
		bar.start()
		for range 2 {
			bar.count(&watchEvent{Event: "started"})
			bar.count(&watchEvent{Event: "done"})
		}
		bar.count(&watchEvent{Event: "started"})
		time.Sleep(2 * drawEvery)
		synctest.Wait()
		drawn := "\r[" + strings.Repeat("#", 20) + strings.Repeat(".", 20) + "] 2 of 4 calls ended, 1 running \x1b[K"
		assert.Equal(t, drawn, out.String())
		time.Sleep(10 * drawEvery)
		bar.end()
		bar.end()
		assert.Equal(t, drawn+"\n", out.String(), "once, as nothing changed")

		silent := &callBar{out: newOutput(&out)}
		silent.start()
		silent.count(&watchEvent{Event: "done"})
		silent.end()
		assert.Equal(t, drawn+"\n", out.String())
	})
}

// TestOptionsOfTheConfiguration checks which options of jobs are the configuration's.
func TestOptionsOfTheConfiguration(t *testing.T) {
	t.Parallel()
	config := &lithopss3.Config{MonitoringInterval: 5 * time.Second, ExecutionTimeout: time.Hour}
	assert.Equal(t, &jobs.Options{Interval: 5 * time.Second, LostAfter: time.Hour + jobs.LostGrace}, withConfig(jobs.Options{}, config))
	given := jobs.Options{Interval: 1, LostAfter: 2}
	assert.Equal(t, &given, withConfig(given, config))
	assert.Equal(t, &given, withConfig(given, &lithopss3.Config{}))
	assert.Equal(t, &jobs.Options{}, withConfig(jobs.Options{}, &lithopss3.Config{}), "the defaults of jobs")
}

// TestPaceOfCalls checks how many calls end in a second, and how long the others take at that.
func TestPaceOfCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bar := &callBar{}
		bar.count(&watchEvent{Event: "started"})
		time.Sleep(time.Second)
		assert.Empty(t, bar.pace(9), "no call has ended")
		bar.done, bar.failed = 4, 1
		assert.Equal(t, ", 5.0/s, 2s left", bar.pace(9))
		time.Sleep(9 * time.Second)
		assert.Equal(t, ", 0.5/s, 18s left", bar.pace(9))
		assert.Equal(t, ", 0.5/s", bar.pace(0))
		bar.began = time.Now().Add(time.Nanosecond - time.Second)
		assert.Empty(t, bar.pace(9), "too early")
	})
}
