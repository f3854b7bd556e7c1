// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The waits between six attempts are below 1, 2, 4, 8 and 16 seconds.
const longestBackoff = 31 * time.Second

// TestSilentServerTimesOut checks how long a server may send nothing, and how long all
// attempts take. The network is a pipe, so that the time is synthetic.
func TestSilentServerTimesOut(t *testing.T) {
	t.Parallel()
	for name, hear := range map[string]func(net.Conn){
		"it hears and does not answer": func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) },
		"it does not even hear":        func(net.Conn) {},
		"half of a head": func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1<<16))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nConte")
			_, _ = io.Copy(io.Discard, conn)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var dials atomic.Int64
				transport := s3http.NewTransport(s3http.Options{Timeout: s3http.IOTimeout, Dial: func(context.Context, string, string) (net.Conn, error) {
					dials.Add(1)
					client, server := net.Pipe()
					go hear(server)
					return client, nil
				}})
				store := bubbleStore(t, transport)
				began := time.Now()
				err := store.PutObject(t.Context(), "bucket", "key", strings.NewReader("body"), nil)
				require.Error(t, err)
				assert.EqualValues(t, s3client.Attempts, dials.Load(), "%v", err)
				assert.GreaterOrEqual(t, time.Since(began), s3client.Attempts*s3http.IOTimeout)
				assert.Less(t, time.Since(began), s3client.Attempts*s3http.IOTimeout+longestBackoff)
				transport.CloseIdleConnections()
			})
		})
	}
}

func bubbleStore(t *testing.T, transport http.RoundTripper) *Store {
	t.Helper()
	store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, &Options{
		Endpoint: "http://127.0.0.1:1", Transport: transport, LookupEnv: func(string) (string, bool) { return "", false },
	})
	require.NoError(t, err)
	return store
}

// TestRetryTime checks that a server that is away for all of six attempts costs half a
// minute at most, and a cancel in between ends the wait at once.
func TestRetryTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := bubbleStore(t, roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}))
		for range 50 {
			began := time.Now()
			_, err := store.HeadObject(t.Context(), "bucket", "key")
			require.Error(t, err)
			assert.Less(t, time.Since(began), longestBackoff)

			began = time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			_, err = store.HeadObject(ctx, "bucket", "key")
			cancel()
			require.Error(t, err)
			assert.LessOrEqual(t, time.Since(began), time.Millisecond)
		}
	})
}
