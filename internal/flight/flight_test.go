// SPDX-License-Identifier: Apache-2.0

package flight

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOneCallForAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var flight Flight[int]
		var calls atomic.Int64
		broken := errors.New("broken")
		var group sync.WaitGroup
		start := time.Now()
		for range 1000 {
			group.Go(func() {
				value, err := flight.Do(t.Context(), func(context.Context) (int, error) {
					time.Sleep(time.Second)
					return int(calls.Add(1)), broken
				})
				assert.Equal(t, 1, value)
				assert.ErrorIs(t, err, broken)
			})
		}
		group.Wait()
		assert.EqualValues(t, 1, calls.Load())
		assert.Equal(t, time.Second, time.Since(start))

		value, err := flight.Do(t.Context(), func(context.Context) (int, error) { return int(calls.Add(1)), nil })
		require.NoError(t, err)
		assert.Equal(t, 2, value, "an outcome is not remembered")
	})
}

// TestCallWaitsNotForItself checks that a call which asks for its own outcome gets an error,
// as an Observer of its requests may, also by way of another call that it waits for.
func TestCallWaitsNotForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var outer, inner Flight[int]
		var kept context.Context
		ask := func(ctx context.Context, of *Flight[int]) error {
			_, err := of.Do(ctx, func(context.Context) (int, error) { return 0, nil })
			return err
		}
		_, err := outer.Do(t.Context(), func(ctx context.Context) (int, error) {
			kept = ctx
			assert.ErrorIs(t, ask(ctx, &outer), ErrInside)
			_, err := inner.Do(ctx, func(ctx context.Context) (int, error) {
				assert.ErrorIs(t, ask(context.WithoutCancel(ctx), &outer), ErrInside)
				assert.ErrorIs(t, ask(ctx, &inner), ErrInside)
				var other Flight[int]
				return 0, ask(ctx, &other)
			})
			return 0, err
		})
		require.NoError(t, err)
		require.NoError(t, ask(context.WithoutCancel(kept), &outer), "the call has ended")
	})
}

// TestCallerGivesUp checks that the others still get the outcome, and the call ends when
// all have given up.
func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var flight Flight[string]
		type key struct{}
		ended := false
		call := func(ctx context.Context) (string, error) {
			assert.Nil(t, ctx.Value(key{}), "the call is no caller's own")
			select {
			case <-time.After(time.Minute):
				return "value", nil
			case <-ctx.Done():
				time.Sleep(time.Second) // it takes a while to end
				ended = true
				return "", ctx.Err()
			}
		}
		first, cancelFirst := context.WithCancel(context.WithValue(t.Context(), key{}, 1))
		var group sync.WaitGroup
		group.Go(func() {
			began := time.Now()
			_, err := flight.Do(first, call)
			assert.ErrorIs(t, err, context.Canceled)
			assert.False(t, ended)
			assert.Zero(t, time.Since(began), "the others wait for the call's end")
		})
		synctest.Wait()
		group.Go(func() {
			value, err := flight.Do(t.Context(), call)
			assert.NoError(t, err)
			assert.Equal(t, "value", value)
		})
		synctest.Wait()
		cancelFirst()
		group.Wait()

		late, cancelLate := context.WithTimeout(t.Context(), time.Second)
		defer cancelLate()
		start := time.Now()
		_, err := flight.Do(late, call)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, ended, "the last caller waits for the call's end")
		assert.Equal(t, 2*time.Second, time.Since(start))

		_, err = flight.Do(late, func(context.Context) (string, error) {
			t.Error("it was started")
			return "", nil
		})
		require.ErrorIs(t, err, context.DeadlineExceeded, "nothing is started for a caller that has given up already")
	})
}

// TestDeafCall has a call that ignores the cancel: no caller waits for it, and it does
// not serve those that come after it.
func TestDeafCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var flight Flight[string]
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := flight.Do(ctx, func(context.Context) (string, error) {
			time.Sleep(time.Hour)
			return "late", nil
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second+grace, time.Since(start))
		value, err := flight.Do(t.Context(), func(context.Context) (string, error) {
			time.Sleep(2 * time.Hour) // longer than the other
			return "next", nil
		})
		require.NoError(t, err)
		assert.Equal(t, "next", value)
	})
}

// TestContextEnds checks that the context of a call that ended is canceled.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	var flight Flight[int]
	stopped := make(chan struct{})
	_, err := flight.Do(t.Context(), func(ctx context.Context) (int, error) {
		context.AfterFunc(ctx, func() { close(stopped) })
		return 1, nil
	})
	require.NoError(t, err)
	<-stopped
}

// TestCauseOfCaller checks that a caller that gives up gets its own reason, before the
// call and while it waits, and that the others don't.
func TestCauseOfCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var flight Flight[string]
		mine := errors.New("mine")
		call := func(ctx context.Context) (string, error) {
			select {
			case <-time.After(time.Minute):
				return "value", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
		var group sync.WaitGroup
		group.Go(func() {
			value, err := flight.Do(t.Context(), call)
			assert.NoError(t, err)
			assert.Equal(t, "value", value)
		})
		caused, cancel := context.WithCancelCause(t.Context())
		late, end := context.WithTimeoutCause(t.Context(), time.Second, mine)
		defer end()
		for ctx, want := range map[context.Context]error{caused: context.Canceled, late: context.DeadlineExceeded} {
			group.Go(func() {
				_, err := flight.Do(ctx, call)
				assert.ErrorIs(t, err, want)
				assert.ErrorIs(t, err, mine)
				assert.EqualError(t, err, want.Error()+": mine")
			})
		}
		synctest.Wait()
		cancel(mine)
		group.Wait()
		_, err := flight.Do(caused, call)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, mine, "before the call")

		bare, stop := context.WithCancel(t.Context())
		stop()
		_, err = flight.Do(bare, call)
		assert.Equal(t, context.Canceled, err, "a context without a cause of its own")
	})
}

// TestPanicReachesAllWhoWait checks that a panic of the call is that of each caller.
func TestPanicReachesAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var flight Flight[int]
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				assert.PanicsWithValue(t, "mine", func() {
					_, _ = flight.Do(t.Context(), func(context.Context) (int, error) {
						time.Sleep(time.Second)
						panic("mine")
					})
				})
			})
		}
		group.Wait()
	})
}
