// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"sort"
	"strings"

	"github.com/lithops-go/lithopss3/internal/panics"
)

const (
	delimiter = '/'
	// fewChildren is how many names of a folder a page may have for the folder to be
	// asked for all of its names, which are at most a thousand with each answer.
	fewChildren = 50
	// asksAtOnce is how many folders above a key are asked for their names at once.
	asksAtOnce = 3
	// longShard is after how many requests a shard is taken for a long one.
	longShard = 3
	// enoughEntries is after how many names the keys of each are known on average. With
	// fewer, cuts at names of folders that turn out small use up the useless requests.
	enoughEntries = 12
	// Each page counts recent times as much as the next one, with recentFolders at least,
	// because folders of one level are often larger at its beginning, or at its end.
	recent        = 0.9
	recentFolders = 24
	// exploreAfter is after how many pages small folders are cut too if requests are left.
	exploreAfter = 4
	// Of the requests, askShare may be for names, and spareAsks more.
	askShare  = 0.03
	spareAsks = 4
	// fewFolders is how many folders an answer must have for the next one to be asked for.
	fewFolders = 20
)

// A LevelFetch gets the names in a folder: a page of a listing with the delimiter,
// from the first one that has keys after a key on.
type LevelFetch func(ctx context.Context, folder, after string) (*Page, error)

// A level knows names in a folder. Cuts at them are never in vain: each has a key.
// They are only hints, so that it does not matter if they are wrong.
type level struct {
	folder  string
	borders []string // objects and folders, in order
	folders []int    // how many of the borders up to each, and with it, are folders
	objects []int    // how many objects there are up to each, and in a row with it
	last    string   // the last name
	after   string   // the key from which they were asked for
	isWhole bool     // none follow
	isOnly  bool     // one answer had all of them from after on
	isAsked bool     // a request runs
	isFlat  bool     // it has hardly any folders

	keys, passed float64 // so many keys were in so many folders, of late
	longest      float64 // keys that came of a folder
}

// ask requests names of a folder that are wanted, and reports whether there was one.
func (l *parallelListing) ask(ctx context.Context, group *panics.Group) bool {
	if len(l.asks) == 0 || l.level == nil || l.sequential {
		return false
	}
	lev, fetch := l.asks[0], l.level
	l.asks = l.asks[1:]
	l.running++
	after := lev.after
	group.Go(func() {
		page, err := fetch(ctx, lev.folder, after)
		l.results <- pageResult{level: lev, page: page, err: err}
	}, func() { l.results <- pageResult{level: lev, err: panics.ErrPanicked} })
	return true
}

// learn takes in the names of a folder. A server that does not know the delimiter, or
// must not be asked for it, is not asked again.
func (l *parallelListing) learn(lev *level, page *Page, err error) {
	lev.isAsked = false
	l.useless++
	if err != nil || !isAscending(page.Entries) {
		l.level = nil // and the folders that wait are not asked for
		for _, other := range append(l.asks, lev) {
			other.isAsked, other.isWhole = false, true
		}
		l.asks = nil
		return
	}
	if page.TokensOnly {
		l.tokensOnly()
	}
	lev.isOnly = len(lev.borders) == 0 && !page.Truncated
	folders := 0
	for i := range page.Entries {
		key := page.Entries[i].Key
		if strings.HasPrefix(key, lev.folder) {
			folders += lev.add(key)
		}
	}
	lev.isFlat = folders < fewFolders
	lev.isWhole = !page.Truncated
	for _, s := range l.shards {
		if lev.longest == 0 && s.total > 0 && strings.HasPrefix(s.sample.first, lev.folder) && strings.HasPrefix(s.last, lev.folder) {
			lev.count(s, s.sample.first, 0, s.added)
		}
	}
}

// add adds a name, and returns how many folders that are. Of objects in a row, only the
// first is a border: the folder before ends there.
func (lev *level) add(key string) int {
	if key <= lev.last {
		return 0
	}
	n := len(lev.borders)
	isInRow := n > 0 && isObject(lev.last) && isObject(key)
	lev.last = key
	if isInRow {
		lev.objects[n-1]++
		return 0
	}
	folders, objects := lev.foldersTo(n), lev.objectsTo(n)
	lev.borders = append(lev.borders, key)
	if isObject(key) {
		lev.folders, lev.objects = append(lev.folders, folders), append(lev.objects, objects+1)
		return 0
	}
	lev.folders, lev.objects = append(lev.folders, folders+1), append(lev.objects, objects)
	return 1
}

// isObject reports whether a name in a folder is not a folder's.
func isObject(name string) bool { return name[len(name)-1] != delimiter }

// childOf returns the folder in a folder that a key is in, or "".
func childOf(folder, key string) string {
	if i := strings.IndexByte(key[min(len(folder), len(key)):], delimiter); i >= 0 {
		return key[:len(folder)+i+1]
	}
	return ""
}

// count learns from a page how many keys there are in folders of each level that is known.
func (l *parallelListing) count(s *shard, before string, path []folderCount, keys int) {
	for folder := l.prefix; ; {
		child := childOf(folder, s.last)
		if lev := l.levels[folder]; lev != nil {
			lev.count(s, before, cameIn(path, before, childOf(folder, before)), keys)
		}
		if child == "" {
			return
		}
		folder = child
	}
}

// count learns how many keys were in the folders that a page has left. Of the folder that
// its last key is in, more may follow.
func (lev *level) count(s *shard, before string, came float64, keys int) {
	child := childOf(lev.folder, s.last)
	now := cameIn(s.path, s.last, child)
	lev.longest = max(lev.longest, now)
	if childOf(lev.folder, before) == child {
		return
	}
	from, to := max(1, lev.from(before)), lev.from(s.last)
	if passed := lev.foldersTo(to) - lev.foldersTo(min(from, to)); passed > 0 {
		lev.forget()
		lev.passed += float64(passed)
		lev.keys += came + float64(keys) - now
	}
}

// forget has the folders that were counted so far count less than the next ones.
func (lev *level) forget() {
	if lev.passed > recentFolders {
		less := max(recent, recentFolders/lev.passed)
		lev.passed *= less
		lev.keys *= less
	}
}

// foldersTo returns how many of the first n borders are folders.
func (lev *level) foldersTo(n int) int {
	if n == 0 {
		return 0
	}
	return lev.folders[n-1]
}

// objectsTo returns how many objects there are before the n-th border.
func (lev *level) objectsTo(n int) int {
	if n == 0 {
		return 0
	}
	return lev.objects[n-1]
}

// expect returns how many keys to expect from one border to another.
func (lev *level) expect(from, to int, perFolder float64) float64 {
	folders, objects := lev.foldersTo(to)-lev.foldersTo(from), lev.objectsTo(to)-lev.objectsTo(from)
	return float64(objects) + float64(folders)*perFolder
}

// from returns the index of the first border after a key.
func (lev *level) from(key string) int {
	return sort.Search(len(lev.borders), func(i int) bool { return lev.borders[i] > key })
}

// to returns how many borders are before the end of a shard.
func (lev *level) to(until string) int {
	if until == "" {
		return len(lev.borders)
	}
	return sort.SearchStrings(lev.borders, until)
}

// perFolder returns how many keys to expect in a folder: as many as in those that were
// listed to their ends, or in the longest one that has begun.
func (lev *level) perFolder(pageSize int) float64 {
	if lev.passed == 0 {
		return max(float64(pageSize), lev.longest)
	}
	return max(1, lev.keys/lev.passed)
}

// restOf returns how many keys to expect in the rest of the folder that a shard's last key
// is in: if more came than in others, as many again.
func (lev *level) restOf(s *shard, pageSize int) float64 {
	child := childOf(lev.folder, s.last)
	if child == "" {
		return 0
	}
	came := cameIn(s.path, s.last, child)
	return max(lev.perFolder(pageSize)-came, came)
}

// A borderCut is where to cut a shard.
type borderCut struct {
	at       string
	keys     float64 // before it
	isUnsure bool    // that there are so many
	isName   bool    // at is a name of a folder
}

// border returns a name of a folder to cut a shard at, and how many keys to expect before
// that. Without one, it returns up to where to guess, and reports whether guesses must wait
// for names that were asked for.
func (l *parallelListing) border(s *shard, wanted float64) (c borderCut, limit string, waits bool) {
	var unknown []*level
	limit = s.until
	isSmall := false // what the last border is about
	deepest := folderOf(s.sample)
	for folder := l.prefix; ; {
		lev := l.levels[folder]
		switch {
		case lev == nil && isSmall:
		case lev == nil && (len(folder) < len(deepest) || folder == deepest && s.children <= fewChildren):
			unknown = append(unknown, &level{folder: folder, after: s.last})
		case lev != nil && lev.isAsked:
			waits = true
		case lev != nil:
			isSmall = lev.isSmall(s, l.pageSize, wanted)
			if c = l.cutLevel(s, lev, wanted); c.at != "" {
				return c, "", false
			}
			limit = lev.limit(s, limit)
			if lev.isExhausted(s) {
				lev.after = max(s.last, lev.last)
				if l.want([]*level{lev}) {
					return c, limit, true
				}
			}
		}
		child := childOf(folder, s.last)
		if child == "" {
			break
		}
		folder = child
	}
	if waits || len(unknown) == 0 || !s.answered || (s.until != "" && s.requests < longShard) {
		return c, limit, waits || isSmall
	}
	return c, limit, l.want(unknown) || isSmall
}

// isSmall reports whether the folder that a shard's last key is in is hardly longer than
// wanted, or hardly known.
func (lev *level) isSmall(s *shard, pageSize int, wanted float64) bool {
	if childOf(lev.folder, s.last) == "" || len(lev.borders) < 2 {
		return false
	}
	return (lev.passed == 0 && lev.longest <= float64(pageSize)) || (lev.passed > 0 && lev.restOf(s, pageSize) < 1.5*wanted)
}

// isExhausted reports whether more names are needed to cut a shard: those that follow the
// last one known.
func (lev *level) isExhausted(s *shard) bool {
	if n := len(lev.borders); lev.isWhole || lev.isFlat || n == 0 {
		return false
	}
	last := lev.borders[len(lev.borders)-1]
	return s.until == "" || (s.until > last && !strings.HasPrefix(s.until, childOf(lev.folder, max(last, s.last))))
}

// limit returns the end of the folder that a shard's last key is in, or until if that is
// before it.
func (lev *level) limit(s *shard, until string) string {
	child := childOf(lev.folder, s.last)
	if child == "" || (!lev.isWhole && lev.from(s.last) == len(lev.borders)) {
		return until
	}
	end := child[:len(child)-1] + string(delimiter+1)
	if until != "" && until < end {
		return until
	}
	return end
}

// cutLevel cuts a shard at a name of a folder.
func (l *parallelListing) cutLevel(s *shard, lev *level, wanted float64) borderCut {
	from, to := lev.from(s.last), lev.to(s.until)
	if l.tail != "" {
		to = min(to, lev.to(l.tail))
	}
	if from >= to {
		return borderCut{}
	}
	per, now := lev.perFolder(l.pageSize), lev.restOf(s, l.pageSize)
	n := sort.Search(to-from, func(n int) bool { return now+lev.expect(from, from+n, per) >= wanted })
	rest := now + lev.expect(from, to, per)
	if rest < 1.5*wanted && n > 0 {
		if l.running > l.atOnce/8 || l.useful < exploreAfter || rest < 4*float64(l.pageSize) {
			return borderCut{}
		}
		n = (to - from) / 2 // there is nothing better to do
	}
	n = min(n, to-from-1)
	if lev.isWhole && to == len(lev.borders) && lev.expect(from+n, to, per) < float64(l.pageSize)/2 {
		return borderCut{} // hardly anything follows
	}
	return borderCut{at: lev.borders[from+n], keys: now + lev.expect(from, from+n, per), isUnsure: lev.passed < enoughEntries || rest < 1.5*wanted, isName: true}
}

// want notes folders whose names are to be asked for.
func (l *parallelListing) want(unknown []*level) bool {
	if l.level == nil || l.asked >= spareAsks+askShare*l.useful {
		return false
	}
	for i, lev := range unknown {
		if i < asksAtOnce-1 || i == len(unknown)-1 {
			l.levels[lev.folder] = lev
			lev.isAsked = true
			l.asks = append(l.asks, lev)
			l.asked++
		}
	}
	return true
}

// folderOf returns the deepest folder that all keys of a sample are in.
func folderOf(sample keySample) string {
	n := commonLength(sample.first, sample.last)
	return sample.last[:strings.LastIndexByte(sample.last[:n], delimiter)+1]
}

// childrenOf counts the names that a page has of the deepest folder that all its keys are in.
func childrenOf(page []Entry) int {
	first, last := page[0].Key, page[len(page)-1].Key
	n := strings.LastIndexByte(last[:commonLength(first, last)], delimiter) + 1
	children, before := 0, ""
	for i := range page {
		if len(page[i].Key) < n { // an order of the server's own
			return len(page)
		}
		name := page[i].Key[n:]
		if j := strings.IndexByte(name, delimiter); j >= 0 {
			name = name[:j]
		}
		if i == 0 || name != before {
			children++
		}
		before = name
	}
	return children
}
