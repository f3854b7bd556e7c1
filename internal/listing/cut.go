// SPDX-License-Identifier: Apache-2.0

package listing

const (
	// shardPages is how many pages a shard should have: fewer mean more requests,
	// since the last one of a shard is seldom full; more mean memory.
	shardPages = 7
	// maxGuess is the longest key that S3 has, in bytes.
	maxGuess = 1024
	// Of the requests, spareShare may turn out to be useless, and spareRequests more.
	spareShare    = 0.15
	spareRequests = 4
)

// next returns the shard to make a request for: the first that waits for one, or
// one that is cut off. Only the head may continue when memory is full.
func (l *parallelListing) next() *shard {
	if head := l.shards[0]; !head.busy && !head.done && len(head.pages) == 0 {
		return head
	}
	if l.kept+l.running >= pagesAhead*l.atOnce {
		return nil
	}
	for _, s := range l.shards {
		if !s.busy && !s.done {
			return s
		}
	}
	return l.cut()
}

// cut cuts the first shard that is long enough, and returns its second part.
func (l *parallelListing) cut() *shard {
	if l.sequential || !l.mayGuess() {
		return nil
	}
	for i, s := range l.shards {
		if s.done || s.sample.count == 0 {
			continue
		}
		expected := shardPages * float64(l.pageSize)
		at := l.guess(s, expected)
		if at == "" {
			continue
		}
		second := &shard{after: at, last: at, until: s.until, sample: s.sample}
		second.guard.order.rewind(at)
		s.until = at
		s.keys = 0
		s.expected = expected
		l.insert(i+1, second)
		return second
	}
	return nil
}

func (l *parallelListing) insert(i int, s *shard) {
	l.shards = append(l.shards[:i], append([]*shard{s}, l.shards[i:]...)...)
}

// mayGuess holds the useless requests to their share.
func (l *parallelListing) mayGuess() bool {
	unknown := 0.0
	for _, s := range l.shards {
		if s.busy && s.requests == 1 && !s.first {
			unknown++
		}
	}
	// After the last key all guesses are wrong, so that only some are made at once.
	return unknown < float64(l.atOnce)/4+2 && l.useless+unknown < spareRequests+spareShare*l.useful
}

// guess returns a key within a shard so many keys on, or "" if the shard is, or
// may be, hardly longer than that.
func (l *parallelListing) guess(s *shard, keys float64) string {
	scale, ok := newKeyScale(s.sample, &l.letters, l.fixed)
	if !ok {
		return ""
	}
	at := scale.ahead(s.last, keys*l.stretch)
	if at <= s.last || (s.until != "" && at >= s.until) || len(at) > maxGuess {
		return ""
	}
	if s.until != "" {
		if far := scale.ahead(s.last, 1.5*keys*l.stretch); far == "" || far >= s.until {
			return ""
		}
	}
	return at
}
