// SPDX-License-Identifier: Apache-2.0

package storagetest

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
)

// testDeleted checks that an object that was put or deleted is so for every call that begins
// afterwards, also if the calls before saw something else.
func testDeleted(t *testing.T, h *Harness) {
	for round := range 2 {
		text := strings.Repeat("x", round+1)
		h.put(t, "key", text)
		wantEqual(t, "body", string(h.get(t, "key")), text)
		wantEqual(t, "size", h.head(t).Size, int64(len(text)))
		wantKeys(t, "list", h.list(t, nil), "key")
		if err := h.Storage.DeleteObjects(t.Context(), h.Bucket, []string{"key", "key"}); err != nil {
			t.Fatalf("delete: %v", err)
		}
		checkMissing(t, h, "key")
		wantKeys(t, "list after delete", h.list(t, nil))
	}
}

// checkMissing checks that there is no object under the key.
func checkMissing(t *testing.T, h *Harness, key string) {
	t.Helper()
	_, err := h.Storage.GetObject(t.Context(), h.Bucket, key, nil)
	wantError(t, "get "+key, err, fs.ErrNotExist)
	_, err = h.Storage.HeadObject(t.Context(), h.Bucket, key)
	wantError(t, "head "+key, err, fs.ErrNotExist)
}

// testFolders checks that the part of a key up to a slash is no object, and is not deleted
// like one.
func testFolders(t *testing.T, h *Harness) {
	h.put(t, "folder/child", "text")
	check := func(t *testing.T, keys ...string) {
		t.Helper()
		for _, key := range keys {
			checkMissing(t, h, key)
		}
		if err := h.Storage.DeleteObjects(t.Context(), h.Bucket, keys); err != nil {
			t.Errorf("delete: %v", err)
		}
		wantKeys(t, "list", h.list(t, nil), "folder/child")
	}
	check(t, "folder", "fold")
	t.Run("with a slash", func(t *testing.T) {
		h.skipIf(t, "NoTrailingSlash")
		check(t, "folder/", "folder/child/")
	})
	wantEqual(t, "body", string(h.get(t, "folder/child")), "text")
	if err := h.Storage.DeleteObjects(t.Context(), h.Bucket, []string{"folder/child"}); err != nil {
		t.Fatalf("delete of the only object: %v", err)
	}
	wantKeys(t, "folders without an object", h.list(t, &lithopss3.ListOptions{Delimiter: "/"}))
}

// testOptions checks that options, and what a get returned, are the caller's to change.
func testOptions(t *testing.T, h *Harness) {
	metadata := map[string]string{"colour": "green"}
	if err := h.Storage.PutObject(t.Context(), h.Bucket, "a/key", strings.NewReader("0123456789"), &lithopss3.PutOptions{Metadata: metadata}); err != nil {
		t.Fatal(err)
	}
	h.put(t, "b/key", "another")
	where := lithopss3.Range(2, 3)
	object, err := h.Storage.GetObject(t.Context(), h.Bucket, "a/key", &lithopss3.GetOptions{Range: where})
	if err != nil {
		t.Fatal(err)
	}
	*where = *lithopss3.Range(6, 4)
	if object.Metadata != nil {
		object.Metadata["colour"] = "blue"
	}
	wantEqual(t, "body of a range that was changed since", string(readBody(t, object)), "234")
	again := h.open(t, "a/key")
	wantEqual(t, "metadata", again.Metadata["colour"], "green")
	readBody(t, again)

	opts := &lithopss3.ListOptions{Prefix: "a/"}
	sequence := h.Storage.ListObjects(t.Context(), h.Bucket, opts)
	opts.Prefix = "b/"
	var keys []string
	for info, err := range sequence {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	wantKeys(t, "list with options that were changed since", keys, "a/key")
}

// testCancelKeeps checks that no method does anything with a context that is done, and that
// each returns the context's error.
func testCancelKeeps(t *testing.T, h *Harness) {
	h.put(t, "key", "as it was")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	fresh := h.Bucket + "-ended"
	for ctx, want := range map[context.Context]error{canceled: context.Canceled, late: context.DeadlineExceeded} {
		_, headErr := h.Storage.HeadObject(ctx, h.Bucket, "key")
		_, getErr := h.Storage.GetObject(ctx, h.Bucket, "key", nil)
		wantError(t, "head", headErr, want)
		wantError(t, "get", getErr, want)
		wantError(t, "list", h.listError(ctx, h.Bucket, nil), want)
		wantError(t, "put", h.Storage.PutObject(ctx, h.Bucket, "key", strings.NewReader("another"), nil), want)
		wantError(t, "delete", h.Storage.DeleteObjects(ctx, h.Bucket, []string{"key"}), want)
		wantError(t, "delete of two", h.Storage.DeleteObjects(ctx, h.Bucket, []string{"key", "other"}), want)
		wantError(t, "head of the bucket", h.Storage.HeadBucket(ctx, h.Bucket), want)
		wantError(t, "creation of a bucket", h.Storage.CreateBucket(ctx, fresh), want)
	}
	wantEqual(t, "what was there", string(h.get(t, "key")), "as it was")
	wantError(t, "head of a bucket that was not created", h.Storage.HeadBucket(t.Context(), fresh), fs.ErrNotExist)
}

// testWithinLoop calls the other methods while a listing is ranged over, and puts objects
// whose bodies are those of others, or of themselves.
func testWithinLoop(t *testing.T, h *Harness) {
	for _, key := range []string{"a", "b", "c"} {
		h.put(t, key, "text of "+key)
	}
	for info, err := range h.Storage.ListObjects(t.Context(), h.Bucket, &lithopss3.ListOptions{PageSize: 2}) {
		if err == nil {
			err = h.moveTo(t, "0"+info.Key, info.Key)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	wantKeys(t, "list", h.list(t, nil), "0a", "0b", "0c")
	wantEqual(t, "body", string(h.get(t, "0b")), "text of b")
	long := strings.Repeat("0123456789", 20_000)
	h.put(t, "0a", long)
	if err := h.copyTo(t, "0a", "0a"); err != nil {
		t.Errorf("an object that is its own body: %v", err)
	}
	wantEqual(t, "an object that was its own body", string(h.get(t, "0a")) == long, true)
}

// copyTo puts an object with the body of another.
func (h *Harness) copyTo(t *testing.T, to, from string) error {
	t.Helper()
	object, err := h.Storage.GetObject(t.Context(), h.Bucket, from, nil)
	if err != nil {
		return fmt.Errorf("get %q: %w", from, err)
	}
	defer func() { _ = object.Body.Close() }()
	if err := h.Storage.PutObject(t.Context(), h.Bucket, to, object.Body, nil); err != nil {
		return fmt.Errorf("put %q: %w", to, err)
	}
	return nil
}

// moveTo copies an object, and deletes it.
func (h *Harness) moveTo(t *testing.T, to, from string) error {
	t.Helper()
	if _, err := h.Storage.HeadObject(t.Context(), h.Bucket, from); err != nil {
		return fmt.Errorf("head %q: %w", from, err)
	}
	if err := h.copyTo(t, to, from); err != nil {
		return err
	}
	return h.Storage.DeleteObjects(t.Context(), h.Bucket, []string{from})
}
