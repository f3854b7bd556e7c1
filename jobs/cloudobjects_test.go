// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A countingStorage counts the puts that run at once, and refuses some bodies.
type countingStorage struct {
	lithopss3.Storage
	refused      error
	running, max atomic.Int64
}

func (s *countingStorage) PutObject(ctx context.Context, bucket, key string, body io.Reader, opts *lithopss3.PutOptions) error {
	running := s.running.Add(1)
	defer s.running.Add(-1)
	for most := s.max.Load(); running > most && !s.max.CompareAndSwap(most, running); most = s.max.Load() {
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if strings.HasPrefix(string(data), "refused") {
		return s.refused
	}
	return s.Storage.PutObject(ctx, bucket, key, strings.NewReader(string(data)), opts)
}

func bodies(texts ...string) []io.Reader {
	var out []io.Reader
	for _, text := range texts {
		out = append(out, strings.NewReader(text))
	}
	return out
}

// Many CloudObjects keep their order, at most 16 are stored at once.
func TestManyCloudObjects(t *testing.T) {
	t.Parallel()
	_, store, bucket := newJobs(t)
	storage := &countingStorage{Storage: store}
	call := jobs.Call{ExecutorID: jobs.NewExecutorID(), JobID: "M000", CallID: "00000"}
	client := jobs.New(storage, bucket, nil).In(call)
	const count = 100
	var texts []string
	for i := range count {
		texts = append(texts, fmt.Sprint("body ", i))
	}
	objects, err := client.PutCloudObjects(t.Context(), bodies(texts...))
	require.NoError(t, err)
	require.Len(t, objects, count)
	assert.LessOrEqual(t, storage.max.Load(), int64(16))
	n := 0
	for data, err := range client.GetCloudObjects(t.Context(), objects) {
		require.NoError(t, err)
		assert.Equal(t, texts[n], string(data))
		assert.Equal(t, jobs.CloudObjectKey(call.Session(), uint64(n)), objects[n].Key)
		n++
	}
	assert.Equal(t, count, n)
	for _, err := range client.GetCloudObjects(t.Context(), objects) {
		require.NoError(t, err)
		break // leaves no goroutine
	}
}

// What fails is named, and the others are stored.
func TestManyCloudObjectsFail(t *testing.T) {
	t.Parallel()
	_, store, bucket := newJobs(t)
	refusal := errors.New("disk full")
	client := jobs.New(&countingStorage{Storage: store, refused: refusal}, bucket, nil)
	objects, err := client.PutCloudObjects(t.Context(), bodies("a", "refused 1", "b", "refused 2"))
	var failed *jobs.CloudObjectsError
	require.ErrorAs(t, err, &failed)
	require.ErrorIs(t, err, refusal)
	require.Len(t, failed.Failed, 2)
	assert.Equal(t, []int{1, 3}, []int{failed.Failed[0].Index, failed.Failed[1].Index})
	assert.Equal(t, 4, failed.Total)
	require.ErrorContains(t, err, "2 of 4 CloudObjects not stored, the first is 1 (aws_s3://"+bucket+"/"+failed.Failed[0].Object.Key+"): disk full")
	assert.Nil(t, objects[1])
	assert.Nil(t, objects[3])

	// The second does not exist, the third is nil, the fourth is elsewhere.
	elsewhere := &jobs.CloudObject{Backend: "ibm_cos", Bucket: bucket, Key: "k"}
	asked := []*jobs.CloudObject{objects[0], failed.Failed[0].Object, nil, elsewhere, objects[2]}
	var texts []string
	var errs []error
	for data, err := range client.GetCloudObjects(t.Context(), asked) {
		texts, errs = append(texts, string(data)), append(errs, err)
	}
	assert.Equal(t, []string{"a", "", "", "", "b"}, texts)
	require.ErrorIs(t, errs[1], fs.ErrNotExist)
	require.ErrorContains(t, errs[1], "CloudObject 1 of 5: "+failed.Failed[0].Object.URL())
	require.EqualError(t, errs[2], "CloudObject 2 of 5: a nil *CloudObject")
	require.ErrorIs(t, errs[3], lithopss3.ErrOtherBackend)
	require.NoError(t, errs[4])
	require.EqualError(t, client.DeleteCloudObjects(t.Context(), objects...), "a nil *CloudObject")
}

// After the context has ended, each object has an answer.
func TestManyCloudObjectsInterrupted(t *testing.T) {
	t.Parallel()
	client, _, bucket := newJobs(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	objects, err := client.PutCloudObjects(ctx, bodies("a", "b"))
	var failed *jobs.CloudObjectsError
	require.ErrorAs(t, err, &failed)
	assert.Len(t, failed.Failed, 2)
	assert.Equal(t, []*jobs.CloudObject{nil, nil}, objects)
	answers := 0
	asked := make([]*jobs.CloudObject, 50)
	for i := range asked {
		asked[i] = &jobs.CloudObject{Backend: lithopss3.Backend, Bucket: bucket, Key: "k"}
	}
	for _, err := range client.GetCloudObjects(ctx, asked) {
		require.Error(t, err)
		answers++
	}
	assert.Equal(t, 50, answers)
}

// A reader that runs a function.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A panic of a body's Read reaches the caller of PutCloudObjects, once the bodies that
// were sent at the same time are stored. It does not end the process.
func TestPutCloudObjectsPanics(t *testing.T) {
	t.Parallel()
	_, store, bucket := newJobs(t)
	call := jobs.Call{ExecutorID: jobs.NewExecutorID(), JobID: "M000", CallID: "00000"}
	client := jobs.New(store, bucket, nil).In(call)
	boom := errors.New("boom")
	var tried atomic.Int64
	counted := func(n int) io.Reader {
		text := strings.NewReader(fmt.Sprint("body ", n))
		return readerFunc(func(p []byte) (int, error) {
			tried.Add(1)
			return text.Read(p)
		})
	}
	sources := []io.Reader{counted(0), counted(1), readerFunc(func([]byte) (int, error) { panic(boom) })}
	const further = 1000
	for n := range further {
		sources = append(sources, counted(n+3))
	}
	value := func() (value any) {
		defer func() { value = recover() }()
		_, _ = client.PutCloudObjects(t.Context(), sources)
		return nil
	}()
	assert.Equal(t, boom, value)
	assert.Less(t, tried.Load(), int64(further), "no further body is tried")
	for n := range 2 {
		stored, err := store.ReadObject(t.Context(), bucket, jobs.CloudObjectKey(call.Session(), uint64(n)), 0)
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprint("body ", n), string(stored))
	}
}

// TestPutCloudObjectsCanceled checks that many bodies that are not tried don't wait for each other.
func TestPutCloudObjectsCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	cancel(reason)
	client := jobs.New(&countingStorage{}, "bucket", nil)
	objects, err := client.PutCloudObjects(ctx, bodies(make([]string, 100)...))
	require.ErrorIs(t, err, reason)
	require.ErrorContains(t, err, "100 of 100 CloudObjects not stored")
	assert.Equal(t, make([]*jobs.CloudObject, 100), objects)
}

// A body whose Read ends its goroutine, as a test's FailNow does, is not taken for stored.
func TestPutCloudObjectsGoexit(t *testing.T) {
	t.Parallel()
	_, store, bucket := newJobs(t)
	client := jobs.New(&countingStorage{Storage: store}, bucket, nil) // it reads in the goroutine that puts
	ends := readerFunc(func([]byte) (int, error) { runtime.Goexit(); return 0, nil })
	objects, err := client.PutCloudObjects(t.Context(), append(bodies("a"), ends))
	require.ErrorContains(t, err, "1 of 2 CloudObjects not stored, the first is 1 (")
	require.ErrorContains(t, err, "the body's Read did not return")
	assert.NotNil(t, objects[0])
	assert.Nil(t, objects[1])
}

// TestDeleteCloudObjectsOfBuckets has the keys of all buckets that could not be deleted in
// one error.
func TestDeleteCloudObjectsOfBuckets(t *testing.T) {
	t.Parallel()
	storage := &refusingStorage{Storage: memstore.New("a", "b")}
	err := jobs.New(storage, "a", nil).DeleteCloudObjects(t.Context(),
		&jobs.CloudObject{Backend: lithopss3.Backend, Bucket: "a", Key: "1"}, &jobs.CloudObject{Backend: lithopss3.Backend, Bucket: "b", Key: "2"},
		&jobs.CloudObject{Backend: lithopss3.Backend, Bucket: "missing", Key: "3"})
	var failed *lithopss3.DeleteError
	require.ErrorAs(t, err, &failed)
	var keys []string
	for _, each := range failed.Failed {
		keys = append(keys, each.Bucket+"/"+each.Key)
	}
	assert.Equal(t, []string{"a/1", "b/2"}, keys)
	require.ErrorIs(t, err, fs.ErrPermission)
}

// A refusingStorage refuses to delete keys, and of the bucket "missing" all at once.
type refusingStorage struct{ lithopss3.Storage }

func (refusingStorage) DeleteObjects(_ context.Context, bucket string, keys []string) error {
	if bucket == "missing" {
		return fs.ErrPermission
	}
	failed := &lithopss3.DeleteError{}
	for _, key := range keys {
		failed.Failed = append(failed.Failed, &lithopss3.Error{Op: "DeleteObjects", Bucket: bucket, Key: key, Code: "AccessDenied"})
	}
	return failed
}
