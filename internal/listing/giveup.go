// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"slices"
)

// maxDoubts is how often a server is asked again that says that no keys follow, and
// has listed some.
const maxDoubts = 5

// keepServerOrder lists the rest by tokens, in whatever order the server lists. It
// is called for a shard whose page is not in the order of the keys, or does not begin
// where it was told to. What was yielded is in the server's order, because each shard
// began as the page that reached into it continued. It reports whether the shard is
// kept.
func (l *parallelListing) keepServerOrder(s *shard) bool {
	l.sequential = true
	i := slices.Index(l.shards, s)
	for len(l.shards) > i+1 {
		l.giveUp(l.shards[len(l.shards)-1])
	}
	l.seen = promise{} // the order of two keys says nothing
	if s.joined {
		return true
	}
	l.join(l.giveUp(s))
	return false
}

// join compares a shard with the one before it, and the ones after it with each
// other, as far as they have come. It gives up a shard that does not begin as the
// page that reaches into it continues, or that has keys after a page that was the
// last one.
func (l *parallelListing) join(s *shard) {
	for i := slices.Index(l.shards, s); i >= 0 && i < len(l.shards); {
		s = l.shards[i]
		switch before := l.before(i); {
		case before != nil && !fits(before, s):
			i = slices.Index(l.shards, l.giveUp(s))
		case s.joined && s.done:
			i++
		default:
			return
		}
	}
}

// before returns the shard before the one at i, or nil.
func (l *parallelListing) before(i int) *shard {
	if i > 0 {
		return l.shards[i-1]
	}
	return l.prev
}

// giveUp has the shard before, which it returns, list the keys of a shard too.
func (l *parallelListing) giveUp(s *shard) *shard {
	i := slices.Index(l.shards, s)
	before := l.before(i)
	if s.last > max(s.after, l.seen.key) {
		l.seen = promise{after: s.after, key: s.last}
	}
	l.drop(s)
	l.repeat(s)
	if l.tail == "" || s.after < l.tail {
		l.tail = s.after
	}
	l.shards = slices.Delete(l.shards, i, i+1)
	if i == 0 {
		l.insert(0, before)
		l.prev = nil
	}
	before.until = s.until
	if before.done {
		over := before.over
		before.done = !before.more
		l.put(before, over)
	}
	return before
}

// repeat counts the requests of a shard as useless, because its keys are listed again.
func (l *parallelListing) repeat(s *shard) {
	again := float64(s.total) / float64(l.pageSize)
	l.useful -= again
	l.useless += again
	if s.busy {
		l.useless++
	}
}

// drop forgets a shard and its pages.
func (l *parallelListing) drop(s *shard) {
	s.dropped = true
	l.kept -= len(s.pages)
	s.pages = nil
}

// tokensOnly gives up the shards that were guessed, so that the rest is listed by tokens.
func (l *parallelListing) tokensOnly() {
	l.sequential = true
	for i := len(l.shards) - 1; i >= 0; i-- {
		if s := l.shards[i]; !s.joined {
			l.join(l.giveUp(s))
		}
	}
}

// settle decides between the end that the tokens led to and a later key that was
// listed. Either that key is gone, or the end was not one then: the listing continues.
// A server that stays with both is unsound.
func (l *parallelListing) settle(ctx context.Context) error {
	s := l.prev
	for doubts := 0; l.seen.key > s.last; doubts++ {
		if doubts == maxDoubts {
			return unsound("it ends after %.100q, but lists %.100q elsewhere", s.last, l.seen.key)
		}
		page, err := l.fetch(ctx, max(l.seen.after, s.last), "", nil)
		if err != nil {
			return err
		}
		if len(page.Entries) == 0 || page.Entries[len(page.Entries)-1].Key <= s.last {
			return nil
		}
		if page, err = l.fetch(ctx, s.after, s.before, nil); err != nil {
			return err
		}
		if page.Truncated || (len(page.Entries) > 0 && page.Entries[len(page.Entries)-1].Key > s.last) {
			l.shards = append(l.shards, s)
			l.prev = nil
			l.sequential = true
			l.reopen(s)
			l.running++
			return l.take(pageResult{from: s, page: page})
		}
	}
	return nil
}

// reopen asks once more for the last page of a shard.
func (l *parallelListing) reopen(s *shard) {
	s.done = false
	s.repeated = true
	s.token = s.before
	s.over = nil
	s.more = true
	s.guard.circle = CircleGuard{}
	s.guard.order.rewind(s.last)
}
