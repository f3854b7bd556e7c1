// SPDX-License-Identifier: Apache-2.0

// Command screenshots makes the pictures of the README again. It runs the real
// command against an embedded server that holds examples/pythonjob/job.json, and
// draws what the command printed as SVG. For the live view it replays the recorded
// calls, a few each second, while "jobs watch" runs. It needs script(1) of util-linux.
//
//	go run ./.ci/screenshots
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

// A stage is an embedded server, a home folder and the built command.
type stage struct {
	server *devs3.Server
	store  *lithopss3.Store
	bucket string
	home   string
}

func run(ctx context.Context) (err error) {
	home, err := os.MkdirTemp("", "screenshots")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(home, "lithops-s3"), "./cmd/lithops-s3")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	s, err := open(ctx, home)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.store.Close(), s.server.Close()) }()
	if err := s.drawDoctor(ctx); err != nil {
		return err
	}
	return s.drawWatch(ctx)
}

// open starts the server and writes the configuration that names it.
func open(ctx context.Context, home string) (*stage, error) {
	server, err := devs3.Start(nil)
	if err != nil {
		return nil, err
	}
	s := &stage{server: server, home: home}
	config, err := lithopss3.ParseConfig([]byte(server.Config()))
	if err != nil {
		return nil, err
	}
	s.store, err = lithopss3.New(ctx, config, &lithopss3.Options{Endpoint: server.URL(), STSEndpoint: server.URL()})
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(home, ".lithops"), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(home, ".lithops", "config"), []byte(server.Config()), 0o600); err != nil {
		return nil, err
	}
	s.bucket, err = s.store.EnsureBucket(ctx)
	return s, err
}

// command returns the command as a user runs it, on a terminal of 80 columns.
func (s *stage) command(ctx context.Context, args string) *exec.Cmd {
	line := "stty cols 80 rows 24; " + filepath.Join(s.home, "lithops-s3") + " " + args
	cmd := exec.CommandContext(ctx, "script", "-qefc", line, os.DevNull)
	cmd.Env = []string{"HOME=" + s.home, "PATH=" + os.Getenv("PATH"), "TERM=xterm", "NO_COLOR=1", "TZ=UTC", "AWS_ENDPOINT_URL=" + s.server.URL()}
	return cmd
}

// tidy replaces what differs from run to run and from machine to machine.
func (s *stage) tidy(text string) string {
	return strings.NewReplacer(s.home, "/home/you", s.server.URL(), "http://127.0.0.1:9000").Replace(text)
}

func (s *stage) drawDoctor(ctx context.Context) error {
	out, err := s.command(ctx, "doctor").Output()
	if err != nil {
		return fmt.Errorf("doctor: %w: %s", err, out)
	}
	screen := &screen{}
	screen.write(s.tidy(string(out)), 0)
	return screen.save("docs/images/doctor.svg", "lithops-s3 doctor", 0)
}

// drawWatch replays the recorded executor while the command watches it.
func (s *stage) drawWatch(ctx context.Context) error {
	calls, err := s.storeInputs(ctx)
	if err != nil {
		return err
	}
	cmd := s.command(ctx, "jobs watch b263e7-0 --nested --interval 250ms")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.replay(ctx, calls[:3], nil); err != nil { // a watch needs a call that has begun
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	start := time.Now()
	replayed := make(chan error, 1)
	go func() { replayed <- s.replay(ctx, calls[3:], calls) }()
	screen := &screen{}
	buffer := make([]byte, 4096)
	for err == nil {
		var n int
		n, err = stdout.Read(buffer)
		screen.write(s.tidy(string(buffer[:n])), time.Since(start))
	}
	length := time.Since(start) + 3*time.Second
	var failed *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &failed) { // recorded calls failed: exit code 1
		return err
	}
	if err := <-replayed; err != nil {
		return err
	}
	return screen.save("docs/images/watch.svg", "lithops-s3 jobs watch b263e7-0 --nested", length)
}

// An object of the recording.
type object struct {
	Key  string `json:"key"`
	Body []byte `json:"b64"`
}

// A call is what a recorded worker stored of a call.
type call struct{ begin, end []object }

// storeInputs stores functions and data, and returns the calls.
func (s *stage) storeInputs(ctx context.Context) ([]*call, error) {
	data, err := os.ReadFile("examples/pythonjob/job.json")
	if err != nil {
		return nil, err
	}
	var recording struct {
		Objects []object `json:"objects"`
	}
	if err := json.Unmarshal(data, &recording); err != nil {
		return nil, err
	}
	byPrefix := map[string]*call{}
	var calls []*call
	for _, o := range recording.Objects {
		prefix := filepath.Dir(o.Key)
		switch {
		case strings.Count(o.Key, "/") < 3:
			if err := s.put(ctx, o); err != nil {
				return nil, err
			}
			continue
		case byPrefix[prefix] == nil:
			byPrefix[prefix] = &call{}
			calls = append(calls, byPrefix[prefix])
		}
		c := byPrefix[prefix]
		if strings.HasSuffix(o.Key, ".init") {
			c.begin = append(c.begin, o)
		} else {
			c.end = append(c.end, o)
		}
	}
	for _, c := range calls { // a status comes last
		slices.SortFunc(c.end, func(a, b object) int { return strings.Compare(a.Key, b.Key) })
	}
	return calls, nil
}

func (s *stage) put(ctx context.Context, o object) error {
	return s.store.PutObject(ctx, s.bucket, o.Key, bytes.NewReader(o.Body), nil)
}

// replay begins calls and ends others, several each second.
func (s *stage) replay(ctx context.Context, begin, end []*call) error {
	var objects []object
	for i := range max(len(begin), len(end)) {
		if i < len(begin) {
			objects = append(objects, begin[i].begin...)
		}
		if i < len(end) {
			objects = append(objects, end[i].end...)
		}
	}
	for _, o := range objects {
		if err := s.put(ctx, o); err != nil {
			return err
		}
		if end != nil {
			time.Sleep(200 * time.Millisecond)
		}
	}
	return nil
}
