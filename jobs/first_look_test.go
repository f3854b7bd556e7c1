// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
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
	keys     []string // in their order, two for each call
	contents string   // what a listing says of all of them
	ends     []int    // of each key's part of contents
	requests atomic.Int64
}

const largeJobPrefix = "lithops.jobs/4b99c1-0-M000/"

func newLargeJob(calls int) *largeJob {
	job := &largeJob{}
	var contents strings.Builder
	contents.Grow(calls * 600)
	for n := range calls {
		for _, name := range []string{fmt.Sprintf("%012x.init", n*15838), "status.json"} {
			key := largeJobPrefix + jobs.FormatCallID(n) + "/" + name
			contents.WriteString("<Contents><Key>" + key + "</Key><LastModified>2026-11-27T00:00:00.000Z</LastModified>" +
				"<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>0</Size><StorageClass>STANDARD</StorageClass></Contents>")
			job.keys, job.ends = append(job.keys, key), append(job.ends, contents.Len())
		}
	}
	job.contents = contents.String()
	return job
}

// page returns what a listing says of the keys from first to before last.
func (s *largeJob) page(first, last int) string {
	if first == last {
		return ""
	}
	from := 0
	if first > 0 {
		from = s.ends[first-1]
	}
	return s.contents[from:s.ends[last-1]]
}

func (s *largeJob) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests.Add(1)
	time.Sleep(20 * time.Millisecond)
	query := r.URL.Query()
	after := max(query.Get("start-after"), query.Get("continuation-token"))
	prefix := query.Get("prefix")
	head := &strings.Builder{}
	head.WriteString(`<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType>`)
	if query.Get("delimiter") != "" {
		head.WriteString("<IsTruncated>false</IsTruncated><CommonPrefixes><Prefix>" + largeJobPrefix + "</Prefix></CommonPrefixes>")
		return s.answer(r, head.String(), ""), nil
	}
	first := sort.Search(len(s.keys), func(n int) bool { return s.keys[n] > after })
	last := min(first+1000, len(s.keys))
	if !strings.HasPrefix(largeJobPrefix, prefix) && !strings.HasPrefix(prefix, largeJobPrefix) {
		first, last = 0, 0
	}
	isTruncated := last < len(s.keys) && last > 0
	if isTruncated {
		head.WriteString("<NextContinuationToken>" + s.keys[last-1] + "</NextContinuationToken>")
	}
	fmt.Fprintf(head, "<KeyCount>%d</KeyCount><IsTruncated>%v</IsTruncated>", last-first, isTruncated)
	return s.answer(r, head.String(), s.page(first, last)), nil
}

func (*largeJob) answer(r *http.Request, head, page string) *http.Response {
	const end = "</ListBucketResult>"
	body := io.MultiReader(strings.NewReader(head), strings.NewReader(page), strings.NewReader(end))
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/xml"}, "Server": {"AmazonS3"}}, ContentLength: int64(len(head) + len(page) + len(end)), Body: io.NopCloser(body),
	}
}

// The first look at a job of 100,000 calls takes at most a second where each request
// takes 20 ms, and not many more requests than there are pages. One request after
// another would take four times as long at least. The time is synthetic:
// it counts what waits for the server.
func TestFirstLook(t *testing.T) {
	t.Parallel()
	all := testkit.Less(100_000, 3_000)
	job := newLargeJob(all)
	for name, look := range map[string]func(t *testing.T, client *jobs.Client, calls int){
		"Watch": func(t *testing.T, client *jobs.Client, calls int) {
			ended := 0
			for event, err := range client.Watch(t.Context(), jobs.ID{ExecutorID: "4b99c1-0"}, &jobs.WatchOptions{Calls: map[string]int{"M000": calls}}) {
				require.NoError(t, err)
				if event.Kind == jobs.CallDone {
					ended++
				}
			}
			require.Equal(t, calls, ended)
		},
		"Watch once": func(t *testing.T, client *jobs.Client, calls int) {
			events := 0
			for _, err := range client.Watch(t.Context(), jobs.ID{ExecutorID: "4b99c1-0"}, &jobs.WatchOptions{Once: true}) {
				require.NoError(t, err)
				events++
			}
			require.Equal(t, 2*calls, events)
		},
		"Find": func(t *testing.T, client *jobs.Client, calls int) {
			found, err := client.Find(t.Context(), jobs.ID{ExecutorID: "4b99c1-0", JobID: "M000"}, false)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, calls, found[0].Count(jobs.StateEnded))
		},
		"Progress": func(t *testing.T, client *jobs.Client, calls int) {
			progress, err := client.Progress(t.Context(), "4b99c1-0")
			require.NoError(t, err)
			require.Len(t, progress.Done, calls)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config, err := lithopss3.ParseConfig([]byte("lithops:\n  storage: aws_s3\naws:\n  access_key_id: AKIA\n  secret_access_key: secret\n  region: us-east-1\naws_s3:\n  storage_bucket: bucket\n"))
				require.NoError(t, err)
				calls, most := all, time.Second
				if name != "Watch" { // the others list in the same way
					calls, most = testkit.Less(25_000, all), time.Second/2
				}
				server := &largeJob{keys: job.keys[:2*calls], contents: job.contents, ends: job.ends}
				store, err := lithopss3.New(t.Context(), config, &lithopss3.Options{Transport: server, LookupEnv: func(string) (string, bool) { return "", false }, Endpoint: "http://127.0.0.1:1"})
				require.NoError(t, err)
				defer func() { assert.NoError(t, store.Close()) }()
				began, before := time.Now(), server.requests.Load()
				look(t, jobs.New(store, "bucket", &jobs.Options{LostAfter: -1}), calls)
				took := time.Since(began)
				pages := 2 * calls / 1000
				t.Logf("%v, %d requests for %d pages", took, server.requests.Load()-before, pages)
				assert.LessOrEqual(t, took, most)
				assert.LessOrEqual(t, server.requests.Load()-before, int64(pages)*6/5+6)
			})
		})
	}
}
