package lithopss3

import (
	"context"
	"errors"
	"fmt"
)

// ErrEmptyPrefix is a DeletePrefix that would delete the whole bucket and was not
// told to.
var ErrEmptyPrefix = errors.New("an empty prefix is the whole bucket, which must be asked for with All")

// DeletePrefixOptions are the options of DeletePrefix; nil is the zero value.
type DeletePrefixOptions struct {
	// All lets an empty prefix stand for the whole bucket.
	All bool
	// DryRun only counts, and calls Each.
	DryRun bool
	// Each hears of every object before it is deleted, in the order of the keys,
	// one at a time; nil is nobody.
	Each func(ObjectInfo)
}

// DeletePrefix deletes every object whose key begins with prefix, while it still
// lists: up to 16 requests list and 16 delete, 1,000 keys with each. Each key is
// listed and tried once. The number of deleted objects is right with an error too.
//
// The error is a *DeleteError with the reason for each key that could not be
// removed, next to those the others are deleted. It ends early when the listing
// fails, when ctx is done, and when 16 requests in a row remove nothing. An empty
// prefix is ErrEmptyPrefix unless it is asked for. Objects that are stored
// meanwhile may stay.
func (s *Store) DeletePrefix(ctx context.Context, bucket, prefix string, opts *DeletePrefixOptions) (deleted int64, err error) {
	const op = "DeletePrefix"
	if opts == nil {
		opts = &DeletePrefixOptions{}
	}
	if prefix == "" && !opts.All {
		return 0, wrapError(op, bucket, "", ErrEmptyPrefix)
	}
	deleter := s.newDeleter(bucket)
	listErr := deleter.deleteListed(ctx, prefix, opts)
	deleter.group.Wait()
	if err := context.Cause(ctx); err != nil {
		return deleter.deleted, wrapError(op, bucket, "", err) // which each of the keys would say
	}
	return deleter.deleted, errors.Join(listErr, deleter.err())
}

// errNothingMoves is why a deletion ends early.
var errNothingMoves = fmt.Errorf("stopped, as %d requests in a row deleted nothing", deletesAtOnce)

func (d *deleter) deleteListed(ctx context.Context, prefix string, opts *DeletePrefixOptions) error {
	batch := make([]string, 0, maxPageSize)
	for info, err := range d.store.ListObjects(ctx, d.bucket, &ListOptions{Prefix: prefix, Parallel: listedAtOnce}) {
		if err != nil {
			return err
		}
		if opts.Each != nil {
			opts.Each(info)
		}
		if opts.DryRun {
			d.deleted++
			continue
		}
		if batch = append(batch, info.Key); len(batch) < maxPageSize {
			continue
		}
		if d.isStuck() {
			return errNothingMoves
		}
		d.delete(ctx, batch)
		batch = batch[:0]
	}
	d.delete(ctx, batch)
	return nil
}

func (d *deleter) isStuck() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.futile >= deletesAtOnce
}
