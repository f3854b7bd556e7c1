// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var customerKey = NewSecret(strings.Repeat("k", 32))

// optionHeaders are the options of a put, each with its headers: those of the request
// that makes the object, and with more than one request of others too.
var optionHeaders = map[string]struct {
	set     func(*PutOptions)
	headers map[string]string
	// parts is whether the requests for parts have them too.
	parts bool
}{
	"StorageClass":         {set: func(o *PutOptions) { o.StorageClass = "STANDARD_IA" }, headers: map[string]string{"X-Amz-Storage-Class": "STANDARD_IA"}},
	"ServerSideEncryption": {set: func(o *PutOptions) { o.ServerSideEncryption = "AES256" }, headers: map[string]string{"X-Amz-Server-Side-Encryption": "AES256"}},
	"SSEKMSKeyID": {set: func(o *PutOptions) { o.SSEKMSKeyID = "alias/a" }, headers: map[string]string{
		"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "alias/a",
	}},
	"SSECustomerKey": {set: func(o *PutOptions) { o.SSECustomerKey = customerKey }, parts: true, headers: map[string]string{
		"X-Amz-Server-Side-Encryption-Customer-Algorithm": "AES256",
		"X-Amz-Server-Side-Encryption-Customer-Key":       "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
		"X-Amz-Server-Side-Encryption-Customer-Key-Md5":   "mT2HRsMGJ5IX5C+0rreZ8Q==",
	}},
	"Tags":               {set: func(o *PutOptions) { o.Tags = map[string]string{"b": "2 3", "a": "1&"} }, headers: map[string]string{"X-Amz-Tagging": "a=1%26&b=2+3"}},
	"CacheControl":       {set: func(o *PutOptions) { o.CacheControl = "no-cache" }, headers: map[string]string{"Cache-Control": "no-cache"}},
	"ContentEncoding":    {set: func(o *PutOptions) { o.ContentEncoding = "gzip" }, headers: map[string]string{"Content-Encoding": "gzip"}},
	"ContentDisposition": {set: func(o *PutOptions) { o.ContentDisposition = "inline" }, headers: map[string]string{"Content-Disposition": "inline"}},
	"ContentType":        {set: func(o *PutOptions) { o.ContentType = "text/x" }, headers: map[string]string{"Content-Type": "text/x"}},
	"Metadata":           {set: func(o *PutOptions) { o.Metadata = map[string]string{"a": "b"} }, headers: map[string]string{"X-Amz-Meta-A": "b"}},
}

// A headerServer takes every put, and keeps the headers of each kind of request.
type headerServer struct {
	mu   sync.Mutex
	seen map[string]http.Header
}

func (h *headerServer) RoundTrip(r *http.Request) (*http.Response, error) {
	query := r.URL.Query()
	kind, body := r.Method, ""
	header := http.Header{"Etag": {`"e"`}}
	switch {
	case query.Has("uploads"):
		kind, body = "create", "<InitiateMultipartUploadResult><UploadId>x</UploadId></InitiateMultipartUploadResult>"
	case query.Has("partNumber"):
		kind = "part"
	case query.Has("uploadId"):
		kind, body = "complete", "<CompleteMultipartUploadResult/>"
	case r.Method == http.MethodGet:
		body = "x"
	case r.Method == http.MethodHead:
		header.Set("Content-Length", "1")
	}
	h.mu.Lock()
	h.seen[kind] = r.Header.Clone()
	h.mu.Unlock()
	return answer(r, 200, header, body), nil
}

func (h *headerServer) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = map[string]http.Header{}
}

func requireHeaders(t *testing.T, seen http.Header, want map[string]string, label string) {
	t.Helper()
	require.NotNil(t, seen, label)
	for name, value := range want {
		assert.Contains(t, strings.Join(seen.Values(name), ","), value, "%s: %s", label, name)
	}
}

// TestEveryPutOptionArrives in each request that it concerns, by both paths, the first
// time and when the fast path has learned. A new field of PutOptions fails it until it
// is in the table.
func TestEveryPutOptionArrives(t *testing.T) {
	t.Parallel()
	for i := range reflect.TypeFor[PutOptions]().NumField() {
		name := reflect.TypeFor[PutOptions]().Field(i).Name
		_, isListed := optionHeaders[name]
		assert.True(t, isListed || slices.Contains([]string{"IfAbsent", "IfMatch", "Progress", "Parallel"}, name), "%s is in no table: does it arrive?", name)
	}
	for _, sdkOnly := range []bool{false, true} {
		server := &headerServer{seen: map[string]http.Header{}}
		store := hastyStore(t, "http://127.0.0.1:1", server)
		store.fast.SDKOnly = sdkOnly
		store.pace.scale = SmallScale
		for round := range 3 {
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), nil))
			for name, option := range optionHeaders {
				label := fmt.Sprintf("%s, %d, %v", name, round, sdkOnly)
				opts := &PutOptions{}
				option.set(opts)
				server.reset()
				require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), opts), label)
				requireHeaders(t, server.seen["PUT"], option.headers, label)
				if round > 0 {
					continue
				}
				stream := struct{ *strings.Reader }{strings.NewReader(strings.Repeat("x", 17<<20/SmallScale))}
				require.NoError(t, store.PutObject(t.Context(), "bucket", "key", stream, opts), label)
				requireHeaders(t, server.seen["create"], option.headers, label)
				for _, kind := range []string{"part", "complete"} {
					if option.parts {
						requireHeaders(t, server.seen[kind], option.headers, label+" "+kind)
					}
				}
			}
		}
	}
}

// TestEveryFieldIsOneOfTheInputs checks that each option of a put or copy is a field of
// all inputs that make an object, so that none is lost.
func TestEveryFieldIsOneOfTheInputs(t *testing.T) {
	t.Parallel()
	opts := &PutOptions{}
	for _, option := range optionHeaders {
		option.set(opts)
	}
	for _, field := range opts.fields() {
		for _, input := range []reflect.Type{reflect.TypeFor[s3.PutObjectInput](), reflect.TypeFor[s3.CreateMultipartUploadInput](), reflect.TypeFor[s3.CopyObjectInput]()} {
			_, ok := input.FieldByName(field.name)
			assert.True(t, ok, "%s has no %s", input, field.name)
		}
	}
	get := &GetOptions{VersionID: "v", SSECustomerKey: customerKey}
	for _, field := range get.fields() {
		for _, input := range []reflect.Type{reflect.TypeFor[s3.GetObjectInput](), reflect.TypeFor[s3.HeadObjectInput]()} {
			_, ok := input.FieldByName(field.name)
			assert.True(t, ok, "%s has no %s", input, field.name)
		}
	}
	copying := &CopyOptions{Source: *get, ReplaceMetadata: true, PutOptions: PutOptions{Tags: map[string]string{"a": "b"}}}
	for _, field := range copying.fields() {
		_, ok := reflect.TypeFor[s3.CopyObjectInput]().FieldByName(field.name)
		assert.True(t, ok, "%s", field.name)
	}
}

// TestGetOptionsArrive at gets and heads.
func TestGetOptionsArrive(t *testing.T) {
	t.Parallel()
	want := optionHeaders["SSECustomerKey"].headers
	for _, sdkOnly := range []bool{false, true} {
		server := &headerServer{seen: map[string]http.Header{}}
		store := hastyStore(t, "http://127.0.0.1:1", server)
		store.fast.SDKOnly = sdkOnly
		for range 3 {
			for _, r := range []*ByteRange{nil, {Length: 0}} { // the second asks with a HEAD
				object, err := store.GetObject(t.Context(), "bucket", "key", &GetOptions{SSECustomerKey: customerKey, VersionID: "v", Range: r})
				require.NoError(t, err)
				require.NoError(t, object.Body.Close())
			}
			requireHeaders(t, server.seen["GET"], want, "get")
			requireHeaders(t, server.seen["HEAD"], want, "head")
			_, err := store.GetObject(t.Context(), "bucket", "key", nil)
			require.NoError(t, err)
		}
		_, err := store.GetObject(t.Context(), "bucket", "key", &GetOptions{SSECustomerKey: NewSecret("short")})
		require.ErrorContains(t, err, "32")
		require.ErrorContains(t, store.PutObject(t.Context(), "bucket", "key", nil, &PutOptions{SSECustomerKey: NewSecret("short")}), "32")
	}
}

// TestCustomize reaches every request, and the owner stays demanded.
func TestCustomize(t *testing.T) {
	t.Parallel()
	for _, sdkOnly := range []bool{false, true} {
		server := &headerServer{seen: map[string]http.Header{}}
		store := hastyStore(t, "http://127.0.0.1:1", server)
		store.fast.SDKOnly = sdkOnly
		store.pace.scale = SmallScale
		var mu sync.Mutex
		operations := map[string]int{}
		store.s3.RequesterPays = true
		store.s3.Customize = func(operation string, input any) {
			mu.Lock()
			defer mu.Unlock()
			operations[operation]++
			lock := "ON"
			switch in := input.(type) {
			case *s3.PutObjectInput:
				in.ObjectLockLegalHoldStatus, in.Metadata["added"] = "ON", "yes"
			case *s3.CreateMultipartUploadInput:
				in.ObjectLockLegalHoldStatus, in.Metadata["added"] = "ON", "yes"
			case *s3.GetObjectInput:
				in.ResponseContentLanguage = &lock
			}
		}
		shared := &PutOptions{Metadata: map[string]string{"a": "b"}} // by puts at the same time
		want := map[string]string{"X-Amz-Object-Lock-Legal-Hold": "ON", "X-Amz-Request-Payer": "requester", "X-Amz-Meta-A": "b", "X-Amz-Meta-Added": "yes"}
		for range 3 {
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), shared))
			requireHeaders(t, server.seen["PUT"], want, "put")
		}
		stream := struct{ *strings.Reader }{strings.NewReader(strings.Repeat("x", 17<<20/SmallScale))}
		require.NoError(t, store.PutObject(t.Context(), "bucket", "key", stream, shared))
		requireHeaders(t, server.seen["create"], want, "create")
		assert.Equal(t, map[string]string{"a": "b"}, shared.Metadata, "which stays the caller's")
		requireHeaders(t, server.seen["part"], map[string]string{"X-Amz-Request-Payer": "requester"}, "part")
		_, err := store.ReadObject(t.Context(), "bucket", "key", 0)
		require.NoError(t, err)
		assert.Equal(t, 3, operations["PutObject"])
		assert.Equal(t, 1, operations["CreateMultipartUpload"])
		assert.Equal(t, 1, operations["CompleteMultipartUpload"])
		assert.Positive(t, operations["UploadPart"])
		assert.Equal(t, 1, operations["GetObject"])
	}
}
