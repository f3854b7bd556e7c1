// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/bench/s3null"
)

// patience is how long one measurement may take.
const patience = 15 * time.Minute

// A sample is one measurement, with what the server says about it.
type sample struct {
	measured
	Operations  map[string]int64 `json:",omitempty"` // requests, by S3's names
	Requests    int64
	Connections int64 // beyond the concurrency, those that the client did not keep
}

// A runner measures clients against a server, both in processes of their own.
type runner struct {
	server
	folder   string // for files
	profiles string // folder for profiles, "" for none
	self     string // this program
	wanted   func(client string) bool
	tools    []*tool
	starters []*tool
	log      *log.Logger
	sums     map[string]seen // of the keys of layouts
}

// defaultRounds is how often each scenario is measured.
const defaultRounds = 3

// run measures scenarios in rounds, every client once in each: what disturbs the
// machine for a while disturbs all of them. What fails is left out; the error tells
// of all that did.
func (r *runner) run(ctx context.Context, all []scenario, rounds int) ([]result, error) {
	var results []result
	var problems []error
	for _, s := range all {
		found := result{Scenario: s.name, Title: s.title}
		r.log.Printf("%s (%s)", s.name, s.title)
		clients := r.clients(&s)
		for round := range cmp.Or(rounds, defaultRounds) {
			for i, name := range clients {
				if name == "" {
					continue
				}
				sample, err := r.measure(ctx, &s, name)
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				if err != nil {
					err = fmt.Errorf("%s, %s: %w", s.name, name, err)
					r.log.Println(err)
					problems, found.Failures = append(problems, err), append(found.Failures, name)
					continue
				}
				if sample.Skipped != "" {
					clients[i] = ""
					continue
				}
				found.add(name, *sample)
				r.log.Printf("  %d %-22s %8.3f s  CPU %7.3f s  heap %9s  memory %9s  %7d requests  %d failed", round+1, name,
					sample.Wall, sample.CPU, formatBytes(sample.Heap), formatBytes(sample.RSS), sample.Requests, sample.Seen.Failed)
			}
		}
		for i := range found.Clients {
			r.log.Printf("  %-24s %s", found.Clients[i].Name, found.Clients[i].spread(metricWall))
		}
		results = append(results, found)
	}
	return results, errors.Join(problems...)
}

// tunedSuffix follows a client's name where its options are set, see isTunable.
const tunedSuffix = " tuned"

// clients returns the clients of a scenario, as they come and tuned.
func (r *runner) clients(s *scenario) []string {
	var names []string
	for _, p := range peers {
		if s.work != workStart && (s.peers == nil || slices.Contains(s.peers, p.name)) {
			names = append(names, p.name)
		}
	}
	for _, t := range r.starters {
		if s.work == workStart {
			names = append(names, t.name)
		}
	}
	for _, t := range r.tools {
		if s.tools {
			names = append(names, t.name)
		}
	}
	var all []string
	for _, name := range names {
		if !r.wanted(name) {
			continue
		}
		if !isTunable(name, s) || !s.tunedOnly {
			all = append(all, name)
		}
		if isTunable(name, s) {
			all = append(all, name+tunedSuffix)
		}
	}
	return all
}

// measure does one measurement and checks what came of it.
func (r *runner) measure(ctx context.Context, s *scenario, name string) (*sample, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client, isTuned := strings.CutSuffix(name, tunedSuffix)
	j := &job{
		Client: client, Tuned: isTuned, Work: s.work, Bucket: s.bucket, Prefix: s.prefix, Size: s.size, Count: s.count,
		AtOnce: s.atOnce, Files: s.files, Path: filepath.Join(r.folder, "down.bin"),
	}
	r.reach(j, s.at.scheme)
	if r.profiles != "" {
		j.Profile = filepath.Join(r.profiles, s.name+"-"+strings.NewReplacer("/", "-", " ", "-").Replace(name)+".prof")
	}
	if s.work == workUpload {
		j.Path = filepath.Join(r.folder, "up.bin")
		if err := makeFile(j.Path, s.size); err != nil {
			return nil, err
		}
	}
	if s.work == workPutDir {
		var err error
		if j.Path, err = makeFolder(r.folder, j); err != nil {
			return nil, err
		}
	}
	shape := url.Values{"latency": {s.at.shape.Latency.String()}, "rate": {fmt.Sprint(s.at.shape.Rate)}, "bucket": {s.bucket}}
	if err := r.ask(ctx, "reset?"+shape.Encode(), nil); err != nil {
		return nil, err
	}
	measured, err := r.start(ctx, j)
	if err != nil {
		return nil, err
	}
	result := &sample{measured: *measured}
	if result.Skipped != "" {
		return result, nil
	}
	var stats s3null.Stats
	if err := r.ask(ctx, "stats", &stats); err != nil {
		return nil, err
	}
	result.Operations, result.Connections = stats.Requests, stats.Connections-1 // one is the bench's
	for operation, n := range stats.Requests {
		if operation != "Failed" {
			result.Requests += n
		}
	}
	if j.Work == workStart {
		result.Requests, result.Connections = result.Requests/int64(j.Count), result.Connections/int64(j.Count)
	}
	return result, r.check(ctx, j, measured)
}

// reach says how a job reaches the server.
func (r *runner) reach(j *job, scheme string) {
	switch scheme {
	case overHTTPS:
		j.Endpoint, j.Authority = r.secure, r.authority
	case overAWS:
		j.Proxy, j.Authority = r.endpoint, r.authority
	default:
		j.Endpoint = r.endpoint
	}
}

// start runs the process of a measurement.
func (r *runner) start(ctx context.Context, j *job) (*measured, error) {
	if j.Work == workStart {
		for _, t := range append(slices.Clone(r.starters), r.tools...) {
			if t.name == j.Client && t.path != "" {
				return t.start(ctx, j)
			}
		}
		return &measured{Skipped: errUnsupported.Error()}, nil
	}
	for _, t := range r.tools {
		if t.name == j.Client {
			return t.run(ctx, j)
		}
	}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, r.self, "client", string(text))
	if j.Files > 0 { // as a shell does it, before the process begins
		limit := fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, j.Files)
		command = exec.CommandContext(ctx, "sh", "-c", limit, r.self, "client", string(text))
	}
	command.Env = awsEnv(j)
	output, _, err := runCommand(command)
	if err != nil {
		return nil, err
	}
	result := &measured{}
	return result, json.Unmarshal(output, result)
}

var errWrong = errors.New("the work was not done right")

// check compares what a client did, and says it found, with what should be: who
// is fast because it loses something must not win.
func (r *runner) check(ctx context.Context, j *job, m *measured) error {
	switch j.Work {
	case workDownload:
		defer func() { _ = os.Remove(j.Path) }()
		return checkFile(j.Path, j.Size)
	case workGetDir:
		return checkFolder(j)
	case workList:
		want := r.keysOf(j.Bucket)
		if m.Seen.Count != want.Count || (m.Seen.Sum != want.Sum && m.Seen.Sum != uncheckedSum) {
			return fmt.Errorf("%w: %d keys (sum %08x) instead of %d (%08x)", errWrong, m.Seen.Count, m.Seen.Sum, want.Count, want.Sum)
		}
		return nil
	case workRead:
		if m.Seen.Count != int(j.Size) || m.Seen.Sum != uncheckedSum && m.Seen.Sum != s3null.ContentCRC(transferKey, j.Size) {
			return fmt.Errorf("%w: %d bytes (sum %08x) instead of %d", errWrong, m.Seen.Count, m.Seen.Sum, j.Size)
		}
		return nil
	case workGet, workPoll, workWatch:
		if m.Seen.Count != j.Count {
			return fmt.Errorf("%w: %d instead of %d", errWrong, m.Seen.Count, j.Count)
		}
		return nil
	}
	var report s3null.Report
	if err := r.ask(ctx, "report?bucket="+j.Bucket, &report); err != nil {
		return err
	}
	want := s3null.Report{Objects: 1, Bytes: j.Size}
	switch j.Work {
	case workPut, workPutDir:
		want = s3null.Report{Objects: j.Count, Bytes: int64(j.Count) * j.Size}
	case workCrowd: // one that failed may be stored
		stored := min(max(report.Objects, j.Count-m.Seen.Failed), j.Count)
		want = s3null.Report{Objects: stored, Bytes: int64(stored) * j.Size}
	case workDelete, workPrefix:
		want = s3null.Report{}
	}
	if report != want {
		return fmt.Errorf("%w: the server has %+v instead of %+v", errWrong, report, want)
	}
	return nil
}

// keysOf returns what a listing of a bucket should find.
func (r *runner) keysOf(bucket string) seen {
	if known, ok := r.sums[bucket]; ok {
		return known
	}
	var all seen
	j := job{Bucket: bucket}
	for _, key := range j.keys() {
		all.add(key)
	}
	r.sums[bucket] = all
	return all
}

// ask asks the server for what only the bench wants to know.
func (r *runner) ask(ctx context.Context, what string, result any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.endpoint+"/-/"+what, http.NoBody)
	if err != nil {
		return err
	}
	request.Close = true // no connection of the bench's own among the client's
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s to %s", answer.Status, what)
	}
	if result == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(result)
}

// makeFile makes the file that is uploaded, if it is not there.
func makeFile(path string, size int64) error {
	if info, err := os.Stat(path); err == nil && info.Size() == size {
		return nil
	}
	return intoFile(path, func(file *os.File) error {
		_, err := io.CopyBuffer(struct{ io.Writer }{file}, &stream{key: transferKey, size: size}, make([]byte, 1<<20))
		return err
	})
}

func checkFile(path string, size int64) error {
	return withFile(path, func(file *os.File) error {
		sum := crc32.NewIEEE()
		n, err := io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{file}, make([]byte, 1<<20))
		if err == nil && (n != size || sum.Sum32() != s3null.ContentCRC(transferKey, size)) {
			err = fmt.Errorf("%w: the file has %d bytes instead of %d, or other ones", errWrong, n, size)
		}
		return err
	})
}
