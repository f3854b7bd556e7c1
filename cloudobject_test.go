package lithopss3_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCloudObjects(t *testing.T) {
	t.Parallel()
	jobs, store, bucket := newJobs(t)
	ctx := t.Context()
	require.NoError(t, store.CreateBucket(ctx, "another-bucket"))
	jobs.SessionID = "test-" + lithopss3.NewActivationID() // counted once in the process
	first, err := jobs.PutCloudObject(ctx, strings.NewReader("a"), nil)
	require.NoError(t, err)
	assert.Equal(t, "lithops.jobs/tmp/"+jobs.SessionID+"/cloudobject_0", first.Key)
	assert.Equal(t, "<CloudObject at aws_s3://"+bucket+"/"+first.Key+">", first.String())
	named, err := jobs.PutCloudObject(ctx, strings.NewReader("b"), &lithopss3.CloudObjectOptions{Key: "my/key", Bucket: "another-bucket"})
	require.NoError(t, err)
	assert.Equal(t, "my/key", named.Key)
	third, err := jobs.PutCloudObject(ctx, strings.NewReader("c"), &lithopss3.CloudObjectOptions{Bucket: "another-bucket"})
	require.NoError(t, err)
	assert.Equal(t, "lithops.jobs/tmp/"+jobs.SessionID+"/cloudobject_2", third.Key, "a key that was given counts")

	// Python deletes the last bucket's keys from every bucket.
	require.NoError(t, store.PutObject(ctx, bucket, "my/key", strings.NewReader("mine"), nil))
	require.NoError(t, jobs.DeleteCloudObjects(ctx, first, named, third))
	_, err = store.HeadObject(ctx, bucket, "my/key")
	require.NoError(t, err)
	for _, object := range []*lithopss3.CloudObject{first, named, third} {
		_, err = jobs.GetCloudObject(ctx, object, nil)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}

	elsewhere := &lithopss3.CloudObject{Backend: "ibm_cos", Bucket: bucket, Key: "my/key"}
	_, err = jobs.GetCloudObject(ctx, elsewhere, nil)
	require.ErrorIs(t, err, lithopss3.ErrOtherBackend)
	require.ErrorIs(t, jobs.DeleteCloudObjects(ctx, named, elsewhere), lithopss3.ErrOtherBackend)

	jobs.SessionID = ""
	one, err := jobs.PutCloudObject(ctx, strings.NewReader("a"), nil)
	require.NoError(t, err)
	two, err := lithopss3.NewJobs(store, bucket).PutCloudObject(ctx, strings.NewReader("b"), nil)
	require.NoError(t, err)
	assert.NotEqual(t, one.Key, two.Key)
	_, ok := lithopss3.ParseKey(one.Key)
	assert.True(t, ok)
}
