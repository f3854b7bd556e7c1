// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"cmp"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestServerClock checks that a Date corrects the clock as far as it proves it wrong, and
// no further.
func TestServerClock(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		known, ahead, took, want time.Duration
		header                   http.Header
		layout                   string // of the date; empty is HTTP's
	}{
		"clocks agree":              {want: 0},
		"agree, half a second late": {ahead: -500 * time.Millisecond, want: 0},
		"ahead":                     {ahead: time.Hour, want: time.Hour},
		"behind":                    {ahead: -time.Hour, want: -time.Hour + time.Second},
		"known":                     {known: time.Hour, ahead: time.Hour, want: time.Hour},
		"mended":                    {known: time.Hour, want: time.Second},
		"a slow answer agrees":      {known: -time.Minute, took: 10 * time.Minute, ahead: -5 * time.Minute, want: -time.Minute},
		"a slow answer differs":     {took: 10 * time.Minute, ahead: time.Hour, want: time.Hour},
		"another form":              {ahead: time.Hour, want: time.Hour, layout: time.RFC1123Z},
		"cached":                    {ahead: time.Hour, header: http.Header{"Age": {"3600"}}},
		"no date":                   {header: http.Header{"Date": nil}},
		"two dates":                 {header: http.Header{"Date": {"Mon, 01 Jan 2035 00:00:00 GMT", "Mon, 01 Jan 2035 00:00:00 GMT"}}},
		"not a date":                {header: http.Header{"Date": {"yesterday"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				clock := &Clock{}
				clock.known.Store(&correction{offset: test.known})
				sent := time.Now()
				time.Sleep(test.took)
				header := http.Header{"Date": {time.Now().Add(test.ahead).UTC().Format(cmp.Or(test.layout, http.TimeFormat))}}
				for name, values := range test.header {
					header[name] = values
				}
				clock.observe(header, sent)
				assert.InDelta(t, test.want.Seconds(), clock.Correction().Seconds(), 1)
				if test.want == 0 {
					assert.Zero(t, clock.Correction())
				}
				assert.Equal(t, time.Now().Add(clock.Correction()), clock.Now())
			})
		})
	}
}

// TestServerClockSetBack checks that an answer that came before its request is ignored.
func TestServerClockSetBack(t *testing.T) {
	t.Parallel()
	clock := &Clock{}
	now := time.Now()
	clock.observe(http.Header{"Date": {now.UTC().Format(http.TimeFormat)}}, now.Add(time.Hour))
	assert.Zero(t, clock.Correction())
}

// TestClockThatIsSet covers a clock that is set after the last answer, and one that is ahead
// because the machine was asleep. The time is synthetic: a second that passes while the test
// makes an answer would count as the clock's.
func TestClockThatIsSet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testClockThatIsSet)
}

func testClockThatIsSet(t *testing.T) {
	t.Helper()
	time.Sleep(time.Second / 2) // a Date is cut to the second
	for name, test := range map[string]struct{ offset, set, want time.Duration }{
		"not set":                   {offset: time.Hour, want: time.Hour},
		"a little":                  {offset: time.Hour, set: time.Second, want: time.Hour},
		"mended, which was slow":    {offset: time.Hour, set: time.Hour + time.Second, want: -time.Second},
		"mended, which was fast":    {offset: -time.Hour, set: -time.Hour, want: 0},
		"set back, which was right": {set: -time.Hour, want: time.Hour},
		"set back, which was wrong": {offset: time.Hour, set: -time.Minute, want: time.Hour + time.Minute},
		"asleep":                    {set: time.Hour, want: 0},
		"asleep, and wrong":         {offset: -time.Hour, set: 8 * time.Hour, want: -time.Hour},
	} {
		sets := 5 * time.Hour // before the answer
		clock := &Clock{sets: func() time.Duration { return sets }}
		observe := func(offset time.Duration) {
			clock.observe(http.Header{"Date": {time.Now().Add(offset).UTC().Format(http.TimeFormat)}}, time.Now())
		}
		observe(test.offset)
		sets += test.set
		assert.InDelta(t, test.want.Seconds(), clock.Correction().Seconds(), 1, name)
		for range 2 { // an answer tells for sure
			observe(time.Minute)
			assert.InDelta(t, time.Minute.Seconds(), clock.Correction().Seconds(), 1, name)
		}
	}

	sets := time.Duration(0)
	clock := &Clock{sets: func() time.Duration { return sets }}
	agree := func() { clock.observe(http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}}, time.Now()) }
	agree()
	sets = time.Hour // asleep
	agree()
	sets = 0
	assert.InDelta(t, time.Hour.Seconds(), clock.Correction().Seconds(), 1, "set back after an answer that changed nothing else")
}
