// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// storeOfServer opens a store whose server is a function.
func storeOfServer(t *testing.T, server tripper, change ...func(*lithopss3.Options)) *lithopss3.Store {
	t.Helper()
	opts := &lithopss3.Options{
		LookupEnv: testkit.Env(map[string]string{"HOME": t.TempDir()}), Endpoint: "http://127.0.0.1:1", Transport: &wire{trip: server},
	}
	for _, change := range change {
		change(opts)
	}
	store, err := lithopss3.New(t.Context(), &lithopss3.Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: lithopss3.NewSecret("SK")}, lithopss3.InNoTime(opts, patient))
	require.NoError(t, err)
	return store
}

func answer(request *http.Request, status int, header http.Header, body io.Reader) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	closer, ok := body.(io.ReadCloser)
	if !ok {
		closer = io.NopCloser(body)
	}
	response := &http.Response{StatusCode: status, Header: header, Body: closer, ContentLength: -1, Request: request, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if header.Get("Content-Length") == "" {
		response.TransferEncoding = []string{"chunked"}
	}
	return response
}

// rawServer answers each connection's request by hand, and is gone with the test.
func rawServer(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 16<<10))
			serve(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return "http://" + listener.Addr().String()
}

func storeOn(t *testing.T, url string) *lithopss3.Store {
	t.Helper()
	store, err := lithopss3.New(t.Context(), &lithopss3.Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: lithopss3.NewSecret("SK")}, lithopss3.InNoTime(&lithopss3.Options{
		LookupEnv: testkit.Env(map[string]string{"HOME": t.TempDir()}), Endpoint: url, STSEndpoint: url,
	}, patient))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

const mib = 1 << 20

// unit stands for a MiB in a store that cuts transfers small.
const unit = mib / lithopss3.SmallScale

// A tripper stands between a store and the network.
type tripper func(request *http.Request, next http.RoundTripper) (*http.Response, error)

type wire struct {
	next http.RoundTripper
	trip tripper
}

// RoundTrip calls the tripper.
func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	return w.trip(request, w.next)
}

// openWire opens a store whose requests to S3 go through trip, with a bucket "bucket".
// It cuts transfers as if a MiB were a unit.
func openWire(t *testing.T, trip tripper) *lithopss3.Store {
	t.Helper()
	return openWireWith(t, trip, lithopss3.InSmall(lithopss3.InHaste(&lithopss3.Options{}, patient)))
}

// openWireFull is openWire with the usual sizes of parts and chunks.
func openWireFull(t *testing.T, trip tripper) *lithopss3.Store {
	t.Helper()
	return openWireWith(t, trip, lithopss3.InHaste(&lithopss3.Options{}, patient))
}

func openWireWith(t *testing.T, trip tripper, opts *lithopss3.Options) *lithopss3.Store {
	t.Helper()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
	require.NoError(t, server.AddBucket("bucket", alice.Account, "us-east-1"))
	parsed, err := lithopss3.ParseConfig([]byte(configOf(alice, "us-east-1")))
	require.NoError(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	opts.LookupEnv = testkit.Env(map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()})
	opts.Transport = &wire{next: transport, trip: trip}
	store, err := lithopss3.New(t.Context(), parsed, opts)
	require.NoError(t, err)
	return store
}

func straight(request *http.Request, next http.RoundTripper) (*http.Response, error) {
	return next.RoundTrip(request)
}

// lose has the server serve a request and drops the answer.
func lose(request *http.Request, next http.RoundTripper) (*http.Response, error) {
	response, err := next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return nil, &resetError{}
}

// resetError looks to the SDK like the net.OpError of a reset.
type resetError struct{}

func (*resetError) Error() string { return "read: connection reset by peer" }

func (*resetError) ConnectionError() bool { return true }

func isPart(request *http.Request) bool {
	return request.Method == http.MethodPut && request.URL.Query().Has("partNumber")
}

// uploadsLeft returns how many uploads were neither completed nor aborted.
func uploadsLeft(t *testing.T, store *lithopss3.Store) int {
	t.Helper()
	bucket := "bucket"
	out, err := store.Client().ListMultipartUploads(context.Background(), &s3.ListMultipartUploadsInput{Bucket: &bucket})
	require.NoError(t, err)
	return len(out.Uploads)
}

// watched checks the promises of Progress.
type watched struct {
	t       *testing.T
	calling atomic.Bool
	calls   int
	last    lithopss3.Progress
}

func (w *watched) report(p lithopss3.Progress) {
	assert.False(w.t, w.calling.Swap(true), "reports one at a time")
	assert.GreaterOrEqual(w.t, p.Done, w.last.Done)
	if p.Total >= 0 {
		assert.LessOrEqual(w.t, p.Done, p.Total)
	}
	w.last = p
	w.calls++
	w.calling.Store(false)
}

func (w *watched) finished(size int64) {
	w.t.Helper()
	assert.Equal(w.t, lithopss3.Progress{Done: size, Total: size}, w.last)
	assert.LessOrEqual(w.t, int64(w.calls), size/(256<<10)+1, "cheap")
}

func (w *watched) failed() {
	w.t.Helper()
	assert.True(w.t, w.last.Total < 0 || w.last.Done < w.last.Total || w.last.Total == 0 && w.calls == 0, "never done: %+v", w.last)
}

// putWhole stores an object with one request, so that it has a checksum of the whole.
func putWhole(t *testing.T, store *lithopss3.Store, key string, data []byte) {
	t.Helper()
	bucket := "bucket"
	_, err := store.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(data)})
	require.NoError(t, err)
}

// brokenBody gives so many bytes and then fails.
type brokenBody struct {
	io.ReadCloser
	left int64
	err  error
}

func (b *brokenBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, b.err
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// flippedBody changes one byte.
type flippedBody struct {
	io.ReadCloser
	at int64
}

func (b *flippedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.at >= 0 && b.at < int64(n) {
		p[b.at] ^= 1
	}
	b.at -= int64(n)
	return n, err
}

var rangeHeader = regexp.MustCompile(`^bytes=(\d+)-(\d*)$`)

// rangeStart is where the range that a request asks for begins, -1 for none.
func rangeStart(request *http.Request) int64 {
	match := rangeHeader.FindStringSubmatch(request.Header.Get("Range"))
	if request.Method != http.MethodGet || match == nil {
		return -1
	}
	start, _ := strconv.ParseInt(match[1], 10, 64)
	return start
}

// endedBody calls a function at its end, once.
type endedBody struct {
	io.ReadCloser
	ended func()
	once  sync.Once
}

func (b *endedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.once.Do(b.ended)
	}
	return n, err
}

// openStore opens the storage of a configuration text against a server.
func openStore(t *testing.T, server *devs3.Server, config string) *lithopss3.Store {
	t.Helper()
	parsed, err := lithopss3.ParseConfig([]byte(config))
	require.NoError(t, err)
	env := map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()}
	store, err := lithopss3.New(t.Context(), parsed, lithopss3.Patiently(&lithopss3.Options{LookupEnv: testkit.Env(env)}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}
