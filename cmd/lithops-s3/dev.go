// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"runtime/debug"
	"slices"

	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/jobs"
)

type devCommand struct {
	Addr        string `default:"127.0.0.1:9000" help:"The address to listen on, of this machine only; port 0 takes any."`
	Region      string `default:"us-east-1" help:"The region that the server has."`
	AllowRemote bool   `name:"allow-remote" help:"Allow an --addr that other machines and containers can reach, such as 0.0.0.0:9000. Anyone who reaches it can read and change what is stored."`
	Load        string `type:"file" placeholder:"FILE" help:"Begin with the objects of a recorded job, as examples/pythonjob/job.json in the repository."`
	MaxMemory   amount `name:"max-memory" default:"4096" placeholder:"MIB" help:"How much memory to use, in MiB (4096); a put that has no room is refused with QuotaExceeded. 0 is no limit."`
	Debug       bool   `short:"d" help:"Say more on stderr."`
}

// Run serves until it is interrupted.
func (c *devCommand) Run(t *terminal) error {
	if problem := awsconfig.RegionProblem(c.Region); problem != "" {
		return usagef("--region %s", problem)
	}
	if c.MaxMemory > 1<<30 {
		return usagef("--max-memory is a number of MiB, 0 for no limit")
	}
	if c.Load != "" {
		if err := checkFile(c.Load); err != nil {
			return err
		}
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		return usagef("--addr: %w", err)
	}
	if c.MaxMemory > 0 {
		debug.SetMemoryLimit(int64(c.MaxMemory) << 20) // garbage is collected before it counts
	}
	opts := &devs3.Options{Addr: c.Addr, AllowRemote: c.AllowRemote, Region: c.Region, MaxMemory: int64(c.MaxMemory) << 20}
	if c.Debug {
		opts.Logger = slog.New(slog.NewTextHandler(t.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	server, err := devs3.Start(opts)
	if errors.Is(err, devs3.ErrNotLoopback) {
		return usagef("%w: --allow-remote allows it", err)
	}
	if err != nil {
		return err
	}
	if c.AllowRemote {
		_, _ = fmt.Fprintf(t.stderr, "lithops-s3: warning: whoever reaches %s can read and change what is stored, without encryption\n", sanitize.Name(c.Addr))
	}
	if c.Load != "" {
		if err := load(t, server, c.Load); err != nil {
			return errors.Join(err, server.Close())
		}
	}
	if err := printDev(t, server); err != nil {
		return errors.Join(err, server.Close())
	}
	<-t.ctx.Done()
	_, _ = fmt.Fprintln(t.stderr, "stopped; everything stored is gone")
	return server.Close()
}

// maxRecording bounds a recording, in bytes.
const maxRecording = 1 << 30

// A recordedObject is an object of a recording.
type recordedObject struct {
	Key  string          `json:"key"`
	Body []byte          `json:"b64"`
	JSON json.RawMessage `json:"json"` // instead of the body
}

// functionsFirst orders objects as an executor stores them, because a function that is
// newer than everything else announces a job, for which "jobs watch" waits.
func functionsFirst(a, b recordedObject) int {
	rank := func(o recordedObject) int {
		if key, ok := jobs.ParseKey(o.Key); ok && key.Kind == jobs.KeyFunction {
			return 0
		}
		return 1
	}
	return cmp.Compare(rank(a), rank(b))
}

// load stores the objects of a recording in the user's bucket.
func load(t *terminal, server *devs3.Server, path string) (err error) {
	data, err := openfiles.Read(path, maxRecording)
	if err != nil {
		return err
	}
	var recording struct {
		Objects []recordedObject `json:"objects"`
	}
	if err := json.Unmarshal(data, &recording); err != nil {
		return fmt.Errorf("%s: %w", formatPath(path), err)
	}
	store, err := openEmbedded(t, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	bucket, err := store.EnsureBucket(t.ctx)
	if err != nil {
		return err
	}
	slices.SortStableFunc(recording.Objects, functionsFirst)
	for _, object := range recording.Objects {
		if object.JSON != nil {
			object.Body = object.JSON
		}
		if err := store.PutObject(t.ctx, bucket, object.Key, bytes.NewReader(object.Body), nil); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(t.stdout, "%s of %s are in bucket %s.\n\n", formatCount(len(recording.Objects), "object"), formatPath(path), bucket)
	return err
}

func printDev(t *terminal, server *devs3.Server) error {
	_, err := fmt.Fprintf(t.stdout, "S3 and STS in memory at %s, until interrupted.\n\n# the environment that points boto3, Python Lithops and this command at it:\n", server.URL())
	if err != nil {
		return err
	}
	env := server.Env()
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if _, err := fmt.Fprintf(t.stdout, "export %s=%s\n", name, env[name]); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(t.stdout, "\n# the same as a Lithops configuration (AWS_ENDPOINT_URL is still needed):\n%s", server.Config())
	return err
}
