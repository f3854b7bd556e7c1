// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A largeJob answers the listings of a job whose calls have all ended, 20 ms after it was
// asked, as S3 would.
type largeJob struct {
	calls    int
	requests atomic.Int64
}

const largeJobPrefix = "lithops.jobs/4b99c1-0-M000/"

// key returns the n-th key, in their order: two for each call.
func (s *largeJob) key(n int) string {
	name := "status.json"
	if n%2 == 0 {
		name = fmt.Sprintf("%012x.init", n*7919)
	}
	return largeJobPrefix + jobs.FormatCallID(n/2) + "/" + name
}

func (s *largeJob) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests.Add(1)
	time.Sleep(20 * time.Millisecond)
	query := r.URL.Query()
	after := max(query.Get("start-after"), query.Get("continuation-token"))
	prefix := query.Get("prefix")
	body := &bytes.Buffer{}
	body.WriteString(`<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType>`)
	if query.Get("delimiter") != "" {
		body.WriteString("<IsTruncated>false</IsTruncated><CommonPrefixes><Prefix>" + largeJobPrefix + "</Prefix></CommonPrefixes></ListBucketResult>")
		return s.answer(r, body), nil
	}
	first := sort.Search(2*s.calls, func(n int) bool { return s.key(n) > after })
	last := min(first+1000, 2*s.calls)
	if !strings.HasPrefix(largeJobPrefix, prefix) && !strings.HasPrefix(prefix, largeJobPrefix) {
		first, last = 0, 0
	}
	if last < 2*s.calls && last > 0 {
		body.WriteString("<NextContinuationToken>" + s.key(last-1) + "</NextContinuationToken>")
	}
	fmt.Fprintf(body, "<KeyCount>%d</KeyCount><IsTruncated>%v</IsTruncated>", last-first, last < 2*s.calls && last > 0)
	for n := first; n < last; n++ {
		fmt.Fprintf(body, `<Contents><Key>%s</Key><LastModified>2026-11-27T00:00:00.000Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>0</Size><StorageClass>STANDARD</StorageClass></Contents>`, s.key(n))
	}
	body.WriteString("</ListBucketResult>")
	return s.answer(r, body), nil
}

func (*largeJob) answer(r *http.Request, body *bytes.Buffer) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/xml"}, "Server": {"AmazonS3"}}, ContentLength: int64(body.Len()), Body: io.NopCloser(body),
	}
}

// The first look at a job of 100,000 calls takes at most a second where each request
// takes 20 ms, and not many more requests than there are pages. The time is synthetic:
// it counts what waits for the server.
func TestFirstLook(t *testing.T) {
	t.Parallel()
	calls := testkit.Less(100_000, 3_000)
	for name, look := range map[string]func(*testing.T, *jobs.Client){
		"Watch": func(t *testing.T, client *jobs.Client) {
			ended := 0
			for event, err := range client.Watch(t.Context(), jobs.ID{ExecutorID: "4b99c1-0"}, &jobs.WatchOptions{Calls: map[string]int{"M000": calls}}) {
				require.NoError(t, err)
				if event.Kind == jobs.CallDone {
					ended++
				}
			}
			require.Equal(t, calls, ended)
		},
		"Watch once": func(t *testing.T, client *jobs.Client) {
			events := 0
			for _, err := range client.Watch(t.Context(), jobs.ID{ExecutorID: "4b99c1-0"}, &jobs.WatchOptions{Once: true}) {
				require.NoError(t, err)
				events++
			}
			require.Equal(t, 2*calls, events)
		},
		"Find": func(t *testing.T, client *jobs.Client) {
			found, err := client.Find(t.Context(), jobs.ID{ExecutorID: "4b99c1-0", JobID: "M000"}, false)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, calls, found[0].Count(jobs.StateEnded))
		},
		"Progress": func(t *testing.T, client *jobs.Client) {
			progress, err := client.Progress(t.Context(), "4b99c1-0")
			require.NoError(t, err)
			require.Len(t, progress.Done, calls)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config, err := lithopss3.ParseConfig([]byte("lithops:\n  storage: aws_s3\naws:\n  access_key_id: AKIA\n  secret_access_key: secret\n  region: us-east-1\naws_s3:\n  storage_bucket: bucket\n"))
				require.NoError(t, err)
				server := &largeJob{calls: calls}
				store, err := lithopss3.New(t.Context(), config, &lithopss3.Options{Transport: server, LookupEnv: func(string) (string, bool) { return "", false }, Endpoint: "http://127.0.0.1:1"})
				require.NoError(t, err)
				defer func() { assert.NoError(t, store.Close()) }()
				began, before := time.Now(), server.requests.Load()
				look(t, jobs.New(store, "bucket", &jobs.Options{LostAfter: -1}))
				took := time.Since(began)
				pages := 2 * calls / 1000
				t.Logf("%v, %d requests for %d pages", took, server.requests.Load()-before, pages)
				assert.LessOrEqual(t, took, time.Second)
				assert.LessOrEqual(t, server.requests.Load()-before, int64(pages)*6/5+6)
			})
		})
	}
}
