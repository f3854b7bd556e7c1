// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A namingOp calls a method with the names of a bucket and of a key. takesAnyKey has no
// key, or one that may be empty.
type namingOp struct {
	do          func(ctx context.Context, s *lithopss3.Store, bucket, key string) error
	takesAnyKey bool
}

// firstError returns the first error of a sequence.
func firstError[T any](sequence iter.Seq2[T, error]) error {
	for _, err := range sequence {
		if err != nil {
			return err
		}
	}
	return nil
}

// namingOps are all methods that take the name of a bucket.
func namingOps(folder string) map[string]namingOp {
	type store = lithopss3.Store
	body := func() io.Reader { return strings.NewReader("body") }
	return map[string]namingOp{
		"HeadBucket":   {func(ctx context.Context, s *store, bucket, _ string) error { return s.HeadBucket(ctx, bucket) }, true},
		"CreateBucket": {func(ctx context.Context, s *store, bucket, _ string) error { return s.CreateBucket(ctx, bucket) }, true},
		"BucketStatus": {func(ctx context.Context, s *store, bucket, _ string) error {
			return second(s.BucketStatus(ctx, bucket))
		}, true},
		"CopyObject": {func(ctx context.Context, s *store, bucket, key string) error {
			return s.CopyObject(ctx, "from", "key", bucket, key, nil)
		}, false},
		"CopyObject, source": {func(ctx context.Context, s *store, bucket, key string) error {
			return s.CopyObject(ctx, bucket, key, "to", "key", nil)
		}, false},
		"MoveObject": {func(ctx context.Context, s *store, bucket, key string) error {
			return s.MoveObject(ctx, "from", "key", bucket, key, nil)
		}, false},
		"MoveObject, source": {func(ctx context.Context, s *store, bucket, key string) error {
			return s.MoveObject(ctx, bucket, key, "to", "key", nil)
		}, false},
		"DeleteObject": {func(ctx context.Context, s *store, bucket, key string) error { return s.DeleteObject(ctx, bucket, key) }, false},
		"DeleteObjects": {func(ctx context.Context, s *store, bucket, key string) error {
			return s.DeleteObjects(ctx, bucket, []string{key})
		}, false},
		"DeletePrefix": {func(ctx context.Context, s *store, bucket, _ string) error {
			return second(s.DeletePrefix(ctx, bucket, "prefix", nil))
		}, true},
		"PutDir": {func(ctx context.Context, s *store, bucket, _ string) error {
			return s.PutDir(ctx, folder, bucket, "prefix", nil)
		}, true},
		"GetDir": {func(ctx context.Context, s *store, bucket, _ string) error {
			return s.GetDir(ctx, bucket, "prefix", folder, nil)
		}, true},
		"DownloadTo": {func(ctx context.Context, s *store, bucket, key string) error {
			return second(s.DownloadTo(ctx, bucket, key, nil, nil))
		}, false},
		"DownloadFile": {func(ctx context.Context, s *store, bucket, key string) error {
			return s.DownloadFile(ctx, bucket, key, filepath.Join(folder, "new"), nil)
		}, false},
		"MoveToFile": {func(ctx context.Context, s *store, bucket, key string) error {
			return s.MoveToFile(ctx, bucket, key, filepath.Join(folder, "moved"), nil)
		}, false},
		"PutRequest": {func(ctx context.Context, s *store, bucket, key string) error {
			_, _, err := s.PutRequest(ctx, bucket, key)
			return err
		}, false},
		"ExpireAfter": {func(ctx context.Context, s *store, bucket, _ string) error {
			return second(s.ExpireAfter(ctx, bucket, "prefix", 1, false))
		}, true},
		"ListObjects": {func(ctx context.Context, s *store, bucket, _ string) error {
			return firstError(s.ListObjects(ctx, bucket, nil))
		}, true},
		"ListKeys": {func(ctx context.Context, s *store, bucket, _ string) error {
			return second(s.ListKeys(ctx, bucket, ""))
		}, true},
		"GetObject": {func(ctx context.Context, s *store, bucket, key string) error {
			return second(s.GetObject(ctx, bucket, key, nil))
		}, false},
		"HeadObject": {func(ctx context.Context, s *store, bucket, key string) error {
			return second(s.HeadObject(ctx, bucket, key))
		}, false},
		"ReadObject": {func(ctx context.Context, s *store, bucket, key string) error {
			return second(s.ReadObject(ctx, bucket, key, 0))
		}, false},
		"ObjectTags": {func(ctx context.Context, s *store, bucket, key string) error {
			return second(s.ObjectTags(ctx, bucket, key))
		}, false},
		"SetObjectTags": {func(ctx context.Context, s *store, bucket, key string) error {
			return s.SetObjectTags(ctx, bucket, key, map[string]string{"a": "b"})
		}, false},
		"PresignGet": {func(ctx context.Context, s *store, bucket, key string) error {
			return second(s.PresignGet(ctx, bucket, key, time.Minute, nil))
		}, false},
		"PresignPut": {func(ctx context.Context, s *store, bucket, key string) error {
			return second(s.PresignPut(ctx, bucket, key, time.Minute, nil))
		}, false},
		"PutObject": {func(ctx context.Context, s *store, bucket, key string) error {
			return s.PutObject(ctx, bucket, key, body(), nil)
		}, false},
		"UploadFile": {func(ctx context.Context, s *store, bucket, key string) error {
			return s.UploadFile(ctx, filepath.Join(folder, "file"), bucket, key, nil)
		}, false},
		"OpenReaderAt": {func(ctx context.Context, s *store, bucket, key string) error {
			return second(s.OpenReaderAt(ctx, bucket, key, nil))
		}, false},
		"OpenUploads": {func(ctx context.Context, s *store, bucket, _ string) error {
			return firstError(s.OpenUploads(ctx, bucket, ""))
		}, true},
		"AbortUpload": {func(ctx context.Context, s *store, bucket, key string) error {
			return s.AbortUpload(ctx, bucket, lithopss3.OpenUpload{Key: key, ID: "id"})
		}, false},
		"ListVersions": {func(ctx context.Context, s *store, bucket, _ string) error {
			return firstError(s.ListVersions(ctx, bucket, ""))
		}, true},
	}
}

// TestNamesOfOperations has each method refuse the name of a bucket or of a key that
// can't be right, before a request is sent: an empty bucket would address the service,
// and an empty key the bucket.
func TestNamesOfOperations(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "file"), []byte("content"), 0o600))
	store := storeOfServer(t, func(*http.Request, http.RoundTripper) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, io.EOF
	})
	ops := namingOps(folder)
	for name, op := range ops {
		for _, bucket := range []string{"", "a/b", "a b"} {
			require.ErrorIs(t, op.do(t.Context(), store, bucket, "key"), lithopss3.ErrInvalidBucketName, "%s in %q", name, bucket)
		}
		if !op.takesAnyKey {
			require.ErrorIs(t, op.do(t.Context(), store, "bucket", ""), lithopss3.ErrInvalidKey, name)
			require.ErrorIs(t, op.do(t.Context(), store, "bucket", strings.Repeat("k", 1025)), lithopss3.ErrInvalidKey, name)
		}
	}
	require.ErrorContains(t, store.MoveObject(t.Context(), "bucket", "key", "bucket", "key", nil), "same object")

	methods := reflect.TypeFor[*lithopss3.Store]()
	for i := range methods.NumMethod() {
		method := methods.Method(i)
		for j := range method.Type.NumIn() {
			if method.Type.In(j).Kind() == reflect.String {
				assert.Contains(t, ops, method.Name)
			}
		}
	}
}
