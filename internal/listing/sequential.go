// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"iter"
	"time"

	"github.com/lithops-go/lithopss3/internal/panics"
)

// A lister lists page by page.
type lister struct {
	fetch Fetch
	after string
	ahead int            // the most pages that are requested while one is waited for
	next  []*pendingPage // requested, in order
	group panics.Group
}

// A pendingPage has been asked for.
type pendingPage struct {
	token string      // that asked for it
	early chan string // the token that continues, if that came before the keys
	done  chan pageResult
}

type pageResult struct {
	from  *shard // in a parallel listing
	level *level // or this one, in a parallel listing
	page  *Page
	err   error
	took  time.Duration // to answer a parallel listing
}

// sequential yields the pages after a key. From the second page on, the next one
// is requested while a page is consumed, and even while that page still comes, if
// its token stands before its keys, as AWS's does. After the first page it waits,
// because many callers want only that one.
func sequential(ctx context.Context, fetch Fetch, after string, unordered bool) iter.Seq2[[]Entry, error] {
	return func(yield func([]Entry, error) bool) {
		l := &lister{fetch: fetch, after: after, ahead: 1}
		defer l.group.Wait()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		guard := newPageGuard(unordered)
		page, err := fetch(ctx, after, "", nil)
		if err == nil {
			err = guard.check(page)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if yield(page.Entries, nil) && page.Truncated {
			l.rest(ctx, &guard, page.Next, yield)
		}
	}
}

// rest yields the pages from the one that token continues with on.
func (l *lister) rest(ctx context.Context, guard *pageGuard, token string, yield func([]Entry, error) bool) {
	for isTruncated := true; isTruncated; {
		l.follow(ctx, token)
		page, err := l.wait(ctx)
		if err == nil {
			err = guard.check(page)
		}
		if err != nil && l.group.IsEmpty() { // a panic reaches the caller by itself
			yield(nil, err)
		}
		if err != nil {
			return
		}
		token, isTruncated = page.Next, page.Truncated
		if isTruncated {
			l.follow(ctx, token)
		}
		if !yield(page.Entries, nil) {
			return
		}
	}
}

// A pageGuard checks each page of a listing that is listed by its tokens.
type pageGuard struct {
	circle CircleGuard
	order  orderGuard
}

func newPageGuard(unordered bool) pageGuard {
	g := pageGuard{}
	if unordered {
		g.order.order = byNothing
	}
	return g
}

func (g *pageGuard) check(page *Page) error {
	if err := g.order.check(page.Entries); err != nil {
		return err
	}
	if !page.Truncated {
		return nil
	}
	return g.circle.Check(page.Next, firstKey(page.Entries))
}

// follow requests the page that token continues with, unless it is the next one already.
func (l *lister) follow(ctx context.Context, token string) {
	if len(l.next) == 0 || l.next[0].token != token {
		l.next = []*pendingPage{l.ask(ctx, token)}
	}
}

// ask requests the page that token continues with.
func (l *lister) ask(ctx context.Context, token string) *pendingPage {
	p := &pendingPage{token: token, early: make(chan string, 1), done: make(chan pageResult, 1)}
	early := func(token string) {
		select {
		case p.early <- token:
		default: // an attempt before this one told
		}
	}
	l.group.Go(func() {
		page, err := l.fetch(ctx, l.after, token, early)
		p.done <- pageResult{page: page, err: err}
	}, func() { p.done <- pageResult{err: panics.ErrPanicked} })
	return p
}

// wait waits for the next page, and requests those after it as soon as it can.
func (l *lister) wait(ctx context.Context) (*Page, error) {
	for {
		var early chan string // none if there are enough
		if last := l.next[len(l.next)-1]; len(l.next) <= l.ahead {
			early = last.early
		}
		select {
		case token := <-early:
			l.next = append(l.next, l.ask(ctx, token))
		case result := <-l.next[0].done:
			l.next = l.next[1:]
			return result.page, result.err
		}
	}
}
