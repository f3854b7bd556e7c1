// SPDX-License-Identifier: Apache-2.0

// Package storagetest holds any implementation of lithopss3.Storage to what the
// interface promises. The package's own Store passes it against the embedded
// server and against versitygw.
package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
)

// A Harness is a Storage to test, with a bucket of its own that is empty and whose name
// CreateBucket accepts.
type Harness struct {
	Storage      lithopss3.Storage
	Bucket       string
	Capabilities Capabilities
}

// Run runs every test on a harness of its own.
func Run(t *testing.T, start func(t *testing.T) *Harness) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, *Harness)
	}{
		{"PutAndGet", testPutAndGet},
		{"Readers", testReaders},
		{"LargeBodies", testLargeBodies},
		{"FailingBody", testFailingBody},
		{"Deleted", testDeleted},
		{"Folders", testFolders},
		{"Ownership", testOwnership},
		{"Options", testOptions},
		{"Close", testClose},
		{"Replaced", testReplaced},
		{"Progress", testProgress},
		{"Ranges", testRanges},
		{"Conditions", testConditions},
		{"ConditionalPut", testConditionalPut},
		{"ConditionalParts", testConditionalParts},
		{"ConditionalRace", testConditionalRace},
		{"Describes", testDescribes},
		{"Missing", testMissing},
		{"InvalidNames", testInvalidNames},
		{"AwkwardKeys", testAwkwardKeys},
		{"AlikeKeys", testAlikeKeys},
		{"ControlCharacters", testControlCharacters},
		{"List", testList},
		{"ListPrefix", testListPrefix},
		{"ListDescribes", testListDescribes},
		{"ListMany", testListMany},
		{"ListAgain", testListAgain},
		{"ListDelimiter", testListDelimiter},
		{"ListMatch", testListMatch},
		{"ListParallel", testListParallel},
		{"ListSiblings", testListSiblings},
		{"DeleteMany", testDeleteMany},
		{"DeleteInvalid", testDeleteInvalid},
		{"Buckets", testBuckets},
		{"Cancel", testCancel},
		{"CancelCause", testCancelCause},
		{"CancelKeeps", testCancelKeeps},
		{"WithinLoop", testWithinLoop},
		{"Concurrent", testConcurrent},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, start(t))
		})
	}
}

func (h *Harness) put(t *testing.T, key, text string) {
	t.Helper()
	if err := h.store(t, key, text); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

func (h *Harness) store(t *testing.T, key, text string) error {
	t.Helper()
	return h.Storage.PutObject(t.Context(), h.Bucket, key, strings.NewReader(text), nil)
}

// putAll stores an empty object under each key, several at once, and returns what failed.
func (h *Harness) putAll(t *testing.T, keys []string) []error {
	t.Helper()
	errs := make([]error, len(keys))
	var stores sync.WaitGroup
	for caller := range atOnceCalls {
		stores.Go(func() {
			for i := caller; i < len(keys); i += atOnceCalls {
				if err := h.store(t, keys[i], ""); err != nil {
					errs[i] = fmt.Errorf("put %q: %w", keys[i], err)
				}
			}
		})
	}
	stores.Wait()
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

func (h *Harness) get(t *testing.T, key string) []byte {
	t.Helper()
	return readBody(t, h.open(t, key))
}

func (h *Harness) open(t *testing.T, key string) *lithopss3.Object {
	t.Helper()
	object, err := h.Storage.GetObject(t.Context(), h.Bucket, key, nil)
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	return object
}

// read returns an object's bytes. Goroutines can call it.
func (h *Harness) read(t *testing.T, key string) (string, error) {
	t.Helper()
	object, err := h.Storage.GetObject(t.Context(), h.Bucket, key, nil)
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(object.Body)
	return string(data), errors.Join(err, object.Body.Close())
}

// head describes the object "key".
func (h *Harness) head(t *testing.T) *lithopss3.ObjectInfo {
	t.Helper()
	info, err := h.Storage.HeadObject(t.Context(), h.Bucket, "key")
	if err != nil {
		t.Fatalf("head: %v", err)
	}
	return info
}

func readBody(t *testing.T, object *lithopss3.Object) []byte {
	t.Helper()
	data := &bytes.Buffer{}
	if 0 <= object.Length && object.Length < 32<<20 { // which is a hint only
		data.Grow(int(object.Length) + bytes.MinRead)
	}
	if _, err := data.ReadFrom(object.Body); err != nil {
		t.Fatalf("read %q: %v", object.Key, err)
	}
	if err := object.Body.Close(); err != nil {
		t.Fatalf("close %q: %v", object.Key, err)
	}
	return data.Bytes()
}

func (h *Harness) list(t *testing.T, opts *lithopss3.ListOptions) []string {
	t.Helper()
	keys := []string{}
	var failed error // which the loop's body, a function of its own, can't report as a helper
	for info, err := range h.Storage.ListObjects(t.Context(), h.Bucket, opts) {
		if err != nil {
			failed = err
			break
		}
		keys = append(keys, info.Key)
	}
	if failed != nil {
		t.Fatalf("list: %v", failed)
	}
	return keys
}

// errListsOn is a listing that has more after its error.
var errListsOn = errors.New("the listing has more after its error")

// listError returns the error that ends a listing.
func (h *Harness) listError(ctx context.Context, bucket string, opts *lithopss3.ListOptions) error {
	var failed error
	for _, err := range h.Storage.ListObjects(ctx, bucket, opts) {
		if failed != nil {
			return errListsOn
		}
		failed = err
	}
	return failed
}

// wantError checks that err is each of the targets, and that it is not taken for a missing
// object unless a target is.
func wantError(t *testing.T, what string, err error, targets ...error) {
	t.Helper()
	isMissing := false
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("%s: got %v, want %v", what, err, target)
		}
		isMissing = isMissing || errors.Is(target, fs.ErrNotExist) || errors.Is(target, lithopss3.ErrNoSuchBucket)
	}
	if !isMissing && errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: it is taken for a missing object: %v", what, err)
	}
}

// wantTime checks a time to the second, which headers have.
func wantTime(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if !got.Truncate(time.Second).Equal(want.Truncate(time.Second)) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func wantKeys(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}
