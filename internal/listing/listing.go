// SPDX-License-Identifier: Apache-2.0

// Package listing puts the pages of a bucket's listing in order, whoever sends
// them: one after the other with one page ahead, or many parts of it at once. It
// finds listings that go round, go back or end too early, and must not know HTTP,
// the SDK or public types: a page comes from a [Fetch]. Start reading at [Pages].
package listing

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/internal/s3xml"
)

// ErrUnsound means that a server lists as no sound server does.
var ErrUnsound = errors.New("the server's listing does not advance")

// An Entry is an object or a common prefix.
type Entry = s3xml.Entry

// A Page is what one request listed.
type Page struct {
	Entries   []Entry // in the server's order
	Truncated bool    // more entries follow
	Next      string  // the token that continues
	// TokensOnly means that the server that sent the page is known to have
	// MinIO's rule, see [TokensOnly].
	TokensOnly bool
	// Decoding is how long the client took to decode the page, 0 if that is not known.
	Decoding time.Duration
}

// A Fetch gets one page of a listing: the one that token continues with, or
// without a token what follows the key after. Once an attempt, it may tell early
// the token that continues after the page; early may be nil.
type Fetch func(ctx context.Context, after, token string, early func(token string)) (*Page, error)

// Trust says how far a server's answers to start-after can be relied on.
type Trust int

const (
	// Unknown takes the keys of such an answer, but not its word that no more follow.
	Unknown Trust = iota
	// Sound is AWS.
	Sound
	// TokensOnly is MinIO. Where start-after lies inside a folder a/ and the bucket
	// has keys such as a-1 next to it, MinIO counts those against max-keys, leaves
	// them out, and says that the page is the last one. Its tokens are right.
	TokensOnly
)

// Options say what to list.
type Options struct {
	Prefix   string // that all keys have
	After    string // lists only what follows this key
	PageSize int    // the most entries of a page
	Parallel int    // requests at once; up to 1 is one page after the other
	Trust    Trust
	// Level asks for the names in a folder. May be nil: then a parallel listing only guesses.
	Level LevelFetch
	// Unordered is for servers that are known to list in no order.
	Unordered bool
}

// Pages yields the pages of a listing in the order of the keys' bytes, or in the
// server's own order, and ends with the first error. What it can't prove to be
// complete and in order is ErrUnsound. It holds two pages, or with Parallel at most
// pagesAhead times as many. Whatever ends the sequence ends all requests.
func Pages(ctx context.Context, fetch Fetch, opts Options) iter.Seq2[[]Entry, error] {
	s := &start{fetch: fetch, prefix: opts.Prefix, after: opts.After, trust: opts.Trust}
	if opts.Parallel <= 1 || opts.Unordered || opts.Trust == TokensOnly {
		return sequential(ctx, s.page, opts.After, opts.Unordered)
	}
	return parallel(ctx, s.page, opts)
}

// A start begins a listing after a key, also on a server that must not be asked
// for what follows that key.
type start struct {
	fetch         Fetch
	prefix, after string
	trust         Trust
}

// page fetches a page without the keys that are not after the start.
func (s *start) page(ctx context.Context, after, token string, early func(token string)) (*Page, error) {
	if s.after == "" {
		return s.fetch(ctx, after, token, early)
	}
	page, err := s.startPage(ctx, after, token, early)
	if err != nil {
		return nil, err
	}
	page.Entries = following(page.Entries, s.after)
	return page, nil
}

func (s *start) startPage(ctx context.Context, after, token string, early func(token string)) (*Page, error) {
	folders := foldersOf(s.prefix, s.after)
	if token != "" || after != s.after || len(folders) == 0 || s.trust == Sound {
		return s.fetch(ctx, after, token, early)
	}
	if s.trust == TokensOnly {
		return s.fromFolder(ctx, folders[0])
	}
	page, err := s.fetch(ctx, after, "", early)
	if err != nil || (page.Truncated && !page.TokensOnly) {
		return page, err
	}
	// The end that the server claims may be MinIO's.
	for _, folder := range folders {
		hasSiblings, err := s.hasSiblings(ctx, folder)
		if err != nil {
			return nil, err
		}
		if hasSiblings {
			return s.fromFolder(ctx, folder)
		}
	}
	return page, nil
}

// hasSiblings reports whether there are keys such as a-1 next to the folder a/.
func (s *start) hasSiblings(ctx context.Context, folder string) (bool, error) {
	page, err := s.fetch(ctx, folder, "", nil)
	if err != nil {
		return false, err
	}
	return len(page.Entries) > 0 && page.Entries[0].Key > folder && page.Entries[0].Key < folder+"/", nil
}

// fromFolder lists from a folder's name on, as that is no place inside a folder,
// up to the first page with keys after the start.
func (s *start) fromFolder(ctx context.Context, folder string) (*Page, error) {
	var guard CircleGuard
	token := ""
	for {
		page, err := s.fetch(ctx, folder, token, nil)
		if err != nil {
			return nil, err
		}
		first := firstKey(page.Entries)
		page.Entries = following(page.Entries, s.after)
		if len(page.Entries) > 0 || !page.Truncated {
			return page, nil
		}
		if err := guard.Check(page.Next, first); err != nil {
			return nil, err
		}
		token = page.Next
	}
}

// foldersOf returns the folders that a key lies in, without their slashes: those
// below the one that the prefix names. Of d/a/b/c and the prefix d/ they are d/a
// and d/a/b.
func foldersOf(prefix, key string) []string {
	var folders []string
	if !strings.HasPrefix(key, prefix) {
		return nil
	}
	base := strings.LastIndexByte(prefix, '/') + 1
	for i := base; i < len(key); i++ {
		if key[i] == '/' && i > base {
			folders = append(folders, key[:i])
		}
	}
	return folders
}

// following leaves out the entries up to a key of a page in the keys' order,
// which begins too early if the server does not know start-after. A common
// prefix that the key has may stand for keys after it.
func following(entries []Entry, after string) []Entry {
	if len(entries) == 0 || entries[0].Key > after || !isAscending(entries) {
		return entries
	}
	n := 0
	for n < len(entries) && entries[n].Key <= after && (!entries[n].IsPrefix || !strings.HasPrefix(after, entries[n].Key)) {
		n++
	}
	return entries[n:]
}

// firstKey returns the first object's key of a page, or "".
func firstKey(page []Entry) string {
	for _, entry := range page {
		if !entry.IsPrefix {
			return entry.Key
		}
	}
	return ""
}

func unsound(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnsound}, args...)...)
}
