// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/partfile"
)

// Runtime metadata is copied to a local cache, which Python shares
// (InternalStorage.put_runtime_meta). Python believes the copy whatever bucket it came
// from, and for ever. Here a note next to the copy says which bucket and key, because two
// keys may be one file ("a//b", or "A" on a file system that ignores case), and when that was
// last asked; Python does not see the note, and a copy without one is not believed.

const (
	// originSuffix ends the name of the note.
	originSuffix = ".origin"
	// maxOrigin bounds the note, in bytes.
	maxOrigin = 4 << 10
	// cacheFor is how long a copy answers before the bucket is asked again.
	cacheFor = 5 * time.Minute
)

// An origin is what the note says.
type origin struct {
	Bucket  string    `json:"bucket"`
	Key     string    `json:"key"`            // of the object
	SHA256  string    `json:"sha256"`         // of the copy that was made
	ETag    string    `json:"etag,omitempty"` // of the object, if it was told
	Checked time.Time `json:"checked"`        // when the object was last known to be this
}

// A cachedMeta is a copy in the cache.
type cachedMeta struct {
	data   []byte
	origin origin
}

// A cacheEntry is the place of one runtime's copy. Its path is empty if there is
// no cache, or where the runtime's name leads out of it.
type cacheEntry struct {
	path, bucket, key string
	state             *cacheState
	now               func() time.Time
}

// A cacheState tells apart what this process does with one copy at the same time.
// A reader or writer whose work overlaps a writer's may not store what it has,
// because it is unknown which of the two the bucket had last.
type cacheState struct {
	mu      sync.Mutex
	writers int       // that are at work
	changes uint64    // writers that have begun so far
	changed time.Time // when the last of them had changed the object
}

// cacheStates has the states of this process: path → *cacheState.
var cacheStates sync.Map

func (c *Client) cacheOf(runtime string) *cacheEntry {
	entry := &cacheEntry{bucket: c.bucket, key: RuntimeKey(runtime), state: &cacheState{}, now: time.Now}
	local := filepath.FromSlash(strings.TrimPrefix(entry.key, RuntimesPrefix+"/"))
	if c.cacheDir == "" || !filepath.IsLocal(local) {
		return entry
	}
	entry.path = filepath.Join(c.cacheDir, RuntimesPrefix, local)
	state, _ := cacheStates.LoadOrStore(entry.path, entry.state)
	entry.state = state.(*cacheState)
	return entry
}

// load returns the copy, empty if there is none of this bucket. isFresh reports
// whether it answers without the bucket. One that is older than this process's last change
// does not: it could not be removed, or another process has stored what it had read before.
func (e *cacheEntry) load() (found cachedMeta, isFresh bool) {
	if e.path == "" {
		return cachedMeta{}, false
	}
	e.state.mu.Lock()
	defer e.state.mu.Unlock()
	note, _ := openfiles.Read(e.path+originSuffix, maxOrigin) // none is no JSON, either
	data, err := openfiles.Read(e.path, maxStatus)
	if err != nil || json.Unmarshal(note, &found.origin) != nil {
		return cachedMeta{}, false
	}
	if found.origin.Bucket != e.bucket || found.origin.Key != e.key || found.origin.SHA256 != hashOf(data) {
		return cachedMeta{}, false
	}
	found.data = data
	age := e.now().Sub(found.origin.Checked)
	return found, age >= 0 && age < cacheFor && !found.origin.Checked.Before(e.state.changed)
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// A cacheUse is a read or a change of the object that has begun.
type cacheUse struct {
	entry   *cacheEntry
	changes uint64
	isAlone bool // no writer was at work when it began
	// checked is when the object is known to have been this: when the read began, because it
	// may have been changed since, or when the change had ended; zero until then.
	checked time.Time
}

// beginRead is called before the object is read.
func (e *cacheEntry) beginRead() *cacheUse {
	e.state.mu.Lock()
	defer e.state.mu.Unlock()
	return &cacheUse{entry: e, changes: e.state.changes, isAlone: e.state.writers == 0, checked: e.now().UTC()}
}

// beginChange is called before the object is changed. It removes the copy, so that
// Python does not believe it either. The caller calls end.
func (e *cacheEntry) beginChange() *cacheUse {
	e.state.mu.Lock()
	defer e.state.mu.Unlock()
	e.drop()
	use := &cacheUse{entry: e, changes: e.state.changes + 1, isAlone: e.state.writers == 0}
	e.state.changes++
	e.state.writers++
	return use
}

// end ends a change. It removes no copy, because a change that overlapped another has
// stored none.
func (u *cacheUse) end() {
	u.entry.state.mu.Lock()
	defer u.entry.state.mu.Unlock()
	u.entry.state.writers--
	u.settle()
}

// settle notes, once, that a change had changed the object by now. The caller holds mu.
func (u *cacheUse) settle() {
	if u.checked.IsZero() {
		u.checked = u.entry.now().UTC()
		u.entry.state.changed = u.checked
	}
}

// store makes the copy and its note, unless another change overlapped. A cache that
// can't be written is none.
func (u *cacheUse) store(data []byte, etag string) {
	e := u.entry
	if e.path == "" {
		return
	}
	e.state.mu.Lock()
	defer e.state.mu.Unlock()
	if !u.isAlone || u.changes != e.state.changes {
		return
	}
	u.settle()
	note, err := json.Marshal(origin{Bucket: e.bucket, Key: e.key, SHA256: hashOf(data), ETag: etag, Checked: u.checked})
	if err != nil || os.MkdirAll(filepath.Dir(e.path), 0o700) != nil {
		return
	}
	if partfile.Replace(e.path, data, 0o600) == nil {
		_ = partfile.Replace(e.path+originSuffix, note, 0o600)
	}
}

// forget removes the copy if it is of this bucket, which has no such object.
func (u *cacheUse) forget() {
	if found, _ := u.entry.load(); found.data == nil {
		return
	}
	u.entry.state.mu.Lock()
	defer u.entry.state.mu.Unlock()
	u.entry.drop()
}

// drop removes the copy.
func (e *cacheEntry) drop() {
	if e.path != "" {
		_ = errors.Join(os.Remove(e.path+originSuffix), os.Remove(e.path))
	}
}
