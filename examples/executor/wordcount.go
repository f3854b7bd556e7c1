// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/partition"
	"github.com/lithops-go/lithopss3/pickle"
)

// A chunk is what a call returns about its chunk.
type chunk struct {
	Lines int
	Words map[string]int
}

// dict returns the chunk as it is pickled: Python would read it too.
func (c chunk) dict() *pickle.Dict { return pickle.NewDict("lines", c.Lines, "words", c.Words) }

// countWords cuts an object into chunks of whole lines, counts the words of each by a
// call of a map, and prints the most frequent ones. It leaves nothing in the bucket.
func countWords(ctx context.Context, out io.Writer, storage lithopss3.Storage, e *executor, url string, chunks int, progress func(jobs.Event, int)) (err error) {
	partitions, _, err := partition.Objects(ctx, storage, []string{url}, &partition.Options{ChunkNumber: chunks, Newline: "\n"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.clean(ctx)) }()
	faults := &faults{}
	run := func(ctx context.Context, call jobs.Call, arguments []byte, log io.Writer) (any, error) {
		if err := faults.of(call); err != nil {
			return nil, err
		}
		return count(ctx, storage, arguments, log)
	}
	counts, err := mapJob[chunk](ctx, e, pickle.EncodeEach(dictsOf(partitions)), run, progress)
	if err != nil {
		return err
	}
	total := chunk{Words: map[string]int{}}
	for _, c := range counts {
		total.Lines += c.Lines
		for word, n := range c.Words {
			total.Words[word] += n
		}
	}
	_, err = fmt.Fprintf(out, "executor %s: %d calls, %d lines, %d attempts repeated\n", e.id, len(counts), total.Lines, len(faults.seen))
	return errors.Join(err, printWords(out, total.Words))
}

// dictsOf yields the arguments of each call, as Python's functions on objects take them.
func dictsOf(partitions []partition.Partition) iter.Seq[*pickle.Dict] {
	return func(yield func(*pickle.Dict) bool) {
		for i := range partitions {
			if !yield(pickle.NewDict("obj", partitions[i].CloudObject())) {
				return
			}
		}
	}
}

// count counts the words of a chunk: the function of the map.
func count(ctx context.Context, storage lithopss3.Storage, arguments []byte, log io.Writer) (*pickle.Dict, error) {
	var named struct{ Obj *jobs.CloudObject }
	if err := pickle.Unmarshal(arguments, &named); err != nil {
		return nil, err
	}
	if named.Obj == nil {
		return nil, errors.New("the argument obj is missing")
	}
	part, err := partition.Of(named.Obj)
	if err != nil {
		return nil, err
	}
	counted := chunk{Words: map[string]int{}}
	for line, err := range part.Lines(ctx, storage) {
		if err != nil {
			return nil, err
		}
		counted.Lines++
		for _, word := range strings.FieldsFunc(string(line), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }) {
			counted.Words[strings.ToLower(word)]++
		}
	}
	_, _ = fmt.Fprintf(log, "part %d of %d: %d lines\n", part.Part, part.TotalParts, counted.Lines)
	return counted.dict(), nil
}

// faults fails the first attempt at every hundredth call, as workers in the cloud do, so
// that the example shows a retry.
type faults struct {
	mu   sync.Mutex
	seen map[jobs.Call]bool
}

func (f *faults) of(call jobs.Call) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !strings.HasSuffix(call.CallID, "50") || f.seen[call] {
		return nil
	}
	if f.seen == nil {
		f.seen = map[jobs.Call]bool{}
	}
	f.seen[call] = true
	return errors.New("the worker was lost (the example does this on purpose)")
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
