package listing

import (
	"context"
	"iter"
	"math"
	"slices"
	"sort"
	"sync"
)

const (
	// shardPages is how many pages a shard should have: fewer mean more requests,
	// since the last one of a shard is seldom full; more mean memory.
	shardPages = 7
	// pagesAhead is how many pages are kept, or requested, for each request at once.
	pagesAhead = 7
	// maxGuess is the longest key that S3 has, in bytes.
	maxGuess = 1024
	// maxAtOnce is how many requests there are at once, whatever is asked for.
	maxAtOnce = 256
	// Of the requests, spareShare may turn out to be useless, and spareRequests more.
	spareShare    = 0.15
	spareRequests = 4
	// maxDoubts is how often a server is asked again that says that no keys follow,
	// and has listed some.
	maxDoubts = 5
)

// A parallelListing lists shards of the keys at once and yields them in order.
//
// The keys are not known beforehand. A shard is cut in two where a request could
// be made and no shard waits for one: at the key that is, judging by the page
// before, a few pages further on. A wrong guess costs a request and no key,
// because shards are half-open and adjacent, whatever keys there are. Since few
// requests may be useless, bad guesses end in fewer cuts: in a listing that is
// nearly sequential.
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
	atOnce   int
	pageSize int
	fixed    int // the length of the listing's prefix
	trust    Trust

	shards  []*shard // in order; the first is the one to yield
	prev    *shard   // the one before them, nil at first
	results chan pageResult
	running int
	kept    int // pages in shards
	letters alphabet

	useful, useless float64 // requests
	stretch         float64 // corrects guesses by how the last ones turned out
	sequential      bool    // no more guesses
	seen            promise // the last key that a given up shard had listed
}

// A promise is a key that was listed, and the request that did.
type promise struct{ after, key string }

// A shard is the keys in (after, until].
type shard struct {
	after, until  string // an empty until means no end
	token, before string // of the next request, and of the last one
	last          string // the last key that came
	first         bool   // of the listing: not guessed
	busy, done    bool
	dropped       bool // its answers don't count
	repeated      bool // the next pages came before, up to last
	answered      bool
	joined        bool // to the shard before: their keys fit
	guard         pageGuard

	// When a page reaches over until, over is the rest of it, and more reports
	// whether token continues after that.
	over []Entry
	more bool

	pages    [][]Entry
	added    int     // keys of the last page
	begin    []Entry // the first page with keys, until joined
	sample   keySample
	requests int
	keys     int     // that came since expected was said
	expected float64 // keys up to until, 0 for unknown
}

// parallel yields the pages after a key in order, as sequential does, with up to
// atOnce requests at once. Up to pagesAhead×atOnce pages are in memory.
func parallel(ctx context.Context, fetch Fetch, opts Options) iter.Seq2[[]Entry, error] {
	atOnce := min(opts.Parallel, maxAtOnce)
	return func(yield func([]Entry, error) bool) {
		l := &parallelListing{
			fetch: fetch, atOnce: atOnce, pageSize: opts.PageSize, fixed: len(opts.Prefix), trust: opts.Trust,
			shards:  []*shard{{after: opts.After, last: opts.After, first: true, joined: true}},
			results: make(chan pageResult, atOnce), stretch: 1,
		}
		ctx, cancel := context.WithCancel(ctx)
		var group sync.WaitGroup
		defer group.Wait()
		defer cancel()
		for len(l.shards) > 0 {
			l.launch(ctx, &group)
			goesOn, err := l.step(ctx, yield)
			if err == nil && goesOn {
				err = l.takeReady()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !goesOn {
				return
			}
		}
	}
}

// step yields a page, leaves a shard that is done, or waits for an answer. It
// reports whether the consumer wants more.
func (l *parallelListing) step(ctx context.Context, yield func([]Entry, error) bool) (goesOn bool, err error) {
	head := l.shards[0]
	switch {
	case len(head.pages) > 0:
		page := head.pages[0]
		head.pages = head.pages[1:]
		l.kept--
		return len(page) == 0 || yield(page, nil), nil
	case head.done:
		l.prev, l.shards = head, l.shards[1:]
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
func (l *parallelListing) launch(ctx context.Context, group *sync.WaitGroup) {
	for l.running < l.atOnce {
		r := l.next()
		if r == nil {
			return
		}
		r.busy = true
		l.running++
		r.requests++
		after, token := r.after, r.token
		r.before = token
		group.Go(func() {
			page, err := l.fetch(ctx, after, token, nil)
			l.results <- pageResult{r, page, err}
		})
	}
}

// next returns the shard to make a request for: the first that waits for one, or
// one that is cut off. Only the head may go on when memory is full.
func (l *parallelListing) next() *shard {
	if head := l.shards[0]; !head.busy && !head.done && len(head.pages) == 0 {
		return head
	}
	if l.kept+l.running >= pagesAhead*l.atOnce {
		return nil
	}
	for _, r := range l.shards {
		if !r.busy && !r.done {
			return r
		}
	}
	return l.cut()
}

// cut cuts the first shard that is long enough, and returns its second part.
func (l *parallelListing) cut() *shard {
	if l.sequential || !l.mayGuess() {
		return nil
	}
	for i, r := range l.shards {
		if r.done || r.sample.count == 0 {
			continue
		}
		expected := shardPages * float64(l.pageSize)
		at := l.guess(r, expected)
		if at == "" {
			continue
		}
		second := &shard{after: at, last: at, until: r.until, sample: r.sample}
		second.guard.order.rewind(at)
		r.until, r.keys, r.expected = at, 0, expected
		l.insert(i+1, second)
		return second
	}
	return nil
}

func (l *parallelListing) insert(i int, r *shard) {
	l.shards = append(l.shards[:i], append([]*shard{r}, l.shards[i:]...)...)
}

// mayGuess holds the useless requests to their share.
func (l *parallelListing) mayGuess() bool {
	unknown := 0.0
	for _, r := range l.shards {
		if r.busy && r.requests == 1 && !r.first {
			unknown++
		}
	}
	// After the last key all guesses are wrong, so that only some are made at once.
	return unknown < float64(l.atOnce)/4+2 && l.useless+unknown < spareRequests+spareShare*l.useful
}

// guess returns a key within a shard so many keys on, or "" if the shard is, or
// may be, hardly longer than that.
func (l *parallelListing) guess(r *shard, keys float64) string {
	scale, ok := newKeyScale(r.sample, &l.letters, l.fixed)
	if !ok {
		return ""
	}
	at := scale.ahead(r.last, keys*l.stretch)
	if at <= r.last || (r.until != "" && at >= r.until) || len(at) > maxGuess {
		return ""
	}
	if r.until != "" {
		if far := scale.ahead(r.last, 1.5*keys*l.stretch); far == "" || far >= r.until {
			return ""
		}
	}
	return at
}

// take takes in what a request listed.
func (l *parallelListing) take(result pageResult) error {
	r, page := result.from, result.page
	l.running--
	if r.dropped {
		return nil
	}
	r.busy = false
	if result.err != nil {
		return result.err
	}
	entries := page.Entries
	if page.Truncated && l.useful+l.useless == 0 {
		l.pageSize = max(1, len(entries)) // some servers have smaller pages
	}
	if r.repeated {
		entries = beyond(entries, r.last)
		r.repeated = len(entries) == 0
	}
	isFirst := !r.answered
	r.answered = true
	if page.TokensOnly {
		l.tokensOnly()
	}
	if r.dropped { // just now
		return nil
	}
	if goesOn, err := l.checkOrder(r, page, entries); err != nil || !goesOn {
		return err
	}
	l.account(r, entries, page)
	if !r.first && isFirst && !page.Truncated && l.trust != Sound {
		r = l.giveUp(r)
	}
	l.join(r)
	return nil
}

// checkOrder holds a page to the order of its keys, and reports whether its shard
// goes on. A server with another order is listed by its tokens only.
func (l *parallelListing) checkOrder(r *shard, page *Page, entries []Entry) (goesOn bool, err error) {
	wasByBytes := r.guard.order.order == byBytes
	checked := *page
	checked.Entries = entries
	err = r.guard.check(&checked)
	isByBytes := r.guard.order.order == byBytes
	switch {
	case isByBytes || !wasByBytes:
		return err == nil, err
	case r.first && err != nil:
		return false, err
	}
	return l.keepServerOrder(r), nil
}

// keepServerOrder goes on by tokens, in whatever order the server lists, from a
// shard on whose page is not in the order of the keys, or does not begin where it
// was told to. What was yielded is in the server's order, because each shard began as
// the page that reached into it went on. It reports whether the shard is kept.
func (l *parallelListing) keepServerOrder(r *shard) (goesOn bool) {
	l.sequential = true
	i := slices.Index(l.shards, r)
	for len(l.shards) > i+1 {
		l.giveUp(l.shards[len(l.shards)-1])
	}
	l.seen = promise{} // the order of two keys says nothing
	if r.joined {
		return true
	}
	l.join(l.giveUp(r))
	return false
}

// reopen asks once more for the last page of a shard.
func (l *parallelListing) reopen(r *shard) {
	r.done, r.repeated, r.token, r.over, r.more = false, true, r.before, nil, true
	r.guard.circle = CircleGuard{}
	r.guard.order.rewind(r.last)
}

// drop forgets a shard and its pages.
func (l *parallelListing) drop(r *shard) {
	r.dropped = true
	l.kept -= len(r.pages)
	r.pages = nil
}

// account puts a page into its shard, and learns from it for the next guesses.
func (l *parallelListing) account(r *shard, entries []Entry, page *Page) {
	r.token, r.more, r.done = page.Next, page.Truncated, !page.Truncated
	if !r.joined && len(r.begin) == 0 {
		r.begin = entries
	}
	l.put(r, entries)
	share := min(1, float64(r.added)/float64(l.pageSize))
	l.useful += share
	l.useless += 1 - share
	if r.added > 0 {
		r.sample = keySample{entries[0].Key, r.last, r.added}
		l.letters.learn(entries[:r.added])
	}
	if r.done && r.expected > 0 {
		// Slowly, and not far: a stretch that is much too long leads out of the layout.
		wrong := min(max(r.expected/float64(max(r.keys, 1)), 1.0/4), 4)
		l.stretch = min(max(l.stretch*math.Pow(wrong, 0.25), 1.0/16), 3)
	}
}

// put puts entries into a shard, up to its end.
func (l *parallelListing) put(r *shard, entries []Entry) {
	r.over = nil
	if r.until != "" && len(entries) > 0 && entries[len(entries)-1].Key >= r.until {
		kept := upTo(entries, r.until)
		entries, r.over, r.done = kept, entries[len(kept):], true
	}
	r.added = len(entries)
	if len(entries) == 0 {
		return
	}
	r.pages = append(r.pages, entries)
	l.kept++
	r.keys += len(entries)
	r.last = entries[len(entries)-1].Key
}

// join compares a shard with the one before it, and the ones after it with each
// other, as far as they have come. It gives up a shard that does not begin as the
// page that reaches into it goes on, or that has keys after a page that was the
// last one.
func (l *parallelListing) join(r *shard) {
	for i := slices.Index(l.shards, r); i >= 0 && i < len(l.shards); {
		r = l.shards[i]
		switch before := l.before(i); {
		case before != nil && !fits(before, r):
			i = slices.Index(l.shards, l.giveUp(r))
		case r.joined && r.done:
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

// fits reports whether a shard may follow another one, as far as is known.
func fits(before, r *shard) bool {
	if r.joined || !before.joined || !before.done || !r.answered {
		return true
	}
	if !before.more {
		return false
	}
	if len(r.begin) == 0 && !r.done {
		return true
	}
	if !isBegin(before.over, r) {
		return false
	}
	r.joined, r.begin, before.over = true, nil, nil
	return true
}

// isBegin reports whether a shard has the keys that were listed after its
// beginning, and any key if some were promised there.
func isBegin(over []Entry, r *shard) bool {
	if len(r.begin) == 0 {
		return false
	}
	last := r.begin[len(r.begin)-1].Key
	at := 0
	for _, entry := range over {
		if entry.Key > last {
			break
		}
		for at < len(r.begin) && r.begin[at].Key < entry.Key {
			at++
		}
		if at == len(r.begin) || r.begin[at].Key != entry.Key {
			return false
		}
	}
	return true
}

// giveUp has the shard before, which it returns, list the keys of a shard too.
func (l *parallelListing) giveUp(r *shard) *shard {
	i := slices.Index(l.shards, r)
	before := l.before(i)
	if r.last > max(r.after, l.seen.key) {
		l.seen = promise{after: r.after, key: r.last}
	}
	l.drop(r)
	l.useless++
	l.shards = slices.Delete(l.shards, i, i+1)
	if i == 0 {
		l.insert(0, before)
		l.prev = nil
	}
	before.until = r.until
	if before.done {
		over := before.over
		before.done = !before.more
		l.put(before, over)
	}
	return before
}

// tokensOnly goes on with the shards that can be listed by tokens.
func (l *parallelListing) tokensOnly() {
	l.sequential = true
	for i := len(l.shards) - 1; i >= 0; i-- {
		if r := l.shards[i]; !r.joined {
			l.join(l.giveUp(r))
		}
	}
}

// settle decides between the end that the tokens led to and a later key that was
// listed. Either that is gone, or the end was not one then: the listing goes on.
// A server that stays with both is unsound.
func (l *parallelListing) settle(ctx context.Context) error {
	r := l.prev
	for doubts := 0; l.seen.key > r.last; doubts++ {
		if doubts == maxDoubts {
			return unsound("it ends after %.100q, but lists %.100q elsewhere", r.last, l.seen.key)
		}
		page, err := l.fetch(ctx, max(l.seen.after, r.last), "", nil)
		if err != nil {
			return err
		}
		if len(page.Entries) == 0 || page.Entries[len(page.Entries)-1].Key <= r.last {
			return nil
		}
		if page, err = l.fetch(ctx, r.after, r.before, nil); err != nil {
			return err
		}
		if page.Truncated || (len(page.Entries) > 0 && page.Entries[len(page.Entries)-1].Key > r.last) {
			l.shards, l.prev, l.sequential = append(l.shards, r), nil, true
			l.reopen(r)
			l.running++
			return l.take(pageResult{from: r, page: page})
		}
	}
	return nil
}

func upTo(entries []Entry, until string) []Entry {
	n := sort.Search(len(entries), func(i int) bool { return entries[i].Key > until })
	return entries[:n:n]
}

func beyond(entries []Entry, last string) []Entry {
	return entries[sort.Search(len(entries), func(i int) bool { return entries[i].Key > last }):]
}
