// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// A client is one of the libraries that are compared, used as its documentation
// says. Its methods are safe for concurrent use.
type client interface {
	put(ctx context.Context, bucket, key string, data []byte) error
	get(ctx context.Context, bucket, key string) ([]byte, error)
	uploadFile(ctx context.Context, path, bucket, key string) error
	uploadStream(ctx context.Context, r io.Reader, bucket, key string) error
	downloadFile(ctx context.Context, bucket, key, path string) error
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
	groupSDK   = "sdk"   // built on aws-sdk-go-v2
	groupGo    = "go"
	groupOther = "other"
)

// A peer is a client that can be opened in a process of its own.
type peer struct {
	name   string
	group  string
	module string // whose version the report gives
	open   func(ctx context.Context, endpoint string, job *job) (client, error)
}

var peers = []peer{
	{"lithopss3", groupOwn, "github.com/lithops-go/lithopss3", openLithops},
	{"net/http", groupFloor, "", openHTTP},
	{"aws-sdk-go-v2", groupSDK, "github.com/aws/aws-sdk-go-v2/service/s3", openSDK},
	{"transfermanager", groupSDK, "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager", openTransferManager},
	{"manager", groupSDK, "github.com/aws/aws-sdk-go-v2/feature/s3/manager", openManager},
	{"gocloud", groupSDK, "gocloud.dev", openGoCloud},
	{"minio-go", groupGo, "github.com/minio/minio-go/v7", openMinio},
}

// Keys that the server takes as any others.
const (
	accessKey = "AKIABENCHMARK"
	secretKey = "bench-secret-example"
	region    = "us-east-1"
)

// newTransport returns the transport of every client except this package's: net/http's
// defaults, but it keeps a connection for each request in flight. The clients'
// defaults keep 2 to 16 connections, which would measure handshakes.
func newTransport() *http.Transport {
	transport, _ := http.DefaultTransport.(*http.Transport)
	transport = transport.Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 128, 128
	transport.IdleConnTimeout = time.Minute
	transport.DisableCompression = true
	return transport
}
