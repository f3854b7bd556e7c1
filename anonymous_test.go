// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/partition"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// publicBucket serves one object, to requests without a signature only.
func publicBucket(t *testing.T, data []byte, asked *atomic.Int64) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token"} {
			if r.Header.Get(name) != "" || r.URL.Query().Has("X-Amz-Signature") {
				t.Errorf("%s %s is signed", r.Method, r.URL)
			}
		}
		w.Header().Set("Etag", `"0123456789abcdef-2"`) // no MD5
		switch {
		case r.Method == http.MethodPut || r.Method == http.MethodDelete:
			_, _ = io.Copy(io.Discard, r.Body)
		case r.URL.Query().Has("list-type"):
			_, _ = fmt.Fprintf(w, `<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated><Contents><Key>data.txt</Key><Size>%d</Size></Contents></ListBucketResult>`, len(data))
		default:
			http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(data))
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// TestAnonymousSignsNothing checks every way to read a public bucket, on both paths, with
// keys in the environment that must not be used.
func TestAnonymousSignsNothing(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("a line of sixteen\n"), unit)
	ways := map[string]func(ctx context.Context, store *lithopss3.Store, folder string) (int64, error){
		"ReadObject": func(ctx context.Context, store *lithopss3.Store, _ string) (int64, error) {
			read, err := store.ReadObject(ctx, "bucket", "data.txt", 0)
			return int64(len(read)), err
		},
		"GetObject, parallel": func(ctx context.Context, store *lithopss3.Store, _ string) (int64, error) {
			object, err := store.GetObject(ctx, "bucket", "data.txt", &lithopss3.GetOptions{Parallel: 3})
			if err != nil {
				return 0, err
			}
			defer func() { _ = object.Body.Close() }()
			return io.Copy(io.Discard, object.Body)
		},
		"DownloadFile": func(ctx context.Context, store *lithopss3.Store, folder string) (int64, error) {
			err := store.DownloadFile(ctx, "bucket", "data.txt", filepath.Join(folder, "file"), nil)
			return int64(len(data)), err
		},
		"GetDir": func(ctx context.Context, store *lithopss3.Store, folder string) (int64, error) {
			return int64(len(data)), store.GetDir(ctx, "bucket", "", folder, nil)
		},
		"OpenReaderAt": func(ctx context.Context, store *lithopss3.Store, _ string) (int64, error) {
			object, err := store.OpenReaderAt(ctx, "bucket", "data.txt", nil)
			if err != nil {
				return 0, err
			}
			defer func() { _ = object.Close() }()
			return io.Copy(io.Discard, object.NewReader())
		},
		"HeadObject": func(ctx context.Context, store *lithopss3.Store, _ string) (int64, error) {
			info, err := store.HeadObject(ctx, "bucket", "data.txt")
			if err != nil {
				return 0, err
			}
			return info.Size, nil
		},
		"ListObjects": func(ctx context.Context, store *lithopss3.Store, _ string) (size int64, err error) {
			for info, err := range store.ListObjects(ctx, "bucket", nil) {
				if err != nil {
					return 0, err
				}
				size += info.Size
			}
			return size, nil
		},
		"partitions": func(ctx context.Context, store *lithopss3.Store, _ string) (size int64, err error) {
			parts, _, err := partition.Objects(ctx, store, []string{"bucket/data.txt"}, &partition.Options{ChunkSize: 3 * unit, Newline: "\n"})
			if err != nil {
				return 0, err
			}
			for _, part := range parts {
				body, err := part.Open(ctx, store)
				if err != nil {
					return 0, err
				}
				n, err := io.Copy(io.Discard, body)
				_ = body.Close()
				if err != nil {
					return 0, err
				}
				size += n
			}
			return size, nil
		},
		"PutObject": func(ctx context.Context, store *lithopss3.Store, _ string) (int64, error) {
			return int64(len(data)), store.PutObject(ctx, "bucket", "new", strings.NewReader("text"), nil)
		},
		"DeleteObject": func(ctx context.Context, store *lithopss3.Store, _ string) (int64, error) {
			return int64(len(data)), store.DeleteObject(ctx, "bucket", "new")
		},
	}
	for _, sdkOnly := range testkit.SomeOf([]bool{false, true}, 1) {
		var asked atomic.Int64
		server := publicBucket(t, data, &asked)
		store, err := lithopss3.New(t.Context(), &lithopss3.Config{Region: "us-east-1", StorageBucket: "bucket"}, lithopss3.InSmall(lithopss3.InHaste(&lithopss3.Options{
			Anonymous: true, SDKOnly: sdkOnly, Endpoint: server.URL,
			LookupEnv: testkit.Env(map[string]string{"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "HOME": t.TempDir()}),
		}, patient)))
		require.NoError(t, err)
		for name, way := range ways {
			before := asked.Load()
			for range 2 { // the first request of a kind is the SDK's, the second the fast path's
				n, err := way(t.Context(), store, t.TempDir())
				require.NoError(t, err, "%s, SDKOnly %t", name, sdkOnly)
				assert.EqualValues(t, len(data), n, name)
			}
			assert.Greater(t, asked.Load(), before, name)
		}
		require.NoError(t, store.Close())
	}
}
