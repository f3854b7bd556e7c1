// SPDX-License-Identifier: Apache-2.0

package storagetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3"
)

// atOnceCalls is how many callers there are at once.
const atOnceCalls = 8

// testConcurrent calls every method from several goroutines. Each sees its own objects, and
// of an object that all replace, each sees the whole of one put.
func testConcurrent(t *testing.T, h *Harness) {
	shared := func(caller int) string { return strings.Repeat(fmt.Sprint(caller), 1000*(caller+1)) }
	h.put(t, "shared", shared(0))
	var callers sync.WaitGroup
	for caller := range atOnceCalls {
		callers.Go(func() {
			for round := range 2 {
				if err := h.callAll(t, caller, round, shared); err != nil {
					t.Errorf("caller %d: %v", caller, err)
					return
				}
			}
		})
	}
	callers.Wait()
	wantKeys(t, "left", h.list(t, nil), "shared")
}

// callAll calls every method once, and returns what is wrong.
func (h *Harness) callAll(t *testing.T, caller, round int, shared func(int) string) error {
	t.Helper()
	folder := fmt.Sprintf("%d/", caller)
	key := fmt.Sprintf("%s%d", folder, round)
	if err := errors.Join(h.store(t, key, key), h.store(t, "shared", shared(caller)), h.Storage.CreateBucket(t.Context(), h.Bucket), h.Storage.HeadBucket(t.Context(), h.Bucket)); err != nil {
		return err
	}
	got, err := h.read(t, key)
	whole, wholeErr := h.read(t, "shared")
	info, headErr := h.Storage.HeadObject(t.Context(), h.Bucket, key)
	if err := errors.Join(err, wholeErr, headErr); err != nil {
		return err
	}
	switch {
	case got != key:
		return fmt.Errorf("body: got %q, want %q", got, key)
	case whole == "" || whole != shared(int(whole[0]-'0')):
		return fmt.Errorf("an object that is replaced meanwhile: %d bytes of no put", len(whole))
	case info.Size != int64(len(key)):
		return fmt.Errorf("head: got %d bytes, want %d", info.Size, len(key))
	}
	for info, err := range h.Storage.ListObjects(t.Context(), h.Bucket, &lithopss3.ListOptions{Prefix: folder}) {
		if err != nil || info.Key != key {
			return errors.Join(fmt.Errorf("list: got %q, want %q", info.Key, key), err)
		}
	}
	return h.Storage.DeleteObjects(t.Context(), h.Bucket, []string{key})
}

// testConditionalRace has several puts with the same condition at once. One succeeds, and
// its bytes are there.
func testConditionalRace(t *testing.T, h *Harness) {
	h.skipIf(t, "NoConditionalPut", "RacyConditionalPut")
	for round := range 2 {
		winner := race(t, h, "IfAbsent", round, &lithopss3.PutOptions{IfAbsent: true})
		wantEqual(t, "what won with IfAbsent", string(h.get(t, "key")), winner)
		winner = race(t, h, "IfMatch", round, &lithopss3.PutOptions{IfMatch: h.head(t).ETag})
		wantEqual(t, "what won with IfMatch", string(h.get(t, "key")), winner)
		if err := h.Storage.DeleteObjects(t.Context(), h.Bucket, []string{"key"}); err != nil {
			t.Fatal(err)
		}
	}
}

// race returns what the put that succeeded has stored.
func race(t *testing.T, h *Harness, condition string, round int, opts *lithopss3.PutOptions) string {
	t.Helper()
	var callers sync.WaitGroup
	errs := make([]error, atOnceCalls)
	begin := make(chan struct{})
	body := func(caller int) string { return fmt.Sprintf("%s %d of %d", condition, round, caller) }
	for caller := range errs {
		callers.Go(func() {
			<-begin
			errs[caller] = h.Storage.PutObject(t.Context(), h.Bucket, "key", strings.NewReader(body(caller)), opts)
		})
	}
	close(begin)
	callers.Wait()
	won := []string{}
	for caller, err := range errs {
		if err == nil {
			won = append(won, body(caller))
			continue
		}
		wantError(t, condition+" that lost", err, lithopss3.ErrPrecondition)
	}
	if len(won) != 1 {
		t.Fatalf("%s: %d of %d puts at once succeeded, want 1", condition, len(won), len(errs))
	}
	return won[0]
}
