// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// A slowWire takes a while to answer, and counts requests.
type slowWire struct {
	status int
	after  time.Duration
	all    atomic.Int64
}

// RoundTrip answers.
func (w *slowWire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.all.Add(1)
	time.Sleep(w.after)
	return answer(r, w.status, nil, ""), nil
}

// TestCrowdLearnsOnce checks that of a crowd that begins at once a few requests go
// through the SDK, and the others wait for what those show: for one round trip, or a
// second if they take longer, or until the first one fails.
func TestCrowdLearnsOnce(t *testing.T) {
	t.Parallel()
	const crowd = 100
	for name, test := range map[string]struct {
		status      int
		after       time.Duration
		first, next time.Duration // that a crowd takes
	}{
		"success": {http.StatusOK, 20 * time.Millisecond, 40 * time.Millisecond, 20 * time.Millisecond},
		"slow":    {http.StatusOK, 3 * time.Second, 4 * time.Second, 3 * time.Second},
		"refusal": {http.StatusNotFound, 20 * time.Millisecond, 40 * time.Millisecond, 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wire := &slowWire{status: test.status, after: test.after}
				client := newClient(wire, "http://127.0.0.1:9000")
				for _, want := range []time.Duration{test.first, test.next} {
					started, before := time.Now(), wire.all.Load()
					var group sync.WaitGroup
					for range crowd {
						group.Go(func() {
							err := operations["HeadObject"](t.Context(), client, "my-bucket", "key")
							assert.Equal(t, test.status == http.StatusOK, err == nil)
						})
					}
					synctest.Wait()
					if want == test.first {
						assert.EqualValues(t, learnersAtOnce, wire.all.Load())
					}
					group.Wait()
					assert.Equal(t, want, time.Since(started))
					assert.EqualValues(t, crowd, wire.all.Load()-before)
				}
			})
		})
	}
}

// TestManyBuckets checks that what is known does not grow with the buckets that are named,
// and that no request that waits is forgotten.
func TestManyBuckets(t *testing.T) {
	t.Parallel()
	var known templates
	key := func(i int) templateKey { return templateKey{"PutObject", strconv.Itoa(i), ""} }
	assert.Nil(t, known.learn(t.Context(), key(0)))
	inFlight := known.lessons[key(0)]
	for i := 1; i <= 2*maxKnown+1; i++ {
		known.learn(t.Context(), key(i))
		made := &template{}
		known.put(key(i), made)
		known.end(key(i))
		assert.Same(t, made, known.get(key(i)))
		if i%2 == 1 {
			known.refuse(key(i), made)
			assert.True(t, known.isRefused(key(i)))
		}
	}
	assert.Less(t, len(known.of), maxKnown)
	assert.Less(t, len(known.refused), maxKnown)
	assert.Less(t, len(known.lessons), maxKnown)
	known.end(key(1)) // forgotten
	assert.False(t, inFlight.isOver())
	known.end(key(0))
	assert.True(t, inFlight.isOver())
}
