// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/botofile"
	"github.com/lithops-go/lithopss3/internal/dateutil"
)

// processAnswer holds what a credential process prints. Its keys are case-sensitive.
type processAnswer struct {
	version         any
	accessKeyID     *string
	secretAccessKey *string
	sessionToken    any
	expiration      any
}

// Process returns the provider of the profile's credential_process
// (botocore.credentials.ProcessProvider).
func (p *Providers) Process() Provider { return p.process(p.Settings.ProfileName()) }

func (p *Providers) process(profile string) Provider {
	return Provider{nameProcess, func(ctx context.Context) (*aws.Credentials, error) {
		command, ok := p.Settings.Profiles[profile]["credential_process"]
		if !ok {
			return nil, skip(fmt.Sprintf("profile %s has no credential_process", profile))
		}
		return fromProcess(ctx, command)
	}}
}

// fromProcess runs a command without a shell.
func fromProcess(ctx context.Context, command string) (*aws.Credentials, error) {
	words, err := botofile.SplitCommand(runtime.GOOS, command)
	if err != nil {
		return nil, failure("ValueError", "credential_process: %w", err)
	}
	if len(words) == 0 {
		return nil, failure("IndexError", "credential_process is empty")
	}
	return runProcess(ctx, words, os.Stdin, processGrace)
}

// runProcess runs a credential process. It inherits standard input if a person types
// there; botocore's always does. A cancel ends it together with the processes that it
// started; it is waited for as long as grace.
func runProcess(ctx context.Context, words []string, stdin *os.File, grace time.Duration) (*aws.Credentials, error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	stdout, stderr := &boundBuffer{stop: stop}, &boundBuffer{stop: stop}
	process := exec.CommandContext(running, words[0], words[1:]...) //nolint:gosec // the user's own command
	process.Stdout, process.Stderr = stdout, stderr
	if IsInteractive(stdin) {
		process.Stdin = stdin
	}
	process.WaitDelay = grace
	endWithChildren(process)
	err := process.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it succeeded, but a child process still holds its output
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case stdout.full, stderr.full:
		return nil, failure(kindRetrieval, "%s printed more than %d bytes", words[0], maxAnswer)
	case errors.As(err, &exit):
		return nil, failure(kindRetrieval, "%s: %w; run it by hand to see why, as what it wrote on standard error (%d bytes) may hold a secret", words[0], err, stderr.data.Len())
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		return nil, failure("FileNotFoundError", "%s: no such command", words[0])
	case errors.Is(err, fs.ErrPermission):
		return nil, failure("PermissionError", "%s: not permitted to run", words[0])
	case err != nil && process.Process == nil: // such as a script without #!
		return nil, failure("OSError", "%s: %w", words[0], err)
	case err != nil:
		return nil, failure(kindRetrieval, "%s: %w", words[0], err)
	}
	return parseProcess(words[0], stdout.data.Bytes())
}

// IsInteractive reports whether file is a terminal, or another device. A pipe or a file
// may be what the program stores: a credential process that reads it, as ssh does, would
// take bytes out of an object.
func IsInteractive(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// processGrace is how long a process is waited for that was canceled, or whose
// output is still held by a child process.
const processGrace = 5 * time.Second

// boundBuffer takes what a process writes, up to maxAnswer. Beyond, it stops the process.
type boundBuffer struct {
	data bytes.Buffer
	full bool
	stop func()
}

var errFull = errors.New("too much output")

func (b *boundBuffer) Write(p []byte) (int, error) {
	if b.full = b.full || len(p) > maxAnswer-b.data.Len(); b.full {
		b.stop()
		return 0, errFull
	}
	return b.data.Write(p)
}

// parseProcess never prints the answer: it holds a secret.
func parseProcess(name string, data []byte) (*aws.Credentials, error) {
	if !utf8.Valid(data) {
		return nil, failure("UnicodeDecodeError", "%s printed what is not UTF-8 text", name)
	}
	answer, err := decodeProcess(data)
	if err != nil && json.Valid(data) {
		return nil, failure("AttributeError", "%s printed JSON that is not an object", name)
	}
	if err != nil {
		return nil, failure("JSONDecodeError", "%s printed what is not one JSON object", name)
	}
	if version, ok := answer.version.(float64); !ok || version != 1 {
		return nil, failure(kindRetrieval, "%s printed a version that is not supported; it must be the number 1", name)
	}
	if answer.accessKeyID == nil || answer.secretAccessKey == nil {
		return nil, failure(kindRetrieval, "%s did not print both AccessKeyId and SecretAccessKey", name)
	}
	found := &aws.Credentials{AccessKeyID: *answer.accessKeyID, SecretAccessKey: *answer.secretAccessKey}
	var isText bool
	if found.SessionToken, isText = answer.sessionToken.(string); !isText && answer.sessionToken != nil {
		return nil, failure(kindRetrieval, "%s printed a SessionToken that is no string", name)
	}
	if err := answer.expire(name, found); err != nil {
		return nil, err
	}
	return checkAnswer(found, name)
}

// expire sets when the keys end. An expiration that is no text is an error, because keys
// without one would never be renewed.
func (a *processAnswer) expire(name string, keys *aws.Credentials) error {
	if a.expiration == nil {
		return nil
	}
	text, ok := a.expiration.(string)
	if !ok {
		return failure("TypeError", "%s printed an Expiration that is no string", name)
	}
	at, err := dateutil.Parse(text)
	if err != nil {
		return failure(kindParser, "%s: Expiration: %w", name, err)
	}
	keys.CanExpire, keys.Expires = true, at
	return nil
}

var errNoObject = errors.New("no JSON object")

// decodeProcess reads a map and not a struct, for which encoding/json ignores case.
func decodeProcess(data []byte) (processAnswer, error) {
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return processAnswer{}, err
	}
	if fields == nil { // null
		return processAnswer{}, errNoObject
	}
	text := func(name string) *string {
		if value, ok := fields[name].(string); ok {
			return &value
		}
		return nil
	}
	return processAnswer{fields["Version"], text("AccessKeyId"), text("SecretAccessKey"), fields["SessionToken"], fields["Expiration"]}, nil
}
