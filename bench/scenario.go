// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/lithops-go/lithopss3/bench/s3null"
)

// A scenario is a piece of work at a speed of the network.
type scenario struct {
	name   string // by which -run picks it
	title  string
	work   string
	bucket string
	prefix string
	shape  s3null.Shape

	size     int64
	count    int // of objects, keys, calls or starts
	atOnce   int
	parallel bool
	rounds   int // 0 is the runner's own
	inPlot   bool
}

var (
	fast = s3null.Shape{}
	slow = s3null.Shape{Latency: 20 * time.Millisecond, Rate: 90_000_000}
)

func bucketOf(layout string, n int) string { return layout + "-" + strconv.Itoa(n) }

const jobPrefix = "lithops.jobs/" + s3null.ExecutorID + "-M000/"

// scenarios are all of them; quick are the same with less to do.
func scenarios(quick bool) []scenario {
	size, objects, keys, million, calls, starts := int64(1<<30), 10_000, 100_000, 1_000_000, 3*s3null.CallsPerJob, 20
	if quick {
		size, objects, keys, million, calls, starts = 24<<20, 300, 3_000, 20_000, 6_000, 3
	}
	var all []scenario
	for _, at := range []struct {
		name, title string
		shape       s3null.Shape
	}{{"0ms", "0 ms", fast}, {"20ms", "20 ms, 90 MB/s", slow}} {
		isSlow := at.shape.Latency > 0
		add := func(s scenario) {
			s.name, s.title, s.shape = s.name+"-"+at.name, s.title+", "+at.title, at.shape
			all = append(all, s)
		}
		gib := formatBytes(size)
		add(scenario{name: "up", title: gib + " file up", work: workUpload, bucket: "kept", size: size, rounds: 3, inPlot: isSlow})
		add(scenario{name: "down", title: gib + " file down", work: workDownload, bucket: bucketOf("file", int(size)), size: size, rounds: 3, inPlot: isSlow})
		add(scenario{name: "stream", title: gib + " stream up", work: workStream, bucket: "kept", size: size, rounds: 3, inPlot: isSlow})
		for _, atOnce := range []int{1, 16, 64} {
			count := objects
			if isSlow && atOnce == 1 {
				count = objects / 20 // or each client sleeps for minutes
			}
			title := formatCount(count) + " × 1 KiB %s, " + formatCount(atOnce) + " at a time"
			small := scenario{size: 1024, count: count, atOnce: atOnce, inPlot: !isSlow && atOnce == 64}
			for _, work := range []string{workPut, workGet} {
				small.name, small.title, small.work, small.bucket = work+formatCount(atOnce), fmt.Sprintf(title, work), work, "kept"
				if work == workGet {
					small.bucket = bucketOf("small", objects)
				}
				add(small)
			}
		}
		add(scenario{name: "list100k", title: "list " + formatCount(keys) + " keys", work: workList, bucket: bucketOf("jobs", keys), count: keys, inPlot: true})
		add(scenario{name: "list1m", title: "list " + formatCount(million) + " keys of jobs, parallel where offered", work: workList, bucket: bucketOf("jobs", million), count: million, parallel: true, rounds: 3, inPlot: isSlow})
		add(scenario{name: "list1m-hex", title: "list " + formatCount(million) + " random keys, parallel where offered", work: workList, bucket: bucketOf("hex", million), count: million, parallel: true, rounds: 3})
		add(scenario{name: "delete", title: "delete " + formatCount(keys) + " keys", work: workDelete, bucket: bucketOf("jobs", keys), count: keys, inPlot: isSlow})
		add(scenario{name: "delete-prefix", title: "list and delete " + formatCount(keys) + " keys", work: workPrefix, bucket: bucketOf("jobs", keys), prefix: "lithops.jobs/", count: keys, parallel: true})
		add(scenario{name: "poll", title: "one poll of " + formatCount(calls/3) + " calls", work: workPoll, bucket: bucketOf("jobs", calls), prefix: jobPrefix, count: calls / 3, inPlot: !isSlow})
	}
	return append(all, scenario{name: "start", title: "process start to 1 KiB stored", work: workStart, bucket: "kept", size: 1024, count: starts, inPlot: true})
}

// Metrics of a target.
const (
	metricWall        = "wall"
	metricCPU         = "CPU"
	metricHeap        = "peak heap"
	metricRSS         = "peak memory"
	metricRequests    = "requests"
	metricAllocs      = "allocations"
	metricConnections = "connections"
)

// What a target compares with.
const (
	fastestPeer = "the fastest peer"
	fastestGo   = "the fastest Go peer"
	bestOnSDK   = "the best on SDK v2"
	absolute    = ""
)

// A target is what this package should reach: at most so much of another's value,
// or, with absolute, at most so much.
type target struct {
	scenario string
	metric   string
	than     string // one of the above, or a client's name
	atMost   float64
}

// targets are those of the project's issue 4.
var targets = []target{
	{"up-20ms", metricWall, fastestPeer, 1.0 / 2},
	{"up-20ms", metricWall, "net/http", 1.4},
	{"down-20ms", metricWall, fastestPeer, 1 / 1.6},
	{"down-20ms", metricWall, "net/http", 1.3},
	{"up-0ms", metricWall, bestOnSDK, 1},
	{"up-0ms", metricCPU, bestOnSDK, 1},
	{"down-0ms", metricWall, bestOnSDK, 1},
	{"down-0ms", metricCPU, bestOnSDK, 1},
	{"stream-20ms", metricWall, fastestPeer, 1 / 1.5},
	{"stream-20ms", metricRSS, fastestPeer, 1},
	{"stream-20ms", metricRSS, absolute, 80 << 20},
	{"up-20ms", metricHeap, absolute, 8 << 20},
	{"up-0ms", metricHeap, absolute, 8 << 20},
	{"list100k-0ms", metricWall, fastestPeer, 1.0 / 10},
	{"list1m-20ms", metricWall, fastestPeer, 1.0 / 12},
	{"list1m-20ms", metricRequests, fastestPeer, 1.2},
	{"list1m-hex-20ms", metricWall, fastestPeer, 1.0 / 12},
	{"list1m-hex-20ms", metricRequests, fastestPeer, 1.2},
	{"delete-20ms", metricWall, fastestPeer, 1.0 / 5},
	{"put64-0ms", metricWall, fastestGo, 1.0 / 2},
	{"put64-0ms", metricCPU, "aws-sdk-go-v2", 1.0 / 2},
	{"get64-0ms", metricWall, fastestGo, 1.0 / 2},
	{"get64-0ms", metricCPU, "aws-sdk-go-v2", 1.0 / 2},
	{"start", metricWall, "aws-sdk-go-v2", 1.5},
	{"start", metricWall, "s5cmd", 1},
}
