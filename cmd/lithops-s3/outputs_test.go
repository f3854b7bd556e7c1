// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// outputs has for each line what it prints, without an option and with --json. BUCKET is the
// bucket, T a time and E an ETag.
var outputs = []struct{ line, text, json string }{
	{"ls s3://", "T  BUCKET\n", `[{"bucket":"BUCKET","created":"T"}]`},
	{"ls", "T  1000 B  a\n  DIR  d/\n1 folder, 1 object, 1000 B\n", `[{"etag":"E","key":"a","last_modified":"T","size":1000},{"prefix":"d/"}]`},
	{
		"ls --du s3://BUCKET/d/", "T  1000 B  1\nT  1000 B  2\n  2.0 KiB  e/\n1 folder, 2 objects, 3.9 KiB\n",
		`[{"etag":"E","key":"d/1","last_modified":"T","size":1000},{"etag":"E","key":"d/2","last_modified":"T","size":1000},{"prefix":"d/e/","size":2000}]`,
	},
	{"ls --du s3://BUCKET/d", "T  1000 B  1\nT  1000 B  2\n  2.0 KiB  e/\n1 folder, 2 objects, 3.9 KiB\n", ""},
	{"ls -r s3://BUCKET/d/e/", "T  1000 B  d/e/3\nT  1000 B  d/e/4\n2 objects, 2.0 KiB\n", ""},
	{"list -p a", "T  1000 B  a\n1 object, 1000 B\n", `[{"etag":"E","key":"a","last_modified":"T","size":1000}]`},
	{"list -p none", "0 objects, 0 B\n", `[]`},
	{"du", "  4.9 KiB  5 objects  s3://BUCKET/\n", `[{"bucket":"BUCKET","bytes":5000,"objects":5,"prefix":""}]`},
	{
		"du s3://BUCKET/a s3://BUCKET/d/?", "  1000 B  1 object  s3://BUCKET/a\n  2.0 KiB  2 objects  s3://BUCKET/d/?\n",
		`[{"bucket":"BUCKET","bytes":1000,"objects":1,"prefix":"a"},{"bucket":"BUCKET","bytes":2000,"objects":2,"prefix":"d/?"}]`,
	},
	{
		"head BUCKET a d/1", describedA + "\n" + strings.Replace(describedA, " a\n", " d/1\n", 1),
		`{"content_type":"binary/octet-stream","etag":"E","key":"a","last_modified":"T","size":1000}` + "\n" +
			`{"content_type":"binary/octet-stream","etag":"E","key":"d/1","last_modified":"T","size":1000}`,
	},
	{"mb", "Bucket BUCKET exists\n", `{"bucket":"BUCKET","region":"us-east-1"}`},
	{"mb s3://BUCKET", "Bucket BUCKET exists\n", `{"bucket":"BUCKET","region":"us-east-1"}`},
	{"bucket", "BUCKET\n", `{"bucket":"BUCKET","region":"us-east-1"}`},
	{"bucket --create", "BUCKET\n", `{"bucket":"BUCKET","region":"us-east-1"}`},
	{"bucket --expire-temporary 7d -n", "Would set: after 7 days" + expiring, `{"bucket":"BUCKET","changed":true,"days":7,"dry_run":true,"prefix":"lithops.jobs/tmp/"}`},
	{"bucket --expire-temporary 24h", "Set: after 1 day" + expiring, `{"bucket":"BUCKET","changed":false,"days":1,"dry_run":false,"prefix":"lithops.jobs/tmp/"}`},
	{"uploads", "", `[]`},
	{"rm s3://BUCKET/a", "Deleted BUCKET/a\n", `{"bucket":"BUCKET","key":"a"}`},
	{"rm s3://BUCKET/a -n", "Would delete BUCKET/a\n", `{"bucket":"BUCKET","dry_run":true,"key":"a"}`},
	{"rm -ry s3://BUCKET/d", "Deleted 4 objects from BUCKET/d/\n", `{"bucket":"BUCKET","deleted":4,"key":"d/"}`},
	{"rm -r s3://BUCKET/d/e -n", "d/e/3\nd/e/4\nWould delete 2 objects from BUCKET/d/e/\n", `{"bucket":"BUCKET","deleted":2,"dry_run":true,"key":"d/e/","keys":["d/e/3","d/e/4"]}`},
	{"rm s3://BUCKET/d/? -n", "d/1\nd/2\nWould delete 2 objects from BUCKET/d/?\n", `{"bucket":"BUCKET","deleted":2,"dry_run":true,"key":"d/?","keys":["d/1","d/2"]}`},
	{"delete BUCKET a", "Deleted BUCKET/a\n", `{"bucket":"BUCKET","key":"a"}`},
	{"delete BUCKET -p a -n", "a\nWould delete 1 object from BUCKET/a\n", `{"bucket":"BUCKET","deleted":1,"dry_run":true,"key":"a","keys":["a"]}`},
	{"delete BUCKET -p d/ -y", "Deleted 4 objects from BUCKET/d/\n", `{"bucket":"BUCKET","deleted":4,"key":"d/"}`},
}

const (
	describedA = "key:  a\nsize:  1000 bytes (1000 B)\netag:  E\nlast modified: T\ncontent type:  binary/octet-stream\n"
	expiring   = ", objects below lithops.jobs/tmp/ are deleted and incomplete multipart uploads aborted, in bucket BUCKET\n"
)

// transfers are as outputs, of lines that copy. With --quiet they print nothing.
var transfers = []struct{ line, text, json string }{
	{"put f/1 BUCKET", "Stored BUCKET/1\n", `{"bucket":"BUCKET","key":"1"}`},
	{"put f/1 BUCKET -n", "Would store BUCKET/1\n", `{"bucket":"BUCKET","dry_run":true,"key":"1"}`},
	{"put -r f BUCKET", "Stored 2 files, 9 B: BUCKET/f/\n", `{"bucket":"BUCKET","bytes":9,"failed":[],"files":2,"prefix":"f/"}`},
	{"put -r f BUCKET -n", "f/1\nf/x\nWould store 2 files, 9 B: BUCKET/f/\n", `{"bucket":"BUCKET","bytes":9,"dry_run":true,"failed":[],"files":2,"keys":["f/1","f/x"],"prefix":"f/"}`},
	{"put f/1 f/x s3://BUCKET/p/", "Stored 2 files, 9 B: BUCKET/p/\n", `{"bucket":"BUCKET","bytes":9,"failed":[],"files":2,"prefix":"p/"}`},
	{"get BUCKET a -o out", "Fetched BUCKET/a into out\n", `{"bucket":"BUCKET","file":"out","key":"a"}`},
	{"get BUCKET a -n", "Would fetch BUCKET/a into a\n", `{"bucket":"BUCKET","dry_run":true,"file":"a","key":"a"}`},
	{"get BUCKET d/1 -o f -n", "Would fetch BUCKET/d/1 into f/1\n", `{"bucket":"BUCKET","dry_run":true,"file":"f/1","key":"d/1"}`},
	{"get BUCKET a d/1 -n", "a\nd/1\nWould fetch 2 files, 2.0 KiB: BUCKET/\n", `{"bucket":"BUCKET","bytes":2000,"dry_run":true,"failed":[],"files":2,"keys":["a","d/1"],"prefix":""}`},
	{"get -r BUCKET d -o out", "Fetched 4 files, 3.9 KiB: BUCKET/d/\n", `{"bucket":"BUCKET","bytes":4000,"failed":[],"files":4,"prefix":"d/"}`},
	{"get -r BUCKET d/e -n", "d/e/3\nd/e/4\nWould fetch 2 files, 2.0 KiB: BUCKET/d/e/\n", `{"bucket":"BUCKET","bytes":2000,"dry_run":true,"failed":[],"files":2,"keys":["d/e/3","d/e/4"],"prefix":"d/e/"}`},
	{"cp f/1 s3://BUCKET/x", "Copied f/1 to s3://BUCKET/x\n", `{"bucket":"BUCKET","bytes":4,"failed":[],"files":1,"prefix":"x"}`},
	{"cp s3://BUCKET/a f", "Copied s3://BUCKET/a to f/a\n", `{"bucket":"","bytes":1000,"failed":[],"files":1,"prefix":""}`},
	{"cp s3://BUCKET/a s3://BUCKET/x/", "Copied s3://BUCKET/a to s3://BUCKET/x/a\n", `{"bucket":"BUCKET","bytes":1000,"failed":[],"files":1,"prefix":"x/"}`},
	{
		"cp s3://BUCKET/a s3://BUCKET/b -n", "would copy s3://BUCKET/a to s3://BUCKET/b\nWould copy 1 file, 1000 B: s3://BUCKET/b\n",
		`{"bucket":"BUCKET","bytes":1000,"dry_run":true,"failed":[],"files":1,"keys":["b"],"prefix":"b"}`,
	},
	{"cp -r s3://BUCKET/d s3://BUCKET/x", "Copied 4 files, 3.9 KiB: s3://BUCKET/x\n", `{"bucket":"BUCKET","bytes":4000,"failed":[],"files":4,"prefix":"x"}`},
	{"cp -r f s3://BUCKET/d s3://BUCKET/x/", "Copied 6 files, 3.9 KiB: s3://BUCKET/x/\n", `{"bucket":"BUCKET","bytes":4009,"failed":[],"files":6,"prefix":"x/"}`},
	{"mv f/1 s3://BUCKET/x", "Moved f/1 to s3://BUCKET/x\n", `{"bucket":"BUCKET","bytes":4,"failed":[],"files":1,"prefix":"x"}`},
	{"mv f/1 s3://BUCKET/x -n", "would move f/1 to s3://BUCKET/x\nWould move 1 file, 4 B: s3://BUCKET/x\n", ""},
	{"mv -r s3://BUCKET/d out", "Moved 4 files, 3.9 KiB: out\n", `{"bucket":"","bytes":4000,"failed":[],"files":4,"prefix":""}`},
	{"sync f s3://BUCKET/d/", "Copied 2 files, 9 B: s3://BUCKET/d/\n", `{"bucket":"BUCKET","bytes":9,"failed":[],"files":2,"prefix":"d/"}`},
	{"sync f s3://BUCKET/d --delete", "Copied 2 files, 9 B, deleted 3: s3://BUCKET/d/\n", `{"bucket":"BUCKET","bytes":9,"deleted":3,"failed":[],"files":2,"prefix":"d/"}`},
	{
		"sync f s3://BUCKET/d/e --delete -n",
		"would copy f/1 to s3://BUCKET/d/e/1\nwould copy f/x to s3://BUCKET/d/e/x\nwould delete s3://BUCKET/d/e/3\nwould delete s3://BUCKET/d/e/4\n" +
			"Would copy 2 files, 9 B, and would delete 2: s3://BUCKET/d/e/\n",
		`{"bucket":"BUCKET","bytes":9,"deleted":2,"dry_run":true,"failed":[],"files":2,"keys":["d/e/1","d/e/x"],"prefix":"d/e/","would_delete":["3","4"]}`,
	},
	{"sync s3://BUCKET/d out", "Copied 4 files, 3.9 KiB: out\n", `{"bucket":"","bytes":4000,"failed":[],"files":4,"prefix":""}`},
	{"sync s3://BUCKET/d f --delete", "Copied 4 files, 3.9 KiB, deleted 1: f\n", `{"bucket":"","bytes":4000,"deleted":1,"failed":[],"files":4,"prefix":""}`},
	{"sync s3://BUCKET/none out --delete", "Copied 0 files, 0 B, deleted 0: out\n", `{"bucket":"","bytes":0,"deleted":0,"failed":[],"files":0,"prefix":""}`},
	{"sync s3://BUCKET/d s3://BUCKET/new", "Copied 4 files, 3.9 KiB: s3://BUCKET/new/\n", `{"bucket":"BUCKET","bytes":4000,"failed":[],"files":4,"prefix":"new/"}`},
}

// TestOutputs checks what commands print for a person, and for a program: with --json only JSON,
// whatever is done.
func TestOutputs(t *testing.T) {
	s := newSession(t)
	s.prepareOutputs()
	for _, test := range append(outputs, transfers...) {
		assert.Equal(t, test.text, s.printed(test.line), test.line)
		if test.json != "" {
			assert.Equal(t, test.json, compactJSON(t, s.printed(test.line+" --json")), test.line)
		}
	}
	for _, test := range transfers {
		if strings.HasSuffix(test.line, " -n") { // prints what it is for
			continue
		}
		assert.Empty(t, s.printed(test.line+" --quiet"), test.line)
	}
}

// prepareOutputs stores what the lines need, and nothing else.
func (s *session) prepareOutputs() {
	s.t.Helper()
	_, err := s.store.DeletePrefix(s.t.Context(), refusedBucket, "", &lithopss3.DeletePrefixOptions{All: true})
	require.NoError(s.t, err)
	for _, key := range []string{"a", "d/1", "d/2", "d/e/3", "d/e/4"} {
		require.NoError(s.t, s.store.PutObject(s.t.Context(), refusedBucket, key, strings.NewReader(strings.Repeat("x", 1000)), nil))
	}
	for _, name := range []string{"out", "f", "a"} {
		require.NoError(s.t, os.RemoveAll(name))
	}
	s.write("f/1", "text")
	s.write("f/x", "texts")
}

var (
	printedTime = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`)
	printedETag = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	blanks      = regexp.MustCompile(` {3,}`) // whose number depends on this machine's zone
)

// changing are the commands after which everything is stored again.
var changing = regexp.MustCompile(`^(put|get|cp|mv|rm|delete|sync) `)

// printed runs a line that succeeds, and returns its output without what is new each time.
func (s *session) printed(line string) string {
	s.t.Helper()
	if changing.MatchString(line) && !strings.Contains(line, " -n") {
		defer s.prepareOutputs()
	}
	code, out, problems := command(s.t.Context(), strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket))...)
	require.Zero(s.t, code, "%s: %s", line, problems)
	assert.Empty(s.t, problems, line)
	out = printedETag.ReplaceAllString(printedTime.ReplaceAllString(out, "T"), "E")
	return strings.ReplaceAll(blanks.ReplaceAllString(out, "  "), refusedBucket, "BUCKET")
}

// compactJSON returns the values of an output, a line for each.
func compactJSON(t *testing.T, out string) string {
	t.Helper()
	var values []string
	for decoder := json.NewDecoder(strings.NewReader(out)); decoder.More(); {
		var value any
		require.NoError(t, decoder.Decode(&value), out)
		text, err := json.Marshal(value)
		require.NoError(t, err)
		values = append(values, string(text))
	}
	return strings.Join(values, "\n")
}
