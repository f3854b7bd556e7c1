// SPDX-License-Identifier: Apache-2.0

// Package storagetest holds any implementation of lithopss3.Storage to what the
// interface promises. The package's own Store passes it against the embedded
// server and against versitygw.
package storagetest

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

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
		{"Ranges", testRanges},
		{"Conditions", testConditions},
		{"ConditionalPut", testConditionalPut},
		{"ConditionalParts", testConditionalParts},
		{"Describes", testDescribes},
		{"Missing", testMissing},
		{"InvalidNames", testInvalidNames},
		{"AwkwardKeys", testAwkwardKeys},
		{"ControlCharacters", testControlCharacters},
		{"List", testList},
		{"ListDelimiter", testListDelimiter},
		{"ListMatch", testListMatch},
		{"ListParallel", testListParallel},
		{"ListSiblings", testListSiblings},
		{"DeleteMany", testDeleteMany},
		{"Buckets", testBuckets},
		{"Cancel", testCancel},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, start(t))
		})
	}
}

func (h *Harness) put(t *testing.T, key, text string) {
	t.Helper()
	if err := h.Storage.PutObject(t.Context(), h.Bucket, key, strings.NewReader(text), nil); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

func (h *Harness) get(t *testing.T, key string) []byte {
	t.Helper()
	object, err := h.Storage.GetObject(t.Context(), h.Bucket, key, nil)
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	return readBody(t, object)
}

func readBody(t *testing.T, object *lithopss3.Object) []byte {
	t.Helper()
	data, err := io.ReadAll(object.Body)
	if err != nil {
		t.Fatalf("read %q: %v", object.Key, err)
	}
	if err := object.Body.Close(); err != nil {
		t.Fatalf("close %q: %v", object.Key, err)
	}
	return data
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

// listError returns the error that ends a listing.
func (h *Harness) listError(ctx context.Context, bucket string, opts *lithopss3.ListOptions) error {
	for _, err := range h.Storage.ListObjects(ctx, bucket, opts) {
		if err != nil {
			return err
		}
	}
	return nil
}

func wantError(t *testing.T, what string, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("%s: got %v, want %v", what, err, target)
		}
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
