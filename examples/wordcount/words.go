package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/partition"
	"github.com/lithops-go/lithopss3/pickle"
)

// countWords stores the text, cuts it, counts the words of each partition by a
// call of a map, adds the counts up by the call of a reduce, and prints the most
// frequent words. It leaves nothing behind.
func countWords(ctx context.Context, out io.Writer, storage lithopss3.Storage, e *executor, text io.Reader, chunk int64) (err error) {
	object, err := e.client.PutCloudObject(ctx, text, nil)
	if err != nil {
		return err
	}
	defer func() {
		ctx := context.WithoutCancel(ctx) // also after an interruption
		_, cleaned := e.client.Clean(ctx, jobs.CleanOptions{ExecutorID: e.id})
		err = errors.Join(err, cleaned, e.client.DeleteCloudObjects(ctx, object))
	}()
	partitions, _, err := partition.Objects(ctx, storage, []string{object.URL()}, &partition.Options{ChunkSize: chunk, Newline: "\n"})
	if err != nil {
		return err
	}
	arguments := make([]*pickle.Dict, len(partitions))
	for i := range partitions {
		arguments[i] = pickle.NewDict("obj", partitions[i].CloudObject())
	}
	_, _ = fmt.Fprintf(out, "executor %s: %d partitions in bucket %s\n", e.id, len(partitions), e.client.Bucket())
	mapID, reduceID := jobs.FormatJobID(jobs.MapJob, 0), jobs.FormatJobID(jobs.ReduceJob, 0)
	err = e.run(ctx, out, mapID, arguments, func(ctx context.Context, arguments *pickle.Dict, log io.Writer) (any, error) {
		return count(ctx, storage, arguments, log)
	})
	if err != nil {
		return err
	}
	err = e.run(ctx, out, reduceID, []*pickle.Dict{{}}, func(ctx context.Context, _ *pickle.Dict, _ io.Writer) (any, error) {
		return e.sum(ctx, mapID, len(partitions))
	})
	if err != nil {
		return err
	}
	result, err := e.client.Result(ctx, jobs.Call{ExecutorID: e.id, JobID: reduceID, CallID: jobs.FormatCallID(0)})
	if err != nil {
		return err
	}
	return printWords(out, countsOf(result))
}

// count counts the words of a partition: the map.
func count(ctx context.Context, storage lithopss3.Storage, arguments *pickle.Dict, log io.Writer) (map[string]int, error) {
	value, _ := arguments.Get("obj")
	object, ok := value.(*jobs.CloudObject)
	if !ok {
		return nil, errors.New("the argument obj is no CloudObject")
	}
	partition, err := partition.Of(object)
	if err != nil {
		return nil, err
	}
	counts, lines := map[string]int{}, 0
	for line, err := range partition.Lines(ctx, storage) {
		if err != nil {
			return nil, err
		}
		lines++
		for _, word := range strings.FieldsFunc(string(line), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }) {
			counts[strings.ToLower(word)]++
		}
	}
	_, _ = fmt.Fprintf(log, "part %d of %d: %d lines\n", partition.Part, partition.TotalParts, lines)
	return counts, nil
}

// sum adds up what the calls of a job returned: the reduce.
func (e *executor) sum(ctx context.Context, jobID string, calls int) (map[string]int, error) {
	total := map[string]int{}
	for n := range calls {
		result, err := e.client.Result(ctx, jobs.Call{ExecutorID: e.id, JobID: jobID, CallID: jobs.FormatCallID(n)})
		if err != nil {
			return nil, err
		}
		for word, count := range countsOf(result) {
			total[word] += count
		}
	}
	return total, nil
}

// countsOf reads a dict of words and numbers.
func countsOf(result any) map[string]int {
	counts := map[string]int{}
	dict, _ := result.(*pickle.Dict)
	for key, value := range dict.All() {
		word, _ := key.(string)
		count, _ := value.(int64)
		counts[word] = int(count)
	}
	return counts
}

// printWords prints the ten most frequent words.
func printWords(out io.Writer, counts map[string]int) error {
	words := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for _, word := range words[:min(10, len(words))] {
		if _, err := fmt.Fprintf(out, "%6d  %s\n", counts[word], word); err != nil {
			return err
		}
	}
	return nil
}
