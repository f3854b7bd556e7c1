// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lithops-go/lithopss3/bench/s3null"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test's program be a client's process, as the bench itself is.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "client" {
		if err := clientMain(os.Args[2]); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

func newTestRunner(t *testing.T, wanted ...string) *runner {
	t.Helper()
	folder := t.TempDir()
	at, serve, err := listen(filepath.Join(folder, "authority.pem"))
	require.NoError(t, err)
	go func() { _ = serve() }() // until the process ends
	names := map[string]bool{}
	for _, name := range wanted {
		names[name] = true
	}
	return &runner{
		server: at, folder: folder, self: os.Args[0], log: log.New(io.Discard, "", 0),
		sums: map[string]seen{}, wanted: func(name string) bool { return names[name] },
	}
}

// TestClients has every client in Go do a little of everything, and all of it checked.
func TestClients(t *testing.T) {
	t.Parallel()
	var names []string
	for _, p := range peers {
		names = append(names, p.name)
	}
	r := newTestRunner(t, names...)
	var all []scenario
	done := map[string]bool{} // one of each work is enough
	for _, s := range scenarios(true) {
		kind := s.work
		if s.work == workPut {
			kind += s.at.scheme
		}
		if s.work != workStart && !done[kind] {
			done[kind] = true
			s.peers, s.files, s.at.shape = nil, 0, fast
			s.size, s.atOnce = min(s.size, 9<<20), min(s.atOnce, 40)
			if slices.Contains([]string{workPut, workGet, workCrowd, workPutDir, workGetDir}, s.work) {
				s.count = min(s.count, 40)
			}
			if s.work == workDownload || s.work == workRead {
				s.bucket = bucketOf("file", int(s.size))
			}
			if s.work == workGet || s.work == workGetDir {
				s.bucket = fmt.Sprintf("small-%d-%d", s.count, s.size)
			}
			all = append(all, s)
		}
	}
	results, err := r.run(t.Context(), all, 1)
	require.NoError(t, err)
	for _, result := range results {
		require.NotNil(t, result.client("lithopss3"), result.Scenario)
		assert.Positive(t, result.client("lithopss3").Samples[0].Requests)
		assert.Positive(t, result.client("net/http").Samples[0].CPU)
	}
}

// TestWrongWorkFails checks that it is noticed if a client loses or mixes up something.
func TestWrongWorkFails(t *testing.T) {
	t.Parallel()
	r := newTestRunner(t, "net/http")
	for name, s := range map[string]scenario{
		"fewer keys":   {workload{work: workPoll, bucket: "jobs-300", count: 101}, near},
		"less put":     {workload{work: workPut, bucket: "small-5", count: 5, size: 1024, atOnce: 1}, near},
		"nothing read": {workload{work: workRead, bucket: "small-5", size: 1024}, near},
	} {
		_, err := r.measure(t.Context(), &s, "net/http")
		require.Error(t, err, name)
	}
	ctx := context.WithoutCancel(t.Context())
	require.ErrorIs(t, r.check(ctx, &job{Work: workUpload, Bucket: "kept", Size: 10}, &measured{}), errWrong)
	require.ErrorIs(t, r.check(ctx, &job{Work: workDelete, Bucket: "jobs-3"}, &measured{}), errWrong)
	require.ErrorIs(t, r.check(ctx, &job{Work: workList, Bucket: "jobs-3"}, &measured{Seen: seen{Count: 3, Sum: 1}}), errWrong)
	require.ErrorIs(t, r.check(ctx, &job{Work: workCrowd, Bucket: "kept", Count: 3}, &measured{Seen: seen{Count: 3, Failed: 2}}), errWrong)
	require.ErrorIs(t, r.check(ctx, &job{Work: workRead, Size: 10}, &measured{Seen: seen{Count: 10, Sum: 1}}), errWrong)
	path := filepath.Join(r.folder, "down.bin")
	require.NoError(t, os.WriteFile(path, s3null.Content(transferKey, 1, 100), 0o600))
	require.ErrorIs(t, checkFile(path, 100), errWrong)
	require.NoError(t, os.WriteFile(path, s3null.Content(transferKey, 0, 100), 0o600))
	require.NoError(t, checkFile(path, 100))
}
