package lithopss3

import (
	"context"
	"iter"
	"sync"
)

// A listing is one that is listed page by page.
type listing struct {
	fetch pageFetch
	after string
	group sync.WaitGroup
}

// A pendingPage is asked for.
type pendingPage struct {
	token string      // that asked for it
	early chan string // the token that continues, where that came before the keys
	done  chan pageResult
}

// sequential yields the pages after a key. From the second page on, the next one is
// under way while a page is consumed, and while that comes, too, where its token
// stands in front of its keys, as AWS's does. Of the first page nothing follows: it
// is the only one that many want.
func sequential(ctx context.Context, fetch pageFetch, after string) iter.Seq2[[]ObjectInfo, error] {
	return func(yield func([]ObjectInfo, error) bool) {
		l := &listing{fetch: fetch, after: after}
		defer l.group.Wait()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var guard pageGuard
		page, err := fetch(ctx, after, "", nil)
		following := (*pendingPage)(nil)
		for first := true; ; first = false {
			if err == nil && page.truncated {
				err = guard.check(page.next, firstKey(page.infos))
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !first && page.truncated {
				following = l.follow(ctx, following, page.next)
			}
			if !yield(page.infos, nil) || !page.truncated {
				return
			}
			page, following, err = l.wait(ctx, l.follow(ctx, following, page.next))
		}
	}
}

// follow is the page that token continues with, be it under way or not.
func (l *listing) follow(ctx context.Context, following *pendingPage, token string) *pendingPage {
	if following != nil && following.token == token {
		return following
	}
	return l.ask(ctx, token)
}

// ask asks for the page that token continues with.
func (l *listing) ask(ctx context.Context, token string) *pendingPage {
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

// wait waits for a page, and asks for the following one as soon as it can.
func (l *listing) wait(ctx context.Context, p *pendingPage) (page *listPage, following *pendingPage, err error) {
	select {
	case token := <-p.early:
		following = l.ask(ctx, token)
		result := <-p.done
		return result.page, following, result.err
	case result := <-p.done:
		return result.page, nil, result.err
	}
}
