// SPDX-License-Identifier: Apache-2.0

package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lithops-go/lithopss3"
)

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
