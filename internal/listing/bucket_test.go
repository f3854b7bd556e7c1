// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"errors"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// A fakeBucket lists keys as S3 does, in memory. It is safe for concurrent use.
type fakeBucket struct {
	mu       sync.Mutex
	keys     []string // in order
	pageSize int
	latency  time.Duration
	broken   func(after, token string, page *Page) // changes an answer
	tells    func(page *Page) string               // what is told early, unless nil
	unsorted bool                                  // keys are in the server's order
	requests int
	running  int
	most     int // requests at once
}

var errFake = errors.New("the server is out")

func (f *fakeBucket) fetch(ctx context.Context, after, token string, early func(string)) (*Page, error) {
	f.enter(1)
	defer f.enter(-1)
	if f.latency > 0 {
		select {
		case <-time.After(f.latency):
		case <-ctx.Done():
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	page := f.page(after, token)
	if f.broken != nil {
		f.broken(after, token, page)
	}
	if f.tells != nil && early != nil && page.Truncated {
		early(f.tells(page))
	}
	return page, nil
}

// level lists the names in a folder.
func (f *fakeBucket) level(ctx context.Context, folder, after string) (*Page, error) {
	f.enter(1)
	defer f.enter(-1)
	if f.latency > 0 {
		select {
		case <-time.After(f.latency):
		case <-ctx.Done():
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	page := &Page{}
	at := sort.Search(len(f.keys), func(i int) bool { return f.keys[i] > after && f.keys[i] >= folder })
	for at < len(f.keys) && strings.HasPrefix(f.keys[at], folder) {
		key := f.keys[at]
		if len(page.Entries) == f.pageSize {
			page.Truncated, page.Next = true, "after "+page.Entries[len(page.Entries)-1].Key
			break
		}
		if child := childOf(folder, key); child != "" {
			page.Entries = append(page.Entries, Entry{Key: child, IsPrefix: true})
			at += sort.Search(len(f.keys)-at, func(i int) bool { return f.keys[at+i] >= child+"\xff" })
			continue
		}
		page.Entries = append(page.Entries, Entry{Key: key})
		at++
	}
	return page, ctx.Err()
}

func (f *fakeBucket) enter(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests += max(0, n)
	f.running += n
	f.most = max(f.most, f.running)
}

func (f *fakeBucket) page(after, token string) *Page {
	if last, ok := strings.CutPrefix(token, "after "); ok {
		after = last
	}
	start := sort.Search(len(f.keys), func(i int) bool { return f.keys[i] > after })
	if f.unsorted {
		start = slices.Index(f.keys, after) + 1
	}
	end := min(start+f.pageSize, len(f.keys))
	page := &Page{Entries: make([]Entry, 0, end-start), Truncated: end < len(f.keys)}
	for _, key := range f.keys[start:end] {
		page.Entries = append(page.Entries, Entry{Key: key})
	}
	if page.Truncated {
		page.Next = "after " + f.keys[end-1]
	}
	return page
}

func (f *fakeBucket) list(ctx context.Context, prefix, after string, atOnce int) ([]string, error) {
	var keys []string
	opts := Options{Prefix: prefix, After: after, PageSize: f.pageSize, Parallel: atOnce, Level: f.level}
	for page, err := range Pages(ctx, f.fetch, opts) {
		if err != nil {
			return keys, err
		}
		for _, info := range page {
			keys = append(keys, info.Key)
		}
	}
	return keys, nil
}
