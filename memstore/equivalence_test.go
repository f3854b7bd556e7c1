// SPDX-License-Identifier: Apache-2.0

package memstore_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/lithopstest"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bothStores has one in memory, and one of S3, each with the bucket "bucket".
func bothStores(t *testing.T) (memory, s3 lithopss3.Storage) {
	t.Helper()
	server, err := lithopstest.Start(nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	store, err := lithopss3.New(t.Context(), server.Config(), server.Options())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	require.NoError(t, store.CreateBucket(t.Context(), "bucket"))
	return memstore.New("bucket"), store
}

// TestRangesAreThoseOfS3 gets ranges of an empty object and of one with ten bytes.
func TestRangesAreThoseOfS3(t *testing.T) {
	t.Parallel()
	memory, s3 := bothStores(t)
	get := func(storage lithopss3.Storage, key string, where *lithopss3.ByteRange) string {
		object, err := storage.GetObject(t.Context(), "bucket", key, &lithopss3.GetOptions{Range: where})
		if err != nil {
			return fmt.Sprint("invalid: ", errors.Is(err, lithopss3.ErrInvalidRange))
		}
		data, err := io.ReadAll(object.Body)
		require.NoError(t, errors.Join(err, object.Body.Close()))
		return fmt.Sprintf("%q at %d, %d of %d", data, object.Offset, object.Length, object.Size)
	}
	for _, key := range []string{"", "0123456789"} {
		for _, storage := range []lithopss3.Storage{memory, s3} {
			require.NoError(t, storage.PutObject(t.Context(), "bucket", "key"+key, strings.NewReader(key), nil))
		}
		for _, offset := range []int64{-30, -10, -3, -1, 0, 1, 9, 10, 11, 1 << 62} {
			for _, length := range []int64{-5, -1, 0, 1, 5, 10, 100, 1 << 62} {
				where := lithopss3.Range(offset, length)
				assert.Equal(t, get(s3, "key"+key, where), get(memory, "key"+key, where), "%+v of %q", *where, key)
			}
		}
	}
}

// TestOptionsAreThoseOfS3 puts objects with options that S3 changes or refuses.
func TestOptionsAreThoseOfS3(t *testing.T) {
	t.Parallel()
	memory, s3 := bothStores(t)
	put := func(storage lithopss3.Storage, body io.Reader, opts lithopss3.PutOptions) string {
		if err := storage.PutObject(t.Context(), "bucket", "key", body, &opts); err != nil {
			return "refused"
		}
		info, err := storage.HeadObject(t.Context(), "bucket", "key")
		require.NoError(t, err)
		return fmt.Sprintf("%q %#v", info.ContentType, info.Metadata)
	}
	for _, opts := range []lithopss3.PutOptions{
		{},
		{Metadata: map[string]string{}},
		{Metadata: map[string]string{"Colour": "\t green ", "x-Y": "", "z": "a  B"}},
		{Metadata: map[string]string{"a": "1", "A": "2"}},
		{Metadata: map[string]string{"a": "é"}},
		{ContentType: "text/plain"},
		{ContentType: "text\n"},
		{ContentType: "\xff"},
		{CacheControl: "a\nb"},
		{ContentEncoding: "a\nb"},
		{ContentDisposition: "a\nb"},
		{IfMatch: "a\nb"},
	} {
		assert.Equal(t, put(s3, strings.NewReader("text"), opts), put(memory, strings.NewReader("text"), opts), "%+v", opts)
	}
}
