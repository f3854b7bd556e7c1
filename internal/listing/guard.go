// SPDX-License-Identifier: Apache-2.0

package listing

// maxEmptyPages is how many pages in a row may have nothing but the promise of
// more. S3 has some where much was deleted.
const maxEmptyPages = 1000

// A CircleGuard detects a listing that would never end, because its tokens or its keys
// repeat, or because it promises more without an end. It remembers one page, and replaces
// it after twice as many pages each time (Brent's algorithm). So it finds a circle of any
// length in constant memory. Its zero value is at a listing's start.
type CircleGuard struct {
	pages, empty int
	token, key   string // of the remembered page
}

// Check looks at a page that more follow: the token that continues and the first
// key, "" if there is none. The error is ErrUnsound.
func (g *CircleGuard) Check(token, firstKey string) error {
	g.pages++
	g.empty++
	if firstKey != "" {
		g.empty = 0
	}
	switch {
	case token == "":
		return unsound("it promises more without a token")
	case token == g.token:
		return unsound("a token comes again")
	case firstKey != "" && firstKey == g.key:
		return unsound("%.100q comes again", firstKey)
	case g.empty > maxEmptyPages:
		return unsound("%d pages in a row are empty", g.empty)
	}
	if g.pages&(g.pages-1) == 0 {
		g.token, g.key = token, firstKey
	}
	return nil
}
