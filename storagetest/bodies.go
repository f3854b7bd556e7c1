// SPDX-License-Identifier: Apache-2.0

package storagetest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
)

// testOwnership checks that what a call was given, and what it returned, is the caller's
// to change.
func testOwnership(t *testing.T, h *Harness) {
	text := []byte("as it was put")
	metadata := map[string]string{"colour": "green"}
	if err := h.Storage.PutObject(t.Context(), h.Bucket, "key", bytes.NewBuffer(text), &lithopss3.PutOptions{Metadata: metadata}); err != nil {
		t.Fatal(err)
	}
	copy(text, "something else")
	metadata["colour"] = "red"
	for range 2 {
		wantEqual(t, "body", string(h.get(t, "key")), "as it was put")
		info := h.head(t)
		wantEqual(t, "metadata", info.Metadata["colour"], "green")
		if info.Metadata != nil {
			info.Metadata["colour"] = "blue"
		}
	}
	keys := []string{"c", "key", "a", "b"}
	if err := h.Storage.DeleteObjects(t.Context(), h.Bucket, keys); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, "keys of a delete", keys, "c", "key", "a", "b")
}

// testClose closes bodies before their end, and again.
func testClose(t *testing.T, h *Harness) {
	h.put(t, "key", "0123456789")
	for _, count := range []int{0, 3, 10} {
		body := h.open(t, "key").Body
		if _, err := io.ReadFull(body, make([]byte, count)); err != nil {
			t.Fatalf("read: %v", err)
		}
		for range 2 {
			if err := body.Close(); err != nil {
				t.Errorf("close after %d bytes: %v", count, err)
			}
		}
		n, err := body.Read(make([]byte, 10))
		wantEqual(t, "bytes after Close", n, 0)
		wantError(t, "read after Close", err, lithopss3.ErrClosed)
	}
}

// testReplaced replaces an object by a shorter one, by a longer one and by none while its
// body is read. The body is the object as it was when it was opened, or fails.
func testReplaced(t *testing.T, h *Harness) {
	before := strings.Repeat("before", 50_000)
	for name, replace := range map[string]func(key string) error{
		"a shorter one": func(key string) error { return h.store(t, key, "short") },
		"a longer one":  func(key string) error { return h.store(t, key, strings.Repeat("longer", 100_000)) },
		"none": func(key string) error {
			return h.Storage.DeleteObjects(t.Context(), h.Bucket, []string{key})
		},
	} {
		key := strings.ReplaceAll(name, " ", "-")
		h.put(t, key, before)
		object := h.open(t, key)
		head := make([]byte, 10)
		if _, err := io.ReadFull(object.Body, head); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := replace(key); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rest, err := io.ReadAll(object.Body)
		if got := string(head) + string(rest); err == nil && got != before {
			t.Errorf("replaced by %s: the body mixes two objects, or ends early: it has %d of %d bytes", name, len(got), len(before))
		}
		if err := object.Body.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// testProgress checks what a put reports.
func testProgress(t *testing.T, h *Harness) {
	for _, size := range []int64{0, 1, 600 << 10} {
		var last lithopss3.Progress
		calls := 0
		opts := &lithopss3.PutOptions{Progress: func(p lithopss3.Progress) {
			if p.Done < last.Done || p.Done > size {
				t.Errorf("progress of %d bytes: %d after %d", size, p.Done, last.Done)
			}
			last = p
			calls++
		}}
		if err := h.Storage.PutObject(t.Context(), h.Bucket, "key", bytes.NewReader(make([]byte, size)), opts); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "last progress", last.Done, size)
		if most := int(size>>18) + 2; calls < 1 || calls > most {
			t.Errorf("progress of %d bytes: %d calls, want 1 to %d", size, calls, most)
		}
	}
	t.Run("refused", func(t *testing.T) {
		h.skipIf(t, "NoConditionalPut")
		const size = 600 << 10
		opts := &lithopss3.PutOptions{IfAbsent: true, Progress: func(p lithopss3.Progress) {
			if p.Done >= size {
				t.Error("progress of a put that is refused: all bytes are told")
			}
		}}
		// Other bytes than what is there: if the refusal is lost, those would be taken for this put's.
		another := bytes.NewReader(bytes.Repeat([]byte("x"), size))
		wantError(t, "put", h.Storage.PutObject(t.Context(), h.Bucket, "key", another, opts), lithopss3.ErrPrecondition)
	})
}

// zeros reads zeros without an end.
type zeros struct{}

// Read reads zeros.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// errBroken is the error of a body.
var errBroken = errors.New("the disk is on fire")

// A breaking body gives its error together with its last bytes, once, and ends then.
type breaking struct {
	left int
	err  error
}

func (b *breaking) Read(p []byte) (n int, err error) {
	n = min(len(p), b.left)
	clear(p[:n])
	if b.left -= n; b.left == 0 {
		err, b.err = b.err, io.EOF
	}
	return n, err
}

// A comparing is written what should be want.
type comparing struct {
	want    []byte // that has not come yet
	isOther bool   // than what came
}

// Write compares.
func (c *comparing) Write(p []byte) (int, error) {
	rest, isSame := bytes.CutPrefix(c.want, p)
	c.want, c.isOther = rest, c.isOther || !isSame
	return len(p), nil
}
