package lithopss3

import (
	"fmt"
	"strings"
)

// maxEmptyPages is how many pages in a row may have nothing but the promise of
// more. S3 has some where much was deleted.
const maxEmptyPages = 1000

// A pageGuard ends a listing that would never end: one that goes round in circles,
// by its tokens or by its keys, or promises more for ever. It remembers one page,
// each time twice as far from the last (Brent's algorithm), so that a circle of any
// length is found and memory does not grow. Its zero value is at a listing's start.
type pageGuard struct {
	pages, empty int
	token, key   string // of the remembered page
}

// check looks at a page that has more behind it: the token that continues and the
// first key, "" where there is none.
func (g *pageGuard) check(token, firstKey string) error {
	g.pages++
	g.empty++
	if firstKey != "" {
		g.empty = 0
	}
	circles := token == g.token || (firstKey != "" && firstKey == g.key)
	if token == "" || circles || g.empty > maxEmptyPages {
		return ErrListing
	}
	if g.pages&(g.pages-1) == 0 {
		g.token, g.key = token, firstKey
	}
	return nil
}

// checkPrefix is an ErrListing for a key that was not asked for. What is deleted by
// prefix must not depend on the server's hearing it.
func checkPrefix(key, prefix string) error {
	if strings.HasPrefix(key, prefix) {
		return nil
	}
	return fmt.Errorf("%w below the prefix %q: it has %s", ErrListing, prefix, printableKey(key))
}
