// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestKeysOfTheirLength has the hash of a function and the number of a CloudObject, to
// the character.
func TestKeysOfTheirLength(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"lithops.jobs/e-0/" + strings.Repeat("a", 32) + ".func.pickle": true,
		"lithops.jobs/e-0/" + strings.Repeat("a", 31) + ".func.pickle": false,
		"lithops.jobs/e-0/" + strings.Repeat("a", 33) + ".func.pickle": false,
		"lithops.jobs/e-0/" + strings.Repeat("x", 32) + ".func.pickle": false,
		"lithops.jobs//" + strings.Repeat("a", 32) + ".func.pickle":    false,
		"lithops.jobs/tmp/cloudobject_" + strings.Repeat("f", 16):      true,
		"lithops.jobs/tmp/cloudobject_" + strings.Repeat("f", 17):      false,
		"lithops.jobs/tmp/cloudobject_f":                               true,
		"lithops.jobs/tmp/cloudobject_":                                false,
		"other.jobs/e-0-M000/00000/status.json":                        false,
		"e-0-M000/00000/status.json":                                   false,
	} {
		_, ok := ParseKey(key)
		assert.Equal(t, want, ok, key)
	}
	for session, isCall := range map[string]bool{"e-0-M000-00001": true, "e-0-M000-x": false, "e-0-x-00001": false, "00001": false, "-M000-00001": false} {
		key, ok := ParseKey("lithops.jobs/tmp/" + session + "/cloudobject_0")
		assert.True(t, ok, session)
		assert.Equal(t, isCall, key.Call != Call{}, session)
	}
}

// TestNumbersInKeys has the least and the most that a number and the name of a job have.
func TestNumbersInKeys(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": false, "0": true, "9": true, "/": false, ":": false, "-1": false, strings.Repeat("9", 18): true, strings.Repeat("9", 19): false} {
		assert.Equal(t, want, isDigits(text), text)
	}
	for text, want := range map[string]bool{"": false, "A": false, "0": false, "00": false, "A0": true, "Z9": true, "@0": false, "[0": false, "a0": false, "M0x": false, "MM": false} {
		assert.Equal(t, want, isJobID(text), text)
	}
}

// TestHas selects calls by the ID of an executor, a job or a call, and those of executors
// that were made inside them.
func TestHas(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // the calls that are selected, and those inside
		"":                     "0123456, ",
		"e-0":                  "012, 345",
		"e-0-M000":             "01, 34",
		"e-0-M000/00000":       "0, 3",
		"e-0-M000/00001":       "1, 4",
		"e-0-M001":             "2, 5",
		"e-0-M001/00000":       "2, 5",
		"e-0-M000-00000-1":     "3, ",
		"e-0-M00":              ", ",
		"e-1/00000":            "0123456, ",
		"e-0-M000-00000-1-M00": ", ",
	} {
		id, err := ParseID(text)
		if text == "" || err != nil {
			id = ID{}
		}
		own, inside := "", ""
		for i, call := range []Call{
			{"e-0", "M000", "00000"},
			{"e-0", "M000", "00001"},
			{"e-0", "M001", "00000"},
			{"e-0-M000-00000-1", "M000", "00000"},
			{"e-0-M000-00001-1", "M000", "00000"},
			{"e-0-M001-00000-1", "M000", "00000"},
			{"e-00", "M000", "00000"},
		} {
			if id.Has(call) {
				own += strconv.Itoa(i)
			}
			if id.HasNested(call) {
				inside += strconv.Itoa(i)
			}
		}
		assert.Equal(t, want, own+", "+inside, text)
	}
}

// TestOutermost finds the executor that was not made inside a call.
func TestOutermost(t *testing.T) {
	t.Parallel()
	for executor, want := range map[string]string{
		"":                                   "",
		"4b99c1":                             "4b99c1",
		"4b99c1-0":                           "4b99c1-0",
		"4b99c1-x":                           "4b99c1-x",
		"4b99c1-0-M009-00000-1":              "4b99c1-0",
		"4b99c1-0-M009-00000-1-M000-00003-2": "4b99c1-0",
		"4b99c1-0-M009-00000-x":              "4b99c1-0-M009-00000-x",
		"4b99c1-0-M009-x-1":                  "4b99c1-0-M009-x-1",
		"4b99c1-0-x-00000-1":                 "4b99c1-0-x-00000-1",
		"M009-00000-1":                       "M009-00000-1",
	} {
		assert.Equal(t, want, outermost(executor), executor)
		isNested := executor != want
		assert.Equal(t, isNested || executor == want, isWithin(executor, want), executor)
	}
	for _, executor := range []string{"4b99c1-0-M009-00000-x", "4b99c1-0-M009-x-1", "4b99c1-0-x-00000-1", "4b99c1-00-M009-00000-1", "4b99c1", ""} {
		assert.False(t, isWithin(executor, "4b99c1-0"), executor)
	}
}

// TestIDs has the least that names an executor.
func TestIDs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "/", "tmp", "tmp/", "a/b", "lithops.jobs/", "lithops.jobs/tmp/", "e-0-M000/x"} {
		_, err := ParseID(text)
		require.ErrorIs(t, err, ErrInvalidID, text)
	}
	for text, want := range map[string]ID{
		"e": {ExecutorID: "e"}, "tmpx": {ExecutorID: "tmpx"}, "lithops.jobs/e-0-M000/": {"e-0", "M000", ""}, "e-0-M000/00001": {"e-0", "M000", "00001"},
	} {
		id, err := ParseID(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, id, text)
	}
}

// TestTimesOfJob takes the earliest and the latest time, and of two beginnings of a call
// the later.
func TestTimesOfJob(t *testing.T) {
	t.Parallel()
	at := func(seconds int64) lithopss3.ObjectInfo {
		info := lithopss3.ObjectInfo{Size: 2}
		if seconds > 0 {
			info.LastModified = time.Unix(seconds, 0)
		}
		return info
	}
	var job Job
	for i, seconds := range []int64{0, 5, 3, 9, 4, 0} {
		job.add(at(seconds))
		assert.EqualValues(t, i+1, job.Objects)
	}
	assert.EqualValues(t, 12, job.Bytes)
	assert.Equal(t, []int64{3, 9}, []int64{job.First.Unix(), job.Last.Unix()})

	var state CallState
	for _, began := range []struct {
		id      string
		seconds int64
		want    string
	}{{"first", 5, "first"}, {"earlier", 4, "first"}, {"same", 5, "first"}, {"later", 6, "later"}} {
		state.add(Key{Kind: KeyInit, ActivationID: began.id}, at(began.seconds))
		assert.Equal(t, began.want, state.ActivationID)
	}
	state.add(Key{Kind: KeyStatus}, at(1))
	assert.Equal(t, StateEnded, state.State)
	assert.Equal(t, "later", state.ActivationID)
}

// TestWeight counts an object by its length, and by the limit if that is not known.
func TestWeight(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ length, size, want int64 }{
		{5, 5, 5}, {5, 9, 5}, {5, -1, 5}, {0, 0, 0}, {0, 9, 100}, {0, -1, 100}, {-1, -1, 100}, {-1, 0, 100}, {-1, 9, 100},
	} {
		object := &lithopss3.Object{Length: test.length}
		object.Size = test.size
		assert.Equal(t, test.want, weight(object, 100), "%+v", test)
	}
}

// TestReadLimit holds the limit of what is read to the byte, and what is read to the length
// that is promised, if any.
func TestReadLimit(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for _, promised := range []int64{-1, 0, 4, 5, 100} {
		for size, isRead := range map[int]bool{0: true, 4: true, 5: true, 6: false, 100: false} {
			object := &lithopss3.Object{Length: promised, Body: io.NopCloser(strings.NewReader(strings.Repeat("x", size)))}
			data, from := []byte(nil), source{key: "key", limit: 5}
			err := from.hold(object)
			if err == nil {
				data, err = readBody(object, from)
			}
			switch {
			case promised > 5:
				require.ErrorIs(t, err, lithopss3.ErrTooLarge)
			case promised > int64(size) && isRead:
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			case promised > 0 && promised < int64(size):
				require.ErrorContains(t, err, "more bytes than it told")
			case isRead:
				require.NoError(t, err)
				assert.Len(t, data, size)
			default:
				require.ErrorIs(t, err, lithopss3.ErrTooLarge)
			}
		}
	}
	for _, cause := range []error{mine, fmt.Errorf("no end: %w", io.EOF)} {
		_, err := readBody(&lithopss3.Object{Body: io.NopCloser(iotest.ErrReader(cause))}, source{limit: 5})
		require.ErrorIs(t, err, cause)
	}
	broken := New(&openedStorage{}, "bucket", &Options{NoCache: true})
	require.ErrorIs(t, broken.read(t.Context(), broken.source("broken", 5), nil), errBroken)

	storage := memstore.New("bucket")
	client := New(storage, "bucket", nil)
	require.NoError(t, storage.PutObject(t.Context(), "bucket", "key", strings.NewReader("12345"), nil))
	for limit, isRead := range map[int64]bool{4: false, 5: true, 6: true} {
		err := client.read(t.Context(), client.source("key", limit), func(data []byte) error {
			assert.Equal(t, "12345", string(data))
			return nil
		})
		assert.Equal(t, isRead, err == nil, "%d: %v", limit, err)
	}
	require.ErrorIs(t, client.read(t.Context(), client.source("none", 5), nil), fs.ErrNotExist)
}

// TestFindTellsWhatIsThere has no jobs of an executor that is there, and an error of one
// that is not.
func TestFindTellsWhatIsThere(t *testing.T) {
	t.Parallel()
	storage := memstore.New("bucket")
	client := New(storage, "bucket", nil)
	for _, key := range []string{
		"lithops.jobs/f-0/" + strings.Repeat("a", 32) + ".func.pickle",
		"lithops.jobs/e-0-M000/aggdata.pickle", "lithops.jobs/e-0-M000/00000/status.json", "lithops.jobs/e-0-M000/00001/a.init",
		"lithops.jobs/e-0-M000-00000-1-M000/aggdata.pickle", "lithops.jobs/e-0-M000-00000-1-M000/00000/status.json",
	} {
		require.NoError(t, storage.PutObject(t.Context(), "bucket", key, strings.NewReader("{}"), nil))
	}
	for _, test := range []struct {
		id     ID
		nested bool
		want   string // the keys of jobs, with their calls
	}{
		{ID{ExecutorID: "f-0"}, false, ""},
		{ID{ExecutorID: "f-0"}, true, ""},
		{ID{ExecutorID: "e-0"}, false, "e-0-M000:2 "},
		{ID{ExecutorID: "e-0"}, true, "e-0-M000-00000-1-M000:1 e-0-M000:2 "},
		{ID{"e-0", "M000", ""}, false, "e-0-M000:2 "},
		{ID{"e-0", "M000", ""}, true, "e-0-M000-00000-1-M000:1 e-0-M000:2 "},
		{ID{"e-0", "M000", "00000"}, false, "e-0-M000:1 "},
		{ID{"e-0", "M000", "00000"}, true, "e-0-M000-00000-1-M000:1 e-0-M000:1 "},
		{ID{"e-0", "M000", "00001"}, true, "e-0-M000:1 "},
	} {
		found, err := client.Find(t.Context(), test.id, test.nested)
		require.NoError(t, err, "%+v", test)
		got := ""
		for _, job := range found {
			got += JobKey(job.ExecutorID, job.JobID) + ":" + string(rune('0'+len(job.Calls))) + " "
		}
		assert.Equal(t, test.want, got, "%+v", test)
	}
	for _, id := range []ID{{ExecutorID: "g-0"}, {ExecutorID: "e"}, {"e-0", "M001", ""}, {"f-0", "M000", ""}, {"e-0", "M000", "00002"}} {
		_, err := client.Find(t.Context(), id, true)
		require.ErrorIs(t, err, fs.ErrNotExist, "%v", id)
	}
}

// TestResultPickle has each way in which a status tells what a call returned.
func TestResultPickle(t *testing.T) {
	t.Parallel()
	storage := memstore.New("bucket")
	client := New(storage, "bucket", nil)
	call := Call{"e-0", "M000", "00000"}
	require.NoError(t, storage.PutObject(t.Context(), "bucket", call.OutputKey(), strings.NewReader("output"), nil))
	none, err := pickle.Encode(nil)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		status Status
		want   string
		isErr  bool
	}{
		"futures first":    {Status{Call: call, newFutures: "b'futures'", result: "b'result'", ResultSize: 1}, "futures", false},
		"a result":         {Status{Call: call, result: "b'result'", ResultSize: 1}, "result", false},
		"an output":        {Status{Call: call, ResultSize: 6}, "output", false},
		"nothing":          {Status{Call: call}, string(none), false},
		"no bytes":         {Status{Call: call, result: "result"}, "", true},
		"an exception":     {Status{Call: call, Exception: true, result: "b'result'"}, "", true},
		"no result at all": {Status{Call: call, noResult: true}, "", true},
	} {
		data, err := client.ResultPickle(t.Context(), &test.status)
		assert.Equal(t, test.isErr, err != nil, "%s: %v", name, err)
		assert.Equal(t, test.want, string(data), name)
	}
}

// TestFinishForgets has nothing of an earlier outcome in a status.
func TestFinishForgets(t *testing.T) {
	t.Parallel()
	client := New(memstore.New("bucket"), "bucket", &Options{NoCache: true})
	before := Status{
		Call: Call{"e-0", "M000", "00000"}, result: "b'result'", newFutures: "b'futures'", excInfo: "b'exc'", ResultSize: 6,
		noResult: true, excPickleFail: true,
	}
	failed := before
	require.NoError(t, client.Finish(t.Context(), &failed, 1, errBroken))
	assert.Equal(t, []any{"", "", int64(0), true, false, false}, []any{failed.result, failed.newFutures, failed.ResultSize, failed.Exception, failed.noResult, failed.excPickleFail})
	assert.NotEqual(t, before.excInfo, failed.excInfo)
	require.NoError(t, client.Finish(t.Context(), &failed, nil, nil))
	assert.Equal(t, []any{"", "", "", false}, []any{failed.result, failed.newFutures, failed.excInfo, failed.Exception})
}

// TestCleanAllRemovesTheCache leaves the cache of runtimes unless all of it was deleted.
func TestCleanAllRemovesTheCache(t *testing.T) {
	for name, test := range map[string]struct {
		opts      CleanOptions
		err       error
		isRemoved bool
	}{
		"all":           {CleanOptions{All: true}, nil, true},
		"a dry run":     {CleanOptions{All: true, DryRun: true}, nil, false},
		"only old":      {CleanOptions{All: true, OlderThan: time.Hour}, nil, false},
		"CloudObjects":  {CleanOptions{CloudObjects: true}, nil, false},
		"what broke":    {CleanOptions{All: true}, errBroken, false},
		"without cache": {CleanOptions{All: true}, nil, false},
	} {
		dir := t.TempDir()
		t.Chdir(dir)
		require.NoError(t, os.Mkdir(RuntimesPrefix, 0o700))
		opts := &Options{CacheDir: dir, NoCache: name == "without cache"}
		_, err := New(&listedJob{err: test.err}, "bucket", opts).Clean(t.Context(), test.opts)
		require.ErrorIs(t, err, test.err, name)
		_, err = os.Stat(filepath.Join(dir, RuntimesPrefix))
		assert.Equal(t, test.isRemoved, errors.Is(err, fs.ErrNotExist), name)
	}
}
