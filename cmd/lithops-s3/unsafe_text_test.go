// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unsafeText holds what another user may put into any field: a sequence that clears the
// screen, C1's, DEL, a bell, an override of the direction, separators of lines, and a
// line break after which FORGED begins. FORGED must never begin a line.
const unsafeText = "x\x1b[2J\u009b1m\x7f\a\u202e\u2066\u200f\u061c\u2028\u0085\rFORGED\nFORGED"

// notUTF8 has bytes that are no characters; 0x9b begins a sequence on old terminals.
const notUTF8 = unsafeText + "\xff\x9b"

const strangersBucket = "strangers-bucket"

// unsafeLines are arguments for each command. A command that is missing here fails
// the test. FILE, FOLDER and OUT are paths whose names are unsafe.
var unsafeLines = map[string][]string{
	"ls":          {"s3://", "BUCKET", "s3://BUCKET/data", "s3://BUCKET/data/* --du", "-r s3://BUCKET/KEY", "BAD"},
	"cp":          {"FILE s3://BUCKET/x", "FILE s3://BUCKET/x -n", "-r FOLDER s3://BUCKET/x", "s3://BUCKET/KEY OUT", "s3://BUCKET/key -", "-r s3://BUCKET/data OUT -n", "s3://BUCKET/KEY s3://BUCKET/x", "NONE s3://BAD", "FILE NONE"},
	"mv":          {"NONE s3://BUCKET/x", "s3://BUCKET/key OUT -n", "s3://BUCKET/KEY s3://BUCKET/KEY", "s3://BUCKET/KEY -"},
	"rm":          {"s3://BUCKET/KEY", "s3://BUCKET/KEY -n", "-r s3://BUCKET/data", "s3://BUCKET/data/* --exclude KEY -n", "s3://BUCKET/data/* -y", "s3:///KEY"},
	"sync":        {"FOLDER s3://BUCKET/x", "FOLDER s3://BUCKET/data --delete -n", "s3://BUCKET/data OUT -n", "s3://BUCKET/data OUT", "FILE s3://BUCKET", "NONE NONE", "s3://BUCKET s3://BUCKET/KEY"},
	"cat":         {"BUCKET key", "s3://BUCKET/KEY", "BUCKET", "BAD KEY"},
	"presign":     {"BUCKET KEY", "s3://BUCKET/KEY --put", "BAD KEY"},
	"du":          {"BUCKET", "s3://BUCKET/KEY .", "BAD"},
	"mb":          {"", "BUCKET", "BAD", "s3://BAD/KEY"},
	"storage put": {"FILE BUCKET", "NONE BUCKET"}, "storage get": {"BUCKET KEY -o OUT"}, "storage list": {"BUCKET"}, "storage delete": {"BUCKET KEY", "BUCKET -p KEY"},
	"put":         {"FILE BUCKET", "FILE BUCKET -k KEY", "FILE BUCKET -n", "-r FOLDER BUCKET -k x", "-r FOLDER BUCKET -k x -n", "NONE BUCKET", "FILE BAD", "-r FILE BUCKET"},
	"get":         {"BUCKET KEY -o OUT", "BUCKET KEY", "BUCKET key -o OUT -n", "BUCKET key -o -", "BUCKET key -o NONE/x", "-r BUCKET data -o OUT", "-r BUCKET data -o OUT -n", "-r BUCKET KEY", "BUCKET key -o FOLDER"},
	"list":        {"BUCKET", "BUCKET -p data/ -m KEY", "BUCKET -p KEY", "BAD"},
	"delete":      {"BUCKET KEY", "BUCKET KEY -n", "BUCKET -p data/", "BUCKET -p data/ -n", "BUCKET -p data/ -y", "BUCKET -p KEY -y"},
	"head":        {"BUCKET KEY", "BUCKET key"},
	"jobs all":    {"--bucket BUCKET"},
	"jobs list":   {"--bucket BUCKET", "KEY --bucket BUCKET", "--fast --bucket BUCKET", "--bucket BAD"},
	"jobs show":   {"e-0 --bucket BUCKET", "e-0-M000/00000 --bucket BUCKET", "e-0-M000/00001 --bucket BUCKET", "EXECUTOR --bucket BUCKET", "KEY --bucket BUCKET", "x/KEY --bucket BUCKET"},
	"jobs watch":  {"e-0 --bucket BUCKET", "EXECUTOR --bucket BUCKET --interval 1ms", "KEY --bucket BUCKET --interval 1ms"},
	"jobs result": {"e-0 --bucket BUCKET", "e-0-M000/00000 --bucket BUCKET", "e-0-M000/00001 --bucket BUCKET", "EXECUTOR --bucket BUCKET", "e-0-M000/00000 --raw --bucket BUCKET"},
	"jobs logs":   {"e-0 --bucket BUCKET", "e-0-M000/00000 --bucket BUCKET"},
	"clean":       {"e-0 --bucket BUCKET -n", "e-0 --bucket BUCKET", "e-0 --bucket BUCKET -y", "--all -n --bucket BUCKET", "KEY -n --bucket BUCKET", "-a -y --bucket BAD"},
	"uploads":     {"BUCKET --older-than 0s", "BUCKET --older-than 0s --abort", "BUCKET --abort -n", "BAD"},
	"bucket":      {"", "--create", "--account-regional"},
	"config":      {"", "-c NONE", "-c FILE", "-c CONFIG", "-b KEY"},
	"doctor":      {"", "--offline", "--bucket BUCKET --key KEY", "--bucket BAD", "-c CONFIG", "-c NONE"},
	"completion":  {"bash", "KEY"},
	"__complete":  {"KEY"},
	"man":         {},
	"demo":        {},
	"dev":         {"--load NONE", "--load FILE", "--addr KEY", "--region KEY"},
}

// Commands print raw bytes only where a person asked for an object or a log, and
// then only into a pipe or file.
var rawLines = regexp.MustCompile(`^(get .* -o -|cat |cp .* -( |$)|jobs logs |jobs result .* --raw)`)

// severalLines are the lines that print text of several lines: an object, a log, a traceback.
var severalLines = regexp.MustCompile(`^(get .* -o -|cat |cp .* -( |$)|jobs logs |jobs show .*/|jobs result .* --raw)`)

// endless are the lines that run until they are interrupted.
var endless = regexp.MustCompile(`^(jobs watch|dev) `)

// TestNoUnsafeTextReachesATerminal runs every command against a server, files and jobs
// with unsafe text in every field.
func TestNoUnsafeTextReachesATerminal(t *testing.T) {
	statuses := unsafeStatuses(t)
	folder := t.TempDir()
	t.Chdir(folder)
	unsafeFiles(t)
	for name, server := range map[string]http.HandlerFunc{
		"content":   func(w http.ResponseWriter, r *http.Request) { serveUnsafe(w, r, statuses) },
		"forbidden": func(w http.ResponseWriter, r *http.Request) { serveUnsafeError(w, r, http.StatusForbidden) },
		"not found": func(w http.ResponseWriter, r *http.Request) { serveUnsafeError(w, r, http.StatusNotFound) },
		"bad":       func(w http.ResponseWriter, r *http.Request) { serveUnsafeError(w, r, http.StatusBadRequest) },
		"no XML": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, notUTF8)
		},
		"objects only": func(w http.ResponseWriter, r *http.Request) { // only lists succeed
			if r.Method == http.MethodGet && (r.URL.Query().Has("list-type") || r.URL.Query().Has("uploads")) {
				serveUnsafe(w, r, statuses)
				return
			}
			serveUnsafeError(w, r, http.StatusForbidden)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "content" && name != "forbidden" {
				t.Skip("a server that answers and one that refuses are enough under -short")
			}
			front := httptest.NewServer(server)
			defer front.Close()
			testkit.SetEnv(t, map[string]string{
				"HOME": folder, "AWS_ENDPOINT_URL": front.URL, "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_EC2_METADATA_DISABLED": "true",
				"LITHOPS_CONFIG": `{"lithops": {"storage": "aws_s3"}, "aws": {"region": "us-east-1"}, "aws_s3": {}}`,
			})
			outputs := testkit.SomeOf([]bool{true, false}, 1)
			if name != "content" && name != "forbidden" {
				outputs = outputs[:1] // errors are alike
			}
			runUnsafeLines(t, name == "content", outputs)
			t.Setenv("AWS_PROFILE", unsafeText)
			checkUnsafe(t, "doctor --offline", outputs)
			checkUnsafe(t, "list "+strangersBucket, outputs)
		})
	}
}

// runUnsafeLines runs all lines, with --json where the command has it, and lines that no
// command takes if hasWrong, since those ask no server.
func runUnsafeLines(t *testing.T, hasWrong bool, outputs []bool) {
	t.Helper()
	parser, err := kong.New(&commands{}, argumentMappers()...)
	require.NoError(t, err)
	for _, leaf := range parser.Model.Leaves(false) {
		command := leaf.Path()
		lines, known := unsafeLines[command]
		require.True(t, known, "%s has no lines in unsafeLines", command)
		hasJSON := slices.ContainsFunc(leaf.Flags, func(flag *kong.Flag) bool { return flag.Name == "json" })
		for _, line := range testkit.SomeOf(lines, 1) {
			checkUnsafe(t, command+" "+line, outputs)
			if hasJSON {
				checkUnsafe(t, command+" "+line+" --json", outputs)
			}
		}
		if hasWrong {
			checkUnsafe(t, command+" --KEY", outputs) // an unknown option
			checkUnsafe(t, command+" a b c d KEY", outputs)
		}
	}
	checkUnsafe(t, "KEY", outputs)
}

// checkUnsafe runs a line on each of the outputs, which are terminals or pipes.
func checkUnsafe(t *testing.T, line string, outputs []bool) {
	t.Helper()
	fill := strings.NewReplacer("FILE", "file"+notUTF8, "FOLDER", "folder"+notUTF8, "OUT", "out"+notUTF8, "NONE", "none"+notUTF8,
		"CONFIG", "config"+notUTF8, "BUCKET", strangersBucket, "BAD", "b"+unsafeText, "KEY", "data/k"+unsafeText, "EXECUTOR", unsafeExecutor)
	var args []string
	for _, field := range strings.Fields(line) {
		args = append(args, fill.Replace(field))
	}
	for _, isTerminal := range outputs {
		ctx, cancel := context.WithCancel(t.Context())
		if endless.MatchString(line) {
			time.AfterFunc(50*time.Millisecond, cancel)
		}
		var stdout, stderr strings.Builder
		term := &terminal{
			ctx: ctx, stdout: newOutputOn(&stdout, isTerminal), stderr: newOutputOn(&stderr, isTerminal),
			stdin: &input{ctx: ctx, in: strings.NewReader("y\n"), isTerminal: isTerminal},
		}
		code := term.run(args)
		cancel()
		assert.True(t, code >= 0 && code <= 5, "%s: %d", line, code)
		if isTerminal || !rawLines.MatchString(line) {
			assertSafe(t, withoutStyles.Replace(stdout.String()), line)
		}
		bars := strings.NewReplacer("\r", "", "\x1b[K", "") // which only draw writes, around safe text
		assertSafe(t, withoutStyles.Replace(bars.Replace(stderr.String())), line)
	}
}

// withoutStyles removes the colors that only styled writes.
var withoutStyles = strings.NewReplacer("\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[2m", "", "\x1b[1m", "", "\x1b[0m", "")

func assertSafe(t *testing.T, text, line string) {
	t.Helper()
	assert.True(t, utf8.ValidString(text), "%s: %q", line, text)
	if strings.HasPrefix(line, "jobs logs") {
		text = strings.ReplaceAll(text, "\r", "") // of progress bars
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			assert.Failf(t, "unsafe text", "%s: %U in %q", line, r, text)
			return
		}
	}
	if !severalLines.MatchString(line) {
		assert.NotContains(t, "\n"+text, "\nFORGED", line)
	}
}

const unsafeExecutor = "e\x1b\u202e\u009b-0"

// unsafeFiles makes the files and folders of the lines.
func unsafeFiles(t *testing.T) {
	t.Helper()
	testkit.NeedsAnyName(t)
	name := "folder" + notUTF8
	require.NoError(t, os.MkdirAll(name, 0o700))
	require.NoError(t, os.WriteFile("file"+notUTF8, []byte(notUTF8), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(name, "a"+unsafeText), []byte(notUTF8), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(name, "b"+notUTF8), []byte(notUTF8), 0o600))
	require.NoError(t, os.Symlink("/none"+unsafeText, filepath.Join(name, "c"+unsafeText)))
	config, err := json.Marshal(map[string]any{"aws": map[string]any{"region": "r" + unsafeText, "x" + unsafeText: 1}, "lithops": map[string]any{"storage": unsafeText}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("config"+notUTF8, config, 0o600))
}

// unsafeStatuses returns what calls have left, by their keys: one that is done, one
// that failed.
func unsafeStatuses(t *testing.T) map[string][]byte {
	t.Helper()
	server, err := devs3.Start(nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	var out strings.Builder
	store, err := openEmbedded(&terminal{ctx: t.Context(), stdout: newOutput(&out)}, server)
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	client := jobs.New(store, bucket, nil)
	dict := &pickle.Dict{}
	require.NoError(t, dict.Set(unsafeText, []any{unsafeText, pickle.Tuple{unsafeText, []byte(notUTF8)}}))
	failure := &pickle.Exception{Module: "builtins", Class: "ValueError", Args: pickle.Tuple{unsafeText}, Notes: []string{unsafeText}}
	for i, result := range []struct {
		value   any
		failure error
	}{{dict, nil}, {nil, failure}, {nil, errors.New(notUTF8)}, {strings.Repeat(unsafeText, 1000), nil}} {
		status := &jobs.Status{Call: jobs.Call{ExecutorID: "e-0", JobID: "M000", CallID: jobs.FormatCallID(i)}, ActivationID: "a" + unsafeText}
		status.SetLogs(notUTF8)
		require.NoError(t, client.Finish(t.Context(), status, result.value, result.failure))
	}
	objects := map[string][]byte{}
	for info, err := range store.ListObjects(t.Context(), bucket, nil) {
		require.NoError(t, err)
		data, err := store.ReadObject(t.Context(), bucket, info.Key, 0)
		require.NoError(t, err)
		objects[info.Key] = data
	}
	return objects
}

// serveUnsafe answers every request, with unsafe text in each field.
func serveUnsafe(w http.ResponseWriter, r *http.Request, objects map[string][]byte) {
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/"+strangersBucket), "/")
	for name, value := range map[string]string{
		"ETag": `"` + unsafeHeader + `"`, "Content-Type": "text/" + unsafeHeader, "x-amz-request-id": unsafeHeader, "x-amz-meta-" + "note": unsafeHeader,
		"x-amz-bucket-region": "r" + unsafeHeader, "x-amz-version-id": unsafeHeader, "Server": unsafeHeader,
	} {
		w.Header().Set(name, value)
	}
	switch query := r.URL.Query(); {
	case r.Method == http.MethodPost && r.URL.Path == "/":
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDA`+xmlText+`</UserId><Account>1`+xmlText+`</Account><Arn>`+xmlText+`</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case query.Has("list-type"):
		listUnsafe(w, query.Get("prefix"), objects)
	case query.Has("uploads") && r.Method == http.MethodGet:
		_, _ = fmt.Fprintf(w, `<ListMultipartUploadsResult><EncodingType>url</EncodingType><Upload><Key>%s</Key><UploadId>%s</UploadId><Initiated>2020-01-01T00:00:00Z</Initiated></Upload></ListMultipartUploadsResult>`, url.QueryEscape("data/"+notUTF8), xmlText)
	case query.Has("delete"):
		_, _ = fmt.Fprintf(w, `<DeleteResult><Error><Key>%s</Key><Code>AccessDenied%s</Code><Message>%s</Message></Error></DeleteResult>`, xmlText, xmlText, xmlText)
	case r.Method == http.MethodGet && objects[key] != nil:
		_, _ = w.Write(objects[key])
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		_, _ = io.WriteString(w, notUTF8)
	}
}

// unsafeHeader is unsafe text that a header can hold, xmlText is some that XML can hold.
const (
	unsafeHeader = "h\u009b\u202e\u2028"
	xmlText      = "x\u009b\u202e\u2028\u0085&#xD;FORGED&#xA;FORGED\u061c"
)

func listUnsafe(w io.Writer, prefix string, objects map[string][]byte) {
	keys := []string{"data/k" + unsafeText, "data/ok", "data/x\xff", "lithops.jobs/" + unsafeExecutor + "-M000/00000/aa.init", "lithops.jobs/e-0-M001/00000/a" + unsafeText + ".init"}
	for key := range objects {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	_, _ = io.WriteString(w, `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>`)
	for _, key := range keys {
		if strings.HasPrefix(key, prefix) {
			_, _ = fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>1</Size><LastModified>2020-01-01T00:00:00Z</LastModified><ETag>"%s"</ETag></Contents>`, url.QueryEscape(key), xmlText)
		}
	}
	_, _ = io.WriteString(w, `</ListBucketResult>`)
}

func serveUnsafeError(w http.ResponseWriter, r *http.Request, status int) {
	w.Header().Set("x-amz-request-id", unsafeHeader)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = fmt.Fprintf(w, `<Error><Code>No%s</Code><Message>%s</Message><RequestId>%s</RequestId><HostId>%s</HostId><Key>%s</Key></Error>`, xmlText, xmlText, xmlText, xmlText, xmlText)
	}
}

// TestUnsafeKeysAreOneToOneInJSON checks that a program gets the characters that are not
// shown to a person.
func TestUnsafeKeysAreOneToOneInJSON(t *testing.T) {
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serveUnsafe(w, r, nil) }))
	defer front.Close()
	testkit.SetEnv(t, map[string]string{"HOME": t.TempDir(), "AWS_ENDPOINT_URL": front.URL, "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "LITHOPS_CONFIG": `{"aws": {"region": "us-east-1"}}`})
	code, out, problems := command(t.Context(), "list", strangersBucket, "-p", "data/", "--json")
	require.Zero(t, code, problems)
	var objects []objectReport
	require.NoError(t, json.Unmarshal([]byte(out), &objects))
	require.Len(t, objects, 3)
	assert.Equal(t, "data/k"+unsafeText, objects[0].Key)
	assert.Contains(t, out, `"data/x\udcff"`)
}
