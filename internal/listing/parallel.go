// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/lithops-go/lithopss3/internal/panics"
)

const (
	// pagesAhead is how many pages are kept, or requested, for each request at once.
	pagesAhead = 7
	// maxAtOnce is how many requests there are at once, whatever is asked for.
	maxAtOnce = 256
)

// A parallelListing lists shards of the keys at once and yields them in order.
//
// The keys are not known beforehand. A shard is cut in two where a request could
// be made and no shard waits for one: at the key that is, judging by the page
// before, a few pages further on. A wrong guess costs a request and no key,
// because shards are half-open and adjacent, whatever keys there are. Since few
// requests may be useless, bad guesses end in fewer cuts: in a listing that is
// nearly sequential. Where few folders have many keys, their names are asked for, see
// [level]: a cut at a name is never in vain.
//
// For example, the first page of job keys ends with "jobs/4b99c1-0-M000/00333/out"
// and has three keys for each call. Seven pages further on, the guess is
// "jobs/4b99c1-0-M000/02666/out". The first shard is now (…, "…/02666/out"], the
// second one ("…/02666/out", …], and the two are listed at once. When the first
// one gets to a page from "…/02500/" to "…/02833/", its shard ends in the middle of
// it, and what follows the cut must be what the second one began with.
//
// A server's answer after a key that was guessed is not believed that it is the
// last one, see [TokensOnly]: such a shard is given to the one before, whose tokens
// lead through it. So every end that a listing comes to has been reached by
// tokens.
//
// All of it belongs to the goroutine that consumes the listing, except the requests.
type parallelListing struct {
	fetch    Fetch
	level    LevelFetch // nil for a server that is not asked for levels
	atOnce   int
	pageSize int
	prefix   string // of all keys
	after    string // where the listing begins
	trust    Trust
	pace     pace

	shards  []*shard // in order; the first is the one to yield
	prev    *shard   // the one before them, nil at first
	results chan pageResult
	running int
	kept    int // pages in shards
	letters alphabets
	model   model
	// unlearned is the first pages, until it is known that the server is far. From a near one,
	// nothing is learned, because nothing is cut.
	unlearned []lesson
	levels    map[string]*level // by folder
	asks      []*level          // to request

	useful, useless float64 // requests
	asked           float64 // for names
	good, bad       float64 // guesses
	goodNames       float64 // cuts at names of folders
	badNames        float64 // those that have less than expected
	short, fair     float64 // shards with less than a third of what was expected, and the others
	ended, wasted   float64 // shards, and their last requests
	stretch         float64 // corrects guesses by how the last ones turned out
	sequential      bool    // no more guesses
	tail            string  // no cuts from here on, as one has been given up
	seen            promise // the last key that a given up shard had listed
}

// parallel yields the pages after a key in order, as sequential does, with up to
// atOnce requests at once. Up to pagesAhead×atOnce pages are in memory.
func parallel(ctx context.Context, fetch Fetch, opts Options) iter.Seq2[[]Entry, error] {
	atOnce := min(opts.Parallel, maxAtOnce)
	return func(yield func([]Entry, error) bool) {
		l := &parallelListing{
			fetch: fetch, level: opts.Level, atOnce: atOnce, pageSize: opts.PageSize, prefix: opts.Prefix, after: opts.After, trust: opts.Trust,
			levels:  map[string]*level{},
			shards:  []*shard{{after: opts.After, last: opts.After, first: true, joined: true}},
			results: make(chan pageResult, atOnce), stretch: 1,
		}
		ctx, cancel := context.WithCancel(ctx)
		var group panics.Group
		defer group.Wait()
		defer cancel()
		for len(l.shards) > 0 {
			if l.pace.isNear {
				l.oneByOne(ctx, yield)
				return
			}
			l.launch(ctx, &group)
			proceed, err := l.step(ctx, yield)
			if err == nil && proceed {
				err = l.takeReady()
			}
			if !group.IsEmpty() { // Wait panics
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !proceed {
				return
			}
		}
	}
}

// step does one of three things: it yields a page, drops a shard that is done, or waits
// for an answer. It reports whether the consumer wants more.
func (l *parallelListing) step(ctx context.Context, yield func([]Entry, error) bool) (proceed bool, err error) {
	head := l.shards[0]
	switch {
	case len(head.pages) > 0:
		page := head.pages[0]
		head.pages[0] = nil // the slice holds it longer
		head.pages = head.pages[1:]
		l.kept--
		return yield(page, nil), nil
	case head.done:
		l.prev = head
		l.shards[0] = nil // likewise
		l.shards = l.shards[1:]
		if len(l.shards) == 0 {
			return true, l.settle(ctx)
		}
		return true, nil
	default:
		return true, l.take(<-l.results)
	}
}

func (l *parallelListing) takeReady() error {
	for {
		select {
		case result := <-l.results:
			if err := l.take(result); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// launch makes the requests that can be made now.
func (l *parallelListing) launch(ctx context.Context, group *panics.Group) {
	for l.running < l.atOnce {
		s := l.next()
		if s == nil && !l.ask(ctx, group) {
			return
		}
		if s == nil {
			continue
		}
		s.busy = true
		l.running++
		s.requests++
		after, token := s.after, s.token
		s.before = token
		group.Go(func() {
			began := time.Now()
			page, err := l.fetch(ctx, after, token, nil)
			l.results <- pageResult{from: s, page: page, err: err, took: time.Since(began)}
		}, func() { l.results <- pageResult{from: s, err: panics.ErrPanicked} })
	}
}

// take takes in what a request listed.
func (l *parallelListing) take(result pageResult) error {
	s, page := result.from, result.page
	l.running--
	if result.level != nil {
		l.learn(result.level, page, result.err)
		return nil
	}
	if s.dropped {
		return nil
	}
	s.busy = false
	if result.err != nil {
		return result.err
	}
	l.pace.note(result.took, page.Decoding)
	entries := page.Entries
	if page.Truncated && l.useful+l.useless == 0 {
		l.pageSize = max(1, len(entries)) // some servers have smaller pages
	}
	if s.repeated {
		entries = beyond(entries, s.last)
		s.repeated = len(entries) == 0
	}
	isFirst := !s.answered
	s.answered = true
	if page.TokensOnly {
		l.tokensOnly()
	}
	if s.dropped { // just now
		return nil
	}
	if proceed, err := l.checkOrder(s, page, entries); err != nil || !proceed {
		return err
	}
	l.account(s, entries, page)
	if !s.first && isFirst && !page.Truncated && l.trust != Sound {
		s = l.giveUp(s)
	}
	l.join(s)
	return nil
}

// checkOrder holds a page to the order of its keys, and reports whether its shard
// continues. A server with another order is listed by its tokens only.
func (l *parallelListing) checkOrder(s *shard, page *Page, entries []Entry) (proceed bool, err error) {
	wasByBytes := s.guard.order.order == byBytes
	checked := *page
	checked.Entries = entries
	err = s.guard.check(&checked)
	isByBytes := s.guard.order.order == byBytes
	switch {
	case isByBytes || !wasByBytes:
		return err == nil, err
	case s.first && err != nil:
		return false, err
	}
	return l.keepServerOrder(s), nil
}

// account puts a page into its shard, and learns from it for the next guesses.
func (l *parallelListing) account(s *shard, entries []Entry, page *Page) {
	s.token = page.Next
	s.more = page.Truncated
	s.done = !page.Truncated
	if !s.joined && len(s.begin) == 0 {
		s.begin = entries
	}
	before, path := s.last, s.path
	l.put(s, entries)
	l.observe(s, before, entries[:s.added])
	if s.added > 0 {
		l.count(s, before, path, s.added)
	}
	share := min(1, float64(s.added)/float64(l.pageSize))
	l.useful += share
	l.useless += 1 - share
	if s.guessed && s.total == s.added {
		l.good += share
		l.bad += 1 - share
		if s.added == 0 {
			l.miss(s)
		}
	}
	if s.done && s.until != "" && s.total > 0 {
		l.ended++
		l.wasted += 1 - share
	}
	if s.added > 0 {
		s.sample = keySample{entries[0].Key, s.last, s.added}
		s.children = childrenOf(entries[:s.added])
		l.letters.learn(entries[:s.added])
	}
	l.assess(s)
}

// assess compares what came of a shard with what was expected.
func (l *parallelListing) assess(s *shard) {
	if s.isNamed && s.total == s.added {
		if float64(s.total) >= min(s.expected/3, float64(l.pageSize)) {
			l.goodNames++
		} else {
			l.badNames++
		}
	}
	if !s.done || s.expected == 0 {
		return
	}
	switch {
	case float64(s.keys) >= s.expected/3:
		l.fair++
	case s.total > 0 || !l.isAfterNothing(s):
		l.short++
	}
	if s.isToName { // nothing was guessed from the keys
		return
	}
	// Slowly, and not far: a stretch that is much too long leads out of the layout.
	wrong := min(max(s.expected/float64(max(s.keys, 1)), 1.0/4), 4)
	l.stretch = min(max(l.stretch*math.Pow(wrong, 0.25), 1.0/16), 4)
}

// observe lets the model learn from a page of a far server that follows a key of a shard, and
// from the end of the shard.
func (l *parallelListing) observe(s *shard, before string, page []Entry) {
	s.forecast, s.isTight = nil, false
	if !l.pace.isFar {
		l.unlearned = append(l.unlearned, lesson{before, page})
		return
	}
	for _, first := range l.unlearned {
		l.model.learn(first.before, first.page)
	}
	l.unlearned = nil
	l.model.learn(before, page)
	if !s.done {
		return
	}
	next := s.until
	if len(s.over) > 0 {
		next = s.over[0].Key
	}
	l.model.end(s.last, next)
}

// isAfterNothing reports whether the shard before has no keys either: both guesses were
// wrong for the same reason.
func (l *parallelListing) isAfterNothing(s *shard) bool {
	i := slices.Index(l.shards, s)
	return i > 0 && l.shards[i-1].answered && l.shards[i-1].total == 0
}

// miss has the shard before a guess without keys wait for more keys before the next guess,
// each time for twice as many.
func (l *parallelListing) miss(s *shard) {
	const most = 16
	before := l.before(slices.Index(l.shards, s))
	before.misses = min(before.misses+1, most)
	before.pause = before.total + l.pageSize<<before.misses
}
