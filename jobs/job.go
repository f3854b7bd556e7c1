// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/lithops-go/lithopss3"
)

// A State is how far a call is, as the keys in the bucket tell.
type State int

// States of calls.
const (
	StateRunning State = iota + 1 // it has begun and left no status
	StateLost                     // as StateRunning, for longer than a call may run
	StateEnded                    // it has left a status, which tells whether it failed
)

// String returns "running", "lost" or "ended".
func (s State) String() string {
	if s < StateRunning || s > StateEnded {
		return fmt.Sprintf("State(%d)", int(s))
	}
	return [...]string{"running", "lost", "ended"}[s-StateRunning]
}

// A CallState describes a call that has begun.
type CallState struct {
	Call
	State State
	// ActivationID is the attempt that began last, empty if no attempt left its mark.
	ActivationID string
	// Began is when that attempt left its mark, on the storage's clock; zero if it is
	// not known.
	Began time.Time
}

// A Job describes a job as the keys in the bucket tell, without reading an object.
type Job struct {
	ExecutorID, JobID string
	// Calls are the calls that have begun, in the order of their keys. It is empty if
	// the job was submitted and no call has begun.
	Calls []CallState
	// First and Last are when the oldest and the newest of the job's objects were
	// stored; zero if it is not known.
	First, Last    time.Time
	Objects, Bytes int64
}

// Count returns how many calls are in a state.
func (j Job) Count(state State) int {
	count := 0
	for _, call := range j.Calls {
		if call.State == state {
			count++
		}
	}
	return count
}

// Ended returns the calls of jobs that have left a status, in their order.
func Ended(jobs []Job) []Call {
	var calls []Call
	for _, job := range jobs {
		for _, call := range job.Calls {
			if call.State == StateEnded {
				calls = append(calls, call.Call)
			}
		}
	}
	return calls
}

// List describes the jobs whose name ([JobKey]) begins with prefix ("" for all), in the
// order of their keys. It lists every key of theirs. A call is lost if it began
// longer ago than [Options].LostAfter.
func (c *Client) List(ctx context.Context, prefix string) ([]Job, error) {
	found, err := c.scan(ctx, []string{Prefix + "/" + prefix}, func(Key) bool { return true })
	return found.jobs, err
}

// Find describes the jobs that an ID selects, in the order of their keys, with the
// calls that it selects, see [ID.Has]; nested adds those of [ID.HasNested]. It lists
// every key of theirs. If the bucket has nothing of what the ID names, the error is
// fs.ErrNotExist. An executor that has stored a function and no job has no jobs.
func (c *Client) Find(ctx context.Context, id ID, nested bool) ([]Job, error) {
	found, err := c.scan(ctx, id.prefixes(nested), func(key Key) bool {
		return id.Has(key.Call) || nested && id.HasNested(key.Call)
	})
	if err != nil || found.any {
		return found.jobs, err
	}
	if id.ExecutorID != "" && id.JobID == "" {
		if exists, err := c.exists(ctx, Prefix+"/"+id.ExecutorID+"/"); err != nil || exists {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s: %w", id, fs.ErrNotExist)
}

// exists reports whether a key has the prefix.
func (c *Client) exists(ctx context.Context, prefix string) (bool, error) {
	for info, err := range c.storage.ListObjects(ctx, c.bucket, &lithopss3.ListOptions{Prefix: prefix, PageSize: 1}) {
		if err == nil {
			err = checkPrefix(info.Key, prefix)
		}
		return err == nil, err
	}
	return false, nil
}

// A scan collects jobs from keys, which come in their order.
type scan struct {
	jobs  []Job
	index map[[2]string]int // of jobs
	calls map[Call]int      // of the calls of a job
	any   bool
}

// scan lists the keys with the prefixes and describes the jobs of those that has
// selects.
func (c *Client) scan(ctx context.Context, prefixes []string, has func(Key) bool) (*scan, error) {
	s := &scan{index: map[[2]string]int{}, calls: map[Call]int{}}
	for _, prefix := range prefixes {
		opts := &lithopss3.ListOptions{Prefix: prefix, Parallel: listedAtOnce}
		for info, err := range c.storage.ListObjects(ctx, c.bucket, opts) {
			if err == nil {
				err = checkPrefix(info.Key, prefix)
			}
			if err != nil {
				return &scan{}, err
			}
			key, ok := ParseKey(info.Key)
			if ok && key.JobID != "" && key.Kind != KeyCloudObject && has(key) {
				s.add(key, info)
			}
		}
	}
	s.finish(c.Now(), c.lost)
	return s, nil
}

// finish tells which calls are lost.
func (s *scan) finish(now time.Time, lostAfter time.Duration) {
	for i := range s.jobs {
		for n := range s.jobs[i].Calls {
			call := &s.jobs[i].Calls[n]
			if call.State == StateRunning && isLost(call.Began, now, lostAfter) {
				call.State = StateLost
			}
		}
	}
}

// isLost reports whether a call that began then, and has not ended, is lost.
func isLost(began, now time.Time, lostAfter time.Duration) bool {
	return lostAfter > 0 && !began.IsZero() && now.Sub(began) > lostAfter
}

func (s *scan) add(key Key, info lithopss3.ObjectInfo) {
	s.any = true
	id := [2]string{key.ExecutorID, key.JobID}
	place, known := s.index[id]
	if !known {
		place = len(s.jobs)
		s.index[id] = place
		s.jobs = append(s.jobs, Job{ExecutorID: key.ExecutorID, JobID: key.JobID})
	}
	job := &s.jobs[place]
	job.add(info)
	if key.Kind != KeyInit && key.Kind != KeyStatus {
		return
	}
	n, known := s.calls[key.Call]
	if !known {
		n = len(job.Calls)
		s.calls[key.Call] = n
		job.Calls = append(job.Calls, CallState{Call: key.Call, State: StateRunning})
	}
	job.Calls[n].add(key, info)
}

func (j *Job) add(info lithopss3.ObjectInfo) {
	j.Objects++
	j.Bytes += info.Size
	if info.LastModified.IsZero() {
		return
	}
	if j.First.IsZero() || info.LastModified.Before(j.First) {
		j.First = info.LastModified
	}
	if info.LastModified.After(j.Last) {
		j.Last = info.LastModified
	}
}

func (s *CallState) add(key Key, info lithopss3.ObjectInfo) {
	if key.Kind == KeyStatus {
		s.State = StateEnded
		return
	}
	if s.ActivationID == "" || info.LastModified.After(s.Began) {
		s.ActivationID, s.Began = key.ActivationID, info.LastModified
	}
}
