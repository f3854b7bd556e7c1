// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const refusedBucket = "refused-bucket"

// refuse starts a server that the commands of this process find, and that refuses
// some requests; the store is not refused. Each request is shown to refuses.
func refuse(t *testing.T, refuses func(*http.Request) bool) *lithopss3.Store {
	t.Helper()
	server := testkit.Server(t, devs3.Start, nil)
	env := server.Env()
	store, err := lithopss3.New(t.Context(), nil, &lithopss3.Options{LookupEnv: testkit.Env(env)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	require.NoError(t, store.CreateBucket(t.Context(), refusedBucket))

	target, err := url.Parse(server.URL())
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is signed
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuses(r) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	env["AWS_ENDPOINT_URL"], env["HOME"], env["LITHOPS_CONFIG"] = front.URL, t.TempDir(), `{"lithops": {"storage": "aws_s3"}}`
	testkit.SetEnv(t, env)
	return store
}

// command runs the command in this process.
func command(ctx context.Context, args ...string) (code int, out, problems string) {
	var stdout, stderr strings.Builder
	code = run(ctx, args, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// storeCalls leaves calls that are done, the first with a result of its own object.
func storeCalls(t *testing.T, store *lithopss3.Store) {
	t.Helper()
	client := jobs.New(store, refusedBucket, nil)
	for i := range 3 {
		status := &jobs.Status{Call: jobs.Call{ExecutorID: "e-0", JobID: "M000", CallID: jobs.FormatCallID(i)}, ActivationID: "aa"}
		var result any = int64(i)
		if i == 0 {
			result = bytes.Repeat([]byte("x"), 10<<10)
		}
		require.NoError(t, client.PutInit(t.Context(), status.Call, "aa"))
		require.NoError(t, client.Finish(t.Context(), status, result, nil))
	}
}

// TestStatusesThatCannotBeRead checks that a status or a result that can't be read is no
// failure of the call.
func TestStatusesThatCannotBeRead(t *testing.T) {
	for _, c := range []struct {
		object string
		args   []string
	}{
		{"/status.json", []string{"jobs", "list"}},
		{"/status.json", []string{"jobs", "show", "e-0"}},
		{"/status.json", []string{"jobs", "result", "e-0"}},
		{"/output.pickle", []string{"jobs", "result", "e-0"}},
		{"/status.json", []string{"jobs", "logs", "e-0"}},
	} {
		t.Run(strings.Join(c.args, " ")+c.object, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var interrupts atomic.Bool
			store := refuse(t, func(r *http.Request) bool {
				isMeant := r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, c.object)
				if isMeant && interrupts.Load() {
					cancel()
				}
				return isMeant
			})
			storeCalls(t, store)
			args := slices.Concat(c.args, []string{"--bucket", refusedBucket})

			code, out, problems := command(ctx, args...)
			assert.Equal(t, exitPermission, code, problems)
			assert.Empty(t, out)

			interrupts.Store(true)
			code, out, problems = command(ctx, args...)
			assert.Positive(t, code, problems)
			assert.Empty(t, out)
			code, out, _ = command(ctx, args...) // interrupted before it begins
			assert.Positive(t, code)
			assert.Empty(t, out)
		})
	}
}

// TestLocalFiles checks that a local folder that is wrong is not reported as a missing
// object, and that a missing object leaves no folders.
func TestLocalFiles(t *testing.T) {
	store := refuse(t, func(*http.Request) bool { return false })
	require.NoError(t, store.PutObject(t.Context(), refusedBucket, "key", strings.NewReader("text"), nil))
	t.Chdir(t.TempDir())
	code, _, problems := command(t.Context(), "get", refusedBucket, "key", "-o", "none/file")
	assert.Equal(t, exitError, code, problems)
	code, _, problems = command(t.Context(), "get", refusedBucket, "a/b/missing")
	assert.Equal(t, exitNotFound, code, problems)
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	assert.Empty(t, entries)
}

// TestUploadsOfUnknownAge checks that an upload without a time is not taken for old, and
// that what was aborted before an error is reported.
func TestUploadsOfUnknownAge(t *testing.T) {
	begun := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			_, _ = w.Write([]byte(`<ListMultipartUploadsResult><Upload><Key>a</Key><UploadId>1</UploadId>` + begun +
				`</Upload><Upload><Key>b</Key><UploadId>2</UploadId>` + begun + `</Upload></ListMultipartUploadsResult>`))
		case strings.HasSuffix(r.URL.Path, "/a"):
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	refuse(t, func(*http.Request) bool { return false })
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	args := []string{"uploads", refusedBucket, "--abort", "--json"}
	code, out, problems := command(t.Context(), args...)
	assert.Zero(t, code, problems)
	assert.Equal(t, "[]\n", out)

	begun = "<Initiated>2020-01-01T00:00:00Z</Initiated>"
	code, out, problems = command(t.Context(), "uploads", refusedBucket)
	assert.Zero(t, code, problems)
	assert.Regexp(t, `^open  \S+ \S+  a  1\nopen  \S+ \S+  b  2\n$`, out)
	_, out, _ = command(t.Context(), "uploads", refusedBucket, "--abort", "-n")
	assert.Equal(t, 2, strings.Count(out, "would end  "))
	code, out, problems = command(t.Context(), args...)
	assert.Equal(t, exitPermission, code, problems)
	assert.Regexp(t, `"key": "a"(.|\n)*"aborted": true`, out)
	assert.Regexp(t, `"key": "b"(.|\n)*"aborted": false,\s+"error": "AbortUpload`, out)
	assert.Contains(t, problems, "lithops-s3: 1 of 2 uploads failed")
}

// TestUploadsAfterOneThatIsRefused aborts those after it, unless the error is of all of them.
func TestUploadsAfterOneThatIsRefused(t *testing.T) {
	status, refusal := http.StatusForbidden, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			var text strings.Builder
			for _, key := range []string{"a", "b", "c"} {
				text.WriteString("<Upload><Key>" + key + "</Key><UploadId>1</UploadId></Upload>")
			}
			_, _ = w.Write([]byte("<ListMultipartUploadsResult>" + text.String() + "</ListMultipartUploadsResult>"))
		case strings.HasSuffix(r.URL.Path, "/b"):
			w.WriteHeader(status)
			_, _ = w.Write([]byte(refusal))
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	t.Cleanup(server.Close)
	refuse(t, func(*http.Request) bool { return false })
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	args := []string{"uploads", refusedBucket, "--abort", "--older-than", "0s"}
	code, out, problems := command(t.Context(), args...)
	assert.Equal(t, exitPermission, code, problems)
	assert.Regexp(t, `^ended .* a  1\nended .* c  1\n$`, out)
	assert.Contains(t, problems, "AbortUpload "+refusedBucket+"/b")
	assert.Contains(t, problems, "lithops-s3: 1 of 3 uploads failed")

	status, refusal = http.StatusNotFound, "<Error><Code>NoSuchBucket</Code></Error>"
	code, out, problems = command(t.Context(), args...)
	assert.Equal(t, exitNotFound, code, problems)
	assert.Regexp(t, `^ended .* a  1\n$`, out)
	assert.NotContains(t, problems, "uploads failed")
}

// listMany lists the objects d/0000, d/0001 and so on, a thousand on a page.
func listMany(w io.Writer, r *http.Request, count int) {
	after := max(r.URL.Query().Get("continuation-token"), r.URL.Query().Get("start-after"))
	var page strings.Builder
	last, keys := "", 0
	for i := range count {
		key := fmt.Sprintf("d/%04d", i)
		if key <= after || keys == 1000 {
			continue
		}
		page.WriteString("<Contents><Key>" + key + "</Key><Size>0</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>")
		last = key
		keys++
	}
	isTruncated := keys > 0 && last < fmt.Sprintf("d/%04d", count-1)
	_, _ = fmt.Fprintf(w, "<ListBucketResult><IsTruncated>%v</IsTruncated><NextContinuationToken>%s</NextContinuationToken>%s</ListBucketResult>", isTruncated, last, &page)
}

// TestRmAfterABatchThatIsRefused checks that what can't be deleted leaves the rest alone, with
// a filter as without one.
func TestRmAfterABatchThatIsRefused(t *testing.T) {
	const count = 1001 // one more than a request deletes
	deleted := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
			listMany(w, r, count)
		case http.MethodDelete:
			deleted <- r.URL.Path
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	refuse(t, func(*http.Request) bool { return false })
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	folder := "s3://" + refusedBucket + "/d"
	for _, args := range [][]string{{"-r", folder}, {"-r", folder, "--exclude", "x"}, {folder + "/*"}} {
		code, out, problems := command(t.Context(), append([]string{"rm", "-y", "--json"}, args...)...)
		assert.Equal(t, exitPermission, code, problems)
		assert.Contains(t, out, `"deleted": 1`, args)
		require.Len(t, deleted, 1)
		assert.Equal(t, "/"+refusedBucket+"/d/1000", <-deleted, "which has a request of its own")
	}
}
