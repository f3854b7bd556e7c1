// SPDX-License-Identifier: Apache-2.0

package memstore_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/lithops-go/lithopss3/storagetest"
	"github.com/stretchr/testify/require"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(*testing.T) *storagetest.Harness {
		return &storagetest.Harness{Storage: memstore.New("bucket"), Bucket: "bucket"}
	})
}

// TestBodyIsASnapshot of when it was opened.
func TestBodyIsASnapshot(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("one"), nil))
	object, err := store.GetObject(t.Context(), "bucket", "key", nil)
	require.NoError(t, err)
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("two"), nil))
	data, err := io.ReadAll(object.Body)
	require.NoError(t, err)
	require.Equal(t, "one", string(data))
	require.NoError(t, object.Body.Close())
	_, err = object.Body.Read(make([]byte, 1))
	require.ErrorIs(t, err, lithopss3.ErrClosed)
	_, err = io.Copy(io.Discard, object.Body)
	require.ErrorIs(t, err, lithopss3.ErrClosed, "by no other way")
}

// TestBodyEndsWithItsContext, with the cause.
func TestBodyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
	ctx, cancel := context.WithCancelCause(t.Context())
	object, err := store.GetObject(ctx, "bucket", "key", nil)
	require.NoError(t, err)
	cancel(io.ErrClosedPipe)
	_, err = object.Body.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

// TestMetadataIsCopied, both ways.
func TestMetadataIsCopied(t *testing.T) {
	t.Parallel()
	store := memstore.New("bucket")
	metadata := map[string]string{"a": "b"}
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", nil, &lithopss3.PutOptions{Metadata: metadata}))
	metadata["a"] = "c"
	info, err := store.HeadObject(t.Context(), "bucket", "key")
	require.NoError(t, err)
	require.Equal(t, "b", info.Metadata["a"])
	info.Metadata["a"] = "d"
	info, err = store.HeadObject(t.Context(), "bucket", "key")
	require.NoError(t, err)
	require.Equal(t, "b", info.Metadata["a"])
	require.ErrorContains(t, store.PutObject(t.Context(), "bucket", "key", nil, &lithopss3.PutOptions{Metadata: map[string]string{"é": ""}}), "can't be sent")
	_, err = store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{VersionID: "1"})
	require.ErrorContains(t, err, "versions")
}
