// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/lithops-go/lithopss3/bench/s3null"
	"golang.org/x/sync/errgroup"
)

// Workloads of a job.
const (
	workUpload   = "upload"
	workDownload = "download"
	workStream   = "stream"
	workPut      = "put"
	workGet      = "get"
	workList     = "list"
	workDelete   = "delete"
	workPrefix   = "delete-prefix"
	workPoll     = "poll"
	workStart    = "start"
)

// transferKey is the key of what is moved up and down.
const transferKey = "file.bin"

// A job is one measurement of one client, done in a process of its own.
type job struct {
	Client   string
	Work     string
	Endpoint string
	Bucket   string
	Prefix   string // of a listing
	Path     string // of the file to read or to write
	Size     int64  // of the file or stream, in bytes
	Count    int    // of objects, keys, calls or starts
	AtOnce   int    // objects put or got at once
	Parallel bool   // listing may be parallel
	Profile  string // where to write a CPU profile, "" for none

	toDelete []string
}

func (j *job) isTransfer() bool {
	return j.Work == workUpload || j.Work == workDownload || j.Work == workStream
}

// seen holds what a client claims to have found, to be compared with what exists.
type seen struct {
	Count int
	Sum   uint32 // of the keys, in order
}

// do does a job's work.
func (j *job) do(ctx context.Context) (seen, error) {
	for _, peer := range peers {
		if peer.name != j.Client {
			continue
		}
		c, err := peer.open(ctx, j.Endpoint, j)
		if err != nil {
			return seen{}, err
		}
		return j.use(ctx, c)
	}
	return seen{}, fmt.Errorf("no client is named %q", j.Client)
}

func (j *job) use(ctx context.Context, c client) (seen, error) {
	switch j.Work {
	case workUpload:
		return seen{}, c.uploadFile(ctx, j.Path, j.Bucket, transferKey)
	case workDownload:
		return seen{}, c.downloadFile(ctx, j.Bucket, transferKey, j.Path)
	case workStream:
		return seen{}, c.uploadStream(ctx, &stream{key: transferKey, size: j.Size}, j.Bucket, transferKey)
	case workPut, workGet:
		return seen{Count: j.Count}, j.small(ctx, c)
	case workList:
		var found seen
		err := c.list(ctx, j.Bucket, j.Prefix, found.add)
		return found, err
	case workDelete:
		return seen{}, c.remove(ctx, j.Bucket, j.toDelete)
	case workPrefix:
		if own, ok := c.(interface {
			removePrefix(ctx context.Context, bucket, prefix string) error
		}); ok {
			return seen{}, own.removePrefix(ctx, j.Bucket, j.Prefix)
		}
		var keys []string
		if err := c.list(ctx, j.Bucket, j.Prefix, func(key string) { keys = append(keys, key) }); err != nil {
			return seen{}, err
		}
		return seen{}, c.remove(ctx, j.Bucket, keys)
	case workPoll:
		return j.poll(ctx, c)
	}
	return seen{}, errUnsupported
}

func (s *seen) add(key string) {
	s.Count++
	var buffer [256]byte
	s.Sum = crc32.Update(s.Sum, crc32.IEEETable, append(append(buffer[:0], key...), '\n'))
}

// small puts or gets many small objects, so many at once.
func (j *job) small(ctx context.Context, c client) error {
	group, ctx := errgroup.WithContext(ctx)
	next := make(chan string)
	for range j.AtOnce {
		group.Go(func() error {
			for key := range next {
				if err := j.one(ctx, c, key); err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(next)
		for i := range j.Count {
			select {
			case next <- s3null.SmallKey(i):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

var errWrongBytes = errors.New("got other bytes than are stored")

func (j *job) one(ctx context.Context, c client, key string) error {
	want := s3null.Content(key, 0, int(j.Size))
	if j.Work == workPut {
		return c.put(ctx, j.Bucket, key, want)
	}
	got, err := c.get(ctx, j.Bucket, key)
	if err == nil && !bytes.Equal(got, want) {
		err = errWrongBytes
	}
	return err
}

// poll finds which calls of a job have ended. Who has nothing for it lists all
// of the job, as Python Lithops does.
func (j *job) poll(ctx context.Context, c client) (seen, error) {
	if own, ok := c.(interface {
		poll(ctx context.Context, bucket string) (int, error)
	}); ok {
		done, err := own.poll(ctx, j.Bucket)
		return seen{Count: done}, err
	}
	done := 0
	err := c.list(ctx, j.Bucket, j.Prefix, func(key string) {
		if strings.HasSuffix(key, "/status.json") {
			done++
		}
	})
	return seen{Count: done}, err
}

// keys are all keys of the job's bucket.
func (j *job) keys() []string {
	layout, _ := s3null.ParseLayout(j.Bucket)
	keys := make([]string, layout.Count)
	for i := range keys {
		keys[i] = string(layout.AppendKey(nil, i))
	}
	return keys
}

// A stream gives the content of a key and does not tell how much there is.
type stream struct {
	key      string
	at, size int64
}

// Read reads the next bytes.
func (s *stream) Read(p []byte) (int, error) {
	if s.at == s.size {
		return 0, io.EOF
	}
	n := copy(p, s3null.Content(s.key, s.at, int(min(int64(len(p)), s.size-s.at))))
	s.at += int64(n)
	return n, nil
}
