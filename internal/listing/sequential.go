// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"iter"
	"sync"
)

// A lister lists page by page.
type lister struct {
	fetch Fetch
	after string
	group sync.WaitGroup
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
}

// sequential yields the pages after a key. From the second page on, the next one
// is requested while a page is consumed, and even while that page still comes, if
// its token stands before its keys, as AWS's does. After the first page it waits,
// because many callers want only that one.
func sequential(ctx context.Context, fetch Fetch, after string, unordered bool) iter.Seq2[[]Entry, error] {
	return func(yield func([]Entry, error) bool) {
		l := &lister{fetch: fetch, after: after}
		defer l.group.Wait()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		guard := newPageGuard(unordered)
		page, err := fetch(ctx, after, "", nil)
		next := (*pendingPage)(nil)
		for first := true; ; first = false {
			if err == nil {
				err = guard.check(page)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !first && page.Truncated {
				next = l.follow(ctx, next, page.Next)
			}
			if !yield(page.Entries, nil) || !page.Truncated {
				return
			}
			page, next, err = l.wait(ctx, l.follow(ctx, next, page.Next))
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

// follow returns the page that token continues with, requested already or not.
func (l *lister) follow(ctx context.Context, next *pendingPage, token string) *pendingPage {
	if next != nil && next.token == token {
		return next
	}
	return l.ask(ctx, token)
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
	})
	return p
}

// wait waits for a page, and requests the next one as soon as it can.
func (l *lister) wait(ctx context.Context, p *pendingPage) (page *Page, next *pendingPage, err error) {
	select {
	case token := <-p.early:
		next = l.ask(ctx, token)
		result := <-p.done
		return result.page, next, result.err
	case result := <-p.done:
		return result.page, nil, result.err
	}
}
