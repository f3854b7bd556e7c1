// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/download"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDirAtOnce counts how many small and large files are transferred at once. The time is
// synthetic.
func TestDirAtOnce(t *testing.T) {
	t.Parallel()
	assert.EqualValues(t, download.ChunkSize, openfiles.LargeFile, "a file that is not large is one request")
	for name, test := range map[string]struct {
		opts         *DirOptions
		large        int // of 200 files, the first ones
		most, larges int
	}{
		"small files":    {nil, 0, openfiles.FilesAtOnce, 0},
		"large files":    {nil, 200, openfiles.LargeAtOnce, openfiles.LargeAtOnce},
		"some of each":   {nil, openfiles.LargeAtOnce, openfiles.FilesAtOnce, openfiles.LargeAtOnce},
		"as many as one": {&DirOptions{Parallel: 1}, 100, 1, 1},
		"as many as 32":  {&DirOptions{Parallel: 32}, 200, 32, 32},
	} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			now, most := map[bool]int{}, map[bool]int{}
			total := 0
			run := newDirTransfer(t.Context(), test.opts)
			for i := range 200 {
				size := int64(openfiles.LargeFile)
				if i < test.large {
					size++
				}
				isLarge := size > openfiles.LargeFile
				require.NoError(t, run.start(size, func(context.Context) error {
					mu.Lock()
					now[isLarge]++
					most[isLarge] = max(most[isLarge], now[isLarge])
					total = max(total, now[true]+now[false])
					mu.Unlock()
					time.Sleep(time.Second)
					mu.Lock()
					defer mu.Unlock()
					now[isLarge]--
					return nil
				}))
			}
			require.NoError(t, run.wait(nil))
			assert.Equal(t, test.most, total, name)
			assert.Equal(t, test.larges, most[true], name)
		})
	}
}
