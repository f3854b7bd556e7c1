package lithopss3

import (
	"context"
	"fmt"
	"iter"
	"math"
	"sort"
	"sync"
)

const (
	// rangePages is how many pages a range of keys should have: fewer mean more
	// requests, since the last one of a range is seldom full; more mean memory.
	rangePages = 7
	// pagesAhead is how many pages are kept, or under way, for each request at once.
	pagesAhead = 7
	// maxAtOnce is how many requests there are at once, whatever is asked for.
	maxAtOnce = 256
	// Of the requests, spareShare may turn out to be useless, and spareRequests more.
	spareShare    = 0.15
	spareRequests = 4
)

// A parallelListing lists ranges of keys at once and yields them in order.
//
// The keys are not known beforehand. A range is cut in two where a request could
// be made and no range waits for one: at the key that is, judging by the page
// before, a few pages further on. A wrong guess costs a request, no more: ranges
// are half-open and lie side by side, whatever keys there are. Since so few
// requests may be useless, bad guesses end in fewer cuts: in a listing that is
// nearly sequential.
//
// All of it belongs to the goroutine that consumes the listing, but the requests.
type parallelListing struct {
	fetch    pageFetch
	atOnce   int
	pageSize int
	fixed    int // the length of the listing's prefix

	ranges  []*keyRange // in order; the first is the one to yield
	results chan pageResult
	running int
	kept    int // pages in ranges
	letters alphabet

	useful, useless float64 // requests
	stretch         float64 // corrects guesses by how the last ones turned out
	sequential      bool    // the server's order is not that of the keys
}

// A keyRange are the keys behind after, up to and with until.
type keyRange struct {
	after, until  string // an empty until is no end
	token, before string // of the next request, and of the last one
	last          string // the last key that came
	first         bool   // of the listing
	busy, done    bool
	dropped       bool // the server's order is another, see keepServerOrder
	repeated      bool // the next page came before, in part
	guard         pageGuard

	pages    [][]ObjectInfo
	sample   keySample
	requests int
	keys     int     // that came since expected was said
	expected float64 // keys up to until, 0 for unknown
}

type pageResult struct {
	from *keyRange
	page *listPage
	err  error
}

// parallel yields the pages behind a key in order, as sequential does, with up to
// atOnce requests at once. Up to pagesAhead×atOnce pages are in memory.
func parallel(ctx context.Context, fetch pageFetch, prefix, after string, pageSize, atOnce int) iter.Seq2[[]ObjectInfo, error] {
	atOnce = min(atOnce, maxAtOnce)
	return func(yield func([]ObjectInfo, error) bool) {
		l := &parallelListing{
			fetch: fetch, atOnce: atOnce, pageSize: pageSize, fixed: len(prefix),
			ranges:  []*keyRange{{after: after, last: after, first: true}},
			results: make(chan pageResult, atOnce), stretch: 1,
		}
		ctx, cancel := context.WithCancel(ctx)
		var group sync.WaitGroup
		defer group.Wait()
		defer cancel()
		for len(l.ranges) > 0 {
			l.launch(ctx, &group)
			head := l.ranges[0]
			switch {
			case len(head.pages) > 0:
				page := head.pages[0]
				head.pages = head.pages[1:]
				l.kept--
				if len(page) > 0 && !yield(page, nil) {
					return
				}
			case head.done:
				l.ranges = l.ranges[1:]
			default:
				if err := l.take(<-l.results); err != nil {
					yield(nil, err)
					return
				}
			}
			if err := l.takeReady(); err != nil {
				yield(nil, err)
				return
			}
		}
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

// next is the range to make a request for: the first that waits for one, or one
// that is cut off. Only the head may go on when memory is full.
func (l *parallelListing) next() *keyRange {
	if head := l.ranges[0]; !head.busy && !head.done && len(head.pages) == 0 {
		return head
	}
	if l.kept+l.running >= pagesAhead*l.atOnce {
		return nil
	}
	for _, r := range l.ranges {
		if !r.busy && !r.done {
			return r
		}
	}
	return l.cut()
}

// cut cuts the first range that is long enough, and returns its second part.
func (l *parallelListing) cut() *keyRange {
	if l.sequential || !l.mayGuess() {
		return nil
	}
	for i, r := range l.ranges {
		if r.done || r.sample.count == 0 {
			continue
		}
		expected := rangePages * float64(l.pageSize)
		at := l.guess(r, expected)
		if at == "" {
			continue
		}
		second := &keyRange{after: at, last: at, until: r.until, sample: r.sample}
		r.until, r.keys, r.expected = at, 0, expected
		l.ranges = append(l.ranges[:i+1], append([]*keyRange{second}, l.ranges[i+1:]...)...)
		return second
	}
	return nil
}

// mayGuess holds the useless requests to their share.
func (l *parallelListing) mayGuess() bool {
	unknown := 0.0
	for _, r := range l.ranges {
		if r.busy && r.requests == 1 && !r.first {
			unknown++
		}
	}
	// Behind the last key all guesses are wrong, so that only some are made at once.
	return unknown < float64(l.atOnce)/4+2 && l.useless+unknown < spareRequests+spareShare*l.useful
}

// guess is a key within a range so many keys on, or "" if the range is, or may
// be, hardly longer than that.
func (l *parallelListing) guess(r *keyRange, keys float64) string {
	scale, ok := newKeyScale(r.sample, &l.letters, l.fixed)
	if !ok {
		return ""
	}
	at := scale.ahead(r.last, keys*l.stretch)
	if at <= r.last || (r.until != "" && at >= r.until) || len(at) > maxKeyLength {
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
	if page.truncated {
		if err := r.guard.check(page.next, firstKey(page.infos)); err != nil {
			return err
		}
	}
	infos := page.infos
	if page.truncated && l.useful+l.useless == 0 {
		l.pageSize = max(1, len(infos)) // some servers have smaller pages
	}
	if r.repeated {
		infos, r.repeated = behind(infos, r.last), false
	}
	if !l.sequential && !isAscending(infos, r.last) {
		if err := l.keepServerOrder(); err != nil || r.dropped {
			return err
		}
	}
	r.done, r.token = !page.truncated, page.next
	if r.until != "" && len(infos) > 0 && infos[len(infos)-1].Key >= r.until {
		infos, r.done = upTo(infos, r.until), true
	}
	l.account(r, infos)
	return nil
}

// account puts a page into its range, and learns from it for the next guesses.
func (l *parallelListing) account(r *keyRange, infos []ObjectInfo) {
	share := min(1, float64(len(infos))/float64(l.pageSize))
	l.useful += share
	l.useless += 1 - share
	if len(infos) > 0 {
		r.pages = append(r.pages, infos)
		l.kept++
		r.keys += len(infos)
		r.last = infos[len(infos)-1].Key
		r.sample = keySample{infos[0].Key, r.last, len(infos)}
		l.letters.learn(infos)
	}
	if r.done && r.expected > 0 {
		// Slowly, and not far: a stretch that is much too long leads out of the layout.
		wrong := min(max(r.expected/float64(max(r.keys, 1)), 1.0/4), 4)
		l.stretch = min(max(l.stretch*math.Pow(wrong, 0.25), 1.0/16), 3)
	}
}

// keepServerOrder goes on with one request at a time, in whatever order the
// server lists, as that is not the order of the keys, or does not begin where it
// was told to. After keys that depend on that order it is ErrListing.
func (l *parallelListing) keepServerOrder() error {
	head := l.ranges[0]
	if !head.first {
		return fmt.Errorf("%w in the order of its keys, which a parallel listing needs", ErrListing)
	}
	for _, r := range l.ranges[1:] {
		r.dropped = true
		l.kept -= len(r.pages)
	}
	l.ranges, l.sequential = l.ranges[:1], true
	if head.done { // and its last page was cut off
		head.done, head.repeated, head.token, head.guard = false, true, head.before, pageGuard{}
	}
	head.until = ""
	return nil
}

func isAscending(infos []ObjectInfo, last string) bool {
	for i := range infos {
		if infos[i].Key <= last && (i > 0 || last != "") {
			return false
		}
		last = infos[i].Key
	}
	return true
}

func upTo(infos []ObjectInfo, until string) []ObjectInfo {
	n := sort.Search(len(infos), func(i int) bool { return infos[i].Key > until })
	return infos[:n:n]
}

func behind(infos []ObjectInfo, last string) []ObjectInfo {
	return infos[sort.Search(len(infos), func(i int) bool { return infos[i].Key > last }):]
}
