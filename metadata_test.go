// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTabsInHeaders stores what boto3 stores with tabs, in one request and in parts.
func TestTabsInHeaders(t *testing.T) {
	t.Parallel()
	store := openWire(t, straight)
	want := map[string]string{"a": "x\ty", "b": "1 \t 2"}
	for _, size := range []int{1, 20 * unit} {
		for name, opts := range map[string]*lithopss3.PutOptions{
			"metadata":     {Metadata: want},
			"content type": {Metadata: want, ContentType: "text/plain;\tcharset=utf-8"},
		} {
			require.NoError(t, store.PutObject(t.Context(), "bucket", name, bytes.NewReader(testkit.Bytes(size)), opts), "%s %d", name, size)
			info, err := store.HeadObject(t.Context(), "bucket", name)
			require.NoError(t, err)
			assert.Equal(t, want, info.Metadata, "%s %d", name, size)
			if opts.ContentType != "" {
				assert.Equal(t, opts.ContentType, info.ContentType)
			}
		}
	}
}
