package jobs_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClean(t *testing.T) {
	t.Parallel()
	keys := []string{
		"data/lithops.jobs/e-0-M000/00000/status.json",
		"lithops.jobs/e-0",
		"lithops.jobs/e-0-M000-00000-1-M000/00000/status.json",
		"lithops.jobs/e-0-M000-00000-1/" + strings.Repeat("0", 32) + ".func.pickle",
		"lithops.jobs/e-0-M000/00000/a.init",
		"lithops.jobs/e-0-M000/00000/status.json",
		"lithops.jobs/e-0-M000/notes.txt",
		"lithops.jobs/e-0-M001/00000/status.json",
		"lithops.jobs/e-0-M0010/00000/status.json",
		"lithops.jobs/e-0/" + strings.Repeat("0", 32) + ".func.pickle",
		"lithops.jobs/e-01-M000/00000/status.json",
		"lithops.jobs/e-0x/status.json",
		"lithops.jobs/tmp/cloudobject_0",
		"lithops.jobs/tmp/e-0-M000-00000/cloudobject_0",
		"lithops.jobs/tmp/e-0-M0000/cloudobject_0",
		"lithops.jobs/tmp/e-01-M000-00000/cloudobject_0",
		"lithops.jobs/tmp/e/cloudobject_0",
		"lithops.jobsx/a",
		"lithops.runtimes/x.meta.json",
		"lithops.runtimesx",
	}
	for _, c := range []struct {
		name    string
		options jobs.CleanOptions
		deleted []int // indexes of keys
	}{
		{"executor", jobs.CleanOptions{ExecutorID: "e-0"}, []int{2, 3, 4, 5, 6, 7, 8, 9, 13}},
		{"job", jobs.CleanOptions{ExecutorID: "e-0", JobID: "M000"}, []int{2, 3, 4, 5, 6, 13}},
		{"job that is a prefix of another", jobs.CleanOptions{ExecutorID: "e-0", JobID: "M001"}, []int{7}},
		{"CloudObjects of an executor", jobs.CleanOptions{ExecutorID: "e-0", CloudObjects: true}, []int{13}},
		{"CloudObjects", jobs.CleanOptions{CloudObjects: true}, []int{12, 13, 14, 15, 16}},
		{"nested executor", jobs.CleanOptions{ExecutorID: "e-0-M000-00000-1"}, []int{2, 3}},
		{"all", jobs.CleanOptions{All: true}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client, store, bucket := newJobs(t)
			for _, key := range keys {
				require.NoError(t, store.PutObject(t.Context(), bucket, key, strings.NewReader("12"), nil))
			}
			want := map[string]bool{}
			for _, i := range c.deleted {
				want[keys[i]] = true
			}
			heard := 0
			c.options.DryRun = true
			c.options.Each = func(info lithopss3.ObjectInfo) { heard++; assert.True(t, want[info.Key], info.Key) }
			report, err := client.Clean(t.Context(), c.options)
			require.NoError(t, err)
			assert.Equal(t, jobs.CleanReport{Objects: int64(len(want)), Bytes: int64(2 * len(want))}, report)
			assert.Equal(t, len(want), heard)
			left, err := store.ListKeys(t.Context(), bucket, "")
			require.NoError(t, err)
			assert.Equal(t, keys, left)

			c.options.DryRun = false
			again, err := client.Clean(t.Context(), c.options)
			require.NoError(t, err)
			assert.Equal(t, report, again)
			left, err = store.ListKeys(t.Context(), bucket, "")
			require.NoError(t, err)
			for _, key := range keys {
				assert.Equal(t, !want[key], slices.Contains(left, key), key)
			}
		})
	}
	client, _, _ := newJobs(t)
	for _, options := range []jobs.CleanOptions{
		{}, {JobID: "M000"}, {DryRun: true}, {ExecutorID: "a/b"}, {ExecutorID: "tmp"}, {All: true, ExecutorID: "e-0"}, {All: true, CloudObjects: true},
	} {
		_, err := client.Clean(context.Background(), options)
		require.Error(t, err, options)
	}
}

// partialStorage refuses to delete some keys, or ends its caller's context first.
type partialStorage struct {
	lithopss3.Storage
	refused string
	cancel  context.CancelFunc
}

// DeleteObjects deletes what is not refused.
func (s *partialStorage) DeleteObjects(ctx context.Context, bucket string, keys []string) error {
	if s.cancel != nil {
		s.cancel()
		return ctx.Err()
	}
	kept := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return key == s.refused })
	if err := s.Storage.DeleteObjects(ctx, bucket, kept); err != nil || len(kept) == len(keys) {
		return err
	}
	return &lithopss3.DeleteError{Failed: []*lithopss3.Error{{Op: "DeleteObjects", Bucket: bucket, Key: s.refused, Code: "AccessDenied"}}}
}

// TestCleanReportsWhatIsGone: neither what was refused nor what was not tried.
func TestCleanReportsWhatIsGone(t *testing.T) {
	t.Parallel()
	_, store, bucket := newJobs(t)
	for _, key := range []string{"a", "bb", "ccc"} {
		require.NoError(t, store.PutObject(t.Context(), bucket, "lithops.jobs/e-0/"+key, strings.NewReader(key), nil))
	}
	ctx, cancel := context.WithCancel(t.Context())
	report, err := jobs.New(&partialStorage{Storage: store, cancel: cancel}, bucket, nil).Clean(ctx, jobs.CleanOptions{ExecutorID: "e-0"})
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, report)

	client := jobs.New(&partialStorage{Storage: store, refused: "lithops.jobs/e-0/bb"}, bucket, nil)
	report, err = client.Clean(t.Context(), jobs.CleanOptions{ExecutorID: "e-0"})
	var failed *lithopss3.DeleteError
	require.ErrorAs(t, err, &failed)
	assert.Len(t, failed.Failed, 1)
	assert.Equal(t, jobs.CleanReport{Objects: 2, Bytes: 4}, report)
}
