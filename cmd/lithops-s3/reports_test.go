// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReportOfStorage checks the lines of a doctor's report that depend on what the server
// told.
func TestReportOfStorage(t *testing.T) {
	t.Parallel()
	known := storageDiagnosis{Bucket: "b", Exists: true, Permitted: true, Owner: "123", OwnerDemanded: true, PublicAccess: "blocked", Conditions: conditionsKept, PartConditions: conditionsKept, RoundTripMS: 1.5}
	for want, change := range map[string]func(*diagnosis){
		"owner:          123, demanded with each request\nround trip:     1.5 ms\nclock skew:     0 s\nverdict:        nothing wrong found\n": func(*diagnosis) {},
		"123, not demanded: the configuration names the bucket\n":                                                                             func(d *diagnosis) { d.Storage.OwnerDemanded = false },
		"bucket:         b (exists: true, permitted: true, public access: blocked)\nowner: ":                                                  func(*diagnosis) {},
		"owner:          unknown\n":                                   func(d *diagnosis) { d.Storage.Permitted = false },
		"owner:          unknown\nround":                              func(d *diagnosis) { d.Storage.OwnerUnknown = "why" },
		"conditions:     unknown for puts\nround":                     func(d *diagnosis) { d.Storage.Conditions = conditionsUnknown },
		"conditions:     ignored for multipart uploads\nround":        func(d *diagnosis) { d.Storage.PartConditions = conditionsIgnored },
		"with each request\nclock skew:     -3 s\n":                   func(d *diagnosis) { d.Storage.RoundTripMS, d.ClockSkewS = 0, -3 },
		"warning:        w\nverdict:        nothing wrong found, but": func(d *diagnosis) { d.Warnings = []string{"w"} },
		"WRONG:          cause: message\nfix:            do\n": func(d *diagnosis) {
			d.Error = &errorDiagnosis{Kind: "K", Cause: "cause", Message: "message", Fix: "do"}
		},
		"WRONG:          K: message\n": func(d *diagnosis) { d.Error = &errorDiagnosis{Kind: "K", Message: "message"} },
		"configuration:  none\nregion:         r (s)\nS3:             u (AWS's own, path addressing)\nSTS:            v (AWS's own)\n": func(d *diagnosis) {
			d.Region, d.RegionSource, d.Endpoint = "r", "s", endpointDiagnosis{S3: "u", STS: "v", Addressing: "path"}
		},
	} {
		storage := known
		d := &diagnosis{Storage: &storage}
		change(d)
		var out strings.Builder
		require.NoError(t, d.print(&terminal{ctx: t.Context(), stdout: newOutput(&out)}))
		assert.Contains(t, out.String(), want)
	}
}

// TestReportOfIdentity checks that keys without an end have none in a report.
func TestReportOfIdentity(t *testing.T) {
	t.Parallel()
	d := &diagnosis{}
	d.fill(&lithopss3.Identity{AccessKeyID: "AK", Warnings: []string{"w"}, Tried: []lithopss3.TriedSource{{Source: "env", Reason: "is not set"}}})
	assert.Nil(t, d.Credentials.Expires)
	assert.Equal(t, []triedDiagnosis{{"env", "is not set"}}, d.Credentials.Tried)
	assert.Equal(t, []string{"w"}, d.Warnings)
	at := time.Date(2126, 1, 1, 1, 0, 0, 0, time.FixedZone("", 7200)) // as a credential process may write it
	d.fill(&lithopss3.Identity{Expires: at})
	utc := at.UTC()
	assert.Equal(t, &utc, d.Credentials.Expires)
}

// TestUnknownIDs checks that only what is missing in a bucket is called missing.
func TestUnknownIDs(t *testing.T) {
	t.Parallel()
	flags := &selectionFlags{}
	flags.ID = "e-0"
	for _, err := range []error{fs.ErrPermission, errors.Join(lithopss3.ErrNoSuchBucket, fs.ErrNotExist), errors.New("other")} {
		assert.Equal(t, err, flags.explain(err, "b"))
	}
	assert.EqualError(t, flags.explain(fs.ErrNotExist, "b"), "no such executor, job or call: e-0 (bucket b)")
}

// TestWarningsOfOthers checks who is said to be able to use the bucket.
func TestWarningsOfOthers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		endpoint, access, owner string
		want                    []string
	}{
		{"", "blocked", "123", nil},
		{"", "unknown", "123", nil},
		{"", "public", "123", []string{"the bucket is public", "put-public-access-block"}},
		{"", "not blocked", "123", []string{"not blocked", "put-public-access-block"}},
		{"http://minio", "not blocked", "123", []string{"not blocked", "as far as this server tells"}},
		{"", "blocked", "another account", []string{"another account's"}},
		{"", "blocked", "unknown", []string{"can't be known (why)"}},
	} {
		d := &diagnosis{Storage: &storageDiagnosis{PublicAccess: test.access, Owner: test.owner, OwnerUnknown: "why"}}
		if test.endpoint != "" {
			d.Endpoint = endpointDiagnosis{S3: test.endpoint, S3Source: "environment"}
		}
		d.warnOfOthers()
		assert.Len(t, d.Warnings, min(1, len(test.want)), "%v", test)
		for _, want := range test.want {
			assert.Contains(t, d.Warnings[0], want)
		}
	}
}

// TestPublicAccess checks that what is unknown is not taken for blocked or public.
func TestPublicAccess(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, test := range []struct {
		blocked, policy, acl *bool
		want                 string
	}{
		{nil, nil, nil, "unknown"},
		{&yes, &yes, &yes, "blocked"},
		{&no, nil, nil, "not blocked"},
		{&no, &no, &no, "not blocked"},
		{nil, &yes, nil, "public"},
		{&no, nil, &yes, "public"},
		{nil, &no, &no, "unknown"},
	} {
		assert.Equal(t, test.want, publicAccess(&lithopss3.BucketStatus{PublicAccessBlocked: test.blocked, PublicPolicy: test.policy, PublicACL: test.acl}))
	}
}

// TestNothingIsTriedOnAWS checks that conditions are not tried where they are kept: the
// diagnosis has no store to try them with.
func TestNothingIsTriedOnAWS(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []endpointDiagnosis{{S3: "https://s3.amazonaws.com"}, {S3: "https://s3.eu-west-1.amazonaws.com", S3Source: "environment"}} {
		d := &diagnosis{Endpoint: endpoint, Storage: &storageDiagnosis{}}
		d.examineConditions(t.Context(), nil, false)
		assert.Equal(t, []string{conditionsKept, conditionsKept}, []string{d.Storage.Conditions, d.Storage.PartConditions})
	}
	other := &diagnosis{Endpoint: endpointDiagnosis{S3: "http://minio", S3Source: "environment"}, Storage: &storageDiagnosis{}}
	other.examineConditions(t.Context(), nil, true)
	assert.Empty(t, other.Storage.Conditions, "nor in another account's bucket")
}

// TestMessage checks that an error is short without --debug.
func TestMessage(t *testing.T) {
	t.Parallel()
	none := &lithopss3.CredentialsError{Kind: "NoCredentialsError", Reason: "no credentials found", Tried: []lithopss3.TriedSource{{Source: "env", Reason: "is not set"}}}
	wrapped := fmt.Errorf("put: %w", none)
	short := (&terminal{ctx: t.Context()}).message(wrapped)
	assert.NotContains(t, short, "is not set")
	assert.Contains(t, short, "lithops-s3 doctor says where")
	assert.True(t, strings.HasPrefix(short, "put: "))
	assert.Equal(t, wrapped.Error(), (&terminal{ctx: t.Context(), debug: true}).message(wrapped))
	assert.Equal(t, "other", (&terminal{ctx: t.Context()}).message(errors.New("other")))
	assert.Contains(t, (&terminal{ctx: t.Context()}).message(lithopss3.ErrNoConfiguration), "write ~/.lithops/config")
}

// TestHintExpiry names the commands for a timer, with the days and their hours.
func TestHintExpiry(t *testing.T) {
	t.Parallel()
	err := hintExpiry(fmt.Errorf("no lifecycle: %w", errors.ErrUnsupported), "bucket", 7)
	assert.ErrorContains(t, err, "clean --cloudobjects --older-than 7d --yes; lithops-s3 uploads bucket --older-than 168h --abort")
	other := errors.New("other")
	assert.Equal(t, other, hintExpiry(other, "bucket", 7))
}

// TestPrintLogs checks that only the logs of several calls, and a terminal, get a missing
// line break.
func TestPrintLogs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		logs               string
		isMany, isTerminal bool
		want               string
	}{
		{"a", false, false, "a"},
		{"a", true, false, "==> call <==\na\n"},
		{"a", false, true, "a\n"},
		{"a\n", true, true, "==> call <==\na\n"},
		{"", false, true, ""},
		{"", true, false, "==> call <==\n"},
		{"a\n", false, false, "a\n"},
	} {
		var out strings.Builder
		term := &terminal{ctx: t.Context(), stdout: newOutputOn(&out, test.isTerminal)}
		require.NoError(t, term.printLogs("call", strings.NewReader(test.logs), test.isMany))
		require.NoError(t, term.stdout.Flush())
		assert.Equal(t, test.want, out.String())
	}
	last := &lastByte{out: &strings.Builder{}}
	_, err := last.Write(nil)
	require.NoError(t, err)
	assert.False(t, last.written)
}

// TestIsFolder checks paths that are written like folders.
func TestIsFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for path, want := range map[string]bool{folder: true, folder + "/none": false, folder + "/none/": true, folder + "/none" + string(os.PathSeparator): true} {
		assert.Equal(t, want, isFolder(path), path)
	}
}

// TestWideRunes checks both ends and the second rune of each range.
func TestWideRunes(t *testing.T) {
	t.Parallel()
	check := func(low, high rune) {
		for _, r := range []rune{low, min(low+1, high), high} {
			assert.NotEqual(t, 1, runeWidth(r), "%U", r)
		}
	}
	for _, of := range wideRunes.R16 {
		check(rune(of.Lo), rune(of.Hi))
	}
	for _, of := range wideRunes.R32 {
		check(rune(of.Lo), rune(of.Hi))
	}
	for _, r := range []rune{'a', 'é', 0x2ff, 0x10ff, 0x1160, 0x231c, 0x2e7f, 0x1f8ff} {
		assert.LessOrEqual(t, runeWidth(r), 1, "%U", r)
	}
}
