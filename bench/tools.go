// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/bench/s3null"
)

// A tool is a client that is no Go library: a command, or a script.
type tool struct {
	name    string
	version []string              // arguments that print its version
	path    string                // "" where it is not on the machine
	command func(j *job) []string // nil for what it can't do
	env     func(j *job) []string // in addition to AWS's variables
}

//go:embed boto3_client.py
var boto3Client string

func findTools(ctx context.Context) []*tool {
	tools := []*tool{
		{name: "boto3", version: []string{"-c", "import boto3; print('boto3', boto3.__version__)"}, path: "python3", command: func(j *job) []string {
			text, _ := json.Marshal(j)
			return []string{"-c", boto3Client, string(text)}
		}},
		{name: "s5cmd", version: []string{"version"}, command: s5cmdCommand},
		{name: "rclone", version: []string{"version"}, command: rcloneCommand, env: func(j *job) []string {
			return []string{
				"RCLONE_CONFIG_BENCH_TYPE=s3", "RCLONE_CONFIG_BENCH_PROVIDER=Other", "RCLONE_CONFIG_BENCH_LIST_VERSION=2", "RCLONE_CONFIG_BENCH_ENV_AUTH=true",
				"RCLONE_CONFIG_BENCH_REGION=" + region, "RCLONE_CONFIG_BENCH_ENDPOINT=" + j.Endpoint,
				"RCLONE_CONFIG_BENCH_FORCE_PATH_STYLE=true", "RCLONE_CONFIG_BENCH_NO_CHECK_BUCKET=true", "RCLONE_CONFIG=/dev/null",
			}
		}},
		{name: "aws", version: []string{"--version"}, command: awsCommand},
	}
	for _, t := range tools {
		name := t.path
		if name == "" {
			name = t.name
		}
		t.path, _ = exec.LookPath(name)
		if t.path != "" && exec.CommandContext(ctx, t.path, t.version...).Run() != nil {
			t.path = ""
		}
	}
	return tools
}

// describe is the tool's name and version.
func (t *tool) describe(ctx context.Context) string {
	output, _ := exec.CommandContext(ctx, t.path, t.version...).CombinedOutput()
	words := strings.Fields(string(output))
	text := strings.Join(words[:min(2, len(words))], " ")
	if strings.HasPrefix(text, t.name) {
		return text
	}
	return t.name + " " + text
}

func s5cmdCommand(j *job) []string {
	object := "s3://" + j.Bucket + "/" + transferKey
	arguments := map[string][]string{
		workUpload: {"cp", j.Path, object}, workDownload: {"cp", object, j.Path}, workStream: {"pipe", object}, workRead: {"cat", object},
		workList: {"ls", "s3://" + j.Bucket + "/*"}, workPutDir: {"cp", j.Path + "/", "s3://" + j.Bucket + "/"}, workGetDir: {"cp", "s3://" + j.Bucket + "/*", j.Path + "/"}, workStart: {"cp", j.Path, "s3://" + j.Bucket + "/" + startKey},
	}[j.Work]
	return prepend(arguments, "--endpoint-url", j.Endpoint)
}

func rcloneCommand(j *job) []string {
	object := "bench:" + j.Bucket + "/" + transferKey
	return map[string][]string{
		workUpload: {"copyto", j.Path, object}, workDownload: {"copyto", object, j.Path}, workStream: {"rcat", object}, workRead: {"cat", object},
		workList: {"lsf", "-R", "--files-only", "bench:" + j.Bucket}, workPutDir: {"copy", j.Path, "bench:" + j.Bucket}, workGetDir: {"copy", "bench:" + j.Bucket, j.Path}, workStart: {"copyto", j.Path, "bench:" + j.Bucket + "/" + startKey},
	}[j.Work]
}

func awsCommand(j *job) []string {
	object := "s3://" + j.Bucket + "/" + transferKey
	arguments := map[string][]string{
		workUpload: {"cp", j.Path, object}, workDownload: {"cp", object, j.Path}, workStream: {"cp", "-", object}, workRead: {"cp", object, "-"},
		workList: {"ls", "--recursive", "s3://" + j.Bucket}, workPutDir: {"cp", "--recursive", "--only-show-errors", j.Path, "s3://" + j.Bucket}, workGetDir: {"cp", "--recursive", "--only-show-errors", "s3://" + j.Bucket, j.Path}, workStart: {"cp", j.Path, "s3://" + j.Bucket + "/" + startKey},
	}[j.Work]
	return prepend(arguments, "--endpoint-url", j.Endpoint, "s3")
}

func prepend(arguments []string, first ...string) []string {
	if arguments == nil {
		return nil
	}
	return append(first, arguments...)
}

// run has the tool do a job. One that tells about itself, as the script does, is
// believed; of others the process is measured.
func (t *tool) run(ctx context.Context, j *job) (*measured, error) {
	arguments := t.command(j)
	if arguments == nil {
		return &measured{Skipped: errUnsupported.Error()}, nil
	}
	command := exec.CommandContext(ctx, t.path, arguments...)
	command.Env = awsEnv(j)
	if t.env != nil {
		command.Env = append(command.Env, t.env(j)...)
	}
	command.Stdin = j.input()
	got := &checker{key: transferKey}
	if j.Work == workRead && t.name != "boto3" {
		command.Stdout = got
	}
	output, result, err := runCommand(command)
	if err != nil {
		return nil, err
	}
	if t.name == "boto3" && j.Work != workStart {
		result = &measured{}
		return result, json.Unmarshal(output, result)
	}
	if j.Work == workRead {
		result.Seen.Count = int(got.at)
	}
	if j.Work == workList {
		result.Seen = seen{Count: bytes.Count(output, []byte("\n")), Sum: uncheckedSum}
	}
	return result, nil
}

// uncheckedSum is in place of the keys' sum where a tool prints more than keys.
const uncheckedSum = 0

// runCommand runs a command, and returns what it prints unless that goes elsewhere.
func runCommand(command *exec.Cmd) ([]byte, *measured, error) {
	var output, problems bytes.Buffer
	if command.Stdout == nil {
		command.Stdout = &output
	}
	command.Stderr = &problems
	begin := time.Now()
	err := command.Start()
	if err != nil {
		return nil, nil, err
	}
	peak := watchRSS(command.Process.Pid)
	err = command.Wait()
	result := &measured{Wall: time.Since(begin).Seconds(), RSS: peak()}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %s", err, lastLines(problems.String()))
	}
	result.CPU = (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds()
	return output.Bytes(), result, nil
}

// watchRSS asks for a process's peak memory until what it returns is called. What
// the kernel says at the end begins with the peak of the process that started it.
func watchRSS(pid int) func() int64 {
	stop, peak := make(chan struct{}), make(chan int64)
	go func() {
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for most := int64(0); ; {
			select {
			case <-ticker.C:
				most = max(most, peakRSS(strconv.Itoa(pid)))
			case <-stop:
				peak <- most
				return
			}
		}
	}()
	return func() int64 { close(stop); return <-peak }
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// awsEnv returns an environment in which every client finds the same keys, proxy
// and authority, and nothing of the user's.
func awsEnv(j *job) []string {
	kept := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "AWS_") || strings.HasPrefix(entry, "LITHOPS") || strings.Contains(strings.ToLower(entry), "_proxy=")
	})
	if j.Endpoint != "" {
		kept = append(kept, "AWS_ENDPOINT_URL="+j.Endpoint)
	}
	if j.Proxy != "" {
		kept = append(kept, "HTTPS_PROXY="+j.Proxy)
	}
	if j.Authority != "" { // which Go's programs read, and Python's
		kept = append(kept, "SSL_CERT_FILE="+j.Authority, "AWS_CA_BUNDLE="+j.Authority)
	}
	return append(kept, "AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey, "AWS_DEFAULT_REGION="+region, "AWS_REGION="+region,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		`LITHOPS_CONFIG={"lithops": {"storage": "aws_s3"}, "aws": {"region": "`+region+`"}}`)
}

// startKey is where the start of a process is measured to.
const startKey = "start.bin"

// buildStarters builds this package's command and two minimal programs on the SDK in
// folder, and installs them in programs. One is given its credentials, the other finds
// them with the SDK's config.
func buildStarters(ctx context.Context, folder, programs string) ([]*tool, error) {
	own := &tool{name: "lithopss3", path: filepath.Join(programs, "lithops-s3"), command: func(j *job) []string {
		return []string{"put", "-q", j.Path, j.Bucket, "-k", startKey}
	}}
	sdk := &tool{name: "aws-sdk-go-v2", path: filepath.Join(programs, "startsdk"), command: func(j *job) []string {
		return []string{j.Endpoint, j.Path, j.Bucket, startKey}
	}}
	config := &tool{name: sdkConfig, path: filepath.Join(programs, "startconfig"), command: sdk.command}
	for _, build := range []struct{ path, module, source string }{
		{own.path, "..", "./cmd/lithops-s3"}, {sdk.path, ".", "./internal/startsdk"}, {config.path, ".", "./internal/startconfig"},
	} {
		built := filepath.Join(folder, filepath.Base(build.path))
		command := exec.CommandContext(ctx, "go", "build", "-o", built, build.source)
		command.Dir = build.module
		if output, err := command.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building %s: %w: %s", build.source, err, lastLines(string(output)))
		}
		if err := install(built, build.path); err != nil {
			return nil, err
		}
	}
	return []*tool{own, sdk, config}, nil
}

// install copies a program to where users have theirs, on a disk. From a file in memory
// (tmpfs), or one that the linker has just written, a large program starts one to two
// milliseconds later, because the kernel maps its pages in smaller pieces.
func install(built, path string) error {
	content, err := os.ReadFile(built)
	if err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o700)
}

// start measures the median of as many starts of a tool as the job says.
func (t *tool) start(ctx context.Context, j *job) (*measured, error) {
	if err := os.WriteFile(j.Path, s3null.Content(startKey, 0, int(j.Size)), 0o600); err != nil {
		return nil, err
	}
	all := make([]measured, 0, j.Count)
	for range j.Count {
		result, err := t.run(ctx, j)
		if err != nil || result.Skipped != "" {
			return result, err
		}
		all = append(all, *result)
	}
	pick := func(value func(measured) float64) float64 {
		values := make([]float64, len(all))
		for i := range all {
			values[i] = value(all[i])
		}
		return median(values)
	}
	return &measured{
		Wall: pick(func(m measured) float64 { return m.Wall }), CPU: pick(func(m measured) float64 { return m.CPU }),
		RSS: int64(pick(func(m measured) float64 { return float64(m.RSS) })),
	}, nil
}

// input returns what a tool reads from its standard input, or nil.
func (j *job) input() io.Reader {
	switch j.Work {
	case workStream:
		return &stream{key: transferKey, size: j.Size}
	case workDelete:
		return strings.NewReader(strings.Join(j.keys(), "\n"))
	case workPut:
		var bodies bytes.Buffer
		for i := range j.Count {
			bodies.Write(s3null.Content(s3null.SmallKey(i), 0, int(j.Size)))
		}
		return &bodies
	}
	return nil
}
