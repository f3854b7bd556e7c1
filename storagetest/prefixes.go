// SPDX-License-Identifier: Apache-2.0

package storagetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
)

// prefixedKeys are keys that a prefix selects or not, in the order of their bytes: those of
// capitals come first, and those of U+FF5E before those beyond U+FFFF, which UTF-16 puts last.
var prefixedKeys = []string{
	"Zebra/1", "[p]/1", "dir-1", "dir.1", "dir/1", "dir/2", "dir1", "dirs/3", "p%/1", "p*/1", "p?/1", "p_q/1", "pxq/1", "zebra/2", "é/1", "～/1", "😀/1",
}

// testListPrefix checks that a prefix is the beginning of a key and nothing else: no folder, no
// pattern, in no other case.
func testListPrefix(t *testing.T, h *Harness) {
	keys := slices.Clone(prefixedKeys)
	slices.Reverse(keys)
	for _, key := range keys {
		h.put(t, key, "x")
	}
	wantKeys(t, "the order", h.list(t, nil), prefixedKeys...)
	for _, prefix := range []string{
		"d", "dir", "dir/", "dir/1", "dir/1/", "/dir", "./dir", "Dir/", "DIR", "[p]", "p%", "p*", "p?", "p_", "%", "zebra", "Zebra/", "é", "e", "～", "😀/",
	} {
		wantKeys(t, "prefix "+prefix, h.list(t, &lithopss3.ListOptions{Prefix: prefix}), withPrefix(prefix)...)
	}
	wantKeys(t, "single keys", h.list(t, &lithopss3.ListOptions{Prefix: "dir", PageSize: 1}), withPrefix("dir")...)
	t.Run("start after", func(t *testing.T) {
		h.skipIf(t, "UnsoundStartAfter")
		checkStarts(t, h)
	})
}

func withPrefix(prefix string) []string {
	return slices.DeleteFunc(slices.Clone(prefixedKeys), func(key string) bool { return !strings.HasPrefix(key, prefix) })
}

// checkStarts lists what a prefix selects from keys on that come before it, in it and after
// it.
func checkStarts(t *testing.T, h *Harness) {
	t.Helper()
	for _, prefix := range []string{"", "dir/"} {
		for _, after := range []string{"A", "dir", "dir-1", "dir/", "dir/1", "dir/1x", "dir/2", "dir/～", "dir/😀", "p", "zz", "～/1", "😀/1", "\U0010ffff"} {
			want := slices.DeleteFunc(withPrefix(prefix), func(key string) bool { return key <= after })
			opts := &lithopss3.ListOptions{Prefix: prefix, StartAfter: after, PageSize: 10}
			wantKeys(t, fmt.Sprintf("prefix %q after %q", prefix, after), h.list(t, opts), want...)
		}
	}
}

// testListMany lists and deletes more keys than a request of S3 has.
func testListMany(t *testing.T, h *Harness) {
	if testing.Short() {
		t.Skip("puts 1,001 objects")
	}
	keys := make([]string, 1001)
	for i := range keys {
		keys[i] = fmt.Sprintf("%04d", i)
	}
	for _, err := range h.putAll(t, keys) {
		t.Error(err)
	}
	for _, size := range []int{0, 999, 1000, 5000} {
		wantKeys(t, fmt.Sprintf("pages of %d", size), h.list(t, &lithopss3.ListOptions{PageSize: size}), keys...)
	}
	if err := h.Storage.DeleteObjects(t.Context(), h.Bucket, keys); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, "left", h.list(t, nil))
}

// testListAgain ranges over a sequence twice. The second time, it lists anew.
func testListAgain(t *testing.T, h *Harness) {
	keys := []string{"a", "b", "c"}
	for _, err := range h.putAll(t, keys[:2]) {
		t.Error(err)
	}
	sequence := h.Storage.ListObjects(t.Context(), h.Bucket, &lithopss3.ListOptions{PageSize: 1})
	for _, err := range sequence {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	h.put(t, "c", "")
	for range 2 {
		var got []string
		for info, err := range sequence {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, info.Key)
		}
		wantKeys(t, "list", got, keys...)
	}
}

// testListDescribes checks that a listing describes an object as HeadObject and GetObject do.
func testListDescribes(t *testing.T, h *Harness) {
	etags := map[string]bool{}
	for _, text := range []string{"one", "three", ""} {
		h.put(t, "key", text)
		head, object := h.head(t), h.open(t, "key")
		readBody(t, object)
		wantEqual(t, "ETag of a get", object.ETag, head.ETag)
		for info, err := range h.Storage.ListObjects(t.Context(), h.Bucket, nil) {
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "listed size", info.Size, int64(len(text)))
			wantEqual(t, "listed ETag", info.ETag, head.ETag)
			wantTime(t, "listed time", info.LastModified, head.LastModified)
		}
		wantTime(t, "time of a get", object.LastModified, head.LastModified)
		if etags[head.ETag] {
			t.Errorf("%q has the ETag %s of other bytes", text, head.ETag)
		}
		etags[head.ETag] = true
	}
}
