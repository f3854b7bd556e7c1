// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What reads many objects ahead ends on a storage that does few operations at once, small
// and large objects mixed, and holds the order, also if the loop uses the storage itself.
func TestReadAheadOnLimitedStorage(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 3, 100} {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			client := newLimited(lithopss3.WithLimit(memstore.New("bucket"), limit), 32)
			calls := Calls("4b99c1-0", "M000", 50)
			var bodies []io.Reader
			sizeOf := func(n int) int { return 10 + n%3*3_000 + n%50/49*190_000 }
			for n, call := range calls {
				size := sizeOf(n)
				status := &Status{Call: call}
				status.Extra = map[string]json.RawMessage{"filling": json.RawMessage(`"` + strings.Repeat("x", size) + `"`)}
				require.NoError(t, client.PutStatus(ctx, status))
				bodies = append(bodies, strings.NewReader(strings.Repeat("y", size)))
			}
			n := 0
			for status, err := range client.Statuses(ctx, calls) {
				require.NoError(t, err)
				require.Equal(t, calls[n], status.Call)
				synctest.Wait() // until what is read ahead waits for this loop
				_, err = client.storage.HeadObject(ctx, "bucket", status.StatusKey())
				require.NoError(t, err)
				n++
			}
			assert.Equal(t, len(calls), n)
			objects, err := client.PutCloudObjects(ctx, bodies)
			require.NoError(t, err)
			n = 0
			for data, err := range client.GetCloudObjects(ctx, objects) {
				require.NoError(t, err)
				require.Len(t, data, sizeOf(n))
				synctest.Wait()
				require.NoError(t, client.PutInit(ctx, calls[n], "activation"))
				n++
			}
			assert.Equal(t, len(objects), n)
		})
	}
}
