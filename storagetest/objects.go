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
	"sync"
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
	h.put(t, "a/b.txt", "3rd")
	wantEqual(t, "body replaced by a shorter one", string(h.get(t, "a/b.txt")), "3rd")
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

// largeBody returns bytes for one request more than fits. They may not be changed.
var largeBody = sync.OnceValue(func() []byte {
	data := make([]byte, 16<<20+1)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	return data
})

// testLargeBodies goes over the sizes where one request turns into parts, of bodies
// whose size is known and of streams.
func testLargeBodies(t *testing.T, h *Harness) {
	if testing.Short() {
		t.Skip("moves 36 MiB")
	}
	data := largeBody()
	checkBody(t, h, "file", data, bytes.NewReader(data))
	for _, size := range []int{5 << 20, 5<<20 + 1, 10<<20 + 1} {
		checkBody(t, h, "stream", data[:size], struct{ io.Reader }{bytes.NewReader(data[:size])})
	}
}

// checkBody stores a body, checks that its bytes come back, and deletes it, because most
// storages under test are in memory.
func checkBody(t *testing.T, h *Harness, kind string, data []byte, body io.Reader) {
	t.Helper()
	key := fmt.Sprintf("%s-%d", kind, len(data))
	if err := h.Storage.PutObject(t.Context(), h.Bucket, key, body, nil); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	object := h.open(t, key)
	came := &comparing{want: data}
	if _, err := io.CopyBuffer(came, struct{ io.Reader }{object.Body}, make([]byte, 256<<10)); err != nil {
		t.Fatalf("read %q: %v", key, err)
	}
	if err := object.Body.Close(); err != nil {
		t.Fatalf("close %q: %v", key, err)
	}
	if came.isOther || len(came.want) > 0 {
		t.Errorf("%s: other bytes came back", key)
	}
	if err := h.Storage.DeleteObjects(t.Context(), h.Bucket, []string{key}); err != nil {
		t.Errorf("delete: %v", err)
	}
}

func testFailingBody(t *testing.T, h *Harness) {
	h.put(t, "kept", "as it was")
	// The last two are no end of the body, although errors.Is may say so.
	causes := []error{errBroken, io.ErrUnexpectedEOF, fmt.Errorf("no more: %w", io.EOF)}
	for _, size := range []int{10, 6 << 20} { // the second one is more than a part of a stream
		if testing.Short() && size > 10 {
			causes = causes[1:2]
		}
		for _, broken := range causes {
			body := io.MultiReader(io.LimitReader(zeros{}, int64(size)), iotest.ErrReader(broken))
			err := h.Storage.PutObject(t.Context(), h.Bucket, "kept", body, nil)
			wantError(t, "a body that fails", err, broken)
			err = h.Storage.PutObject(t.Context(), h.Bucket, "kept", &breaking{size, broken}, nil)
			wantError(t, "a body that fails with its last bytes", err, broken)
		}
	}
	if !testing.Short() { // several parts
		err := h.Storage.PutObject(t.Context(), h.Bucket, "kept", &breaking{17 << 20, errBroken}, nil)
		wantError(t, "a long body that fails", err, errBroken)
	}
	another := &lithopss3.Error{Op: "GetObject", Bucket: "another-bucket", Key: "another", Err: lithopss3.ErrPrecondition}
	err := h.Storage.PutObject(t.Context(), h.Bucket, "lock", iotest.ErrReader(another), &lithopss3.PutOptions{IfAbsent: true})
	wantError(t, "a body that is another object", err, another)
	if errors.Is(err, lithopss3.ErrPrecondition) {
		t.Errorf("a body that is another object, which was replaced, is taken for a lock: %v", err)
	}
	wantEqual(t, "what was there", string(h.get(t, "kept")), "as it was")
}

func testRanges(t *testing.T, h *Harness) {
	h.put(t, "ten", "0123456789")
	for _, test := range []rangeTest{
		{nil, "0123456789", 0},
		{lithopss3.Range(0, 1), "0", 0},
		{lithopss3.Range(3, 4), "3456", 3},
		{lithopss3.Range(9, 1), "9", 9},
		{lithopss3.Range(8, 100), "89", 8},
		{lithopss3.Range(5, 0), "", 5},
		{lithopss3.RangeFrom(7), "789", 7},
		{lithopss3.RangeLast(2), "89", 8},
		{lithopss3.RangeLast(0), "", 0},
		{lithopss3.Range(4, 1<<63-1), "456789", 4},
		{lithopss3.Range(-4, 2), "67", 6},
	} {
		checkRange(t, h, test)
	}
	t.Run("long suffix", func(t *testing.T) {
		h.skipIf(t, "NoLongSuffixRange")
		checkRange(t, h, rangeTest{lithopss3.RangeLast(100), "0123456789", 0})
	})
	for _, after := range []*lithopss3.ByteRange{lithopss3.Range(10, 1), lithopss3.RangeFrom(10), lithopss3.Range(1<<40, 1<<40)} {
		_, err := h.Storage.GetObject(t.Context(), h.Bucket, "ten", &lithopss3.GetOptions{Range: after})
		wantError(t, "a range after the end", err, lithopss3.ErrInvalidRange)
	}
	h.put(t, "none", "")
	_, err := h.Storage.GetObject(t.Context(), h.Bucket, "none", &lithopss3.GetOptions{Range: lithopss3.Range(0, 1)})
	wantError(t, "a range of an empty object", err, lithopss3.ErrInvalidRange)
}

// A rangeTest is a range of an object of ten bytes, and what it holds.
type rangeTest struct {
	byteRange *lithopss3.ByteRange
	want      string
	offset    int64
}

func checkRange(t *testing.T, h *Harness, test rangeTest) {
	t.Helper()
	object, err := h.Storage.GetObject(t.Context(), h.Bucket, "ten", &lithopss3.GetOptions{Range: test.byteRange})
	if err != nil {
		t.Errorf("%v: %v", test.byteRange, err)
		return
	}
	what := fmt.Sprintf("%+v", test.byteRange)
	wantEqual(t, what, string(readBody(t, object)), test.want)
	wantEqual(t, what+" size", object.Size, 10)
	wantEqual(t, what+" offset", object.Offset, test.offset)
	wantEqual(t, what+" length", object.Length, int64(len(test.want)))
}

// otherETag is the ETag of no object.
const otherETag = `"00000000000000000000000000000000"`

func testConditions(t *testing.T, h *Harness) {
	h.put(t, "key", "text")
	info, err := h.Storage.HeadObject(t.Context(), h.Bucket, "key")
	if err != nil {
		t.Fatal(err)
	}
	// The header has whole seconds, the server's clock may have more, and a time
	// in the future does not count: the second after the change must have passed.
	after := info.LastModified.Truncate(time.Second).Add(time.Second)
	time.Sleep(time.Until(after.Add(100 * time.Millisecond)))
	for _, test := range []struct {
		name, needs string
		opts        lithopss3.GetOptions
		want        error
	}{
		{"IfMatch of another", "NoConditionalGet", lithopss3.GetOptions{IfMatch: otherETag}, lithopss3.ErrPrecondition},
		{"IfNoneMatch of this", "NoConditionalGet", lithopss3.GetOptions{IfNoneMatch: info.ETag}, lithopss3.ErrNotModified},
		{"IfModifiedSince the second after", "NoModifiedSince", lithopss3.GetOptions{IfModifiedSince: after}, lithopss3.ErrNotModified},
		{"IfUnmodifiedSince earlier", "NoUnmodifiedSince", lithopss3.GetOptions{IfUnmodifiedSince: info.LastModified.Add(-time.Hour)}, lithopss3.ErrPrecondition},
		{"IfMatch of this", "", lithopss3.GetOptions{IfMatch: info.ETag}, nil},
		{"IfMatch without quotes", "", lithopss3.GetOptions{IfMatch: strings.Trim(info.ETag, `"`)}, nil},
		{"IfNoneMatch of another", "", lithopss3.GetOptions{IfNoneMatch: otherETag}, nil},
		{"IfModifiedSince earlier", "", lithopss3.GetOptions{IfModifiedSince: info.LastModified.Add(-time.Hour)}, nil},
		{"IfUnmodifiedSince later", "", lithopss3.GetOptions{IfUnmodifiedSince: info.LastModified.Add(time.Hour)}, nil},
		{"IfMatch with a Range too", "", lithopss3.GetOptions{IfMatch: info.ETag, Range: lithopss3.Range(1, 2)}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.needs != "" {
				h.skipIf(t, test.needs)
			}
			object, err := h.Storage.GetObject(t.Context(), h.Bucket, "key", &test.opts)
			if err == nil {
				readBody(t, object)
			}
			wantError(t, "get", err, test.want)
		})
	}
}

func testConditionalPut(t *testing.T, h *Harness) {
	h.skipIf(t, "NoConditionalPut")
	checkConditionalPut(t, h, "")
}

// testConditionalParts puts streams that are longer than a part.
func testConditionalParts(t *testing.T, h *Harness) {
	h.skipIf(t, "NoConditionalParts")
	checkConditionalPut(t, h, strings.Repeat("x", 5<<20))
}

// checkConditionalPut puts texts, each with rest after it, which is a stream unless rest is
// empty.
func checkConditionalPut(t *testing.T, h *Harness, rest string) {
	t.Helper()
	put := func(text string, opts lithopss3.PutOptions) error {
		var body io.Reader = strings.NewReader(text)
		if rest != "" {
			body = io.MultiReader(body, strings.NewReader(rest))
		}
		return h.Storage.PutObject(t.Context(), h.Bucket, "key", body, &opts)
	}
	if err := put("none", lithopss3.PutOptions{IfMatch: otherETag}); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, lithopss3.ErrPrecondition) {
		t.Errorf("IfMatch where nothing is: got %v, want %v or %v", err, fs.ErrNotExist, lithopss3.ErrPrecondition)
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
	if got := h.get(t, "key"); string(got) != "three"+rest {
		t.Errorf("the body of %d bytes begins with %.10q, want the third", len(got), got)
	}
}

func testDescribes(t *testing.T, h *Harness) {
	before := time.Now().Add(-time.Minute)
	err := h.Storage.PutObject(t.Context(), h.Bucket, "key", strings.NewReader("text"), &lithopss3.PutOptions{
		ContentType: "text/x-test", Metadata: map[string]string{"Colour": "green", "shape": "\t round or so "},
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
		wantEqual(t, what+" metadata with spaces", info.Metadata["shape"], "round or so")
		wantEqual(t, what+" has an ETag", info.ETag != "", true)
		wantEqual(t, what+" is new", info.LastModified.After(before), true)
	}
	h.put(t, "key", "text") // and nothing of the object before it
	plain := h.head(t)
	t.Run("metadata of the object before", func(t *testing.T) {
		h.skipIf(t, "KeepsMetadata")
		wantEqual(t, "metadata", plain.Metadata["colour"], "")
	})
	t.Run("content type of none", func(t *testing.T) {
		h.skipIf(t, "OtherContentType")
		wantEqual(t, "content type", plain.ContentType, "binary/octet-stream")
	})
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
	t.Run("get from a missing bucket", func(t *testing.T) {
		h.skipIf(t, "HeadHidesMissingBucket")
		wantError(t, "get", err, lithopss3.ErrNoSuchBucket)
	})
	wantError(t, "put into a missing bucket", h.Storage.PutObject(ctx, bucket, "key", strings.NewReader(""), nil), lithopss3.ErrNoSuchBucket)
	wantError(t, "list of a missing bucket", h.listError(ctx, bucket, nil), lithopss3.ErrNoSuchBucket)
	wantError(t, "head of a missing bucket", h.Storage.HeadBucket(ctx, bucket), lithopss3.ErrNoSuchBucket)
}

func testCancel(t *testing.T, h *Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Storage.GetObject(ctx, h.Bucket, "key", nil)
	wantError(t, "get", err, context.Canceled)
	wantError(t, "put", h.Storage.PutObject(ctx, h.Bucket, "key", strings.NewReader("x"), nil), context.Canceled)
	wantError(t, "list", h.listError(ctx, h.Bucket, nil), context.Canceled)
	wantError(t, "delete", h.Storage.DeleteObjects(ctx, h.Bucket, []string{"a", "b"}), context.Canceled)
	large := io.LimitReader(zeros{}, 17<<20)
	wantError(t, "put in parts", h.Storage.PutObject(ctx, h.Bucket, "key", large, nil), context.Canceled)
	_, err = h.Storage.HeadObject(t.Context(), h.Bucket, "key")
	wantError(t, "nothing was stored", err, fs.ErrNotExist)
}

// testCancelCause cancels with causes that a reader takes for the end, and a caller for an
// answer: with an errgroup, the cause is the error of another goroutine.
func testCancelCause(t *testing.T, h *Harness) {
	ctx, cancel := context.WithCancelCause(t.Context())
	body := &cancelingReader{cancel: func() { cancel(io.EOF) }}
	wantError(t, "put, canceled with io.EOF", h.Storage.PutObject(ctx, h.Bucket, "key", body, nil), context.Canceled)
	_, err := h.Storage.HeadObject(t.Context(), h.Bucket, "key")
	wantError(t, "nothing was stored", err, fs.ErrNotExist)

	h.put(t, "key", strings.Repeat("x", 10_000))
	ctx, cancel = context.WithCancelCause(t.Context())
	object, err := h.Storage.GetObject(ctx, h.Bucket, "key", nil)
	wantError(t, "get", err, nil)
	if err == nil {
		cancel(io.EOF)
		data, err := io.ReadAll(object.Body)
		if err == nil && len(data) != 10_000 || errors.Is(err, io.EOF) {
			t.Errorf("read, canceled with io.EOF: %d bytes and %v", len(data), err)
		}
		_ = object.Body.Close()
	}

	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(&lithopss3.Error{Op: "HeadObject", Bucket: "another-bucket", Key: "another", Err: fs.ErrNotExist})
	_, headErr := h.Storage.HeadObject(ctx, h.Bucket, "key")
	_, getErr := h.Storage.GetObject(ctx, h.Bucket, "key", nil)
	for what, err := range map[string]error{
		"head": headErr, "get": getErr, "list": h.listError(ctx, h.Bucket, nil), "head of the bucket": h.Storage.HeadBucket(ctx, h.Bucket),
		"put": h.Storage.PutObject(ctx, h.Bucket, "key", nil, nil), "delete": h.Storage.DeleteObjects(ctx, h.Bucket, []string{"key"}),
	} {
		wantError(t, what, err, context.Canceled)
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s, canceled because another object is missing: %v", what, err)
		}
	}
}

// A cancelingReader is a body of 100 bytes. Its first Read ends the context of the put.
type cancelingReader struct {
	cancel func()
	reads  int
}

// Read reads a byte.
func (r *cancelingReader) Read(p []byte) (int, error) {
	r.cancel()
	if r.reads++; r.reads > 100 {
		return 0, io.EOF
	}
	return copy(p, "x"), nil
}
