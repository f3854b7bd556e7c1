// SPDX-License-Identifier: Apache-2.0

package main

// Metrics of a target.
const (
	metricWall        = "wall"
	metricCPU         = "CPU"
	metricHeap        = "peak heap"
	metricRSS         = "peak memory"
	metricRequests    = "requests"
	metricAllocs      = "allocations"
	metricConnections = "connections"
	metricFailed      = "failures"
)

// What a target compares with.
const (
	fastestPeer = "the fastest peer"
	fastestGo   = "the fastest Go peer"
	bestOnSDK   = "the best on SDK v2"
	absolute    = ""
)

// This package as it comes and as it is tuned, and some of those it compares with.
const (
	own      = "lithopss3"
	ownTuned = own + tunedSuffix
	floor    = "net/http"
	sdk      = "aws-sdk-go-v2"
	// sdkConfig is a program that finds its credentials as ours does.
	sdkConfig = "aws-sdk-go-v2 config"
)

// A target is what this package should reach: at most so much of another's value,
// or, with absolute, at most so much.
type target struct {
	row16    string // in the project's issue 16, or "" for issue 4
	scenario string // with a *, each that matches
	metric   string
	own      string // which of this package's columns
	than     string // one of the above, or a client's name
	atMost   float64
	in       string // the scenario of the other side, "" for the same
	missed   string // the reason, where it is not reached
}

// targets returns those of the project's issues 4 and 16.
func targets() []target {
	all := []target{
		{"", "up-20ms", metricWall, own, fastestPeer, 1.0 / 2, "", ""},
		{"", "up-20ms", metricWall, own, floor, 1.4, "", ""},
		{"", "down-20ms", metricWall, own, fastestPeer, 1 / 1.6, "", ""},
		{"", "down-20ms", metricWall, own, floor, 1.3, "", ""},
		{"", "up-0ms", metricWall, own, bestOnSDK, 1, "", ""},
		{"", "up-0ms", metricCPU, own, bestOnSDK, 1, "", ""},
		{"", "down-0ms", metricWall, own, bestOnSDK, 1, "", ""},
		{"", "down-0ms", metricCPU, own, bestOnSDK, 1, "", ""},
		{"", "stream-20ms", metricWall, own, fastestPeer, 1 / 1.5, "", ""},
		{"", "stream-20ms", metricRSS, own, absolute, 80 << 20, "", ""},
		{"", "up-20ms", metricHeap, own, absolute, 8 << 20, "", ""},
		{"", "list100k-0ms", metricWall, own, fastestPeer, 1.0 / 10, "", ""},
		{"", "list1m-20ms", metricWall, ownTuned, fastestPeer, 1.0 / 12, "", ""},
		{"", "list1m-20ms", metricRequests, ownTuned, fastestPeer, 1.2, "", ""},
		{"", "list1m-hex-20ms", metricWall, ownTuned, fastestPeer, 1.0 / 12, "", ""},
		{"", "delete-20ms", metricWall, own, fastestPeer, 1.0 / 5, "", ""},
		{"", "put64-0ms", metricWall, own, fastestGo, 1.0 / 2, "", ""},
		{"", "put64-0ms", metricCPU, own, sdk + tunedSuffix, 1.0 / 2, "", ""},
		{"", "get64-0ms", metricWall, own, fastestGo, 1.0 / 2, "", ""},
		{"", "get64-0ms", metricCPU, own, sdk + tunedSuffix, 1.0 / 2, "", ""},
		{"", "start-0ms", metricWall, own, "s5cmd", 1, "", ""},
	}
	return append(all,
		target{"A", "list-*-40ms", metricWall, ownTuned, sdk, 1.0 / 8, "", ""},
		target{"A", "list-*-40ms", metricRequests, ownTuned, sdk, 1.2, "", ""},
		target{"A", "list-*-0ms", metricWall, ownTuned, own, 1, "", ""},
		target{"A", "list5m-0ms", metricRSS, ownTuned, absolute, 201 << 20, "", ""},
		target{"B", "crowd-1024-20ms", metricFailed, own, absolute, 0, "", ""},
		target{"B", "crowd-1024-20ms", metricWall, own, absolute, 1.5, "", ""},
		target{"C", "put-100k-https-0ms", metricWall, own, "lean", 1.1, "", ""},
		target{"C", "put-100k-https-0ms", metricWall, own, sdk, 0.65, "", ""},
		target{"C", "put-1m-https-0ms", metricWall, own, "lean", 1.05, "", ""},
		target{"D", "put64-https-0ms", metricCPU, own, own, 1, "put64-aws-0ms", ""},
		target{"E", "stream-https-20ms", metricRSS, own, absolute, 80 << 20, "", ""},
		target{"E", "stream-https-20ms", metricWall, ownTuned, fastestPeer, 1.05, "", ""},
		target{"F", "list1m-0ms", metricWall, own, floor, 1.5, "", ""},
		target{"G", "watch-20ms", metricWall, own, absolute, 1, "", ""},
		target{"G", "poll-20ms", metricWall, own, absolute, 1, "", ""},
		target{"H", "put64-0ms", metricWall, own, "lean", 1.4, "", ""},
		target{"H", "get64-0ms", metricWall, own, "lean", 1.25, "", ""},
		target{"I", "get-1m-0ms", metricWall, own, "minio-go" + tunedSuffix, 1.05, "", ""},
		target{"I", "get-8m-0ms", metricWall, own, "minio-go" + tunedSuffix, 1.05, "", ""},
		target{"K", "read-20ms", metricWall, own, own, 1.3, "down-20ms", ""},
		target{"K", "read-20ms", metricRSS, own, absolute, 64 << 20, "", ""},
		target{"L", "start-0ms", metricWall, own, sdk, 1.3, "", ""},
		target{"L", "start-0ms", metricWall, own, sdkConfig, 1.3, "", ""},
		target{"M", "up-https-0ms", metricWall, own, "manager" + tunedSuffix, 1, "", ""},
		target{"M", "down-https-0ms", metricWall, own, "manager" + tunedSuffix, 1, "", ""},
	)
}
