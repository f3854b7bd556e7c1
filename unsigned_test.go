// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/lithopstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUnsignedPayloadIsOfPutsAlone checks that a server takes bodies that are not
// signed, also in parts, and that a presigned request stays as it is.
func TestUnsignedPayloadIsOfPutsAlone(t *testing.T) {
	t.Parallel()
	server := lithopstest.NewServer(t)
	signing, bucket := server.Open(t)
	for _, sdkOnly := range []bool{false, true} {
		opts := lithopss3.InSmall(lithopss3.InHaste(server.Options(), patient))
		opts.UnsignedPayload, opts.SDKOnly = true, sdkOnly
		store, err := lithopss3.New(t.Context(), server.Config(), opts)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		for _, body := range []string{"", "body", strings.Repeat("x", 300<<10), strings.Repeat("y", 17*unit)} {
			require.NoError(t, store.PutObject(t.Context(), bucket, "key", strings.NewReader(body), nil))
			got, err := store.ReadObject(t.Context(), bucket, "key", 0)
			require.NoError(t, err)
			assert.True(t, body == string(got))
		}
		for _, s := range []*lithopss3.Store{signing, store} {
			signed, err := s.PresignPut(t.Context(), bucket, "key", time.Minute, nil)
			require.NoError(t, err)
			assert.Empty(t, signed.Header.Get("X-Amz-Content-Sha256"))
			assert.NotContains(t, signed.URL, "x-amz-content-sha256")
		}
	}
}
