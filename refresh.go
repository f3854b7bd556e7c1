package lithopss3

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The windows before the end of temporary credentials in which they are renewed
// (botocore.credentials.RefreshableCredentials): in the first a failure is
// tolerated, in the second it is not.
const (
	advisoryWindow  = 15 * time.Minute
	mandatoryWindow = 10 * time.Minute
)

// A refresher keeps credentials and renews them ahead of their end, once for any
// number of concurrent callers. A caller who gives up does not take the others
// along. It is safe for concurrent use.
type refresher struct {
	fetch func(context.Context) (aws.Credentials, error)
	now   func() time.Time
	turn  chan struct{} // holds the one who may fetch
	state chan refreshState
}

type refreshState struct {
	credentials aws.Credentials
	known       bool
}

func newRefresher(fetch func(context.Context) (aws.Credentials, error)) *refresher {
	r := &refresher{fetch: fetch, now: time.Now, turn: make(chan struct{}, 1), state: make(chan refreshState, 1)}
	r.state <- refreshState{}
	return r
}

func (r *refresher) load() refreshState {
	state := <-r.state
	r.state <- state
	return state
}

// left is how long the credentials can be used; those that do not expire, long.
func (r *refresher) left(state refreshState) time.Duration {
	switch {
	case !state.known:
		return 0
	case !state.credentials.CanExpire:
		return advisoryWindow
	}
	return state.credentials.Expires.Sub(r.now())
}

// Retrieve returns credentials that can be used for some time yet.
func (r *refresher) Retrieve(ctx context.Context) (aws.Credentials, error) {
	state := r.load()
	if r.left(state) >= advisoryWindow {
		return state.credentials, nil
	}
	if r.left(state) >= mandatoryWindow {
		return r.tryRenew(ctx, state), nil
	}
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return aws.Credentials{}, ctx.Err()
	}
	defer func() { <-r.turn }()
	if state = r.load(); r.left(state) >= mandatoryWindow {
		return state.credentials, nil // somebody else renewed them meanwhile
	}
	return r.renew(ctx)
}

// tryRenew renews unless somebody does so already, and makes do with what there is.
func (r *refresher) tryRenew(ctx context.Context, state refreshState) aws.Credentials {
	select {
	case r.turn <- struct{}{}:
	default:
		return state.credentials
	}
	defer func() { <-r.turn }()
	if fresh, err := r.renew(ctx); err == nil {
		return fresh
	}
	return state.credentials
}

// renew fetches. The caller has the turn.
func (r *refresher) renew(ctx context.Context) (aws.Credentials, error) {
	fresh, err := r.fetch(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	if fresh.CanExpire && !fresh.Expires.After(r.now()) {
		return aws.Credentials{}, &CredentialsError{Kind: "RuntimeError", Source: fresh.Source, Reason: "the credentials that the source gave have expired already, at " + fresh.Expires.Format(time.RFC3339)}
	}
	<-r.state
	r.state <- refreshState{credentials: fresh, known: true}
	return fresh, nil
}
