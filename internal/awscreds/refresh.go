// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/flight"
	"github.com/lithops-go/lithopss3/internal/s3err"
)

// The windows before the end of temporary credentials in which they are renewed
// (botocore.credentials.RefreshableCredentials): in the first a failure is
// tolerated, in the second it is not. Credentials that last less than half an hour
// have shorter windows, because those of 15 minutes, which STS gives for
// duration_seconds = 900, would be renewed for each request.
const (
	advisoryWindow  = 15 * time.Minute
	mandatoryWindow = 10 * time.Minute
)

// advisoryPause is the time between a failed renewal in the advisory window and the
// next try, because the one caller who renews waits while the source fails.
const advisoryPause = time.Minute

// A Refresher is an [aws.CredentialsProvider] that keeps credentials and renews them
// ahead of their end, once for any number of concurrent callers, who share the outcome: a failure too. A caller who
// gives up does not take the others along. It is safe for concurrent use.
type Refresher struct {
	fetch  func(context.Context) (aws.Credentials, error)
	now    func() time.Time
	held   atomic.Pointer[heldCredentials]
	flight flight.Flight[aws.Credentials]
}

// heldCredentials are credentials and the times from which they are renewed, zero
// if they do not expire.
type heldCredentials struct {
	aws.Credentials
	advisory, mandatory time.Time
	nextTry             atomic.Int64 // Unix nanoseconds before which the advisory window is left alone
}

// NewRefresher returns a Refresher that gets its credentials by fetch, which is called
// with the first Retrieve.
func NewRefresher(fetch func(context.Context) (aws.Credentials, error)) *Refresher {
	return &Refresher{fetch: fetch, now: time.Now}
}

func hold(found aws.Credentials, now time.Time) *heldCredentials {
	held := &heldCredentials{Credentials: found}
	if found.CanExpire {
		lifetime := found.Expires.Sub(now)
		held.advisory = found.Expires.Add(-min(advisoryWindow, lifetime/2))
		held.mandatory = found.Expires.Add(-min(mandatoryWindow, lifetime/3))
	}
	return held
}

// needs reports whether the credentials are in the window that begins at start.
func (h *heldCredentials) needs(start, now time.Time) bool {
	return h.CanExpire && now.After(start)
}

// claim reports whether its caller is the one to try a renewal in the advisory window.
func (h *heldCredentials) claim(now time.Time) bool {
	last := h.nextTry.Load()
	return now.UnixNano() >= last && h.nextTry.CompareAndSwap(last, now.Add(advisoryPause).UnixNano())
}

// Retrieve returns credentials that can be used for some time yet. Its errors are
// final for the request that needs the credentials: the source has made its own
// attempts, which those of the request must not multiply.
func (r *Refresher) Retrieve(ctx context.Context) (aws.Credentials, error) {
	held, now := r.held.Load(), r.now()
	if held != nil && !held.needs(held.advisory, now) {
		return held.Credentials, nil
	}
	mustRenew := held == nil || held.needs(held.mandatory, now)
	if !mustRenew && !held.claim(now) {
		return held.Credentials, nil
	}
	fresh, err := r.flight.Do(ctx, r.renew)
	if err == nil {
		return fresh, nil
	}
	if errors.Is(err, flight.ErrInside) {
		err = &Error{Kind: kindRetrieval, Reason: "they are being fetched, and this request was made meanwhile by an Observer, a logger or the like, for which they wait", Err: err}
	}
	if mustRenew {
		return aws.Credentials{}, s3err.Final(err)
	}
	return held.Credentials, nil
}

// A renewalKey is the context's key of whether there were credentials before.
type renewalKey struct{}

// isRenewal reports whether a Refresher that has had credentials asks for new ones.
func isRenewal(ctx context.Context) bool {
	had, _ := ctx.Value(renewalKey{}).(bool)
	return had
}

// renew fetches. The flight calls it once at a time.
func (r *Refresher) renew(ctx context.Context) (aws.Credentials, error) {
	if held := r.held.Load(); held != nil && !held.needs(held.advisory, r.now()) {
		return held.Credentials, nil // another flight renewed them since the caller looked
	}
	fresh, err := r.fetch(context.WithValue(ctx, renewalKey{}, r.held.Load() != nil))
	if err != nil {
		return aws.Credentials{}, err
	}
	now := r.now()
	if fresh.CanExpire && !fresh.Expires.After(now) {
		reason := "the credentials that the source gave have expired already, at " + fresh.Expires.Format(time.RFC3339)
		return aws.Credentials{}, &Error{Kind: "RuntimeError", Provider: fresh.Source, Reason: reason}
	}
	r.held.Store(hold(fresh, now))
	return fresh, nil
}
