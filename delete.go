// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// deletesAtOnce is how many requests of a DeleteObjects are in flight.
const deletesAtOnce = 16

// DeleteObject deletes one key. A missing key is no error, as with S3.
func (s *Store) DeleteObject(ctx context.Context, bucket, key string) error {
	const op = "DeleteObject"
	if err := checkNames(op, bucket, key); err != nil {
		return err
	}
	_, err := call(ctx, s, bucket, &s3.DeleteObjectInput{
		Bucket: &bucket, Key: &key,
	}, s.client.DeleteObject)
	return wrapError(op, bucket, key, err)
}

// DeleteObjects deletes any number of keys, up to 1,000 with each request and 16
// requests at once. A missing key is no error. The error is a *DeleteError with the
// reason for each key that could not be deleted; Python drops these.
func (s *Store) DeleteObjects(ctx context.Context, bucket string, keys []string) error {
	const op = "DeleteObjects"
	if err := checkBucket(op, bucket); err != nil {
		return err
	}
	deleter := s.newDeleter(bucket)
	deleter.delete(ctx, keys)
	deleter.group.Wait()
	return deleter.err()
}

// A deleter has up to 16 requests in flight. Its creator must wait for its group.
type deleter struct {
	store  *Store
	bucket string
	group  sync.WaitGroup
	slots  chan struct{}

	mu      sync.Mutex
	deleted int64
	failed  []*Error
	futile  int // requests in a row that removed nothing
}

func (s *Store) newDeleter(bucket string) *deleter {
	return &deleter{store: s, bucket: bucket, slots: make(chan struct{}, deletesAtOnce)}
}

// delete starts to delete keys, and returns when the last request has started.
func (d *deleter) delete(ctx context.Context, keys []string) {
	for _, batch := range deleteBatches(keys) {
		d.slots <- struct{}{}
		d.group.Go(func() {
			defer func() { <-d.slots }()
			d.account(batch, d.store.deleteBatch(ctx, d.bucket, batch))
		})
	}
}

// account counts the keys for which the server reports no error. A server may report a
// key twice, or one that it was not asked to delete.
func (d *deleter) account(keys []string, failed []*Error) {
	blamed := make(map[string]bool, len(failed))
	for _, e := range failed {
		blamed[e.Key] = true
	}
	deleted := 0
	for _, key := range keys {
		if !blamed[key] {
			deleted++
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = append(d.failed, failed...)
	d.deleted += int64(deleted)
	d.futile++
	if deleted > 0 {
		d.futile = 0
	}
}

func (d *deleter) err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.failed) == 0 {
		return nil
	}
	return &DeleteError{Failed: d.failed}
}

// deleteBatches puts the keys that XML can't hold into batches of their own.
func deleteBatches(keys []string) [][]string {
	var batches [][]string
	plain := make([]string, 0, len(keys))
	for _, key := range keys {
		if isXMLText(key) {
			plain = append(plain, key)
			continue
		}
		batches = append(batches, []string{key})
	}
	return slices.AppendSeq(batches, slices.Chunk(plain, maxPageSize))
}

// isXMLText reports whether XML 1.0 can hold the string unchanged.
func isXMLText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0xfffe || r == 0xffff
	})
}

// failedKeys returns an error for each key of a request, with the same cause.
func failedKeys(op, bucket string, keys []string, err error) []*Error {
	if err == nil {
		return nil
	}
	failed := make([]*Error, len(keys))
	for i, key := range keys {
		var known *Error
		if errors.As(wrapError(op, bucket, key, err), &known) {
			failed[i] = known
		}
	}
	return failed
}
