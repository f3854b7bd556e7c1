// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestListBuckets and their owner.
func TestListBuckets(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	var names []string
	for bucket, err := range store.ListBuckets(t.Context()) {
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now(), bucket.Created, time.Minute)
		names = append(names, bucket.Name)
	}
	assert.Equal(t, []string{"bucket", "other"}, names)
}

// TestObjectTags are replaced as a whole.
func TestObjectTags(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
	get := func() map[string]string {
		tags, err := store.ObjectTags(t.Context(), "bucket", "key")
		require.NoError(t, err)
		return tags
	}
	assert.Empty(t, get())
	for _, tags := range []map[string]string{{"a": "b", "c d": "é/+"}, {"x": ""}, {}} {
		require.NoError(t, store.SetObjectTags(t.Context(), "bucket", "key", tags))
		assert.Equal(t, tags, get())
	}
	require.ErrorIs(t, store.SetObjectTags(t.Context(), "bucket", "gone", map[string]string{"a": "b"}), fs.ErrNotExist)
	_, err := store.ObjectTags(t.Context(), "bucket", "gone")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, store.SetObjectTags(t.Context(), "bucket", "key", map[string]string{"a\x01": ""}), "can't be sent")
}
