// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/flight"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lasting gives credentials that last for d, and counts.
func lasting(d time.Duration, count *atomic.Int64) func(context.Context) (aws.Credentials, error) {
	return func(context.Context) (aws.Credentials, error) {
		n := count.Add(1)
		return aws.Credentials{AccessKeyID: string(rune('A' + n - 1)), SecretAccessKey: "s", CanExpire: true, Expires: time.Now().Add(d)}, nil
	}
}

func TestRefreshAheadOfExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		r := NewRefresher(lasting(time.Hour, &count))
		for _, step := range []struct {
			wait time.Duration
			want string
		}{{0, "A"}, {44 * time.Minute, "A"}, {2 * time.Minute, "B"}, {time.Minute, "B"}, {2 * time.Hour, "C"}} {
			time.Sleep(step.wait)
			found, err := r.Retrieve(t.Context())
			require.NoError(t, err)
			assert.Equal(t, step.want, found.AccessKeyID)
		}
	})
}

func TestOneRefreshForManyCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		fetch := lasting(time.Hour, &count)
		r := NewRefresher(func(ctx context.Context) (aws.Credentials, error) {
			time.Sleep(time.Second)
			return fetch(ctx)
		})
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				found, err := r.Retrieve(t.Context())
				assert.NoError(t, err)
				assert.Equal(t, "A", found.AccessKeyID)
			})
		}
		group.Wait()
		assert.EqualValues(t, 1, count.Load())
	})
}

func TestFailedRefreshKeepsWhatIsValid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		broken := errors.New("the service is away")
		fetch := lasting(time.Hour, &count)
		r := NewRefresher(func(ctx context.Context) (aws.Credentials, error) {
			if count.Load() > 0 {
				return aws.Credentials{}, broken
			}
			return fetch(ctx)
		})
		_, err := r.Retrieve(t.Context())
		require.NoError(t, err)
		time.Sleep(47 * time.Minute) // 13 minutes left: a failure is tolerated
		found, err := r.Retrieve(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "A", found.AccessKeyID)
		time.Sleep(5 * time.Minute) // 8 minutes left: it is not
		_, err = r.Retrieve(t.Context())
		require.ErrorIs(t, err, broken)
	})
}

// TestCancelOfOneCaller cancels the caller that fetches; the one that waits continues.
func TestCancelOfOneCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		fetch := lasting(time.Hour, &count)
		r := NewRefresher(func(ctx context.Context) (aws.Credentials, error) {
			select {
			case <-time.After(time.Minute):
				return fetch(ctx)
			case <-ctx.Done():
				return aws.Credentials{}, ctx.Err()
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			_, err := r.Retrieve(ctx)
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		group.Go(func() {
			found, err := r.Retrieve(t.Context())
			assert.NoError(t, err)
			assert.Equal(t, "A", found.AccessKeyID)
		})
		synctest.Wait()
		cancel()
		group.Wait()
	})
}

func TestExpiredAnswerIsAnError(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	_, err := NewRefresher(lasting(-time.Second, &count)).Retrieve(t.Context())
	var credentials *Error
	require.ErrorAs(t, err, &credentials)
	assert.Equal(t, "RuntimeError", credentials.Kind)
}

// TestShortCredentialsAreNotRenewedForEachRequest checks credentials of duration_seconds
// = 900, which are always in botocore's window of 15 minutes.
func TestShortCredentialsAreNotRenewedForEachRequest(t *testing.T) {
	t.Parallel()
	for lifetime, most := range map[time.Duration]int64{15 * time.Minute: 9, 8 * time.Minute: 16, 30 * time.Minute: 5} {
		synctest.Test(t, func(t *testing.T) {
			var count atomic.Int64
			r := NewRefresher(lasting(lifetime, &count))
			for range 3600 { // a request each second for an hour
				found, err := r.Retrieve(t.Context())
				require.NoError(t, err)
				assert.True(t, found.Expires.After(time.Now().Add(lifetime/3)))
				time.Sleep(time.Second)
			}
			assert.LessOrEqual(t, count.Load(), most, lifetime)
		})
	}
}

// TestSourceThatGivesTheSame checks that a source that repeats its credentials, which
// have less and less time left, is not asked for each request.
func TestSourceThatGivesTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		end := time.Now().Add(time.Hour)
		r := NewRefresher(func(context.Context) (aws.Credentials, error) {
			count.Add(1)
			return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "s", CanExpire: true, Expires: end}, nil
		})
		for range 3599 {
			_, err := r.Retrieve(t.Context())
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.LessOrEqual(t, count.Load(), int64(20))
	})
}

// TestFailureIsSharedByAllWhoWait has a thousand callers wait for a source that fails
// after some time.
func TestFailureIsSharedByAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		broken := errors.New("the service is away")
		r := NewRefresher(func(context.Context) (aws.Credentials, error) {
			count.Add(1)
			time.Sleep(4 * time.Second)
			return aws.Credentials{}, broken
		})
		start := time.Now()
		var group sync.WaitGroup
		for range 1000 {
			group.Go(func() {
				_, err := r.Retrieve(t.Context())
				assert.ErrorIs(t, err, broken)
				var final interface{ RetryableError() bool }
				if assert.ErrorAs(t, err, &final) {
					assert.False(t, final.RetryableError())
				}
			})
		}
		group.Wait()
		assert.EqualValues(t, 1, count.Load())
		assert.Equal(t, 4*time.Second, time.Since(start))
		_, err := r.Retrieve(t.Context())
		require.ErrorIs(t, err, broken)
		assert.EqualValues(t, 2, count.Load(), "a failure is not remembered")
	})
}

// TestAdvisoryFailureIsNotRepeatedForEachRequest checks that a source that fails slowly
// delays one caller a minute while the credentials are still valid.
func TestAdvisoryFailureIsNotRepeatedForEachRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		fetch := lasting(time.Hour, &count)
		r := NewRefresher(func(ctx context.Context) (aws.Credentials, error) {
			if count.Load() == 0 {
				return fetch(ctx)
			}
			count.Add(1)
			time.Sleep(10 * time.Second)
			return aws.Credentials{}, errors.New("away")
		})
		_, err := r.Retrieve(t.Context())
		require.NoError(t, err)
		time.Sleep(46 * time.Minute)
		for range 180 {
			_, err := r.Retrieve(t.Context())
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.LessOrEqual(t, count.Load(), int64(5))
	})
}

// TestRefreshInside checks that a call which the source makes itself, and which would wait for
// the source, is an error that says so.
func TestRefreshInside(t *testing.T) {
	t.Parallel()
	var r *Refresher
	r = NewRefresher(func(ctx context.Context) (aws.Credentials, error) { return r.Retrieve(ctx) })
	_, err := r.Retrieve(t.Context())
	var known *Error
	require.ErrorAs(t, err, &known)
	assert.Equal(t, kindRetrieval, known.Kind)
	require.ErrorIs(t, err, flight.ErrInside)
}
