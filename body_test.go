// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/lithops-go/lithopss3/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// breakingServer serves one object and breaks the first bodies.
func breakingServer(t *testing.T, data []byte, breaks int, how func(w http.ResponseWriter)) *lithopss3.Store {
	t.Helper()
	var broken atomic.Int64
	calls := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || broken.Add(1) > int64(breaks) {
			return false
		}
		var offset int
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &offset)
		status := http.StatusOK
		if r.Header.Get("Range") != "" {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", offset, len(data)-1, len(data)))
			status = http.StatusPartialContent
		}
		w.Header().Set("ETag", `"e1"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(data)-offset))
		w.WriteHeader(status)
		_, _ = w.Write(data[offset : offset+(len(data)-offset)/2])
		w.(http.Flusher).Flush()
		how(w)
		return true
	}}
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap})
	return openStore(t, server, configOf(alice, "us-east-1"))
}

// TestBodyResumes checks that a connection that breaks in the middle of a body costs a
// request, not the body.
func TestBodyResumes(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 100_000)
	store := breakingServer(t, data, 4, func(http.ResponseWriter) { panic(http.ErrAbortHandler) })
	object, err := store.GetObject(t.Context(), "bucket", "key", nil)
	require.NoError(t, err)
	var got bytes.Buffer
	_, err = io.CopyN(&got, object.Body, int64(len(data)/2)) // what the first connections gave
	require.NoError(t, err)
	rest, err := io.ReadAll(object.Body)
	// The server does not have the object: the fifth request, which is not broken, says so.
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Equal(t, data[:got.Len()+len(rest)], append(got.Bytes(), rest...))
	assert.Greater(t, got.Len()+len(rest), len(data)*9/10, "each of four connections gave half of what was left")
	require.NoError(t, object.Body.Close())
	_, err = object.Body.Read(make([]byte, 1))
	require.ErrorIs(t, err, lithopss3.ErrClosed)
}

// TestBodyAttempts checks how often in a row a body may break: a byte that comes begins to count
// anew.
func TestBodyAttempts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		comes map[int64]bool // requests that give a byte
		want  string
		gets  int64
	}{
		"never a byte":     {nil, "broke off 6 times at byte 0 of 4", 6},
		"one in the third": {map[int64]bool{3: true}, "broke off 6 times at byte 1 of 4", 8},
		"one in the sixth": {map[int64]bool{6: true}, "broke off 6 times at byte 1 of 4", 11},
	} {
		var gets atomic.Int64
		calls := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet {
				return false
			}
			get := gets.Add(1)
			offset := 0
			status := http.StatusOK
			if asked := r.Header.Get("Range"); asked != "" {
				_, _ = fmt.Sscanf(asked, "bytes=%d-", &offset)
				status = http.StatusPartialContent
				w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-3/4", offset))
			}
			w.Header().Set("ETag", `"e1"`)
			w.Header().Set("Content-Length", fmt.Sprint(4-offset))
			w.WriteHeader(status)
			if test.comes[get] {
				_, _ = w.Write([]byte("x"))
			}
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}}
		server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap})
		config, err := lithopss3.ParseConfig([]byte(configOf(alice, "us-east-1")))
		require.NoError(t, err)
		env := map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()}
		store, err := lithopss3.New(t.Context(), config, lithopss3.InNoTime(&lithopss3.Options{LookupEnv: testkit.Env(env)}, patient))
		require.NoError(t, err)
		object, err := store.GetObject(t.Context(), "bucket", "key", nil)
		require.NoError(t, err, name)
		_, err = io.ReadAll(object.Body)
		require.ErrorContains(t, err, test.want, name)
		assert.Equal(t, test.gets, gets.Load(), name)
		require.NoError(t, object.Body.Close())
		require.NoError(t, object.Body.Close(), "once more")
		require.NoError(t, store.Close())
	}
}

// TestBodyOfChangedObject checks that the bytes after a broken connection are of the same
// object.
func TestBodyOfChangedObject(t *testing.T) {
	t.Parallel()
	var gets atomic.Int64
	calls := &recorder{answer: func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || gets.Add(1) > 1 {
			return false
		}
		w.Header().Set("ETag", `"of-the-first-version"`)
		w.Header().Set("Content-Length", "10")
		_, _ = fmt.Fprint(w, "first")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}}
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}, Wrap: calls.wrap})
	store := openStore(t, server, configOf(alice, "us-east-1"))
	require.NoError(t, store.CreateBucket(t.Context(), "bucket"))
	for _, second := range []string{"2nd second", "2nd"} { // the latter has no such range
		gets.Store(0)
		require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader(second), nil))
		object, err := store.GetObject(t.Context(), "bucket", "key", nil)
		require.NoError(t, err)
		data, err := io.ReadAll(object.Body)
		require.ErrorIs(t, err, lithopss3.ErrPrecondition)
		assert.Equal(t, "first", string(data))
		require.NoError(t, object.Body.Close())
	}
}

func checksumOf(t *testing.T, header string, data []byte) string {
	t.Helper()
	var sum hash.Hash
	switch header {
	case "X-Amz-Checksum-Crc32":
		sum = crc32.NewIEEE()
	case "X-Amz-Checksum-Crc64nvme":
		sum = crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5))
	case "X-Amz-Checksum-Sha256":
		sum = sha256.New()
	}
	_, _ = sum.Write(data)
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// TestBodyChecksum checks that a body that broke off is compared as a whole.
func TestBodyChecksum(t *testing.T) {
	t.Parallel()
	data := testkit.Bytes(3 * unit)
	for _, flip := range []bool{false, true} {
		store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(request)
			switch {
			case err != nil || request.Method != http.MethodGet:
			case rangeStart(request) < 0:
				response.Body = &brokenBody{response.Body, unit + 3, &resetError{}}
			case flip:
				response.Body = &flippedBody{response.Body, 10}
			}
			return response, err
		})
		putWhole(t, store, "key", data)
		object, err := store.GetObject(t.Context(), "bucket", "key", nil)
		require.NoError(t, err)
		stored := make([]byte, len(data))
		_, err = io.ReadFull(object.Body, stored) // which never asks for the end
		if flip {
			require.ErrorIs(t, err, lithopss3.ErrChecksum)
		} else {
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, stored))
		}
		require.NoError(t, object.Body.Close())
	}
}

// TestBodyOfClosedConnections has a body break off, and the requests for its rest meet
// connections that the server closes, which is io.EOF below. That is not the body's end.
func TestBodyOfClosedConnections(t *testing.T) {
	t.Parallel()
	var isGone atomic.Bool
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if isGone.Load() {
			return nil, io.EOF
		}
		response, err := next.RoundTrip(request)
		if err == nil && request.Method == http.MethodGet {
			isGone.Store(true)
			response.Body = &brokenBody{response.Body, 10, io.ErrUnexpectedEOF}
		}
		return response, err
	})
	putWhole(t, store, "key", testkit.Bytes(100))
	for name, read := range map[string]func(object *lithopss3.Object) error{
		"Read":    func(object *lithopss3.Object) error { return second(io.ReadAll(object.Body)) },
		"WriteTo": func(object *lithopss3.Object) error { return second(io.Copy(io.Discard, object.Body)) },
		"PutObject": func(object *lithopss3.Object) error {
			return memstore.New("bucket").PutObject(t.Context(), "bucket", "key", object.Body, nil)
		},
	} {
		isGone.Store(false)
		object, err := store.GetObject(t.Context(), "bucket", "key", nil)
		require.NoError(t, err)
		err = read(object)
		require.ErrorContains(t, err, "broke off at byte 10 of 100", name)
		assert.NotErrorIs(t, err, io.EOF, name)
		var known *lithopss3.Error
		require.ErrorAs(t, err, &known, name)
		require.NoError(t, object.Body.Close())
	}
}
