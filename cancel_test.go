// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCancelAtAnyMoment cancels thousands of operations, each at a random moment. Nothing
// of them stays, and the store still works; TestMain looks for goroutines.
func TestCancelAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	store := openWire(t, straight)
	folder := t.TempDir()
	large := testkit.Bytes(9 * unit)
	putWhole(t, store, "large", large)
	stream := func() io.Reader { return struct{ io.Reader }{bytes.NewReader(largeZeros()[:6*mib])} } // in parts enough for a cancel in between
	acts := []func(ctx context.Context, i int) error{
		func(ctx context.Context, i int) error {
			return store.PutObject(ctx, "bucket", fmt.Sprint("small/", i), strings.NewReader("small"), nil)
		},
		func(ctx context.Context, _ int) error {
			_, err := store.ReadObject(ctx, "bucket", "large", 0)
			return err
		},
		func(ctx context.Context, _ int) error {
			_, err := store.ListKeys(ctx, "bucket", "")
			return err
		},
		func(ctx context.Context, i int) error {
			if i%10 != 0 {
				_, err := store.HeadObject(ctx, "bucket", "large")
				return err
			}
			return store.DownloadFile(ctx, "bucket", "large", filepath.Join(folder, "file"), nil)
		},
		func(ctx context.Context, i int) error {
			if i%10 != 0 {
				return store.DeleteObjects(ctx, "bucket", []string{"small/1", "small/2"})
			}
			return store.PutObject(ctx, "bucket", "stream", stream(), nil)
		},
	}
	var group sync.WaitGroup
	for worker := range 16 {
		group.Go(func() {
			for i := range 150 {
				within := time.Duration(rand.IntN(3000)) * time.Microsecond
				if i%10 == 0 {
					within *= 10
				}
				ctx, cancel := context.WithTimeout(t.Context(), within)
				err := acts[(worker+i)%len(acts)](ctx, i)
				cancel()
				assert.True(t, err == nil || errors.Is(err, context.DeadlineExceeded), "%v", err)
			}
		})
	}
	group.Wait()
	assert.Zero(t, uploadsLeft(t, store))
	require.NoError(t, store.DownloadFile(t.Context(), "bucket", "large", filepath.Join(folder, "file"), nil))
	got, err := os.ReadFile(filepath.Join(folder, "file"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(large, got))
	assert.Equal(t, []string{"file"}, testkit.Files(t, folder))
}
