// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failureLines are lines for each command, which succeed. A command that is missing here
// fails the test.
var failureLines = map[string][]string{
	"ls":          {"s3://", "s3:// --json", "BUCKET", "s3://BUCKET/data", "s3://BUCKET/data/ --du", "s3://BUCKET/data/* --json"},
	"cp":          {"file s3://BUCKET/x", "-r folder s3://BUCKET/x -n", "s3://BUCKET/key out", "s3://BUCKET/key -", "-r s3://BUCKET/data out -n", "s3://BUCKET/data/* s3://BUCKET/x/ --json"},
	"mv":          {"s3://BUCKET/key s3://BUCKET/moved", "s3://BUCKET/key out"},
	"rm":          {"s3://BUCKET/key", "s3://BUCKET/key -n", "-r s3://BUCKET/data -n", "-ry s3://BUCKET/data", "-y s3://BUCKET/data/*", "s3://BUCKET/data/* -n --json"},
	"sync":        {"folder s3://BUCKET/x", "folder s3://BUCKET/data --delete -n", "s3://BUCKET/data none -n"},
	"cat":         {"BUCKET key key"},
	"presign":     {"BUCKET key", "s3://BUCKET/key --json"},
	"du":          {"BUCKET", "s3://BUCKET/data/* --json"},
	"mb":          {"new-bucket"},
	"storage put": {"file BUCKET"}, "storage get": {"BUCKET key -o out"}, "storage list": {"BUCKET"}, "storage delete": {"BUCKET key"},
	"put":         {"file BUCKET", "file BUCKET -n", "-r folder BUCKET -k x", "file BUCKET --json"},
	"get":         {"BUCKET key -o out", "BUCKET key -o -", "BUCKET key -n", "-r BUCKET data -o out -n", "-r BUCKET key -o out", "BUCKET data/1"},
	"list":        {"BUCKET", "BUCKET --json"},
	"delete":      {"BUCKET key", "BUCKET key -n", "BUCKET -p data/ -n", "BUCKET -p data/ -y", "BUCKET -p key"},
	"head":        {"BUCKET key data/1", "BUCKET key --json"},
	"jobs all":    {"--bucket BUCKET"},
	"jobs list":   {"e-0 --bucket BUCKET", "--bucket BUCKET --json"},
	"jobs show":   {"e-0 --bucket BUCKET", "e-0-M000/00000 --bucket BUCKET --json"},
	"jobs watch":  {"e-0 --bucket BUCKET --interval 1ms", "e-0-M000 --calls 3 --bucket BUCKET --interval 1ms --json"},
	"jobs result": {"e-0 --bucket BUCKET", "e-0-M000/00000 --bucket BUCKET --json"},
	"jobs logs":   {"e-0 --bucket BUCKET"},
	"clean":       {"e-0 --bucket BUCKET -n", "e-0 --bucket BUCKET -y"},
	"uploads":     {"BUCKET --older-than 0s", "BUCKET --older-than 0s --abort"},
	"bucket":      {"", "--create --json"},
	"config":      {"", "--json"},
	"completion":  {"bash"},
	"man":         {""},

	"__complete": nil, // a shell has no use for its errors
	"doctor":     nil, // reports what fails, see TestDoctor
	"demo":       nil, // see TestScripts
	"dev":        nil, // serves until it is interrupted
}

// deletes are the commands after which the objects are stored again.
var deletes = map[string]bool{"mv": true, "rm": true, "delete": true, "clean": true, "storage delete": true, "uploads": true, "sync": true}

// toleratesRefusal has the commands that continue without the answer to some request.
var toleratesRefusal = map[string]bool{
	"presign":    true, // signs for the configured region
	"mb":         true, // warns of public access
	"jobs watch": true, // reads several statuses at once, and again
}

// A limitedWriter fails when it has written a number of times.
type limitedWriter struct{ left, count int }

var errFull = errors.New("no space left on device")

func (w *limitedWriter) Write(p []byte) (int, error) {
	if w.left == 0 {
		return 0, errFull
	}
	w.left--
	w.count++
	return len(p), nil
}

// TestEveryFailureIsAnError checks that each command fails if any one of its requests is
// refused, and if any one of its writes to standard output fails.
func TestEveryFailureIsAnError(t *testing.T) {
	var requests, refused, attempts atomic.Int64
	app := func() string { return fmt.Sprintf("attempt-%d-", attempts.Load()) }
	store := refuse(t, func(r *http.Request) bool { // a canceled request of an attempt may come after its end
		return strings.Contains(r.UserAgent(), app()) && requests.Add(1) == refused.Load()
	})
	t.Setenv("LITHOPS_CONFIG", `{"lithops": {"storage": "aws_s3"}, "aws_s3": {"storage_bucket": "`+refusedBucket+`"}}`)
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("folder", 0o700))
	for _, name := range []string{"file", "folder/1", "folder/new"} {
		require.NoError(t, os.WriteFile(name, []byte("text"), 0o600))
	}
	parser, err := kong.New(&commands{}, argumentMappers()...)
	require.NoError(t, err)
	seen := int64(0)
	for _, leaf := range parser.Model.Leaves(false) {
		lines, known := failureLines[leaf.Path()]
		require.True(t, known, "%s has no lines in failureLines", leaf.Path())
		for _, line := range testkit.SomeOf(lines, 1) {
			line = leaf.Path() + " " + line
			storeAll(t, store, line)
			attempt := func(refuse int64, writes int) (code int, requested int64, written int) {
				require.NoError(t, os.RemoveAll("data"))
				if deletes[leaf.Path()] {
					storeAll(t, store, line)
				}
				attempts.Add(1)
				t.Setenv("AWS_SDK_UA_APP_ID", app())
				requests.Store(0)
				refused.Store(refuse)
				out := &limitedWriter{left: writes}
				var problems strings.Builder
				args := strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket))
				code = run(t.Context(), args, strings.NewReader(""), out, &problems)
				assert.Equal(t, code == 0, problems.Len() == 0, "%s: %s", line, problems.String())
				return code, requests.Load(), out.count
			}
			code, requested, written := attempt(0, -1)
			require.Zero(t, code, line)
			seen += requested
			if toleratesRefusal[leaf.Path()] {
				requested = 0
			}
			for n := range requested {
				code, _, _ := attempt(n+1, -1)
				assert.NotZero(t, code, "%s: request %d is refused", line, n+1)
			}
			writes := make([]int, written)
			for n := range writes {
				writes[n] = n
			}
			for _, n := range testkit.SomeOf(writes, 2) {
				code, _, _ := attempt(0, n)
				assert.NotZero(t, code, "%s: write %d fails", line, n+1)
			}
		}
	}
	assert.Greater(t, seen, int64(50), "requests tell their attempt")
}

// storeAll stores what a line needs, and nothing else.
func storeAll(t *testing.T, store *lithopss3.Store, line string) {
	t.Helper()
	_, err := store.DeletePrefix(t.Context(), refusedBucket, "", &lithopss3.DeletePrefixOptions{All: true})
	require.NoError(t, err)
	if strings.Contains(line, " e-0") {
		storeCalls(t, store)
		return
	}
	for _, key := range []string{"key", "data/1", "data/2"} {
		require.NoError(t, store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("text"), nil))
	}
}

// TestCountsOfFailures names what failed, and the failure itself if it is none of the files'.
func TestCountsOfFailures(t *testing.T) {
	t.Parallel()
	first := errors.New("first")
	for want, failure := range map[string]*failuresError{
		"2 of 2 files failed":                    {failed: 2, total: 2, first: first},
		"1 of 3 objects failed, 1 were not done": {what: "objects", failed: 1, total: 3, notDone: 1, first: first},
		"first":                                  {failed: 1, total: 0, first: first},
	} {
		assert.EqualError(t, failure, want)
	}
}

// TestManPagesHaveTextAsItIs checks that no line of a string is a command of man(7).
func TestManPagesHaveTextAsItIs(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	out := bufio.NewWriter(&page)
	(&manPage{out: out}).verbatim(".SH x\n'br\na-b\\c .d\n\n")
	require.NoError(t, out.Flush())
	assert.Equal(t, ".nf\n\\&.SH x\n\\&'br\na\\-b\\ec .d\n.fi\n", page.String())
}
