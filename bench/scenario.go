// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lithops-go/lithopss3/bench/s3null"
)

// A scenario is a workload at a place.
type scenario struct {
	workload
	at place
}

// A workload is a piece of work. The fields that are not said to be are those of a job.
type workload struct {
	name   string // by which -run picks it, with the place's
	title  string
	work   string
	bucket string
	prefix string
	size   int64
	count  int // of objects, keys, calls or starts
	atOnce int
	files  int

	places    []place
	peers     []string // the clients to compare, nil for all
	tools     bool     // commands and scripts take part too
	tunedOnly bool     // clients that can be tuned are measured so only
	plot      string   // the place that is in the plot, if any
}

// A place is where the server is, and how it is reached.
type place struct {
	name   string
	title  string
	shape  s3null.Shape
	scheme string
}

// Schemes of a place.
const (
	overHTTP  = "http"
	overHTTPS = "https" // to a custom endpoint
	overAWS   = "aws"   // https to AWS's hosts, which the server answers for as a proxy
)

var (
	fast = s3null.Shape{}
	slow = s3null.Shape{Latency: 20 * time.Millisecond, Rate: 90_000_000}

	near    = place{"0ms", "0 ms", fast, overHTTP}
	nearTLS = place{"https-0ms", "https, 0 ms", fast, overHTTPS}
	nearAWS = place{"aws-0ms", "https to AWS's names, 0 ms", fast, overAWS}
	away    = place{"20ms", "20 ms, 90 MB/s", slow, overHTTP}
	awayTLS = place{"https-20ms", "https, 20 ms, 90 MB/s", slow, overHTTPS}
	far     = place{"40ms", "40 ms, 90 MB/s", s3null.Shape{Latency: 40 * time.Millisecond, Rate: 90_000_000}, overHTTP}
)

func bucketOf(layout string, n int) string { return layout + "-" + strconv.Itoa(n) }

const jobPrefix = "lithops.jobs/" + s3null.ExecutorID + "-M000/"

// amounts are how much is done.
type amounts struct {
	file    int64 // bytes
	crtFile int64
	sized   int64 // bytes of all objects of a size
	objects int
	keys    int
	million int
	layout  int // keys of a layout
	most    int // keys of the longest listing
	calls   int
	starts  int
	crowd   int
	crt256k int
	crt5m   int
}

// amountsOf returns those of a whole run, or of a quick one.
func amountsOf(quick bool) amounts {
	if quick {
		return amounts{
			file: 24 << 20, crtFile: 24 << 20, sized: 16 << 20, objects: 128, keys: 3000, million: 12_000, layout: 6000, most: 12_000,
			calls: 1000, starts: 3, crowd: 1200, crt256k: 64, crt5m: 4,
		}
	}
	return amounts{
		file: 1 << 30, crtFile: 5 << 30, sized: 768 << 20, objects: 10_000, keys: 100_000, million: 1_000_000, layout: 300_000, most: 5_000_000,
		calls: s3null.CallsPerJob, starts: 20, crowd: 10_000, crt256k: 10_000, crt5m: 400,
	}
}

// scenarios are all of them; quick are the same with less to do.
func scenarios(quick bool) []scenario {
	n := amountsOf(quick)
	var all []scenario
	for _, table := range [][]workload{
		files(&n), folders(&n), objects(&n), sizes(&n), listings(&n), layouts(&n), deletes(&n), calls(&n), crowds(&n), crt(&n), starts(&n),
	} {
		for _, w := range table {
			for _, at := range w.places {
				s := scenario{w, at}
				s.name += "-" + at.name
				s.title += ", " + at.title
				all = append(all, s)
			}
		}
	}
	return all
}

// files are large objects: up from a file or stream, down into a file or a reader.
func files(n *amounts) []workload {
	size, bucket := formatBytes(n.file), bucketOf("file", int(n.file))
	return []workload{
		{name: "up", title: size + " file up", work: workUpload, bucket: "kept", size: n.file, tools: true, places: []place{near, nearTLS, away}, plot: away.name},
		{name: "down", title: size + " file down", work: workDownload, bucket: bucket, size: n.file, tools: true, places: []place{near, nearTLS, away}, plot: away.name},
		{name: "stream", title: size + " stream up", work: workStream, bucket: "kept", size: n.file, tools: true, places: []place{near, away, awayTLS}, plot: away.name},
		{name: "read", title: size + " stream down", work: workRead, bucket: bucket, size: n.file, tools: true, places: []place{near, away}, plot: away.name},
	}
}

// folders are of small files, and of a few larger ones.
func folders(n *amounts) []workload {
	var all []workload
	for _, s := range []struct {
		suffix string
		count  int
		size   int64
	}{{"", n.objects, 1024}, {"-1m", int(n.sized >> 20), 1 << 20}} {
		files := fmt.Sprintf("a folder of %s × %s ", formatCount(s.count), formatBytes(s.size))
		w := workload{size: s.size, count: s.count, atOnce: foldersAtOnce, tools: true, places: []place{near, away}}
		w.name, w.title, w.work, w.bucket = "put-dir"+s.suffix, files+"up", workPutDir, "kept"
		all = append(all, w)
		w.name, w.title, w.work, w.bucket = "get-dir"+s.suffix, files+"down", workGetDir, fmt.Sprintf("small-%d-%d", s.count, s.size)
		all = append(all, w)
	}
	return all
}

// objects are many small ones. One or a few at a time are fewer at 20 ms, where each client sleeps.
func objects(n *amounts) []workload {
	var all []workload
	for _, work := range []string{workPut, workGet} {
		add := func(atOnce, count int, tools bool, plot string, places ...place) {
			w := workload{
				name: work + strconv.Itoa(atOnce), title: fmt.Sprintf("%s × 1 KiB %s, %d at a time", formatCount(count), work, atOnce), work: work, bucket: "kept",
				size: 1024, count: count, atOnce: atOnce, tools: tools, places: places, plot: plot,
			}
			if work == workGet {
				w.bucket = bucketOf("small", count)
			}
			all = append(all, w)
		}
		add(1, n.objects, false, "", near)
		add(1, n.objects/50, false, "", away)
		add(16, n.objects, true, "", near)
		add(16, n.objects/5, false, "", away)
		add(64, n.objects, false, near.name, near, nearTLS, nearAWS, away)
	}
	return all
}

// sizes are objects between a KiB and the size from which they go in parts.
func sizes(n *amounts) []workload {
	var all []workload
	for _, s := range []struct {
		name string
		size int64
	}{{"100k", 100 << 10}, {"1m", 1 << 20}, {"8m", 8 << 20}} {
		count := int(min(2000, n.sized/s.size))
		for _, work := range []string{workPut, workGet} {
			w := workload{
				name: work + "-" + s.name, title: fmt.Sprintf("%s × %s %s, 16 at a time", formatCount(count), formatBytes(s.size), work),
				work: work, bucket: "kept", size: s.size, count: count, atOnce: 16, places: []place{near, nearTLS, nearAWS},
			}
			if work == workGet {
				w.bucket = fmt.Sprintf("small-%d-%d", count, s.size)
			}
			all = append(all, w)
		}
	}
	return all
}

// listed are the clients of long listings. The peers list at the SDK's speed at best.
var listed = []string{"lithopss3", "net/http", "aws-sdk-go-v2"}

// listings are of many keys.
func listings(n *amounts) []workload {
	list := func(name, layout, what string, count int, peers []string, places ...place) workload {
		return workload{
			name: name, title: "list " + formatCount(count) + what, work: workList, bucket: bucketOf(layout, count), count: count, peers: peers, places: places,
		}
	}
	hundred, million := list("list100k", "jobs", " keys", n.keys, nil, near, away), list("list1m", "jobs", " keys of jobs", n.million, listed, near, away)
	hundred.tools, hundred.plot, million.plot = true, near.name, away.name
	return []workload{
		hundred, million, list("list1m-hex", "hex", " random keys", n.million, listed, near, away),
		list("list5m", "jobs", " keys of jobs", n.most, listed[:2], near),
	}
}

// layouts are listings of keys as people name them: in parallel at 40 ms, compared
// with one request after the other, and both ways at 0 ms.
func layouts(n *amounts) []workload {
	var all []workload
	for _, layout := range append([]string{"hex", "jobs"}, s3null.PackedLayouts()...) {
		w := workload{
			name: "list-" + layout, title: "list " + formatCount(n.layout) + " keys, layout " + layout, work: workList,
			bucket: bucketOf(layout, n.layout), count: n.layout, peers: listed, places: []place{far}, tunedOnly: true,
		}
		all = append(all, w)
		w.peers, w.places, w.tunedOnly = listed[:2], []place{near}, false
		all = append(all, w)
	}
	return all
}

func deletes(n *amounts) []workload {
	bucket, keys := bucketOf("jobs", n.keys), formatCount(n.keys)
	return []workload{
		{name: "delete", title: "delete " + keys + " keys", work: workDelete, bucket: bucket, count: n.keys, tools: true, places: []place{near, away}, plot: away.name},
		{name: "delete-prefix", title: "list and delete " + keys + " keys", work: workPrefix, bucket: bucket, prefix: "lithops.jobs/", count: n.keys, places: []place{near, away}},
	}
}

// calls are looks at a job.
func calls(n *amounts) []workload {
	bucket, count := bucketOf("jobs", 3*n.calls), formatCount(n.calls)
	return []workload{
		{name: "poll", title: "one poll of " + count + " calls", work: workPoll, bucket: bucket, prefix: jobPrefix, count: n.calls, places: []place{near, away}, plot: near.name},
		{name: "watch", title: "the first look at a job of " + count + " calls", work: workWatch, bucket: bucket, prefix: jobPrefix, count: n.calls, peers: listed, places: []place{near, away}},
	}
}

// crowds are as many goroutines as objects, also with as few files as AWS Lambda allows.
func crowds(n *amounts) []workload {
	w := workload{
		name: "crowd", title: formatCount(n.crowd) + " goroutines, a put of 1 KiB each", work: workCrowd, bucket: "kept", size: 1024, count: n.crowd,
		atOnce: n.crowd, places: []place{away},
	}
	limited := w
	limited.name, limited.title, limited.files = "crowd-1024", w.title+", with 1,024 files", 1024
	return []workload{w, limited}
}

// crt are the workloads of awslabs/aws-crt-s3-benchmarks, from and to memory, cut to
// what two cores do in a minute.
func crt(n *amounts) []workload {
	objects := []string{"lithopss3", "net/http", "lean", "aws-sdk-go-v2", "minio-go"}
	whole := []string{"lithopss3", "net/http", "transfermanager", "manager", "minio-go"}
	small, middle := fmt.Sprintf("256 KiB × %s ", formatCount(n.crt256k)), fmt.Sprintf("5 MiB × %s (of 10,000) ", formatCount(n.crt5m))
	large := formatBytes(n.crtFile) + " × 1 "
	all := []workload{
		{name: "crt-up-256k", title: small + "from memory", work: workPut, bucket: "kept", size: 256 << 10, count: n.crt256k, atOnce: 64, peers: objects},
		{name: "crt-down-256k", title: small + "to memory", work: workGet, bucket: fmt.Sprintf("small-%d-%d", n.crt256k, 256<<10), size: 256 << 10, count: n.crt256k, atOnce: 64, peers: objects},
		{name: "crt-up-5m", title: middle + "from memory", work: workPut, bucket: "kept", size: 5 << 20, count: n.crt5m, atOnce: 16, peers: objects},
		{name: "crt-down-5m", title: middle + "to memory", work: workGet, bucket: fmt.Sprintf("small-%d-%d", n.crt5m, 5<<20), size: 5 << 20, count: n.crt5m, atOnce: 16, peers: objects},
		{name: "crt-up-5g", title: large + "from memory", work: workMemory, bucket: "kept", size: n.crtFile, peers: whole},
		{name: "crt-down-5g", title: large + "to memory", work: workRead, bucket: bucketOf("file", int(n.crtFile)), size: n.crtFile, peers: whole},
	}
	for i := range all {
		all[i].places = []place{nearAWS}
	}
	return all
}

func starts(n *amounts) []workload {
	return []workload{{
		name: "start", title: "process start to 1 KiB stored", work: workStart, bucket: "kept", size: 1024, count: n.starts, tools: true,
		places: []place{near}, plot: near.name,
	}}
}

// scenarioOf returns the scenario of a whole run that has this name, or nil.
func scenarioOf(name string) *scenario {
	all := scenarios(false)
	if i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}
