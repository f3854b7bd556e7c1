// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reports collects the calls of a callback.
type reports struct {
	done, total []int64
}

func (r *reports) report(done, total int64) {
	r.done, r.total = append(r.done, done), append(r.total, total)
}

func TestMeterReports(t *testing.T) {
	t.Parallel()
	var got reports
	m := New(got.report, 4*Step)
	m.Add(Step - 1)
	assert.Empty(t, got.done, "less than a step")
	m.Add(1)
	assert.Equal(t, []int64{Step}, got.done)
	m.Add(Step - 1)
	assert.Len(t, got.done, 1, "less than a step since")
	m.Add(Step + 1)
	assert.Equal(t, []int64{Step, 3 * Step}, got.done)
	m.Add(Step)
	assert.Len(t, got.done, 2, "that all is done is for Finish")
	m.Finish(4 * Step)
	m.Finish(4 * Step)
	m.Add(10 * Step)
	assert.Equal(t, []int64{Step, 3 * Step, 4 * Step}, got.done)
	assert.Equal(t, []int64{4 * Step, 4 * Step, 4 * Step}, got.total)
}

func TestMeterOfUnknownTotal(t *testing.T) {
	t.Parallel()
	var got reports
	m := New(got.report, -1)
	m.Add(3 * Step)
	m.Finish(3 * Step)
	assert.Equal(t, []int64{3 * Step, 3 * Step}, got.done)
	assert.Equal(t, []int64{-1, 3 * Step}, got.total)
}

func TestMeterOfNothing(t *testing.T) {
	t.Parallel()
	var got reports
	m := New(got.report, 0)
	m.Add(Step)
	assert.Empty(t, got.done)
	m.Finish(0)
	assert.Equal(t, []int64{0}, got.done)
}

func TestMeterIsSilentAfterEnd(t *testing.T) {
	t.Parallel()
	var got reports
	m := New(got.report, 2*Step)
	m.End()
	m.Add(Step)
	m.Finish(2 * Step)
	assert.Empty(t, got.done)
}

func TestNilMeter(t *testing.T) {
	t.Parallel()
	m := New(nil, 10)
	require.Nil(t, m)
	m.Add(1)
	m.Finish(1)
	m.End()
}

// TestMeterDoesNotWait adds bytes while a report is being made.
func TestMeterDoesNotWait(t *testing.T) {
	t.Parallel()
	var m *Meter
	var got []int64
	m = New(func(done, _ int64) {
		got = append(got, done)
		if len(got) == 1 {
			m.Add(5 * Step) // would deadlock if it waited
		}
	}, 100*Step)
	m.Add(Step)
	m.Add(Step)
	assert.Equal(t, []int64{Step, 7 * Step}, got)
}

func TestMeterIsConcurrent(t *testing.T) {
	t.Parallel()
	var got reports
	m := New(got.report, 1000*Step)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			for range 100 {
				m.Add(Step)
			}
		})
	}
	group.Wait()
	m.Finish(1000 * Step)
	assert.IsIncreasing(t, got.done)
	assert.Equal(t, int64(1000*Step), got.done[len(got.done)-1])
}

// TestMeterAfterPanic holds that a panic of the callback does not leave a lock.
func TestMeterAfterPanic(t *testing.T) {
	t.Parallel()
	m := New(func(int64, int64) { panic("mine") }, 10*Step)
	assert.PanicsWithValue(t, "mine", func() { m.Add(Step) })
	m.End()
}

func TestSendingCountsOnce(t *testing.T) {
	t.Parallel()
	var got reports
	m := New(got.report, -1)
	sending := &Sending{Meter: m, Size: 4 * Step}
	send := func(bytes int64) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://localhost", strings.NewReader(strings.Repeat("x", 5*Step)))
		require.NoError(t, err)
		require.NotNil(t, sending.Count(request))
		_, err = io.CopyN(io.Discard, struct{ io.Reader }{request.Body}, bytes)
		require.NoError(t, err)
		require.NoError(t, request.Body.Close())
	}
	send(2 * Step)
	assert.Equal(t, int64(2*Step), m.done.Load())
	send(Step)
	assert.Equal(t, int64(2*Step), m.done.Load(), "a shorter attempt")
	send(3 * Step)
	assert.Equal(t, int64(3*Step), m.done.Load(), "a longer one counts what is more")
	send(5 * Step)
	assert.Equal(t, int64(4*Step), m.done.Load(), "not what frames the body")
}

func TestCountNothing(t *testing.T) {
	t.Parallel()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost", nil)
	require.NoError(t, err)
	assert.Nil(t, (&Sending{}).Count(request), "no body")
	request.Body, request.ContentLength = http.NoBody, 1
	assert.Nil(t, (*Sending)(nil).Count(request), "no Sending")
}

// pieces is a body that writes two bytes at most.
type pieces struct{ io.ReadCloser }

func (p pieces) WritePiece(w io.Writer, most int) (int, error) {
	n, err := io.CopyN(w, p.ReadCloser, int64(min(2, most)))
	return int(n), err
}

// TestPiecesAreCounted checks that what a body writes is counted as what is read of it.
func TestPiecesAreCounted(t *testing.T) {
	t.Parallel()
	sending := &Sending{Size: 5}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://localhost", strings.NewReader("12345"))
	require.NoError(t, err)
	body := request.Body
	request.Body = pieces{body}
	attempt := sending.Count(request)
	for _, want := range []int{2, 2, 1} {
		n, _ := attempt.WritePiece(io.Discard, 9)
		assert.Equal(t, want, n)
		attempt.Fail()
		assert.Equal(t, want == 1, sending.IsUnanswered(), "only all bytes can be stored")
	}
	request.Body = body
	_, err = sending.Count(request).WritePiece(io.Discard, 9)
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

// TestSpeed counts only the time that Read takes, of each window anew.
func TestSpeed(t *testing.T) {
	t.Parallel()
	type read struct {
		bytes  int
		waited time.Duration
		fast   bool
	}
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		rate, window int64
		reads        []read
	}{
		"no rate":                        {0, 10, []read{{9, 0, false}}},
		"just fast":                      {1000, 0, []read{{5, 5 * ms, true}, {5, 5 * ms, true}}},
		"just not":                       {1000, 0, []read{{5, 5*ms + 1, false}}},
		"each call is a window":          {1000, 0, []read{{9, 0, true}, {5, 6 * ms, false}, {5, 5 * ms, true}}},
		"the time of a whole window":     {1000, 10, []read{{1, 6 * ms, true}, {1, 4 * ms, true}, {1, 1, false}}},
		"a window begins":                {1000, 10, []read{{4, 9 * ms, true}, {6, 1 * ms, true}, {1, 10 * ms, true}, {1, 1, false}}},
		"a window longer than it must":   {1000, 10, []read{{100, 100 * ms, true}, {100, 101 * ms, false}}},
		"what is left of one is no help": {1000, 10, []read{{100, 0, true}, {1, 11 * ms, false}}},
		"slow, then a new window":        {1000, 10, []read{{1, 11 * ms, false}, {1, 10 * ms, true}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var speed Speed
			for _, read := range test.reads {
				time.Sleep(time.Second) // of the caller's
				n, err := speed.Read(delayed(read.waited), make([]byte, read.bytes))
				require.NoError(t, err)
				assert.Equal(t, read.bytes, n)
				assert.Equal(t, read.fast, speed.IsFast(test.rate, test.window), "%s: %+v", name, read)
			}
		})
	}
}

// delayed fills what it is asked for after a time.
type delayed time.Duration

func (d delayed) Read(p []byte) (int, error) {
	time.Sleep(time.Duration(d))
	return len(p), nil
}
