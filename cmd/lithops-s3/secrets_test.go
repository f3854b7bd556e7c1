// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const canary = "CANARY7f3a9c"

// secretCommands lists the command lines of the test below, each command at least once.
var secretCommands = []string{
	"bucket --create", "bucket --create --json", "put FILE BUCKET -k key", "put FILE BUCKET -k key --json", "get BUCKET key -o FILE2", "get BUCKET key -o FILE2 --json",
	"mb", "ls", "ls s3://", "presign BUCKET key", "ls BUCKET --json", "cp FILE s3://BUCKET/key", "cp s3://./key FILE2 --json", "mv FILE s3://BUCKET/key -n", "cat . key", "du . --json", "sync s3://BUCKET/key FILE3 -n", "rm s3://./x", "storage put FILE BUCKET -k key",
	"list BUCKET", "list BUCKET --json", "head BUCKET key", "head BUCKET key --json", "delete BUCKET key", "delete BUCKET -p x --json", "delete BUCKET -p x -y",
	"config", "config --json", "doctor", "doctor --json", "doctor --offline --bucket BUCKET --json", "jobs list", "jobs list --json", "clean --all --dry-run", "clean --all --yes", "uploads BUCKET", "uploads BUCKET --older-than 0s --abort --json",
}

// TestCommandsPrintNoSecret runs every command with a canary in the keys and on
// servers that serve, refuse and are no S3, with all that can be logged.
func TestCommandsPrintNoSecret(t *testing.T) {
	caller := devs3.Credential{AccessKeyID: "AKIACANARY", SecretAccessKey: canary, SessionToken: canary, UserID: "AIDAXXXXWXYZ", Account: "111111111111"}
	sound, err := devs3.Start(&devs3.Options{Credentials: []devs3.Credential{caller}})
	require.NoError(t, err)
	defer func() { require.NoError(t, sound.Close()) }()
	stranger := caller
	stranger.SecretAccessKey = "another"
	refusing, err := devs3.Start(&devs3.Options{Credentials: []devs3.Credential{stranger}})
	require.NoError(t, err)
	defer func() { require.NoError(t, refusing.Close()) }()
	none := httptest.NewServer(http.NotFoundHandler())
	defer none.Close()

	ran := map[string]bool{"demo": true, "dev": true, "completion": true, "man": true, "complete": true} // which have keys of their own
	home := t.TempDir()
	path := filepath.Join(home, "config")
	require.NoError(t, os.WriteFile(path, []byte(sound.Config()), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(home, "file"), []byte("text"), 0o600))
	fill := strings.NewReplacer("BUCKET", "lithops-us-east-1-wxyz", "FILE2", filepath.Join(home, "file2"), "FILE3", filepath.Join(home, "file3"), "FILE", filepath.Join(home, "file"))
	testkit.SetEnv(t, map[string]string{"HOME": home})
	for i, url := range []string{sound.URL(), refusing.URL(), none.URL} {
		t.Setenv("AWS_ENDPOINT_URL", url)
		lines := secretCommands
		if i > 0 {
			lines = testkit.SomeOf(lines, 6)
		}
		for _, line := range lines {
			args := append(strings.Fields(fill.Replace(line)), "-c", path, "-d")
			ran[args[0]] = true
			var out, problems strings.Builder
			code := run(t.Context(), args, strings.NewReader(""), &out, &problems)
			if i == 0 {
				assert.Zero(t, code, "%s: %s", line, problems.String())
			}
			assert.NotEqual(t, exitUsage, code, "%s: %s", line, problems.String())
			printed := out.String() + problems.String()
			if args[0] == "presign" { // whose URLs are secrets, and have the token in them
				printed = problems.String()
			}
			assert.NotContains(t, printed, canary, line)
		}
	}
	for i := range reflect.TypeFor[commands]().NumField() {
		if field := reflect.TypeFor[commands]().Field(i); field.Tag.Get("cmd") == "" && field.Name != "Version" && field.Name != "Licenses" {
			assert.True(t, ran[strings.ToLower(field.Name)], "%s does not run", field.Name)
		}
	}
}

// TestNoSecretInArguments checks that no option takes a secret, because others can see
// arguments.
func TestNoSecretInArguments(t *testing.T) {
	var names func(reflect.Type) []string
	names = func(kind reflect.Type) (found []string) {
		for i := range kind.NumField() {
			field := kind.Field(i)
			found = append(found, strings.ToLower(field.Name))
			if field.Type.Kind() == reflect.Struct {
				found = append(found, names(field.Type)...)
			}
		}
		return found
	}
	all := names(reflect.TypeFor[commands]())
	require.Contains(t, all, "config")
	for _, name := range all {
		for _, word := range []string{"secret", "token", "password", "accesskey"} {
			assert.NotContains(t, name, word)
		}
	}
}
