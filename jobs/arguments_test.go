// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// each yields items without an error.
func each(items [][]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func TestAggregateDataGolden(t *testing.T) {
	t.Parallel()
	var golden struct {
		Cases []struct {
			Lens []int `json:"lens"`
			Out  struct {
				Len    int        `json:"joined_len"`
				Ranges [][2]int64 `json:"ranges"`
			} `json:"out"`
		} `json:"agg_data"`
	}
	data, err := os.ReadFile("../testdata/golden/extras.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &golden))
	for _, c := range golden.Cases {
		var items [][]byte
		for _, length := range c.Lens {
			items = append(items, make([]byte, length))
		}
		data := jobs.AggregateData(each(items))
		joined, err := io.ReadAll(data)
		require.NoError(t, err)
		require.NoError(t, data.Close())
		ranges := data.Ranges()
		assert.Len(t, joined, c.Out.Len)
		require.Len(t, ranges, len(c.Out.Ranges))
		for i, r := range ranges {
			assert.Equal(t, c.Out.Ranges[i], [2]int64{r.Offset, r.Offset + r.Length - 1})
		}
	}
}

// The arguments are taken as they are read: one is held.
func TestAggregateDataStreams(t *testing.T) {
	t.Parallel()
	taken, ended := 0, false
	data := jobs.AggregateData(func(yield func([]byte, error) bool) {
		defer func() { ended = true }()
		for ; ; taken++ {
			if !yield([]byte("argument"), nil) {
				return
			}
		}
	})
	_, err := io.ReadFull(data, make([]byte, 20))
	require.NoError(t, err)
	assert.Equal(t, 2, taken, "the third is being read")
	assert.Equal(t, []lithopss3.ByteRange{{Offset: 0, Length: 8}, {Offset: 8, Length: 8}, {Offset: 16, Length: 8}}, data.Ranges())
	require.ErrorContains(t, data.Close(), "before all of them were read")
	assert.True(t, ended, "the sequence was left")
	_, err = data.Read(make([]byte, 1))
	require.Error(t, err, "after Close")
}

// An error of the items that wraps io.EOF, as one of a broken connection does, is not the
// end of the arguments.
func TestAggregateDataBreaksOff(t *testing.T) {
	t.Parallel()
	broken := fmt.Errorf("the connection: %w", io.EOF)
	data := jobs.AggregateData(func(yield func([]byte, error) bool) {
		_ = yield([]byte("argument"), nil) && yield(nil, broken)
	})
	_, err := io.ReadAll(data)
	require.ErrorContains(t, err, "the connection: EOF")
	require.NotErrorIs(t, err, io.EOF)
	require.Error(t, data.Close())
}

func TestPutArguments(t *testing.T) {
	t.Parallel()
	client, store, bucket := newJobs(t)
	type point struct{ X, Y int }
	dicts := []*pickle.Dict{pickle.NewDict("x", 1, "y", 2), pickle.NewDict("x", 3, "y", 4)}
	ranges, err := client.PutArguments(t.Context(), "e-0", "M000", pickle.EncodeEach(slices.Values(dicts)))
	require.NoError(t, err)
	for i, call := range jobs.Calls("e-0", "M000", 2) {
		data, err := client.Arguments(t.Context(), call, ranges[i])
		require.NoError(t, err)
		var got point
		require.NoError(t, pickle.Unmarshal(data, &got))
		assert.Equal(t, point{2*i + 1, 2*i + 2}, got)
	}

	// An error of the items stores nothing.
	failure := errors.New("no more")
	_, err = client.PutArguments(t.Context(), "e-0", "M001", func(yield func([]byte, error) bool) {
		_ = yield([]byte("one"), nil) && yield(nil, failure)
	})
	require.ErrorIs(t, err, failure)
	require.ErrorContains(t, err, "the arguments of call 1")
	_, err = store.HeadObject(t.Context(), bucket, jobs.DataKey("e-0", "M001"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = client.PutArguments(t.Context(), "e-0", "M001", pickle.EncodeEach(slices.Values([]any{1, struct{}{}})))
	require.ErrorIs(t, err, pickle.ErrUnsupported)

	_, err = client.Arguments(t.Context(), jobs.Calls("e-0", "M000", 1)[0], lithopss3.ByteRange{Length: 2 << 30})
	require.ErrorIs(t, err, lithopss3.ErrTooLarge)
}
