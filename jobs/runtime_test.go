// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGoldenRuntimeMeta(t *testing.T) {
	t.Parallel()
	var golden struct {
		Derived []struct {
			Fn    string              `json:"fn"`
			Key   string              `json:"key"`
			Body  string              `json:"body"`
			Calls [][]json.RawMessage `json:"calls"`
		} `json:"derived"`
	}
	data, err := os.ReadFile("../testdata/golden/keys.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &golden))
	client, store, bucket := newJobs(t)
	ran := 0
	for _, c := range golden.Derived {
		key, body, meta := "", c.Body, json.RawMessage(c.Body)
		switch c.Fn {
		case "put_runtime_meta":
			require.NoError(t, json.Unmarshal(c.Calls[0][2], &key))
			require.NoError(t, json.Unmarshal(c.Calls[0][3], &body))
			meta = json.RawMessage(body)
		case "put_runtime_meta body":
			c.Key, key = "x", "lithops.runtimes/x.meta.json"
		default:
			continue
		}
		require.NoError(t, client.PutRuntimeMeta(t.Context(), c.Key, meta))
		got, err := store.ReadObject(t.Context(), bucket, key, 0)
		require.NoError(t, err)
		assert.Equal(t, body, string(got))
		ran++
	}
	assert.Equal(t, 7, ran)
}

func TestRuntimeMetaCache(t *testing.T) {
	t.Parallel()
	_, store, bucket := newJobs(t)
	ctx, cacheDir := t.Context(), t.TempDir()
	client := jobs.New(store, bucket, &jobs.Options{CacheDir: cacheDir})
	const runtime = "aws_lambda/3.7.1/us-east-1/default/256"
	copied := filepath.Join(cacheDir, "lithops.runtimes", filepath.FromSlash(runtime)+".meta.json")
	_, err := client.RuntimeMeta(ctx, runtime)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, client.PutRuntimeMeta(ctx, runtime, map[string]any{"python_version": "3.11"}))
	text, err := os.ReadFile(copied)
	require.NoError(t, err)
	assert.JSONEq(t, `{"python_version": "3.11"}`, string(text), "where Python looks for it")

	// The copy answers without the bucket.
	require.NoError(t, store.DeleteObject(ctx, bucket, jobs.RuntimeKey(runtime)))
	meta, err := client.RuntimeMeta(ctx, runtime)
	require.NoError(t, err)
	assert.JSONEq(t, `{"python_version": "3.11"}`, string(meta))

	// Not for another bucket, nor if another process wrote it, nor after a delete.
	require.NoError(t, store.CreateBucket(ctx, "another-bucket"))
	other := jobs.New(store, "another-bucket", &jobs.Options{CacheDir: cacheDir})
	_, err = other.RuntimeMeta(ctx, runtime)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.WriteFile(copied, []byte(`{"python_version": "2"}`), 0o600))
	_, err = client.RuntimeMeta(ctx, runtime)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, client.PutRuntimeMeta(ctx, runtime, map[string]any{}))
	require.NoError(t, client.DeleteRuntimeMeta(ctx, runtime))
	_, err = client.RuntimeMeta(ctx, runtime)
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.NoFileExists(t, copied)

	// A name that leads out of the cache stays out of it.
	require.NoError(t, client.PutRuntimeMeta(ctx, "../../../up", map[string]any{}))
	assert.NoFileExists(t, filepath.Join(filepath.Dir(cacheDir), "up.meta.json"))
}
