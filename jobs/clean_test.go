// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/memstore"
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
		{"call", jobs.CleanOptions{ExecutorID: "e-0", JobID: "M000", CallID: "00000"}, []int{2, 3, 4, 5, 13}},
		{"call that is a prefix of another", jobs.CleanOptions{ExecutorID: "e-0", JobID: "M000", CallID: "0000"}, nil},
		{"CloudObjects of a call", jobs.CleanOptions{ExecutorID: "e-0", JobID: "M000", CallID: "00000", CloudObjects: true}, []int{13}},
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

// TestCleanReportsWhatIsGone checks that a report counts neither what was refused nor what
// was not tried.
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

// A failingDeletes deletes nothing and returns an error.
type failingDeletes struct {
	lithopss3.Storage
	err error
}

func (s failingDeletes) DeleteObjects(context.Context, string, []string) error { return s.err }

// TestCleanCountsOnlyWhatIsDeleted checks that what an error of a Storage leaves out is not
// counted if the error is not a DeleteError alone, whatever it is joined to or wrapped in.
func TestCleanCountsOnlyWhatIsDeleted(t *testing.T) {
	t.Parallel()
	storage := memstore.New("bucket")
	for _, key := range []string{"a", "bb", "ccc"} {
		require.NoError(t, storage.PutObject(t.Context(), "bucket", "lithops.jobs/e-0/"+key, strings.NewReader(key), nil))
	}
	one := &lithopss3.DeleteError{Failed: []*lithopss3.Error{{Op: "DeleteObjects", Bucket: "bucket", Key: "lithops.jobs/e-0/bb", Code: "AccessDenied"}}}
	mine := errors.New("mine")
	for name, test := range map[string]struct {
		err    error
		failed int
		gone   int64
	}{
		"a key":               {one, 1, 2},
		"a key, wrapped":      {fmt.Errorf("x: %w", one), 1, 2},
		"two errors of keys":  {errors.Join(one, one), 2, 2},
		"none is named":       {&lithopss3.DeleteError{}, 0, 0},
		"a key and all":       {errors.Join(one, mine), 1, 0},
		"all and a key":       {fmt.Errorf("x: %w", errors.Join(mine, one)), 1, 0},
		"all":                 {mine, 0, 0},
		"all, as the storage": {&lithopss3.Error{Op: "DeleteObjects", Bucket: "bucket", StatusCode: 403}, 0, 0},
	} {
		report, err := jobs.New(failingDeletes{storage, test.err}, "bucket", nil).Clean(t.Context(), jobs.CleanOptions{ExecutorID: "e-0"})
		require.Error(t, err, name)
		assert.Equal(t, errors.Is(test.err, mine), errors.Is(err, mine), name)
		assert.Equal(t, test.gone, report.Objects, name)
		failed := 0
		if several := (*lithopss3.DeleteError)(nil); errors.As(err, &several) {
			failed = len(several.Failed)
		}
		assert.Equal(t, test.failed, failed, name)
	}
}

// agedStorage dates its objects, and has a clock of its own.
type agedStorage struct {
	lithopss3.Storage
	ages  map[string]time.Duration // none for no date
	clock time.Duration            // by how much it is ahead of this machine's
}

func (s *agedStorage) ServerTime() time.Time { return time.Now().Add(s.clock) }

func (s *agedStorage) ListObjects(ctx context.Context, bucket string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		for info, err := range s.Storage.ListObjects(ctx, bucket, opts) {
			info.LastModified = time.Time{}
			if age, ok := s.ages[info.Key]; ok {
				info.LastModified = s.ServerTime().Add(-age)
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

// An executor that has stored something lately keeps everything: its jobs, functions
// and CloudObjects, and what was made inside its calls. Ages are told by the server's
// clock.
func TestCleanOlderThan(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	function := "/" + strings.Repeat("0", 32) + ".func.pickle"
	ages := map[string]time.Duration{
		"lithops.jobs/old-0" + function:                              9 * day,
		"lithops.jobs/old-0-M000/00000/status.json":                  8 * day,
		"lithops.jobs/old-0-M000-00000-1-M000/00000/status.json":     8 * day,
		"lithops.jobs/tmp/old-0-M000-00000/cloudobject_0":            8 * day,
		"lithops.jobs/live-0" + function:                             9 * day,
		"lithops.jobs/live-0-M000/00000/status.json":                 8 * day,
		"lithops.jobs/tmp/live-0-M000-00000/cloudobject_0":           8 * day,
		"lithops.jobs/live-0-M000-00000-1-M000/00000/status.json":    8 * day,
		"lithops.jobs/live-0-M000-00000-1-M000-00001-0-A000/00000/x": 6 * day, // by which all of live-0 is
		"lithops.jobs/live-00-M000/00000/status.json":                8 * day, // another executor
		"lithops.jobs/tmp/cloudobject_0":                             8 * day,
		"lithops.jobs/tmp/cloudobject_1":                             6 * day,
		"lithops.jobs/tmp/go-1/cloudobject_0":                        8 * day,
		"lithops.jobs/tmp/go-1/cloudobject_1":                        6 * day,
		"lithops.jobs/notes.txt":                                     8 * day,
		"lithops.runtimes/x.meta.json":                               8 * day,
	}
	client, store, bucket := newJobs(t)
	keys := []string{"lithops.jobs/undated-0-M000/00000/status.json"}
	for key := range ages {
		keys = append(keys, key)
	}
	for _, key := range keys {
		require.NoError(t, store.PutObject(t.Context(), bucket, key, strings.NewReader("12"), nil))
	}
	old := []string{
		"lithops.jobs/live-00-M000/00000/status.json", "lithops.jobs/notes.txt", "lithops.jobs/old-0" + function,
		"lithops.jobs/old-0-M000-00000-1-M000/00000/status.json", "lithops.jobs/old-0-M000/00000/status.json",
		"lithops.jobs/tmp/cloudobject_0", "lithops.jobs/tmp/old-0-M000-00000/cloudobject_0",
	}
	for _, c := range []struct {
		options jobs.CleanOptions
		want    []string
	}{
		{jobs.CleanOptions{}, old},
		{jobs.CleanOptions{All: true}, append(slices.Clone(old), "lithops.runtimes/x.meta.json")},
		{jobs.CleanOptions{CloudObjects: true}, old[5:]},
		{jobs.CleanOptions{ExecutorID: "live-0"}, nil},
		{jobs.CleanOptions{ExecutorID: "old-0"}, []string{old[2], old[3], old[4], old[6]}},
	} {
		for _, clock := range []time.Duration{0, -30 * day, 30 * day} {
			client = jobs.New(&agedStorage{store, ages, clock}, bucket, nil)
			var got []string
			c.options.Each = func(info lithopss3.ObjectInfo) { got = append(got, info.Key) }
			c.options.OlderThan, c.options.DryRun = 7*day, true
			report, err := client.Clean(t.Context(), c.options)
			require.NoError(t, err)
			assert.ElementsMatch(t, c.want, got, "%+v, clock %v", c.options, clock)
			assert.Equal(t, []int64{int64(len(c.want)), int64(2 * len(c.want))}, []int64{report.Objects, report.Bytes})
			assert.Positive(t, report.Younger+report.Objects)
		}
	}
	report, err := client.Clean(t.Context(), jobs.CleanOptions{OlderThan: 7 * day})
	require.NoError(t, err)
	assert.Equal(t, jobs.CleanReport{Objects: 7, Bytes: 14, Younger: int64(len(keys)) - 8}, report)
	left, err := store.ListKeys(t.Context(), bucket, "")
	require.NoError(t, err)
	assert.Len(t, left, len(keys)-7)
	_, err = client.Clean(t.Context(), jobs.CleanOptions{OlderThan: -1})
	require.Error(t, err)
}

// busyStorage stores something before the third listing.
type busyStorage struct {
	*agedStorage
	lists int
	store func()
}

func (s *busyStorage) ListObjects(ctx context.Context, bucket string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	if s.lists++; s.lists == 3 { // the first two look for owners
		s.store()
	}
	return s.agedStorage.ListObjects(ctx, bucket, opts)
}

// TestCleanKeepsWhatIsStoredMeanwhile checks that an executor that begins while its elders
// are cleaned loses nothing, and that one that stores something again keeps the rest.
func TestCleanKeepsWhatIsStoredMeanwhile(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	ages := map[string]time.Duration{
		"lithops.jobs/old-0-M000/00000/status.json":    8 * day,
		"lithops.jobs/again-0-M000/00001/status.json":  8 * day,
		"lithops.jobs/again-0-M000/00000/init":         0,
		"lithops.jobs/begins-0-M000/00000/status.json": 0,
		"lithops.jobs/undated-0-M000/00000/init":       day,
		"lithops.jobs/tmp/cloudobject_0":               0,
	}
	store := memstore.New("bucket")
	put := func(isNew bool) {
		for key, age := range ages {
			if age < 8*day == isNew {
				require.NoError(t, store.PutObject(t.Context(), "bucket", key, strings.NewReader("12"), nil))
			}
		}
	}
	put(false)
	aged := &agedStorage{store, maps.Clone(ages), 0}
	delete(aged.ages, "lithops.jobs/undated-0-M000/00000/init")
	client := jobs.New(&busyStorage{agedStorage: aged, store: func() { put(true) }}, "bucket", nil)
	report, err := client.Clean(t.Context(), jobs.CleanOptions{OlderThan: 7 * day})
	require.NoError(t, err)
	assert.Equal(t, jobs.CleanReport{Objects: 1, Bytes: 2, Younger: 5}, report)
	_, err = store.HeadObject(t.Context(), "bucket", "lithops.jobs/old-0-M000/00000/status.json")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// interruptedStorage refuses a key and ends its caller's context: both are told.
type interruptedStorage struct {
	partialStorage
	interrupt context.CancelFunc
}

func (s *interruptedStorage) DeleteObjects(ctx context.Context, bucket string, keys []string) error {
	err := s.partialStorage.DeleteObjects(ctx, bucket, keys)
	s.interrupt()
	return err
}

func TestCleanInterrupted(t *testing.T) {
	t.Parallel()
	_, store, bucket := newJobs(t)
	for _, key := range []string{"a", "bb", "ccc"} {
		require.NoError(t, store.PutObject(t.Context(), bucket, "lithops.jobs/e-0/"+key, strings.NewReader(key), nil))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	storage := &interruptedStorage{partialStorage{Storage: store, refused: "lithops.jobs/e-0/bb"}, cancel}
	report, err := jobs.New(storage, bucket, nil).Clean(ctx, jobs.CleanOptions{ExecutorID: "e-0"})
	require.ErrorIs(t, err, context.Canceled)
	var failed *lithopss3.DeleteError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, jobs.CleanReport{Objects: 2, Bytes: 4}, report)
}

// manyStorage lists numbered objects of a byte, and takes their deletion until one fails.
type manyStorage struct {
	lithopss3.Storage
	objects int
	batches []int // the numbers of keys in each DeleteObjects
	failing int   // which of them fails, from 1
}

func (s *manyStorage) ListObjects(_ context.Context, _ string, opts *lithopss3.ListOptions) iter.Seq2[lithopss3.ObjectInfo, error] {
	return func(yield func(lithopss3.ObjectInfo, error) bool) {
		for n := range s.objects {
			if !yield(lithopss3.ObjectInfo{Key: opts.Prefix + jobs.FormatCallID(n), Size: 1}, nil) {
				return
			}
		}
	}
}

func (s *manyStorage) DeleteObjects(_ context.Context, _ string, keys []string) error {
	if s.batches = append(s.batches, len(keys)); len(s.batches) == s.failing {
		return fs.ErrPermission
	}
	return nil
}

// TestCleanBatches deletes sixteen thousand keys at once, and no more after an error.
func TestCleanBatches(t *testing.T) {
	t.Parallel()
	for failing, want := range map[int]struct {
		batches []int
		gone    int64
	}{0: {[]int{16_000, 1}, 16_001}, 1: {[]int{16_000}, 0}} {
		storage := &manyStorage{objects: 16_001, failing: failing}
		report, err := jobs.New(storage, "bucket", nil).Clean(t.Context(), jobs.CleanOptions{CloudObjects: true})
		if failing > 0 {
			require.ErrorIs(t, err, fs.ErrPermission)
		} else {
			require.NoError(t, err)
		}
		assert.Equal(t, want.batches, storage.batches)
		assert.Equal(t, jobs.CleanReport{Objects: want.gone, Bytes: want.gone}, report)
	}
}
