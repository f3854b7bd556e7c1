package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const refusedBucket = "refused-bucket"

// refuse starts a server that the commands of this process find, and that refuses
// some requests; the store is not refused. Each request is shown to refuses.
func refuse(t *testing.T, refuses func(*http.Request) bool) *lithopss3.Store {
	t.Helper()
	server, err := devs3.Start(nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	env := server.Env()
	store, err := lithopss3.New(t.Context(), nil, &lithopss3.Options{LookupEnv: func(name string) (string, bool) { value, ok := env[name]; return value, ok }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	require.NoError(t, store.CreateBucket(t.Context(), refusedBucket))

	target, err := url.Parse(server.URL())
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
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
	for name, value := range env {
		t.Setenv(name, value)
	}
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
	jobs := lithopss3.NewJobs(store, refusedBucket)
	for i := range 3 {
		status := &lithopss3.CallStatus{Call: lithopss3.Call{ExecutorID: "e-0", JobID: "M000", CallID: lithopss3.FormatCallID(i)}, ActivationID: "aa"}
		var result any = int64(i)
		if i == 0 {
			result = bytes.Repeat([]byte("x"), 10<<10)
		}
		require.NoError(t, jobs.PutInit(t.Context(), status.Call, "aa"))
		require.NoError(t, jobs.Finish(t.Context(), status, result, nil))
	}
}

// TestStatusesThatCannotBeRead: that a status or a result can't be read is no failure
// of the call.
func TestStatusesThatCannotBeRead(t *testing.T) {
	for _, c := range []struct {
		object string
		args   []string
	}{
		{"/status.json", []string{"jobs", "list"}},
		{"/status.json", []string{"jobs", "show", "e-0"}},
		{"/status.json", []string{"jobs", "result", "e-0"}},
		{"/output.pickle", []string{"jobs", "result", "e-0"}},
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
