// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/listing"
)

// ErrEmptyPrefix means that DeletePrefix would delete the whole bucket and was not
// told to.
var ErrEmptyPrefix = errors.New("an empty prefix selects the whole bucket: set DeletePrefixOptions.All to delete it")

// DeletePrefixOptions are the options of DeletePrefix; nil is the zero value.
type DeletePrefixOptions struct {
	// All lets an empty prefix stand for the whole bucket.
	All bool
	// Keep reports whether an object stays. It is called before Each, never twice at a
	// time, and may be called twice for an object. May be nil.
	Keep func(ObjectInfo) bool
	// DryRun only counts, and calls Each.
	DryRun bool
	// Each is called for every object before it is deleted, in the order of the
	// keys, never twice at a time. May be nil.
	Each func(ObjectInfo)
}

// DeletePrefix deletes every object whose key begins with prefix, while it still
// lists: up to 32 requests list and 16 delete, 1,000 keys with each. Each key is
// listed and tried once. The number of deleted objects is right with an error too.
//
// At the end it asks for the first page of the prefix. Objects that are still there,
// and were stored before the call, are listed one page after the other and deleted,
// after all others. One that the server then still lists is in the error.
//
// The error is a *DeleteError with the reason for each key that could not be
// removed; the other keys are deleted. It ends early when the listing fails, when
// ctx is done, and when 16 requests in a row remove nothing. An empty prefix is
// ErrEmptyPrefix unless it is asked for. Objects that are stored at the same time may stay.
func (s *Store) DeletePrefix(ctx context.Context, bucket, prefix string, opts *DeletePrefixOptions) (deleted int64, err error) {
	const op = "DeletePrefix"
	if opts == nil {
		opts = &DeletePrefixOptions{}
	}
	if prefix == "" && !opts.All {
		return 0, wrapError(op, bucket, "", ErrEmptyPrefix)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	p := &prefixDeleter{deleter: s.newDeleter(bucket), prefix: prefix, opts: opts, began: time.Now()}
	finished := false
	defer func() {
		if !finished { // Each panicked
			cancel(errStopped)
			p.group.Wait()
		}
		cancel(nil)
	}()
	listErr := p.run(ctx)
	finished = true
	if err := ended.Why(ctx); err != nil {
		return p.deleted, wrapError(op, bucket, "", err) // which each of the keys would say
	}
	return p.deleted, errors.Join(listErr, p.err())
}

var (
	// errNothingMoves is why a deletion ends early.
	errNothingMoves = fmt.Errorf("stopped, because %d requests in a row deleted nothing", deletesAtOnce)
	errStopped      = errors.New("stopped")
	errStillThere   = errors.New("the server said that it was deleted, but still lists it")
)

// A prefixDeleter deletes what is below a prefix.
type prefixDeleter struct {
	*deleter
	prefix string
	opts   *DeletePrefixOptions
	began  time.Time // by this machine's clock
}

// run deletes what is listed, and once more what is still there.
func (p *prefixDeleter) run(ctx context.Context) error {
	all := p.store.listPages(ctx, p.bucket, &ListOptions{Prefix: p.prefix, Parallel: listedAtOnce})
	if err := p.deletePages(ctx, all, p.isWanted); err != nil || p.opts.DryRun {
		return err
	}
	before, err := p.left(ctx)
	if err != nil || len(before) == 0 {
		return err
	}
	one := p.store.listPages(ctx, p.bucket, &ListOptions{Prefix: p.prefix})
	if err := p.deletePages(ctx, one, p.isLeft()); err != nil {
		return err
	}
	after, err := p.left(ctx)
	if err != nil {
		return err
	}
	for version := range after {
		if before[version] {
			p.fail(version.key)
		}
	}
	return nil
}

// deletePages deletes what is listed and wanted, and waits for that.
func (p *prefixDeleter) deletePages(ctx context.Context, pages iter.Seq2[[]listing.Entry, error], wanted func(*listing.Entry) bool) error {
	batch := make([]string, 0, maxPageSize)
	for page, err := range pages {
		if err != nil {
			p.group.Wait()
			return wrapError("ListObjects", p.bucket, "", err)
		}
		for i := range page {
			entry := &page[i]
			if !wanted(entry) {
				continue
			}
			if p.opts.Each != nil {
				p.opts.Each(infoOf(entry))
			}
			if p.opts.DryRun {
				p.deleted++
				continue
			}
			if batch = append(batch, entry.Key); len(batch) < maxPageSize {
				continue
			}
			if p.isStuck() {
				p.group.Wait()
				return errNothingMoves
			}
			p.delete(ctx, batch)
			batch = batch[:0]
		}
	}
	p.delete(ctx, batch)
	p.group.Wait()
	return nil
}

// An objectVersion identifies one of the objects that a key has had.
type objectVersion struct {
	key, etag string
	modified  time.Time
}

// left returns what the first page of the prefix has and should not have.
func (p *prefixDeleter) left(ctx context.Context) (map[objectVersion]bool, error) {
	if ctx.Err() != nil {
		return nil, ended.Why(ctx)
	}
	left, isLeft := map[objectVersion]bool{}, p.isLeft()
	for page, err := range p.store.listPages(ctx, p.bucket, &ListOptions{Prefix: p.prefix}) {
		if err != nil {
			return nil, wrapError("ListObjects", p.bucket, "", err)
		}
		for i := range page {
			if entry := &page[i]; isLeft(entry) {
				left[objectVersion{entry.Key, entry.ETag, entry.LastModified}] = true
			}
		}
		break
	}
	return left, nil
}

// isLeft returns a function that reports whether an object should have been deleted:
// its key did not fail, and by the server's clock it was stored before the deletion
// began.
func (p *prefixDeleter) isLeft() func(*listing.Entry) bool {
	began := p.began.Add(p.store.peer.Clock.Correction())
	p.mu.Lock()
	defer p.mu.Unlock()
	failed := make(map[string]bool, len(p.failed))
	for _, e := range p.failed {
		failed[e.Key] = true
	}
	return func(entry *listing.Entry) bool {
		return !failed[entry.Key] && !entry.LastModified.After(began) && p.isWanted(entry)
	}
}

// isWanted reports whether an object shall be deleted.
func (p *prefixDeleter) isWanted(entry *listing.Entry) bool {
	return p.opts.Keep == nil || !p.opts.Keep(infoOf(entry))
}

// fail adds a key to the failed ones. The key was counted as deleted twice, so that two
// are subtracted.
func (p *prefixDeleter) fail(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deleted = max(0, p.deleted-2)
	p.failed = append(p.failed, &Error{Op: "DeletePrefix", Bucket: p.bucket, Key: key, Err: errStillThere})
}

func (d *deleter) isStuck() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.futile >= deletesAtOnce
}
