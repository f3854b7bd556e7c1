// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCloudObjects(t *testing.T) {
	t.Parallel()
	client, store, bucket := newJobs(t)
	ctx := t.Context()
	require.NoError(t, store.CreateBucket(ctx, "another-bucket"))
	call := jobs.Call{ExecutorID: jobs.NewExecutorID(), JobID: "M000", CallID: "00000"} // counted once in the process
	client = client.In(call)
	first, err := client.PutCloudObject(ctx, strings.NewReader("a"), nil)
	require.NoError(t, err)
	assert.Equal(t, "lithops.jobs/tmp/"+call.Session()+"/cloudobject_0", first.Key)
	assert.Equal(t, "<CloudObject at aws_s3://"+bucket+"/"+first.Key+">", first.String())
	named, err := client.PutCloudObject(ctx, strings.NewReader("b"), &jobs.CloudObjectOptions{Key: "my/key", Bucket: "another-bucket"})
	require.NoError(t, err)
	assert.Equal(t, "my/key", named.Key)
	third, err := client.PutCloudObject(ctx, strings.NewReader("c"), &jobs.CloudObjectOptions{Bucket: "another-bucket"})
	require.NoError(t, err)
	assert.Equal(t, "lithops.jobs/tmp/"+call.Session()+"/cloudobject_2", third.Key, "a key that was given counts")

	// Python deletes the last bucket's keys from every bucket.
	require.NoError(t, store.PutObject(ctx, bucket, "my/key", strings.NewReader("mine"), nil))
	require.NoError(t, client.DeleteCloudObjects(ctx, first, named, third))
	_, err = store.HeadObject(ctx, bucket, "my/key")
	require.NoError(t, err)
	for _, object := range []*jobs.CloudObject{first, named, third} {
		_, err = client.GetCloudObject(ctx, object, nil)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}

	elsewhere := &jobs.CloudObject{Backend: "ibm_cos", Bucket: bucket, Key: "my/key"}
	_, err = client.GetCloudObject(ctx, elsewhere, nil)
	require.ErrorIs(t, err, lithopss3.ErrOtherBackend)
	require.ErrorIs(t, client.DeleteCloudObjects(ctx, named, elsewhere), lithopss3.ErrOtherBackend)

	one, err := jobs.New(store, bucket, nil).PutCloudObject(ctx, strings.NewReader("a"), nil)
	require.NoError(t, err)
	two, err := jobs.New(store, bucket, nil).PutCloudObject(ctx, strings.NewReader("b"), nil)
	require.NoError(t, err)
	assert.NotEqual(t, one.Key, two.Key)
	_, ok := jobs.ParseKey(one.Key)
	assert.True(t, ok)
	assert.Regexp(t, `^lithops\.jobs/tmp/go-[0-9a-f]+/cloudobject_[0-9a-f]+$`, one.Key, "each process has a session of its own")
}

// CloudObjects that a worker's goroutines make belong to their calls, so that Clean
// deletes them.
func TestCloudObjectsOfCalls(t *testing.T) {
	t.Parallel()
	client, store, bucket := newJobs(t)
	executor := jobs.NewExecutorID()
	var workers sync.WaitGroup
	for n := range 4 {
		workers.Go(func() {
			worker := client.In(jobs.Call{ExecutorID: executor, JobID: "M000", CallID: jobs.FormatCallID(n)})
			for range 2 {
				_, err := worker.PutCloudObject(t.Context(), strings.NewReader("x"), nil)
				assert.NoError(t, err)
			}
		})
	}
	workers.Wait()
	kept, err := client.PutCloudObject(t.Context(), strings.NewReader("x"), nil)
	require.NoError(t, err)
	report, err := client.Clean(t.Context(), jobs.CleanOptions{ExecutorID: executor})
	require.NoError(t, err)
	assert.Equal(t, jobs.CleanReport{Objects: 8, Bytes: 8}, report)
	keys, err := store.ListKeys(t.Context(), bucket, "")
	require.NoError(t, err)
	assert.Equal(t, []string{kept.Key}, keys)
}
