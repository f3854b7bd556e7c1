// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listingLines are lines of each command that lists objects. What they print before an error is
// no whole answer.
var listingLines = []string{
	"ls", "ls s3://BUCKET/d", "ls s3://BUCKET/d/", "ls -r s3://BUCKET/d/", "ls --du s3://BUCKET/d/", "ls s3://BUCKET/d/*", "ls --json", "ls --du --json", "ls -r --json",
	"list", "list --json", "list -p d/ --parallel 1", "du", "du --json", "du s3://BUCKET/d/* s3://BUCKET/e",
	"rm -ry s3://BUCKET/d", "rm -rn s3://BUCKET/d", "rm -rn s3://BUCKET/d --json", "rm -y s3://BUCKET/d/*",
	"delete BUCKET -p d/ -n", "delete BUCKET -p d/ -y",
	"get -r BUCKET d -o out", "cp -r s3://BUCKET/d out", "cp s3://BUCKET/d/* out/", "cp s3://BUCKET/d/* -", "mv -r s3://BUCKET/d s3://BUCKET/e",
	"sync s3://BUCKET/d out", "sync in s3://BUCKET/d", "sync in s3://BUCKET/d --delete -n", "sync s3://BUCKET/d s3://BUCKET/e",
}

// jobsLines are those that list what executors have stored.
var jobsLines = []string{
	"jobs", "jobs list --fast --json", "jobs show e-0", "jobs show e-0 --json", "jobs result e-0", "jobs logs e-0", "jobs watch e-0", "clean e-0 -n", "clean e-0 -y", "clean --all -y",
}

// TestListingsThatBreakOff checks that a list of which only the first page comes is an error, and
// is not taken for all: no sum is printed, no JSON that looks whole, and nothing is copied.
func TestListingsThatBreakOff(t *testing.T) {
	s := newSession(t)
	s.write("in/file", "text")
	var copies atomic.Int64
	refusesFirst := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		switch {
		case query.Has("list-type") && !refusesFirst && !query.Has("continuation-token") && !query.Has("start-after"):
			listMany(w, r, 1500)
		case query.Has("list-type"), query.Has("delete"):
			w.WriteHeader(http.StatusForbidden)
		default:
			copies.Add(1)
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	for _, refusesFirst = range []bool{true, false} {
		lines := listingLines
		if refusesFirst {
			lines = slices.Concat(jobsLines, []string{"rm -r s3://BUCKET/d", "ls -r", "ls s3://BUCKET/d"})
		}
		for _, line := range lines {
			code, out, problems := command(t.Context(), strings.Fields(strings.ReplaceAll(line, "BUCKET", refusedBucket))...)
			assert.Equal(t, exitPermission, code, "%s: %s%s", line, out, problems)
			assert.Contains(t, problems, "HTTP 403", line)
			assert.NotRegexp(t, `(?m)^\d+ (folders?|objects?), `, out, line)
			assert.False(t, json.Valid([]byte(out)), "%s: %s", line, out)
		}
	}
	assert.Zero(t, copies.Load())
	assert.NoDirExists(t, "out")
	require.FileExists(t, "in/file")
}

// TestBucketsThatAreNotListed checks that a refused list of buckets is not an account without any.
func TestBucketsThatAreNotListed(t *testing.T) {
	s := newSession(t)
	t.Setenv("AWS_ENDPOINT_URL", refuseWith(t, http.StatusForbidden, "AccessDenied"))
	for _, line := range []string{"ls s3://", "ls s3:// --json", "uploads", "uploads --json"} {
		said := s.run(exitPermission, line)
		assert.True(t, strings.HasPrefix(said, "lithops-s3: "), said)
	}
}

// TestOwnBucketWithoutAName checks each command that can work on the configuration's own bucket
// while STS does not say whose it is.
func TestOwnBucketWithoutAName(t *testing.T) {
	refuse(t, func(r *http.Request) bool { return r.Method == http.MethodPost && !r.URL.Query().Has("delete") })
	s := &session{t: t}
	t.Chdir(t.TempDir())
	s.write("file", "text")
	for _, line := range []string{
		"ls", "ls s3://./x", "list", "du", "du . .", "cat . a", "head . a", "head . a b --json", "presign . a", "rm s3://./a", "rm -ry s3://./a", "rm -y s3://./a*",
		"delete . a", "delete . -p a -y", "delete -p a -n", "put file", "put file .", "put file s3://./x", "put -r . .", "get . a", "get -r", "get . a b -o -",
		"cp file s3://./x", "cp s3://./x file2", "cp s3://./x s3://./y", "mv file s3://./x", "sync . s3://./x", "sync s3://./x .",
		"uploads", "uploads --abort", "mb", "bucket", "bucket --create", "bucket --expire-temporary 7d", "jobs", "jobs list", "jobs show e-0", "jobs watch e-0", "clean e-0 -y",
	} {
		said := s.run(exitPermission, line)
		assert.Contains(t, said, "GetCallerIdentity", line)
		assert.Equal(t, 1, strings.Count(said, "lithops-s3: "), "%s: %s", line, said)
	}
	assert.FileExists(t, "file")
	assert.NoFileExists(t, "file2")
}
