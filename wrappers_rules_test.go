// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// storageOps are the methods of Storage.
var storageOps = map[string]func(ctx context.Context, s lithopss3.Storage) error{
	"PutObject": func(ctx context.Context, s lithopss3.Storage) error {
		return s.PutObject(ctx, "bucket", "key", strings.NewReader("body"), nil)
	},
	"GetObject": func(ctx context.Context, s lithopss3.Storage) error {
		return second(s.GetObject(ctx, "bucket", "key", nil))
	},
	"HeadObject": func(ctx context.Context, s lithopss3.Storage) error {
		return second(s.HeadObject(ctx, "bucket", "key"))
	},
	"DeleteObjects": func(ctx context.Context, s lithopss3.Storage) error {
		return s.DeleteObjects(ctx, "bucket", []string{"key"})
	},
	"ListObjects": func(ctx context.Context, s lithopss3.Storage) error {
		return firstError(s.ListObjects(ctx, "bucket", nil))
	},
	"HeadBucket":   func(ctx context.Context, s lithopss3.Storage) error { return s.HeadBucket(ctx, "bucket") },
	"CreateBucket": func(ctx context.Context, s lithopss3.Storage) error { return s.CreateBucket(ctx, "bucket") },
}

// TestLimitOfEveryOperation has each operation wait for its turn, and give up with why its
// context ended, without an operation of the storage below. It gives its turn back.
func TestLimitOfEveryOperation(t *testing.T) {
	t.Parallel()
	storage := reflect.TypeFor[lithopss3.Storage]()
	for i := range storage.NumMethod() {
		assert.Contains(t, storageOps, storage.Method(i).Name)
	}
	mine := errors.New("mine")
	for name, do := range storageOps {
		inner := memstore.New("bucket")
		limited := lithopss3.WithLimit(inner, 1)
		require.NoError(t, limited.PutObject(t.Context(), "bucket", "key", strings.NewReader("body"), nil))
		object, err := limited.GetObject(t.Context(), "bucket", "key", nil) // which has the only turn
		require.NoError(t, err)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(mine)
		require.ErrorIs(t, do(ctx, limited), mine, name)
		require.NoError(t, second(inner.HeadObject(t.Context(), "bucket", "key")), name)
		require.NoError(t, object.Body.Close())

		for range 2 { // a turn that is not given back would make the second wait for ever
			_ = do(t.Context(), limited)
			if name == "GetObject" {
				limited = lithopss3.WithLimit(inner, 2) // its body has a turn
			}
		}
	}
}

// A failingDeletes fails to delete keys.
type failingDeletes struct {
	lithopss3.Storage
	err error
}

// DeleteObjects returns the error.
func (f failingDeletes) DeleteObjects(context.Context, string, []string) error { return f.err }

// TestPrefixOfFailedDeletes has the caller's keys in each failure, those refused here as
// those that failed below, and keeps another error.
func TestPrefixOfFailedDeletes(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	keysOf := func(err error) (keys []string) {
		var failed *lithopss3.DeleteError
		if errors.As(err, &failed) {
			for _, each := range failed.Failed {
				keys = append(keys, each.Key)
			}
		}
		return keys
	}
	below := &lithopss3.DeleteError{Failed: []*lithopss3.Error{{Op: "DeleteObjects", Key: "p/a", Err: fs.ErrPermission}, {Op: "DeleteObjects", Key: "p/b", Err: mine}}}
	for name, test := range map[string]struct {
		keys []string
		err  error
		want []string
		is   error
	}{
		"none":               {[]string{"a", "b"}, nil, nil, nil},
		"below":              {[]string{"a", "b"}, below, []string{"a", "b"}, mine},
		"here":               {[]string{"a", ""}, nil, []string{""}, lithopss3.ErrInvalidKey},
		"both":               {[]string{"", "a", "b"}, below, []string{"", "a", "b"}, mine},
		"another error":      {[]string{"a"}, mine, nil, mine},
		"here and another":   {[]string{"", "a"}, mine, []string{"", "a"}, mine},
		"here and all below": {[]string{"", "a"}, &lithopss3.Error{Op: "DeleteObjects", Bucket: "bucket", Err: mine}, []string{"", "a"}, mine},
		"some of them":       {[]string{"a", "b", "c"}, errors.Join(below, errors.New("other")), []string{"a", "b", "c"}, mine},
		"none is named":      {[]string{"a"}, &lithopss3.DeleteError{}, nil, nil},
		"an error of a key":  {[]string{"a"}, &lithopss3.Error{Op: "DeleteObjects", Key: "p/a", Err: mine}, nil, mine},
		"one that is around": {[]string{"a"}, errors.Join(mine, below), []string{"a", "b"}, mine},
	} {
		storage := lithopss3.WithPrefix(failingDeletes{memstore.New("bucket"), test.err}, "p/")
		err := storage.DeleteObjects(t.Context(), "bucket", test.keys)
		assert.Equal(t, test.want, keysOf(err), name)
		if test.is != nil {
			require.ErrorIs(t, err, test.is, name)
		}
		assert.Equal(t, test.err == nil && !slices.Contains(test.keys, ""), err == nil, name)
		if err != nil {
			assert.NotContains(t, err.Error(), "p/", name)
		}
	}
}

// TestFolderInPieces reads a folder of an FS as fs.ReadDirFile has it.
func TestFolderInPieces(t *testing.T) {
	t.Parallel()
	storage := memstore.New("bucket")
	putAll(t, storage, "bucket", "folder/a", "folder/b", "folder/c")
	opened, err := lithopss3.NewFS(storage, "bucket").Open("folder")
	require.NoError(t, err)
	folder, ok := opened.(fs.ReadDirFile)
	require.True(t, ok)
	read := func(n int, want string, wantErr error) {
		t.Helper()
		entries, err := folder.ReadDir(n)
		require.ErrorIs(t, err, wantErr)
		names := ""
		for _, entry := range entries {
			names += entry.Name()
		}
		assert.Equal(t, want, names)
	}
	read(1, "a", nil)
	read(0, "bc", nil)
	read(0, "", nil)
	read(-1, "", nil)
	read(1, "", io.EOF)
}
