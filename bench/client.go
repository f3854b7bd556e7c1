// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"
)

// A client is one of the libraries that are compared, used as its documentation
// says. Its methods are safe for concurrent use.
type client interface {
	put(ctx context.Context, bucket, key string, data []byte) error
	get(ctx context.Context, bucket, key string) ([]byte, error)
	uploadFile(ctx context.Context, path, bucket, key string) error
	// upload sends a stream, or what is in memory: then r has ReadAt and Seek too.
	upload(ctx context.Context, r io.Reader, bucket, key string) error
	downloadFile(ctx context.Context, bucket, key, path string) error
	// read writes an object to w, in order.
	read(ctx context.Context, bucket, key string, w io.Writer) error
	// list calls each for every key in order.
	list(ctx context.Context, bucket, prefix string, each func(key string)) error
	remove(ctx context.Context, bucket string, keys []string) error
}

// errUnsupported is returned for an operation that a client does not offer.
var errUnsupported = errors.New("has no such operation")

// Groups of clients, for the report.
const (
	groupOwn   = "own"
	groupFloor = "floor" // plain HTTP: no signature, no checksum, no retry
	groupLean  = "lean"  // plain HTTP with signature and checksum
	groupSDK   = "sdk"   // built on aws-sdk-go-v2
	groupGo    = "go"
	groupOther = "other"
)

// A peer is a client that can be opened in a process of its own.
type peer struct {
	name   string
	group  string
	module string // whose version the report gives
	open   func(ctx context.Context, job *job) (client, error)
	// tunes are the works for which job.Tuned sets options. The others are measured
	// as the client comes only.
	tunes []string
}

// What job.Tuned sets where a client has the option: so many connections kept,
// parts of this size, so many of them at once.
const (
	tunedConnections = 128
	tunedPart        = 8 << 20
	tunedAtOnce      = 24
	foldersAtOnce    = 64 // files of a folder
)

var (
	transfers = []string{workUpload, workDownload, workStream, workMemory, workRead, workPutDir, workGetDir}
	requests  = []string{workPut, workGet, workDelete}
)

var peers = []peer{
	{"lithopss3", groupOwn, "github.com/lithops-go/lithopss3", openLithops, []string{workList, workRead, workStream, workPutDir, workGetDir}},
	{"lithopss3-unsigned", groupOwn, "", openUnsigned, nil},
	{"net/http", groupFloor, "", openHTTP, []string{workList, workRead}},
	{"lean", groupLean, "", openLean, nil},
	{"aws-sdk-go-v2", groupSDK, "github.com/aws/aws-sdk-go-v2/service/s3", openSDK, requests},
	{"transfermanager", groupSDK, "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager", openTransferManager, transfers},
	{"manager", groupSDK, "github.com/aws/aws-sdk-go-v2/feature/s3/manager", openManager, transfers},
	{"gocloud", groupSDK, "gocloud.dev", openGoCloud, []string{workUpload, workStream, workMemory, workPut, workGet}},
	{"minio-go", groupGo, "github.com/minio/minio-go/v7", openMinio, []string{workUpload, workStream, workMemory, workPut, workGet}},
}

// isTunable reports whether a client is also measured as it is tuned.
func isTunable(name string, s *scenario) bool {
	for _, p := range peers {
		if p.name == name {
			return slices.Contains(p.tunes, s.work) && (s.atOnce != 1)
		}
	}
	inPython := []string{workUpload, workDownload, workStream, workPut, workGet}
	return name == "boto3" && slices.Contains(inPython, s.work) && s.atOnce != 1
}

// Keys that the server takes as any others.
const (
	accessKey = "AKIABENCHMARK"
	secretKey = "bench-secret-example"
	region    = "us-east-1"
)

// newTransport returns net/http's defaults, but with a connection kept for each
// request in flight. The clients' defaults keep 2 to 16 connections.
func newTransport() *http.Transport {
	transport, _ := http.DefaultTransport.(*http.Transport)
	transport = transport.Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = tunedConnections, tunedConnections
	transport.IdleConnTimeout = time.Minute
	transport.DisableCompression = true
	return transport
}
