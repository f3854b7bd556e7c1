// SPDX-License-Identifier: Apache-2.0

package listing

const (
	// shardPages is how many pages a shard should have: fewer mean more requests,
	// since the last one of a shard is seldom full; more mean memory.
	shardPages = 7
	// shortBy is how many pages a shard should have less: with a few keys more, its last
	// request would be in vain.
	shortBy = 0.25
	// maxGuess is the longest key that S3 has, in bytes.
	maxGuess = 1024
	// Of the requests, spareShare may turn out to be useless, and spareRequests more, but
	// at first no more than firstSpare and as many as were useful.
	spareShare    = 0.12
	spareRequests = 20
	firstSpare    = 4
	// reserve is how many of them are kept for when few requests run.
	reserve = 3
	// badShare is how many wrong guesses there may be for each good one for more shards than
	// half as many as there are requests at once.
	badShare = 0.2
	// firstGuesses is how many guesses may wait for their answers at first; later fewer if most
	// were wrong, or up to an eighth of all requests and guessesMore.
	firstGuesses = 3
	guessesMore  = 2
	// firstNames is how many cuts at names may wait for their answers at first. Each that turned
	// out right allows namesMore, and wrong ones divide them.
	firstNames = 4
	namesMore  = 3
	// fewShort is how many short shards say nothing.
	fewShort = 2
)

// next returns the shard to make a request for: the first that waits for one, or
// one that is cut off. Only the head may continue when memory is full. The others must
// not fill it before what stands before them has come, as far as that is known. The last
// pages are for what is yielded next, so that a long head is cut and not listed alone.
func (l *parallelListing) next() *shard {
	if head := l.shards[0]; !head.busy && !head.done && len(head.pages) == 0 {
		return head
	}
	limit := pagesAhead * l.atOnce
	if l.kept+l.running >= limit {
		return nil
	}
	most := limit
	if l.kept+l.running >= limit-l.atOnce/4 {
		most = l.atOnce
	}
	window, ahead := len(l.shards), 0.0
	for i, s := range l.shards {
		if ahead > float64(most) && l.kept+l.running > limit/2 {
			window = i
			break
		}
		if !s.busy && !s.done {
			return s
		}
		ahead += float64(len(s.pages)) + l.rest(s)
	}
	return l.cut(l.shards[:window])
}

// rest returns how many more pages a shard is expected to have: without a better guess
// as many as came.
func (l *parallelListing) rest(s *shard) float64 {
	if s.done {
		return 0
	}
	pages := float64(s.keys) / float64(l.pageSize)
	expected := s.expected
	if expected == 0 {
		expected = s.inherited
	}
	return max(1, expected/float64(l.pageSize)-pages, min(pages, float64(s.total)/float64(l.pageSize)))
}

// cut cuts the first shard that is long enough, and returns its second part.
func (l *parallelListing) cut(shards []*shard) *shard {
	if l.sequential || !l.pace.isFar || !l.mayCut() {
		return nil
	}
	// What costs more requests than others is cut less often.
	wanted := (shardPages - shortBy) * float64(l.pageSize) * (1 + min(1, 4*max(0, l.useless-spareRequests)/max(1, l.useful)))
	for i, s := range shards {
		if s.done || s.sample.count == 0 {
			continue
		}
		s.border, s.limit, s.waits = l.border(s, wanted)
		if s.border.at != "" && (!s.border.isUnsure || l.mayGuess()) && l.mayCutAtName() {
			return l.cutAt(i, s.border)
		}
	}
	if l.short > fewShort && l.short > 2*l.fair {
		if second := l.cutInTheMiddle(shards); second != nil || l.running > l.atOnce/4 {
			return second
		}
	}
	for i, s := range shards {
		if s.done || s.sample.count == 0 || s.waits || s.border.at != "" || !l.mayGuess() {
			continue
		}
		if c := l.guessCut(s, s.limit, i, wanted); c.at != "" && (l.tail == "" || c.at < l.tail) {
			return l.cutAt(i, c)
		}
	}
	return l.cutInTheMiddle(shards)
}

// cutAt cuts a shard.
func (l *parallelListing) cutAt(i int, c borderCut) *shard {
	s := l.shards[i]
	second := &shard{after: c.at, last: c.at, until: s.until, sample: s.sample, guessed: c.isUnsure, isNamed: c.isName}
	second.guard.order.rewind(c.at)
	rest := l.rest(s) * float64(l.pageSize)
	second.inherited = max(0, rest-c.keys)
	if c.keys == 0 {
		s.inherited, second.inherited = rest/2, rest/2
	}
	second.inherit(s, c.keys)
	s.until = c.at
	s.forecast, s.hope = nil, 0
	second.isWide = s.isWide
	s.keys = 0
	s.expected, s.isToName = c.keys, c.isName
	l.insert(i+1, second)
	return second
}

func (l *parallelListing) insert(i int, s *shard) {
	l.shards = append(l.shards[:i], append([]*shard{s}, l.shards[i:]...)...)
}

// mayCut holds the useless requests to their share.
func (l *parallelListing) mayCut() bool {
	return l.useless+float64(len(l.asks))+l.pending() < l.spare()
}

// spare returns how many requests may be useless.
func (l *parallelListing) spare() float64 {
	most := spareRequests + spareShare*l.useful
	if l.running > l.atOnce/8 {
		most -= reserve
	}
	return min(firstSpare+l.useful, most)
}

// pending returns how many useless requests the shards that were cut off will cost: the
// last one of each is full by half, if not by what was seen.
func (l *parallelListing) pending() float64 {
	pending, each := 0.0, (1+l.wasted)/(2+l.ended)
	for _, s := range l.shards {
		if !s.done && s.until != "" {
			pending += max(0, each-0.15*l.rest(s))
		}
	}
	return pending
}

// mayGuess holds those that may turn out to be useless to it as well.
func (l *parallelListing) mayGuess() bool {
	if l.running >= l.atOnce/2 && l.bad > 1+badShare*l.good {
		return false
	}
	unknown, risk := 0.0, (2+2*l.bad)/(1+l.good+l.bad)
	for _, s := range l.shards {
		if s.busy && s.requests == 1 && s.guessed {
			unknown++
		}
	}
	// After the last key all guesses are wrong, so that only some are made at once.
	most := min(float64(l.atOnce)/8+guessesMore, (firstGuesses+l.good)/(1+l.bad))
	return unknown < most && l.useless+risk*(unknown+1)+l.pending() < l.spare()
}

// mayCutAtName has most cuts at names wait until the first ones have turned out right. How many
// keys a folder has is known of the first folders, and others may be much smaller.
//
// For example, the first page has the orders of 20 customers, and there are 1,000 customers. So
// a cut after every 135 of them seems right. If later ones have a tenth of the orders, each of
// seven cuts would cost a request for less than a page.
func (l *parallelListing) mayCutAtName() bool {
	unknown := 0.0
	for _, s := range l.shards {
		if s.isNamed && !s.answered {
			unknown++
		}
	}
	return unknown < (firstNames+namesMore*l.goodNames)/(1+l.badNames)
}

// guessCut guesses where to cut a shard. Up to a key that was listed, guesses are safe, and
// there may be several. What follows the last key is unknown: there is one guess at a
// time, each time twice as far.
func (l *parallelListing) guessCut(s *shard, limit string, i int, wanted float64) borderCut {
	isOpen := limit != s.until || i+1 == len(l.shards) || l.shards[i+1].total == 0
	if s.total < s.pause {
		return borderCut{}
	}
	if !isOpen || l.good >= l.bad {
		return borderCut{at: l.guess(s, limit, wanted), keys: wanted, isUnsure: true}
	}
	if !s.answered {
		return borderCut{}
	}
	far := min(max(wanted, float64(s.run)), float64(pagesAhead*l.atOnce*l.pageSize)/2)
	for ; far >= wanted; far /= 2 {
		if at := l.guess(s, limit, far); at != "" {
			return borderCut{at: at, keys: far, isUnsure: true}
		}
	}
	return borderCut{at: l.guess(s, limit, wanted), keys: wanted, isUnsure: true}
}

// guess returns a key within a shard so many keys on, or "" if the shard is, or
// may be, hardly longer than that.
func (l *parallelListing) guess(s *shard, until string, keys float64) string {
	scale, ok := newKeyScale(s.sample, &l.letters, len(l.prefix))
	if !ok {
		return ""
	}
	keys *= l.stretch
	ahead := func(keys float64) string { return scale.ahead(s.last, keys) }
	if l.model.lacks(s.last, ahead(keys)) { // such as a day "78"
		ahead = func(keys float64) string {
			at, _ := l.forecastOf(s).ahead(keys, float64(l.pageSize)/4)
			return at
		}
	}
	at := ahead(keys)
	if at <= s.last || (until != "" && at >= until) || len(at) > maxGuess {
		return ""
	}
	if until != "" {
		if far := ahead(1.5 * keys); far == "" || far >= until {
			return ""
		}
	}
	return at
}
