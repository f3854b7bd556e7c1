// SPDX-License-Identifier: Apache-2.0

//go:build unix

package awscreds

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPrompt reads a line and nothing after it; a cancel ends the wait.
func TestPrompt(t *testing.T) {
	t.Parallel()
	in, write, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = in.Close() }()
	_, err = io.WriteString(write, " 123456 \nrest")
	require.NoError(t, err)
	var out strings.Builder
	code, err := ask(t.Context(), in, &out, "arn:mfa")
	require.NoError(t, err)
	assert.Equal(t, "123456", code)
	assert.Equal(t, "Enter MFA code for arn:mfa: ", out.String())
	rest := make([]byte, 4)
	_, err = io.ReadFull(in, rest)
	require.NoError(t, err)
	assert.Equal(t, "rest", string(rest))

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := ask(ctx, in, io.Discard, "arn:mfa")
		ended <- err
	}()
	cancel()
	assert.Equal(t, context.Canceled, <-ended, "no error of the input")

	require.NoError(t, write.Close())
	_, err = ask(t.Context(), in, io.Discard, "arn:mfa")
	var known *Error
	require.ErrorAs(t, err, &known)
	assert.Equal(t, "EOFError", known.Kind)
	_, err = ask(t.Context(), in, brokenWriter{}, "arn:mfa")
	require.ErrorIs(t, err, errBroken)
}

// TestPromptOnATerminal asks there, for a renewal too, and leaves standard input alone.
func TestPromptOnATerminal(t *testing.T) {
	t.Parallel()
	reads, writes := filepath.Join(t.TempDir(), "reads"), filepath.Join(t.TempDir(), "writes")
	require.NoError(t, os.WriteFile(reads, []byte("123456\n"), 0o600))
	require.NoError(t, os.WriteFile(writes, nil, 0o600))
	code, err := askOn(context.WithValue(t.Context(), renewalKey{}, true), [2]string{reads, writes}, nil, "arn:mfa")
	require.NoError(t, err)
	assert.Equal(t, "123456", code)
	prompt, err := os.ReadFile(writes)
	require.NoError(t, err)
	assert.Equal(t, "Enter MFA code for arn:mfa: ", string(prompt))
}

// TestRenewalTakesNoInput checks that the code for the first credentials may come from
// standard input, and one for their renewal not: by then a program may be storing it.
func TestRenewalTakesNoInput(t *testing.T) {
	t.Parallel()
	in, write, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = in.Close() }()
	_, err = io.WriteString(write, "123456\nstored\n")
	require.NoError(t, err)
	require.NoError(t, write.Close())
	now := time.Now()
	noTerminal := [2]string{t.TempDir(), t.TempDir()}
	r := NewRefresher(func(ctx context.Context) (aws.Credentials, error) {
		code, err := askOn(ctx, noTerminal, in, "arn:mfa")
		return aws.Credentials{AccessKeyID: code, SecretAccessKey: "SK", CanExpire: true, Expires: now.Add(time.Hour)}, err
	})
	r.now = func() time.Time { return now }
	for _, after := range []time.Duration{0, 50 * time.Minute} { // the second is in the advisory window
		now = now.Add(after)
		found, err := r.Retrieve(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "123456", found.AccessKeyID)
	}
	now = now.Add(20 * time.Minute)
	_, err = r.Retrieve(t.Context())
	var known *Error
	require.ErrorAs(t, err, &known)
	assert.Equal(t, "RefreshWithMFAUnsupportedError", known.Kind)
	left, err := io.ReadAll(in)
	require.NoError(t, err)
	assert.Equal(t, "stored\n", string(left))
}

// TestPromptIsSanitized keeps the text of a profile from moving the cursor.
func TestPromptIsSanitized(t *testing.T) {
	t.Parallel()
	in, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	var out strings.Builder
	_, err = ask(t.Context(), in, &out, "arn:\x1b[2Jmfa\nuser")
	require.Error(t, err)
	assert.NotContains(t, out.String(), "\x1b")
	assert.Equal(t, 0, strings.Count(strings.TrimSuffix(out.String(), "\n"), "\n"))
	assert.Contains(t, out.String(), "mfa")
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

// TestPromptReadsNoEndlessLine checks a device that sends a line without end.
func TestPromptReadsNoEndlessLine(t *testing.T) {
	t.Parallel()
	line, err := scanLine(strings.NewReader(strings.Repeat("1", 1<<20)))
	require.NoError(t, err)
	assert.Len(t, line, maxLine)
}
