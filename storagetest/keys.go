// SPDX-License-Identifier: Apache-2.0

package storagetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
)

func testInvalidNames(t *testing.T, h *Harness) {
	ctx := t.Context()
	for _, key := range []string{"", strings.Repeat("k", 1025)} {
		wantError(t, "put", h.Storage.PutObject(ctx, h.Bucket, key, strings.NewReader(""), nil), lithopss3.ErrInvalidKey)
		_, err := h.Storage.GetObject(ctx, h.Bucket, key, nil)
		wantError(t, "get", err, lithopss3.ErrInvalidKey)
		_, err = h.Storage.HeadObject(ctx, h.Bucket, key)
		wantError(t, "head", err, lithopss3.ErrInvalidKey)
	}
	for _, bucket := range []string{"", "a/b", "a b", "?"} {
		_, err := h.Storage.GetObject(ctx, bucket, "key", nil)
		wantError(t, "get from "+bucket, err, lithopss3.ErrInvalidBucketName)
		wantError(t, "put into "+bucket, h.Storage.PutObject(ctx, bucket, "key", strings.NewReader(""), nil), lithopss3.ErrInvalidBucketName)
	}
	for _, bucket := range []string{"", "ab", "Upper-Case", "lithops-None-wxyz", "under_score", "-dash", "dash-", "a..b", "192.168.0.1", strings.Repeat("a", 64)} {
		wantError(t, "create "+bucket, h.Storage.CreateBucket(ctx, bucket), lithopss3.ErrInvalidBucketName)
	}
}

// testAwkwardKeys stores under keys with every kind of byte that S3 allows, and
// finds each by get, head, list and delete.
func testAwkwardKeys(t *testing.T, h *Harness) {
	longest := cmp.Or(h.Capabilities.MaxKey, 1024)
	for _, test := range []struct {
		name  string
		needs []string // capabilities
		keys  []string
	}{
		{"characters", nil, []string{
			"with space", "plus+sign", "percent%", "percent%20escape", "hash#", "question?mark=1&b", "quote'\"", "a<b>&amp;c",
			"ünïcödé/ключ/鍵", "emoji-😀", "tilde~!*'()", "back\\slash", "colon:semi;comma,at@", "equals=", "pipe|caret^{}[]`$",
			strings.Repeat("0123456789/", 93)[:longest-1] + "x",
		}},
		{"leading slash", []string{"NoLeadingSlash"}, []string{"/leading"}},
		{"double slash", []string{"NoDoubleSlash"}, []string{"double//slash"}},
		{"trailing slash", []string{"NoTrailingSlash"}, []string{"trailing/"}},
		{"slashes only", []string{"NoLeadingSlash", "NoDoubleSlash", "NoTrailingSlash"}, []string{"/", "//"}},
		{"dot segments", []string{"NoDotSegments"}, []string{"../up", "./here", "dot/./dot/../dot"}},
		{"key below key", []string{"NoKeyBelowKey"}, []string{"dir", "dir/child"}},
		{"long parts", []string{"NoLongKeyParts"}, []string{strings.Repeat("k", longest), strings.Repeat("é", longest/2)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h.skipIf(t, test.needs...)
			checkKeys(t, h, test.keys)
		})
	}
}

// testAlikeKeys stores under keys that file systems may take for one.
func testAlikeKeys(t *testing.T, h *Harness) {
	h.skipIf(t, "FoldsKeys")
	checkKeys(t, h, []string{"case", "Case", "CASE/x", "case-x/y", "caf\u00e9", "cafe\u0301", "K", "\u212a", "\u00df", "ss", "end", "end.", "end "})
}

func testControlCharacters(t *testing.T, h *Harness) {
	h.skipIf(t, "NoControlCharacters")
	checkKeys(t, h, []string{"bell\x07", "new\nline", "return\rtab\t", "unit\x1f", "delete\x7f", "next\u0085line", "\x01"})
}

func checkKeys(t *testing.T, h *Harness, keys []string) {
	t.Helper()
	for _, key := range keys {
		h.put(t, key, "body of "+key)
	}
	for _, key := range keys {
		wantEqual(t, fmt.Sprintf("body of %q", key), string(h.get(t, key)), "body of "+key)
		info, err := h.Storage.HeadObject(t.Context(), h.Bucket, key)
		if err != nil {
			t.Errorf("head %q: %v", key, err)
			continue
		}
		wantEqual(t, fmt.Sprintf("size of %q", key), info.Size, int64(len("body of "+key)))
	}
	slices.Sort(keys)
	wantKeys(t, "list", h.list(t, nil), keys...)
	if err := h.Storage.DeleteObjects(t.Context(), h.Bucket, keys); err != nil {
		t.Errorf("delete: %v", err)
	}
	wantKeys(t, "list after delete", h.list(t, nil))
}

func testList(t *testing.T, h *Harness) {
	wantKeys(t, "empty bucket", h.list(t, nil))
	keys := []string{}
	for i := range 25 {
		keys = append(keys, fmt.Sprintf("k/%02d", i))
		h.put(t, keys[i], strings.Repeat("x", i))
	}
	h.put(t, "other", "")
	wantKeys(t, "prefix", h.list(t, &lithopss3.ListOptions{Prefix: "k/"}), keys...)
	wantKeys(t, "small pages", h.list(t, &lithopss3.ListOptions{Prefix: "k/", PageSize: 4}), keys...)
	t.Run("start after", func(t *testing.T) {
		h.skipIf(t, "UnsoundStartAfter")
		wantKeys(t, "start after", h.list(t, &lithopss3.ListOptions{Prefix: "k/", StartAfter: "k/21", PageSize: 2}), keys[22:]...)
		wantKeys(t, "start after a key that is not there", h.list(t, &lithopss3.ListOptions{StartAfter: "k/23x"}), "k/24", "other")
	})
	wantKeys(t, "no match", h.list(t, &lithopss3.ListOptions{Prefix: "z"}))
	count := 0
	for info, err := range h.Storage.ListObjects(t.Context(), h.Bucket, &lithopss3.ListOptions{PageSize: 3}) {
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "size of "+info.Key, info.Size, int64(count))
		wantEqual(t, "ETag of "+info.Key, info.ETag != "", true)
		if count++; count == 5 {
			break // an iterator can be left at any time
		}
	}
}

func testListDelimiter(t *testing.T, h *Harness) {
	for _, key := range []string{"a/1", "a/2", "a/b/3", "b", "c/4"} {
		h.put(t, key, "x")
	}
	var got []string
	for info, err := range h.Storage.ListObjects(t.Context(), h.Bucket, &lithopss3.ListOptions{Delimiter: "/", PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %v", info.Key, info.IsPrefix))
		hasMore := info.Size != 0 || info.ETag != "" || !info.LastModified.IsZero() || info.ContentType != "" || info.Metadata != nil || info.VersionID != ""
		wantEqual(t, info.Key+" has more than its key", hasMore, !info.IsPrefix)
	}
	wantKeys(t, "top", got, "a/ true", "b false", "c/ true")
	wantKeys(t, "below a/", h.list(t, &lithopss3.ListOptions{Delimiter: "/", Prefix: "a/"}), "a/1", "a/2", "a/b/")
}

func testListMatch(t *testing.T, h *Harness) {
	for _, key := range []string{"data/a.csv", "data/b.txt", "data/deep/c.csv", "other.csv"} {
		h.put(t, key, "")
	}
	wantKeys(t, "*", h.list(t, &lithopss3.ListOptions{Match: "data/*.csv"}), "data/a.csv")
	wantKeys(t, "**", h.list(t, &lithopss3.ListOptions{Match: "**/*.csv"}), "data/a.csv", "data/deep/c.csv", "other.csv")
	wantKeys(t, "with a prefix", h.list(t, &lithopss3.ListOptions{Match: "**/*.csv", Prefix: "data/d"}), "data/deep/c.csv")
	wantError(t, "a bad pattern", h.listError(t.Context(), h.Bucket, &lithopss3.ListOptions{Match: "a**"}), lithopss3.ErrInvalidGlob)
}

// testListParallel checks that more requests at once list the same keys in the same
// order.
func testListParallel(t *testing.T, h *Harness) {
	many, few := 100, 6
	if testing.Short() {
		many, few = 40, 4
	}
	var keys []string
	for i := range many {
		keys = append(keys, fmt.Sprintf("n/%04d", i), fmt.Sprintf("n/%x+%d é", i*7919, i))
	}
	for _, odd := range []string{"a b", "a+b", "a%2Fb", "a&b", "ü", "鍵", "😀", "~", "z<>"} {
		for i := range few {
			keys = append(keys, fmt.Sprintf("odd/%s%d", odd, i*i))
		}
	}
	for _, err := range h.putAll(t, keys) {
		t.Error(err)
	}
	slices.Sort(keys)
	for _, opts := range []lithopss3.ListOptions{
		{},
		{PageSize: 7},
		{PageSize: 1, Prefix: "odd/"},
		{PageSize: 5, Prefix: "n/0"},
		{PageSize: 7, Match: "odd/*"},
		{PageSize: 7, Delimiter: "/", Prefix: "n/"},
	} {
		sequential := checkParallel(t, h, opts)
		if opts.Prefix+opts.Match == "" {
			wantKeys(t, "sequential", sequential, keys...)
		}
	}
	t.Run("start after", func(t *testing.T) {
		h.skipIf(t, "UnsoundStartAfter")
		checkParallel(t, h, lithopss3.ListOptions{PageSize: 3, StartAfter: fmt.Sprintf("n/%04d", many*3/4)})
	})
}

// checkParallel lists sequentially and with more requests at once, and compares.
func checkParallel(t *testing.T, h *Harness, opts lithopss3.ListOptions) []string {
	t.Helper()
	sequential := h.list(t, &opts)
	for _, opts.Parallel = range []int{2, 8} {
		wantKeys(t, fmt.Sprintf("%+v", opts), h.list(t, &opts), sequential...)
	}
	return sequential
}

// testListSiblings checks that folders a-1/ next to a folder a/ do not disturb a listing
// that begins inside a/, as they do on MinIO, nor a parallel one.
func testListSiblings(t *testing.T, h *Harness) {
	var keys []string
	each := 30
	if testing.Short() {
		each = 12
	}
	for _, folder := range []string{"a", "a-0", "a-0-1", "a-1", "b"} {
		for i := range each {
			keys = append(keys, fmt.Sprintf("x/%s/%02d/status", folder, i))
		}
	}
	for _, err := range h.putAll(t, keys) {
		t.Error(err)
	}
	slices.Sort(keys)
	for _, size := range pageSizes() {
		for _, parallel := range atOnce() {
			opts := lithopss3.ListOptions{PageSize: size, Parallel: parallel}
			wantKeys(t, fmt.Sprintf("%+v", opts), h.list(t, &opts), keys...)
		}
	}
	t.Run("start after", func(t *testing.T) {
		h.skipIf(t, "UnsoundStartAfter")
		checkStartAfter(t, h, keys)
	})
}

// pageSizes returns the sizes of pages to list with, two of three under -short.
func pageSizes() []int {
	if testing.Short() {
		return []int{7, 1000}
	}
	return []int{3, 7, 1000}
}

// atOnce returns how many requests are made at once, two of three numbers under -short.
func atOnce() []int {
	if testing.Short() {
		return []int{1, 16}
	}
	return []int{1, 2, 16}
}

// checkStartAfter lists from several keys on, sequentially and with more requests at once.
func checkStartAfter(t *testing.T, h *Harness, keys []string) {
	t.Helper()
	for _, size := range pageSizes() {
		for _, parallel := range atOnce() {
			for _, at := range []int{10, len(keys) / 2, len(keys) * 3 / 4, len(keys) - 2} {
				opts := lithopss3.ListOptions{PageSize: size, Parallel: parallel, StartAfter: keys[at]}
				wantKeys(t, fmt.Sprintf("%+v", opts), h.list(t, &opts), keys[at+1:]...)
			}
		}
	}
}

func testDeleteMany(t *testing.T, h *Harness) {
	keys := []string{}
	for i := range 30 {
		keys = append(keys, fmt.Sprintf("%02d", i))
		h.put(t, keys[i], "")
	}
	doomed := append(slices.Clone(keys[:28]), "never there")
	many := 2000 // several requests
	if testing.Short() {
		many = 1050
	}
	for i := range many {
		doomed = append(doomed, fmt.Sprintf("absent/%04d", i))
	}
	if err := h.Storage.DeleteObjects(t.Context(), h.Bucket, doomed); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, "left", h.list(t, nil), keys[28:]...)
	if err := h.Storage.DeleteObjects(t.Context(), h.Bucket, nil); err != nil {
		t.Errorf("delete of nothing: %v", err)
	}
	err := h.Storage.DeleteObjects(t.Context(), "there-is-no-such-bucket", []string{"a", "b"})
	wantError(t, "delete from a missing bucket", err, fs.ErrNotExist)
	var failed *lithopss3.DeleteError
	if !errors.As(err, &failed) || !slices.Equal(failedKeys(failed), []string{"a", "b"}) {
		t.Errorf("delete from a missing bucket: %v has not an error for each key", err)
	}
}

// failedKeys returns the keys that were not deleted, in their order.
func failedKeys(failed *lithopss3.DeleteError) []string {
	var keys []string
	for _, each := range failed.Failed {
		keys = append(keys, each.Key)
	}
	slices.Sort(keys)
	return keys
}

// testDeleteInvalid deletes what can't be a key among keys that can. It is named, and keys
// that are not named are deleted.
func testDeleteInvalid(t *testing.T, h *Harness) {
	long := strings.Repeat("k", 1025)
	keys := []string{"a", "b", "c"}
	for _, wrong := range []string{"", long} {
		for _, key := range keys {
			h.put(t, key, "")
		}
		err := h.Storage.DeleteObjects(t.Context(), h.Bucket, []string{"a", wrong, "b"})
		wantError(t, "delete", err, lithopss3.ErrInvalidKey)
		var failed *lithopss3.DeleteError
		if !errors.As(err, &failed) || !slices.Contains(failedKeys(failed), wrong) {
			t.Errorf("delete: %v has no error for %.10q", err, wrong)
			continue
		}
		left := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return key != "c" && !slices.Contains(failedKeys(failed), key) })
		wantKeys(t, "left", h.list(t, nil), left...)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.put(t, "a", "")
	err := h.Storage.DeleteObjects(ctx, h.Bucket, []string{"", "a"})
	var failed *lithopss3.DeleteError
	switch {
	case err == nil:
		t.Error("delete, canceled: got no error")
	case errors.As(err, &failed) && !slices.Contains(failedKeys(failed), "a"): // it fails as a whole, or for each key
		t.Errorf("delete, canceled: a, which is not deleted, is not named: %v", err)
	}
}

func testBuckets(t *testing.T, h *Harness) {
	ctx := t.Context()
	if err := h.Storage.HeadBucket(ctx, h.Bucket); err != nil {
		t.Errorf("head: %v", err)
	}
	h.put(t, "key", "text")
	t.Run("create again", func(t *testing.T) {
		h.skipIf(t, "NoAccounts")
		if err := h.Storage.CreateBucket(t.Context(), h.Bucket); err != nil {
			t.Errorf("create one's own again: %v", err)
		}
	})
	wantEqual(t, "an object of a bucket that is created again", string(h.get(t, "key")), "text")
	fresh := *h
	fresh.Bucket += "-fresh"
	if err := h.Storage.CreateBucket(ctx, fresh.Bucket); err != nil {
		t.Fatalf("create: %v", err)
	}
	if err := h.Storage.HeadBucket(ctx, fresh.Bucket); err != nil {
		t.Errorf("head of a new one: %v", err)
	}
	wantKeys(t, "objects of a new one", fresh.list(t, nil))
	fresh.put(t, "key", "another")
	wantEqual(t, "an object of the new one", string(fresh.get(t, "key")), "another")
	wantEqual(t, "an object of the first one", string(h.get(t, "key")), "text")
	if err := fresh.Storage.DeleteObjects(ctx, fresh.Bucket, []string{"key"}); err != nil {
		t.Errorf("delete: %v", err)
	}
	wantKeys(t, "objects of the first one", h.list(t, nil), "key")
}
