// SPDX-License-Identifier: Apache-2.0

// Package storagetest holds any implementation of lithopss3.Storage to what the
// interface promises. The package's own Store passes it against the embedded
// server and against versitygw.
package storagetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lithops-go/lithopss3"
)

// Capabilities says what a Storage's server can't do although S3 can. The zero value
// is S3 itself. A test that depends on a missing capability is reported as skipped.
type Capabilities struct {
	// NormalizesPaths means that keys are paths of a file system, so that a//b, ./a
	// and a key next to a key below it are not what they are on S3.
	NormalizesPaths bool
	// NoControlCharacters means that keys can't hold the characters below the space.
	NoControlCharacters bool
	// NoConditionalPut means that IfMatch and IfAbsent are ignored.
	NoConditionalPut bool
	// NoLongKeyParts means that a part of a key between slashes has at most 255 bytes.
	NoLongKeyParts bool
	// MaxKey is the longest key, in bytes; 0 is S3's 1,024.
	MaxKey int
	// HeadHidesMissingBucket means that a get from a missing bucket has the error of a
	// missing key.
	HeadHidesMissingBucket bool
}

// A Harness is a Storage to test, with a bucket of its own that is empty.
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
	for info, err := range h.Storage.ListObjects(t.Context(), h.Bucket, opts) {
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		keys = append(keys, info.Key)
	}
	return keys
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

func testPutAndGet(t *testing.T, h *Harness) {
	h.put(t, "a/b.txt", "first")
	wantEqual(t, "body", string(h.get(t, "a/b.txt")), "first")
	h.put(t, "a/b.txt", "second, longer")
	wantEqual(t, "replaced body", string(h.get(t, "a/b.txt")), "second, longer")
	h.put(t, "empty", "")
	wantEqual(t, "empty body", string(h.get(t, "empty")), "")
	if err := h.Storage.PutObject(t.Context(), h.Bucket, "nil", nil, nil); err != nil {
		t.Fatalf("put a nil body: %v", err)
	}
	wantEqual(t, "nil body", string(h.get(t, "nil")), "")
}

// testReaders checks that any reader will do, and that one that was read from stores
// what is left.
func testReaders(t *testing.T, h *Harness) {
	text := strings.Repeat("0123456789", 100)
	advanced := strings.NewReader(text)
	if _, err := advanced.Seek(4, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]io.Reader{
		"one byte at a time": iotest.OneByteReader(strings.NewReader(text)),
		"data with the end":  iotest.DataErrReader(strings.NewReader(text)),
		"buffer":             bytes.NewBufferString(text),
		"section":            io.NewSectionReader(strings.NewReader("xx"+text+"xx"), 2, int64(len(text))),
	} {
		if err := h.Storage.PutObject(t.Context(), h.Bucket, name, body, nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wantEqual(t, name, string(h.get(t, name)), text)
	}
	if err := h.Storage.PutObject(t.Context(), h.Bucket, "advanced", advanced, nil); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "what is left", string(h.get(t, "advanced")), text[4:])
}

// testLargeBodies goes over the sizes where one request turns into parts.
func testLargeBodies(t *testing.T, h *Harness) {
	if testing.Short() {
		t.Skip("moves 100 MiB")
	}
	random := rand.NewChaCha8([32]byte{1})
	data := make([]byte, 25<<20)
	_, _ = random.Read(data)
	for _, size := range []int{16 << 20, 16<<20 + 1, len(data)} {
		for name, body := range map[string]io.Reader{
			"file":   bytes.NewReader(data[:size]),
			"stream": struct{ io.Reader }{bytes.NewReader(data[:size])},
		} {
			key := fmt.Sprintf("%s-%d", name, size)
			if err := h.Storage.PutObject(t.Context(), h.Bucket, key, body, nil); err != nil {
				t.Fatalf("%s: %v", key, err)
			}
			if !bytes.Equal(h.get(t, key), data[:size]) {
				t.Errorf("%s: other bytes came back", key)
			}
		}
	}
}

func testFailingBody(t *testing.T, h *Harness) {
	h.put(t, "kept", "as it was")
	broken := errors.New("the disk is on fire")
	sizes := []int{10, 20 << 20}
	if testing.Short() {
		sizes[1] = 6 << 20 // more than a part of a stream
	}
	for _, size := range sizes {
		body := io.MultiReader(bytes.NewReader(make([]byte, size)), iotest.ErrReader(broken))
		err := h.Storage.PutObject(t.Context(), h.Bucket, "kept", body, nil)
		wantError(t, "a body that fails", err, broken)
	}
	wantEqual(t, "what was there", string(h.get(t, "kept")), "as it was")
}

func testRanges(t *testing.T, h *Harness) {
	h.put(t, "ten", "0123456789")
	for _, test := range []struct {
		byteRange *lithopss3.ByteRange
		want      string
		offset    int64
	}{
		{nil, "0123456789", 0},
		{lithopss3.Range(0, 1), "0", 0},
		{lithopss3.Range(3, 4), "3456", 3},
		{lithopss3.Range(9, 1), "9", 9},
		{lithopss3.Range(8, 100), "89", 8},
		{lithopss3.Range(5, 0), "", 5},
		{lithopss3.RangeFrom(7), "789", 7},
		{lithopss3.RangeLast(2), "89", 8},
		{lithopss3.RangeLast(100), "0123456789", 0},
		{lithopss3.RangeLast(0), "", 0},
		{lithopss3.Range(4, 1<<63-1), "456789", 4},
		{lithopss3.Range(-4, 2), "67", 6},
	} {
		object, err := h.Storage.GetObject(t.Context(), h.Bucket, "ten", &lithopss3.GetOptions{Range: test.byteRange})
		if err != nil {
			t.Errorf("%v: %v", test.byteRange, err)
			continue
		}
		what := fmt.Sprintf("%+v", test.byteRange)
		wantEqual(t, what, string(readBody(t, object)), test.want)
		wantEqual(t, what+" size", object.Size, 10)
		wantEqual(t, what+" offset", object.Offset, test.offset)
		wantEqual(t, what+" length", object.Length, int64(len(test.want)))
	}
	_, err := h.Storage.GetObject(t.Context(), h.Bucket, "ten", &lithopss3.GetOptions{Range: lithopss3.Range(10, 1)})
	wantError(t, "a range behind the end", err, lithopss3.ErrInvalidRange)
}

func testConditions(t *testing.T, h *Harness) {
	h.put(t, "key", "text")
	info, err := h.Storage.HeadObject(t.Context(), h.Bucket, "key")
	if err != nil {
		t.Fatal(err)
	}
	get := func(opts lithopss3.GetOptions) error {
		object, err := h.Storage.GetObject(t.Context(), h.Bucket, "key", &opts)
		if err == nil {
			readBody(t, object)
		}
		return err
	}
	wantError(t, "IfMatch of another", get(lithopss3.GetOptions{IfMatch: `"00000000000000000000000000000000"`}), lithopss3.ErrPrecondition)
	wantError(t, "IfNoneMatch of this", get(lithopss3.GetOptions{IfNoneMatch: info.ETag}), lithopss3.ErrNotModified)
	// The header has whole seconds, the server's clock may have more, and a time
	// in the future does not count: the second after the change must have passed.
	after := info.LastModified.Truncate(time.Second).Add(time.Second)
	time.Sleep(time.Until(after.Add(100 * time.Millisecond)))
	wantError(t, "IfModifiedSince the second after", get(lithopss3.GetOptions{IfModifiedSince: after}), lithopss3.ErrNotModified)
	wantError(t, "IfUnmodifiedSince earlier", get(lithopss3.GetOptions{IfUnmodifiedSince: info.LastModified.Add(-time.Hour)}), lithopss3.ErrPrecondition)
	for what, opts := range map[string]lithopss3.GetOptions{
		"IfMatch of this":          {IfMatch: info.ETag},
		"IfMatch without quotes":   {IfMatch: strings.Trim(info.ETag, `"`)},
		"IfNoneMatch of another":   {IfNoneMatch: `"00000000000000000000000000000000"`},
		"IfModifiedSince earlier":  {IfModifiedSince: info.LastModified.Add(-time.Hour)},
		"IfUnmodifiedSince later":  {IfUnmodifiedSince: info.LastModified.Add(time.Hour)},
		"IfMatch with a Range too": {IfMatch: info.ETag, Range: lithopss3.Range(1, 2)},
	} {
		if err := get(opts); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func testConditionalPut(t *testing.T, h *Harness) {
	if h.Capabilities.NoConditionalPut {
		t.Skip("capability NoConditionalPut")
	}
	put := func(text string, opts lithopss3.PutOptions) error {
		return h.Storage.PutObject(t.Context(), h.Bucket, "key", strings.NewReader(text), &opts)
	}
	if err := put("one", lithopss3.PutOptions{IfAbsent: true}); err != nil {
		t.Fatalf("IfAbsent where nothing is: %v", err)
	}
	wantError(t, "IfAbsent where something is", put("two", lithopss3.PutOptions{IfAbsent: true}), lithopss3.ErrPrecondition)
	info, err := h.Storage.HeadObject(t.Context(), h.Bucket, "key")
	if err != nil {
		t.Fatal(err)
	}
	if err := put("three", lithopss3.PutOptions{IfMatch: info.ETag}); err != nil {
		t.Errorf("IfMatch of this: %v", err)
	}
	wantError(t, "IfMatch of the one before", put("four", lithopss3.PutOptions{IfMatch: info.ETag}), lithopss3.ErrPrecondition)
	wantEqual(t, "body", string(h.get(t, "key")), "three")
}

func testDescribes(t *testing.T, h *Harness) {
	before := time.Now().Add(-time.Minute)
	err := h.Storage.PutObject(t.Context(), h.Bucket, "key", strings.NewReader("text"), &lithopss3.PutOptions{
		ContentType: "text/x-test", Metadata: map[string]string{"colour": "green"},
	})
	if err != nil {
		t.Fatal(err)
	}
	head, err := h.Storage.HeadObject(t.Context(), h.Bucket, "key")
	if err != nil {
		t.Fatal(err)
	}
	object, err := h.Storage.GetObject(t.Context(), h.Bucket, "key", nil)
	if err != nil {
		t.Fatal(err)
	}
	readBody(t, object)
	for what, info := range map[string]*lithopss3.ObjectInfo{"head": head, "get": &object.ObjectInfo} {
		wantEqual(t, what+" key", info.Key, "key")
		wantEqual(t, what+" size", info.Size, 4)
		wantEqual(t, what+" content type", info.ContentType, "text/x-test")
		wantEqual(t, what+" metadata", info.Metadata["colour"], "green")
		wantEqual(t, what+" has an ETag", info.ETag != "", true)
		wantEqual(t, what+" is new", info.LastModified.After(before), true)
	}
	h.put(t, "plain", "text")
	plain, err := h.Storage.HeadObject(t.Context(), h.Bucket, "plain")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "content type of none", plain.ContentType, "binary/octet-stream")
}

func testMissing(t *testing.T, h *Harness) {
	ctx := t.Context()
	_, err := h.Storage.GetObject(ctx, h.Bucket, "missing", nil)
	wantError(t, "get", err, fs.ErrNotExist)
	if errors.Is(err, lithopss3.ErrNoSuchBucket) {
		t.Errorf("a missing key is taken for a missing bucket: %v", err)
	}
	_, err = h.Storage.HeadObject(ctx, h.Bucket, "missing")
	wantError(t, "head", err, fs.ErrNotExist)
	if err := h.Storage.DeleteObjects(ctx, h.Bucket, []string{"missing"}); err != nil {
		t.Errorf("delete: %v", err)
	}
	const bucket = "there-is-no-such-bucket"
	_, err = h.Storage.HeadObject(ctx, bucket, "key")
	wantError(t, "head in a missing bucket", err, fs.ErrNotExist)
	_, err = h.Storage.GetObject(ctx, bucket, "key", nil)
	wantError(t, "get from a missing bucket", err, fs.ErrNotExist)
	if !h.Capabilities.HeadHidesMissingBucket {
		wantError(t, "get from a missing bucket", err, lithopss3.ErrNoSuchBucket)
	}
	wantError(t, "put into a missing bucket", h.Storage.PutObject(ctx, bucket, "key", strings.NewReader(""), nil), lithopss3.ErrNoSuchBucket)
	for _, err := range h.Storage.ListObjects(ctx, bucket, nil) {
		wantError(t, "list of a missing bucket", err, lithopss3.ErrNoSuchBucket)
	}
	wantError(t, "head of a missing bucket", h.Storage.HeadBucket(ctx, bucket), lithopss3.ErrNoSuchBucket)
}

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
	keys := []string{
		"with space", "plus+sign", "percent%", "percent%20escape", "hash#", "question?mark=1&b", "quote'\"", "a<b>&amp;c",
		"ünïcödé/ключ/鍵", "emoji-😀", "tilde~!*'()", "back\\slash", "colon:semi;comma,at@", "equals=", "pipe|caret^{}[]`$",
	}
	longest := cmp.Or(h.Capabilities.MaxKey, 1024)
	keys = append(keys, strings.Repeat("0123456789/", 93)[:longest-1]+"x")
	if !h.Capabilities.NormalizesPaths {
		keys = append(keys, "/leading", "double//slash", "../up", "./here", "dot/./dot/../dot", "trailing/", "//", "dir", "dir/child")
	}
	if !h.Capabilities.NoLongKeyParts {
		keys = append(keys, strings.Repeat("k", longest), strings.Repeat("é", longest/2))
	}
	checkKeys(t, h, keys)
}

func testControlCharacters(t *testing.T, h *Harness) {
	if h.Capabilities.NoControlCharacters {
		t.Skip("capability NoControlCharacters")
	}
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
	wantKeys(t, "start after", h.list(t, &lithopss3.ListOptions{Prefix: "k/", StartAfter: "k/21", PageSize: 2}), keys[22:]...)
	wantKeys(t, "start after a key that is not there", h.list(t, &lithopss3.ListOptions{StartAfter: "k/23x"}), "k/24", "other")
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
		h.put(t, key, "")
	}
	var got []string
	for info, err := range h.Storage.ListObjects(t.Context(), h.Bucket, &lithopss3.ListOptions{Delimiter: "/", PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %v", info.Key, info.IsPrefix))
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
	for _, err := range h.Storage.ListObjects(t.Context(), h.Bucket, &lithopss3.ListOptions{Match: "a**"}) {
		wantError(t, "a bad pattern", err, lithopss3.ErrInvalidGlob)
	}
}

// testListParallel checks that more requests at once list the same keys in the same
// order.
func testListParallel(t *testing.T, h *Harness) {
	var keys []string
	for i := range 200 {
		keys = append(keys, fmt.Sprintf("n/%04d", i), fmt.Sprintf("n/%x+%d é", i*7919, i))
	}
	for _, odd := range []string{"a b", "a+b", "a%2Fb", "a&b", "ü", "鍵", "😀", "~", "z<>"} {
		for i := range 12 {
			keys = append(keys, fmt.Sprintf("odd/%s%d", odd, i*i))
		}
	}
	var stores sync.WaitGroup
	for part := range slices.Chunk(keys, 64) {
		stores.Go(func() {
			for _, key := range part {
				if err := h.Storage.PutObject(t.Context(), h.Bucket, key, strings.NewReader(""), nil); err != nil {
					t.Errorf("put %q: %v", key, err)
				}
			}
		})
	}
	stores.Wait()
	slices.Sort(keys)
	for _, opts := range []lithopss3.ListOptions{
		{},
		{PageSize: 7},
		{PageSize: 1, Prefix: "odd/"},
		{PageSize: 5, Prefix: "n/0"},
		{PageSize: 3, StartAfter: "n/0150"},
		{PageSize: 7, Match: "odd/*"},
		{PageSize: 7, Delimiter: "/", Prefix: "n/"},
	} {
		sequential := h.list(t, &opts)
		if opts.Prefix+opts.StartAfter+opts.Match == "" {
			wantKeys(t, "sequential", sequential, keys...)
		}
		for _, opts.Parallel = range []int{2, 8} {
			wantKeys(t, fmt.Sprintf("%+v", opts), h.list(t, &opts), sequential...)
		}
	}
}

// testListSiblings checks that folders a-1/ next to a folder a/ do not disturb a listing
// that begins inside a/, as they do on MinIO, nor a parallel one.
func testListSiblings(t *testing.T, h *Harness) {
	var keys []string
	for _, folder := range []string{"a", "a-0", "a-0-1", "a-1", "b"} {
		for i := range 30 {
			keys = append(keys, fmt.Sprintf("x/%s/%02d/status", folder, i))
		}
	}
	var stores sync.WaitGroup
	for part := range slices.Chunk(keys, 20) {
		stores.Go(func() {
			for _, key := range part {
				if err := h.Storage.PutObject(t.Context(), h.Bucket, key, strings.NewReader(""), nil); err != nil {
					t.Errorf("put %q: %v", key, err)
				}
			}
		})
	}
	stores.Wait()
	slices.Sort(keys)
	for _, size := range []int{3, 7, 20, 1000} {
		for _, parallel := range []int{1, 2, 16} {
			opts := lithopss3.ListOptions{PageSize: size, Parallel: parallel}
			wantKeys(t, fmt.Sprintf("%+v", opts), h.list(t, &opts), keys...)
			for _, at := range []int{10, len(keys) / 2, len(keys) - 35, len(keys) - 2} {
				opts.StartAfter = keys[at]
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
	if !errors.As(err, &failed) || len(failed.Failed) != 2 {
		t.Errorf("delete from a missing bucket: %v has not an error for each key", err)
	}
}

func testBuckets(t *testing.T, h *Harness) {
	ctx := t.Context()
	if err := h.Storage.HeadBucket(ctx, h.Bucket); err != nil {
		t.Errorf("head: %v", err)
	}
	if err := h.Storage.CreateBucket(ctx, h.Bucket); err != nil {
		t.Errorf("create one's own again: %v", err)
	}
	fresh := h.Bucket + "-fresh"
	if err := h.Storage.CreateBucket(ctx, fresh); err != nil {
		t.Fatalf("create: %v", err)
	}
	if err := h.Storage.HeadBucket(ctx, fresh); err != nil {
		t.Errorf("head of a new one: %v", err)
	}
}

func testCancel(t *testing.T, h *Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Storage.GetObject(ctx, h.Bucket, "key", nil)
	wantError(t, "get", err, context.Canceled)
	wantError(t, "put", h.Storage.PutObject(ctx, h.Bucket, "key", strings.NewReader("x"), nil), context.Canceled)
	for _, err := range h.Storage.ListObjects(ctx, h.Bucket, nil) {
		wantError(t, "list", err, context.Canceled)
	}
	wantError(t, "delete", h.Storage.DeleteObjects(ctx, h.Bucket, []string{"a", "b"}), context.Canceled)
	large := struct{ io.Reader }{bytes.NewReader(make([]byte, 17<<20))}
	wantError(t, "put in parts", h.Storage.PutObject(ctx, h.Bucket, "key", large, nil), context.Canceled)
	_, err = h.Storage.HeadObject(t.Context(), h.Bucket, "key")
	wantError(t, "nothing was stored", err, fs.ErrNotExist)
}
