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
	"sync/atomic"

	"github.com/lithops-go/lithopss3/bench/s3null"
	"golang.org/x/sync/errgroup"
)

// Workloads of a job.
const (
	workUpload   = "upload"
	workDownload = "download"
	workStream   = "stream" // up, of a length that is not known
	workMemory   = "memory" // up
	workRead     = "read"   // down, in order
	workPut      = "put"
	workGet      = "get"
	workCrowd    = "crowd" // puts, of which those that fail are counted
	workList     = "list"
	workDelete   = "delete"
	workPrefix   = "delete-prefix"
	workPoll     = "poll"
	workWatch    = "watch"
	workStart    = "start"
	workPutDir   = "put-dir" // a folder of small files
	workGetDir   = "get-dir"
)

// transferKey is the key of what is moved up and down.
const transferKey = "file.bin"

// A job is one measurement of one client, done in a process of its own.
type job struct {
	Client    string
	Work      string
	Endpoint  string // "" is AWS
	Authority string // the file with the certificate of the server's authority, "" for http
	Proxy     string // to AWS
	Bucket    string
	Prefix    string // of a listing
	Path      string // of the file or folder to read or to write
	Size      int64  // of the file, stream or object, in bytes
	Count     int    // of objects, keys, calls or starts
	AtOnce    int    // objects put or got at once
	Tuned     bool   // with options set for more at once
	Files     int    // that the process may have open, 0 for the usual
	Profile   string // where to write a CPU profile, "" for none

	toDelete []string
	borders  []string // see httpClient
}

// prepare does what must not be measured.
func (j *job) prepare() {
	s3null.Content("", 0, 0) // makes what all content is cut from
	if j.Work == workPut || j.Work == workGet {
		s3null.Body("", int(j.Size))
	}
	if j.Work == workDelete {
		j.toDelete = j.keys()
	}
	if j.Work == workList && j.Tuned && j.Client == "net/http" {
		j.borders = []string{""}
		for i, key := range j.keys() {
			if i%1000 == 999 && i+1 < j.Count {
				j.borders = append(j.borders, key)
			}
		}
	}
}

// seen holds what a client claims to have found, to be compared with what exists.
type seen struct {
	Count  int
	Sum    uint32 `json:",omitempty"` // of the keys, in order
	Failed int    `json:",omitempty"` // puts of a crowd
}

// do does a job's work.
func (j *job) do(ctx context.Context) (seen, error) {
	for _, peer := range peers {
		if peer.name != j.Client {
			continue
		}
		c, err := peer.open(ctx, j)
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
		return seen{}, c.upload(ctx, &stream{key: transferKey, size: j.Size}, j.Bucket, transferKey)
	case workMemory:
		return seen{}, c.upload(ctx, io.NewSectionReader(content(transferKey), 0, j.Size), j.Bucket, transferKey)
	case workRead:
		got := &checker{key: transferKey}
		err := c.read(ctx, j.Bucket, transferKey, got)
		return seen{Count: int(got.at)}, err
	case workPut, workGet, workCrowd:
		failed, err := j.small(ctx, c)
		return seen{Count: j.Count, Failed: failed}, err
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
	case workPoll, workWatch:
		return j.look(ctx, c)
	case workPutDir, workGetDir:
		return seen{Count: j.Count}, j.folder(ctx, c)
	}
	return seen{}, errUnsupported
}

func (s *seen) add(key string) {
	s.Count++
	var buffer [256]byte
	s.Sum = crc32.Update(s.Sum, crc32.IEEETable, append(append(buffer[:0], key...), '\n'))
}

// small puts or gets many objects, so many at once. It returns how many of a crowd failed.
func (j *job) small(ctx context.Context, c client) (failed int, err error) {
	var failures atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	next := make(chan string)
	for range j.AtOnce {
		group.Go(func() error {
			for key := range next {
				err := j.one(ctx, c, key)
				if err != nil && j.Work == workCrowd {
					failures.Add(1)
					continue
				}
				if err != nil {
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
	err = group.Wait()
	return int(failures.Load()), err
}

var errWrongBytes = errors.New("got other bytes than are stored")

func (j *job) one(ctx context.Context, c client, key string) error {
	want := s3null.Body(key, int(j.Size))
	if j.Work != workGet {
		return c.put(ctx, j.Bucket, key, want)
	}
	got, err := c.get(ctx, j.Bucket, key)
	if err == nil && !bytes.Equal(got, want) {
		err = errWrongBytes
	}
	return err
}

// look finds which calls of a job have ended. Who has nothing for it lists all
// of the job, as Python Lithops does.
func (j *job) look(ctx context.Context, c client) (seen, error) {
	if own, ok := c.(interface {
		look(ctx context.Context, bucket string, calls int, once bool) (int, error)
	}); ok {
		done, err := own.look(ctx, j.Bucket, j.Count, j.Work == workPoll)
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

// content is the content of an object under a key, anywhere in it.
type content string

// ReadAt reads from off on.
func (c content) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		n += copy(p[n:], s3null.Content(string(c), off+int64(n), len(p)-n))
	}
	return n, nil
}

// A checker takes the content of an object under key, and nothing else.
type checker struct {
	key string
	at  int64
}

// Write compares the next bytes.
func (c *checker) Write(p []byte) (n int, err error) {
	for n < len(p) {
		want := s3null.Content(c.key, c.at, len(p)-n)
		if !bytes.Equal(p[n:n+len(want)], want) {
			return n, errWrongBytes
		}
		n, c.at = n+len(want), c.at+int64(len(want))
	}
	return n, nil
}
