// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"time"
)

const (
	// For an answer of a near server, the client waits less than nearTimes as long as it takes
	// to decode it, and less than nearest, a round trip of some hundred kilometers.
	nearTimes = 7
	nearest   = 15 * time.Millisecond
	// tries is after how many answers it is known that a server is not near.
	tries = 3
	// nearAhead is how many pages of a near server are requested ahead.
	nearAhead = 3
)

// A pace tells near servers from others by the first answers, of which each comes alone.
//
// A near server sends a page about as fast as the client decodes it. More requests at once
// would only wait for each other then, and the useless ones of them would make a listing
// slower than one page after the other. The first answer of a server takes longer than
// others, because a connection has to be made, and so does any that something came between.
type pace struct {
	answers int
	isNear  bool
	isFar   bool
}

// note takes notice of how long an answer took, and how long of that was its decoding.
func (p *pace) note(took, decoding time.Duration) {
	if p.isNear || p.isFar {
		return
	}
	p.answers++
	waited := took - decoding
	p.isNear = waited < min(nearest, nearTimes*decoding)
	p.isFar = !p.isNear && (p.answers == tries || waited >= nearest || decoding == 0)
}

// oneByOne yields the rest of a listing from a near server one page after the other, with
// several requested ahead if their tokens come early. Since nothing was cut while the pace
// was unknown, there is one shard, and no request runs.
func (l *parallelListing) oneByOne(ctx context.Context, yield func([]Entry, error) bool) {
	head := l.shards[0]
	l.unlearned = nil
	rest := &lister{fetch: l.fetch, after: l.after, ahead: min(nearAhead, l.atOnce-1)}
	defer rest.group.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !head.done {
		rest.follow(ctx, head.token)
	}
	for _, page := range head.pages {
		if !yield(page, nil) {
			return
		}
	}
	head.pages = nil
	if !head.done {
		rest.rest(ctx, &head.guard, head.token, yield)
	}
}
