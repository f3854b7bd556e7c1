package lithopss3_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/lithops-go/lithopss3"
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
	data, err := os.ReadFile("testdata/golden/keys.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &golden))
	jobs, store, bucket := newJobs(t)
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
		require.NoError(t, jobs.PutRuntimeMeta(t.Context(), c.Key, meta))
		got, err := store.ReadObject(t.Context(), bucket, key, 0)
		require.NoError(t, err)
		assert.Equal(t, body, string(got))
		ran++
	}
	assert.Equal(t, 7, ran)
}

func TestRuntimeMetaCache(t *testing.T) {
	t.Parallel()
	jobs, store, bucket := newJobs(t)
	ctx := t.Context()
	const runtime = "aws_lambda/3.7.1/us-east-1/default/256"
	copyOf := func(jobs *lithopss3.Jobs) string {
		return filepath.Join(jobs.CacheDir, "lithops.runtimes", filepath.FromSlash(runtime)+".meta.json")
	}
	_, err := jobs.RuntimeMeta(ctx, runtime)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, jobs.PutRuntimeMeta(ctx, runtime, map[string]any{"python_version": "3.11"}))
	text, err := os.ReadFile(copyOf(jobs))
	require.NoError(t, err)
	assert.JSONEq(t, `{"python_version": "3.11"}`, string(text), "where Python looks for it")

	// The copy answers without the bucket.
	require.NoError(t, store.DeleteObject(ctx, bucket, lithopss3.RuntimeKey(runtime)))
	meta, err := jobs.RuntimeMeta(ctx, runtime)
	require.NoError(t, err)
	assert.JSONEq(t, `{"python_version": "3.11"}`, string(meta))

	// Not for another bucket, nor when somebody else wrote it, nor after a delete.
	require.NoError(t, store.CreateBucket(ctx, "another-bucket"))
	other := lithopss3.NewJobs(store, "another-bucket")
	other.CacheDir = jobs.CacheDir
	_, err = other.RuntimeMeta(ctx, runtime)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.WriteFile(copyOf(jobs), []byte(`{"python_version": "2"}`), 0o600))
	_, err = jobs.RuntimeMeta(ctx, runtime)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, jobs.PutRuntimeMeta(ctx, runtime, map[string]any{}))
	require.NoError(t, jobs.DeleteRuntimeMeta(ctx, runtime))
	_, err = jobs.RuntimeMeta(ctx, runtime)
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.NoFileExists(t, copyOf(jobs))

	// A name that leads out of the cache stays out of it.
	require.NoError(t, jobs.PutRuntimeMeta(ctx, "../../../up", map[string]any{}))
	assert.NoFileExists(t, filepath.Join(filepath.Dir(jobs.CacheDir), "up.meta.json"))
}
