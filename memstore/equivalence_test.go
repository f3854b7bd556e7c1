// SPDX-License-Identifier: Apache-2.0

package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
		{StorageClass: "STANDARD_IA"},
		{StorageClass: "a\nb"},
		{SSEKMSKeyID: "a\nb"},
		{Parallel: -1},
		{Parallel: 10_000},
		{Parallel: 10_001},
		{Tags: tags(10)},
		{Tags: tags(11)},
		{Tags: map[string]string{"": "v"}},
		{Tags: map[string]string{strings.Repeat("é", 128): strings.Repeat("v", 256)}},
		{Tags: map[string]string{strings.Repeat("k", 129): "v"}},
		{Tags: map[string]string{"k": strings.Repeat("v", 257)}},
		{Tags: map[string]string{"k": "\xff"}},
		{ServerSideEncryption: "AES256"},
		{ServerSideEncryption: "aes256"},
		{ServerSideEncryption: "AES256", SSEKMSKeyID: "key"},
		{SSECustomerKey: lithopss3.NewSecret(strings.Repeat("k", 31))},
		{SSECustomerKey: lithopss3.NewSecret(strings.Repeat("k", 32)), ServerSideEncryption: "AES256"},
	} {
		assert.Equal(t, put(s3, strings.NewReader("text"), opts), put(memory, strings.NewReader("text"), opts), "%+v", opts)
	}
	assert.Equal(t, "refused", put(memory, nil, lithopss3.PutOptions{Metadata: map[string]string{"ab": strings.Repeat("x", 2047)}}), "2 KiB and a byte")
	assert.NotEqual(t, "refused", put(memory, nil, lithopss3.PutOptions{Metadata: map[string]string{"ab": strings.Repeat("x", 2046)}}), "2 KiB; the embedded server takes less")
	assert.NotEqual(t, "refused", put(memory, nil, lithopss3.PutOptions{Tags: map[string]string{"k": strings.Repeat("é", 256)}}), "characters; the embedded server counts bytes")
	for _, kind := range []string{"aws:kms", "aws:kms:dsse"} { // which the embedded server lacks
		assert.NotEqual(t, "refused", put(memory, nil, lithopss3.PutOptions{ServerSideEncryption: kind, SSEKMSKeyID: "key"}))
	}
	assert.Equal(t, "refused", put(memory, nil, lithopss3.PutOptions{SSEKMSKeyID: "key", SSECustomerKey: lithopss3.NewSecret(strings.Repeat("k", 32))}))
}

func tags(count int) map[string]string {
	made := map[string]string{}
	for i := range count {
		made[fmt.Sprint("tag", i)] = "v"
	}
	return made
}

// impossible breaks a rule of io.Reader.
type impossible func(p []byte) (int, error)

func (r impossible) Read(p []byte) (int, error) { return r(p) }

// TestBodiesAreThoseOfS3 puts bodies that can't be read. Nothing is stored.
func TestBodiesAreThoseOfS3(t *testing.T) {
	t.Parallel()
	memory, s3 := bothStores(t)
	broken := errors.New("broken")
	hundredth := 0
	for name, body := range map[string]io.Reader{
		"a nil pointer":        (*strings.Reader)(nil),
		"a nil function":       impossible(nil),
		"no progress":          impossible(func([]byte) (int, error) { return 0, nil }),
		"more than there is":   impossible(func(p []byte) (int, error) { return len(p) + 1, nil }),
		"less than nothing":    impossible(func([]byte) (int, error) { return -1, nil }),
		"an error":             impossible(func([]byte) (int, error) { return 0, broken }),
		"an error with a byte": impossible(func([]byte) (int, error) { return 1, broken }),
	} {
		for _, storage := range []lithopss3.Storage{memory, s3} {
			require.Error(t, storage.PutObject(t.Context(), "bucket", "key", body, nil), "%s, %T", name, storage)
			_, err := storage.HeadObject(t.Context(), "bucket", "key")
			require.ErrorIs(t, err, fs.ErrNotExist, "%s, %T", name, storage)
		}
	}
	empty := 0
	stuck := impossible(func([]byte) (int, error) {
		if empty++; empty <= 100 {
			return 0, nil
		}
		return 0, io.EOF
	})
	require.ErrorIs(t, memory.PutObject(t.Context(), "bucket", "key", stuck, nil), io.ErrNoProgress, "as package bufio")
	slow := impossible(func(p []byte) (int, error) {
		if hundredth++; hundredth%100 != 0 {
			return 0, nil
		}
		if hundredth == 300 {
			return 0, io.EOF
		}
		return copy(p, "x"), nil
	})
	require.NoError(t, memory.PutObject(t.Context(), "bucket", "key", slow, nil))
	info, err := memory.HeadObject(t.Context(), "bucket", "key")
	require.NoError(t, err)
	assert.Equal(t, int64(2), info.Size)
}

// TestReadsAreThoseOfS3 has options that can't be sent.
func TestReadsAreThoseOfS3(t *testing.T) {
	t.Parallel()
	memory, s3 := bothStores(t)
	for _, storage := range []lithopss3.Storage{memory, s3} {
		require.NoError(t, storage.PutObject(t.Context(), "bucket", "key", nil, nil))
		for _, opts := range []*lithopss3.GetOptions{{Parallel: -1}, {SSECustomerKey: lithopss3.NewSecret("short")}} {
			_, err := storage.GetObject(t.Context(), "bucket", "key", opts)
			require.Error(t, err, "%T %+v", storage, opts)
			assert.NotErrorIs(t, err, fs.ErrNotExist)
		}
		for _, opts := range []*lithopss3.ListOptions{{Parallel: -1}, {Prefix: "\xff"}, {StartAfter: "\xff"}, {Delimiter: "\xff"}} {
			count := 0
			for _, err := range storage.ListObjects(t.Context(), "bucket", opts) {
				require.Error(t, err, "%T %+v", storage, opts)
				count++
			}
			assert.Equal(t, 1, count, "%T %+v", storage, opts)
		}
	}
}

// TestRefusalsAreThoseOfS3 has the condition that any object meets, a bucket whose name none
// can have, and a context that has ended.
func TestRefusalsAreThoseOfS3(t *testing.T) {
	t.Parallel()
	memory, s3 := bothStores(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, storage := range []lithopss3.Storage{memory, s3} {
		put := func() error {
			return storage.PutObject(t.Context(), "bucket", "key", nil, &lithopss3.PutOptions{IfMatch: "*"})
		}
		require.ErrorIs(t, put(), fs.ErrNotExist, "%T", storage)
		require.NoError(t, storage.PutObject(t.Context(), "bucket", "key", nil, nil))
		require.NoError(t, put(), "%T", storage)
		object, err := storage.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{IfMatch: "*"})
		require.NoError(t, err, "%T", storage)
		require.NoError(t, object.Body.Close())
		_, err = storage.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{IfNoneMatch: "*"})
		require.ErrorIs(t, err, lithopss3.ErrNotModified, "%T", storage)

		require.ErrorIs(t, storage.DeleteObjects(t.Context(), "a/b", nil), lithopss3.ErrInvalidBucketName, "%T", storage)
		count := 0
		for _, err := range storage.ListObjects(t.Context(), "a/b", nil) {
			require.ErrorIs(t, err, lithopss3.ErrInvalidBucketName, "%T", storage)
			count++
		}
		assert.Equal(t, 1, count)
		require.ErrorIs(t, storage.CreateBucket(ended, "other-bucket"), context.Canceled, "%T", storage)
		require.ErrorIs(t, storage.HeadBucket(t.Context(), "other-bucket"), fs.ErrNotExist, "%T", storage)
	}
}
