// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A printed is what a process may print and return; kind is the exception of botocore
// 1.43's ProcessProvider, or "" for credentials.
type printed struct {
	stdout, stderr string
	code           int
	kind           string
}

const validKeys = `"AccessKeyId":"AK","SecretAccessKey":"canary"`

var printedByProcesses = map[string]printed{
	"keys":                   {stdout: `{"Version":1,` + validKeys + `}`},
	"keys and white space":   {stdout: "\n {\"Version\": 1.0,\n" + validKeys + "}\r\n"},
	"and a warning":          {stdout: `{"Version":1,` + validKeys + `}`, stderr: "canary: deprecated"},
	"null token":             {stdout: `{"Version":1,` + validKeys + `,"SessionToken":null,"Expiration":null}`},
	"more fields":            {stdout: `{"Version":1,` + validKeys + `,"AccountId":"1","accesskeyid":"other"}`},
	"a field twice":          {stdout: `{"Version":1,"AccessKeyId":"other",` + validKeys + `}`},
	"time":                   {stdout: `{"Version":1,` + validKeys + `,"Expiration":"2040-01-01T00:00:00Z"}`},
	"nothing":                {kind: "JSONDecodeError"},
	"white space":            {stdout: " \n", kind: "JSONDecodeError"},
	"text":                   {stdout: "canary", kind: "JSONDecodeError"},
	"cut JSON":               {stdout: `{"Version":1,` + validKeys, kind: "JSONDecodeError"},
	"JSON twice":             {stdout: `{"Version":1,` + validKeys + `}{}`, kind: "JSONDecodeError"},
	"byte order mark":        {stdout: "\ufeff{\"Version\":1," + validKeys + "}", kind: "JSONDecodeError"},
	"UTF-16":                 {stdout: "\xff\xfe{\x00}\x00", kind: "UnicodeDecodeError"},
	"Latin-1":                {stdout: `{"Version":1,` + validKeys + ",\"Name\":\"\xe9\"}", kind: "UnicodeDecodeError"},
	"list":                   {stdout: `[{"Version":1,` + validKeys + `}]`, kind: "AttributeError"},
	"null":                   {stdout: `null`, kind: "AttributeError"},
	"string":                 {stdout: `"canary"`, kind: "AttributeError"},
	"no version":             {stdout: `{` + validKeys + `}`, kind: kindRetrieval},
	"version as a string":    {stdout: `{"Version":"1",` + validKeys + `}`, kind: kindRetrieval},
	"version 2":              {stdout: `{"Version":2,` + validKeys + `}`, kind: kindRetrieval},
	"names in lower case":    {stdout: `{"Version":1,"accesskeyid":"AK","secretaccesskey":"canary"}`, kind: kindRetrieval},
	"no secret":              {stdout: `{"Version":1,"AccessKeyId":"AK"}`, kind: kindRetrieval},
	"empty secret":           {stdout: `{"Version":1,"AccessKeyId":"AK","SecretAccessKey":""}`, kind: kindRetrieval},
	"a number as key":        {stdout: `{"Version":1,"AccessKeyId":1,"SecretAccessKey":"canary"}`, kind: kindRetrieval},
	"line break in a key":    {stdout: `{"Version":1,"AccessKeyId":"AK\n","SecretAccessKey":"canary"}`, kind: "ValueError"},
	"time that is none":      {stdout: `{"Version":1,` + validKeys + `,"Expiration":"soon"}`, kind: kindParser},
	"time as a number":       {stdout: `{"Version":1,` + validKeys + `,"Expiration":4102444800}`, kind: "TypeError"},
	"time that is false":     {stdout: `{"Version":1,` + validKeys + `,"Expiration":false}`, kind: "TypeError"},
	"an empty time":          {stdout: `{"Version":1,` + validKeys + `,"Expiration":""}`, kind: kindParser},
	"token as a number":      {stdout: `{"Version":1,` + validKeys + `,"SessionToken":1}`, kind: kindRetrieval},
	"past":                   {stdout: `{"Version":1,` + validKeys + `,"Expiration":"1999-01-01T00:00:00Z"}`, kind: "RuntimeError"},
	"code 1":                 {stderr: "canary", code: 1, kind: kindRetrieval},
	"code 255":               {stderr: "canary", code: 255, kind: kindRetrieval},
	"keys and code 3":        {stdout: `{"Version":1,` + validKeys + `}`, code: 3, kind: kindRetrieval},
	"code 1 and no messages": {code: 1, kind: kindRetrieval},
}

// TestOddProcesses checks what comes of each thing that a process may print. No error
// has any of it, because it may be a secret.
func TestOddProcesses(t *testing.T) {
	t.Parallel()
	for name, p := range printedByProcesses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := askProcess(t, printing(t, p))
			if p.kind == "" {
				require.NoError(t, err)
				assert.Equal(t, "AK", found.AccessKeyID)
				assert.Equal(t, "canary", found.SecretAccessKey)
				assert.Equal(t, nameProcess, found.Source)
				assert.Equal(t, name == "time", found.CanExpire)
				return
			}
			var failed *Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, p.kind, failed.Kind, "%v", err)
			assert.NotContains(t, err.Error(), "canary")
			if p.code != 0 {
				assert.Contains(t, err.Error(), "exit status "+strconv.Itoa(p.code))
			}
		})
	}
}

// askProcess asks the provider of a profile with this credential_process.
func askProcess(t *testing.T, command string) (aws.Credentials, error) {
	t.Helper()
	s := setup{files: map[string]string{".aws/config": "[default]\ncredential_process = " + command + "\n"}}
	provider := s.providers(t, "http://127.0.0.1:1", nil).Process()
	return NewRefresher(func(ctx context.Context) (aws.Credentials, error) {
		found, err := provider.ask(ctx)
		if err != nil {
			return aws.Credentials{}, err
		}
		return *found, nil
	}).Retrieve(t.Context())
}

// TestProcessThatDoesNotStart has the kinds of botocore.
func TestProcessThatDoesNotStart(t *testing.T) {
	t.Parallel()
	folder, kindOfFolder := t.TempDir(), "PermissionError"
	if runtime.GOOS == "windows" { // which looks for folder.exe
		kindOfFolder = "FileNotFoundError"
	}
	script := filepath.Join(folder, "script.exe")
	require.NoError(t, os.WriteFile(script, []byte("no program"), 0o700))
	for command, kind := range map[string]string{
		quoted(script): "OSError",
		"":             "IndexError",
		`a "b`:         "ValueError",
		quoted(filepath.Join(folder, "missing", "x")): "FileNotFoundError",
		"no-such-command-of-lithopss3":                "FileNotFoundError",
		quoted(folder):                                kindOfFolder,
	} {
		_, err := askProcess(t, command)
		var failed *Error
		require.ErrorAs(t, err, &failed, command)
		assert.Equal(t, kind, failed.Kind, "%s: %v", command, err)
	}
	_, err := (&setup{}).providers(t, "http://127.0.0.1:1", nil).Process().Load(t.Context())
	var reason skip
	require.ErrorAs(t, err, &reason)
}

// TestProcessIsBounded checks that a process that prints without end is stopped.
func TestProcessIsBounded(t *testing.T) {
	t.Parallel()
	for _, stream := range []string{"stdout", "stderr"} {
		_, err := fromProcess(t.Context(), helper("flood", stream))
		require.ErrorContains(t, err, "printed more than")
		assert.NotContains(t, err.Error(), "canary")
	}
}

// TestProcessTakesNoInput checks that a process does not read a pipe that this program may
// be storing, and that a device, as a terminal is, is passed on.
func TestProcessTakesNoInput(t *testing.T) {
	t.Parallel()
	in, write, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = in.Close() }()
	_, err = write.WriteString("AK\nrest")
	require.NoError(t, err)
	require.NoError(t, write.Close())
	_, err = runProcess(t.Context(), helperWords("echo"), in, processGrace)
	require.ErrorContains(t, err, "empty access key ID", "the process found the end of its input")
	left, err := io.ReadAll(in)
	require.NoError(t, err)
	assert.Equal(t, "AK\nrest", string(left))

	device, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer func() { _ = device.Close() }()
	assert.True(t, IsInteractive(device))
	assert.False(t, IsInteractive(in))
	assert.False(t, IsInteractive(nil))
}
