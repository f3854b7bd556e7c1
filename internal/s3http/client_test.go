// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStalledBody checks that a server that stops in the middle of a body is given up
// after ten seconds, and that a slow one that keeps sending is not.
func TestStalledBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, pause := range []time.Duration{9 * time.Second, 11 * time.Second} {
			reader, writer := io.Pipe()
			client := &Client{Peer: &Peer{}, Transport: testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
				context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
				return &http.Response{StatusCode: http.StatusOK, Body: reader, Request: r}, nil
			})}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:1/", http.NoBody)
			require.NoError(t, err)
			response, err := client.Do(request)
			require.NoError(t, err)
			var group sync.WaitGroup
			group.Go(func() {
				for range 5 {
					time.Sleep(pause)
					if _, err := writer.Write([]byte("x")); err != nil {
						return
					}
				}
				_ = writer.Close()
			})
			data, err := io.ReadAll(response.Body)
			if pause < IOTimeout {
				require.NoError(t, err)
				assert.Equal(t, "xxxxx", string(data))
			} else {
				require.ErrorIs(t, err, ErrStalled)
			}
			require.NoError(t, response.Body.Close())
			group.Wait()
		}
	})
}

// TestStallAfterManyReads checks that each read has the whole of the timeout, whenever
// the timer was set, and that time between reads, which is the caller's, is not counted.
func TestStallAfterManyReads(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ server, caller time.Duration }{
		"the server pauses":      {9 * time.Second, 0},
		"the caller pauses":      {0, time.Hour},
		"the caller pauses less": {0, 7 * time.Second},
		"both pause":             {7 * time.Second, 8 * time.Second},
		"the timer fires too":    {0, IOTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				reader := &pausingReader{ctx: ctx, pause: test.server}
				body := &stallBody{ReadCloser: reader, ctx: ctx, cancel: cancel, timeout: IOTimeout, opened: time.Now()}
				for range 5 {
					_, err := body.Read(make([]byte, 1))
					require.NoError(t, err)
					time.Sleep(test.caller)
				}
				reader.pause = time.Minute
				began := time.Now()
				_, err := body.Read(make([]byte, 1))
				require.ErrorIs(t, err, ErrStalled)
				assert.Equal(t, IOTimeout, time.Since(began))
				require.NoError(t, body.Close())
				require.Error(t, ctx.Err())
			})
		})
	}
}

// A pausingReader has a byte after each pause.
type pausingReader struct {
	ctx   context.Context
	pause time.Duration
}

// Read waits.
func (r *pausingReader) Read(p []byte) (int, error) {
	if err := Sleep(r.ctx, r.pause); err != nil {
		return 0, err
	}
	return copy(p, "x"), nil
}

// Close does nothing.
func (*pausingReader) Close() error { return nil }

// TestRequestBodyIsNotClosedUnderTheAnswer shows the SDK's race that httpClient
// works around: smithy-go closes a request's body as soon as the answer is there,
// and then its WriteTo answers io.EOF as an error. net/http, which calls it to see
// whether there is more than it promised, takes that for a broken body and closes
// the connection under the unread answer. closedBody is such a body, without the
// luck that a race needs: the answer's body comes when net/http has written the
// request, or has closed the connection because it could not.
func TestRequestBodyIsNotClosedUnderTheAnswer(t *testing.T) {
	t.Parallel()
	ask := func(send func(*http.Request) (*http.Response, error)) (string, error) {
		written := make(chan struct{}) // without an error
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.(http.Flusher).Flush()
			select {
			case <-written:
			case <-r.Context().Done():
			}
			_, _ = io.WriteString(w, "answer")
		}))
		t.Cleanup(server.Close)
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				close(written)
			}
		}})
		request, err := http.NewRequestWithContext(ctx, http.MethodPut, server.URL, &closedBody{strings.NewReader("body")})
		require.NoError(t, err)
		request.ContentLength = 4
		response, err := send(request)
		if err != nil {
			return "", err
		}
		defer func() { _ = response.Body.Close() }()
		data, err := io.ReadAll(response.Body)
		return string(data), err
	}
	transport := NewTransport(Options{Timeout: IOTimeout})
	t.Cleanup(transport.CloseIdleConnections)
	_, err := ask(transport.RoundTrip)
	require.Error(t, err, "net/http alone fails; if it no longer does, the workaround can go")
	answer, err := ask((&Client{Peer: &Peer{}, Transport: transport}).Do)
	require.NoError(t, err)
	assert.Equal(t, "answer", answer)
}

// closedBody gives its bytes by Read, and by WriteTo what smithy-go's closed body does.
type closedBody struct{ io.Reader }

func (b *closedBody) Close() error { return nil }

func (b *closedBody) WriteTo(io.Writer) (int64, error) { return 0, io.EOF }

func TestCertificateBundle(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	t.Cleanup(server.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(bundle, certificate, 0o600))
	garbage := filepath.Join(t.TempDir(), "garbage.pem")
	require.NoError(t, os.WriteFile(garbage, []byte("nothing"), 0o600))
	for path, want := range map[string]string{
		bundle: "", "": "certificate", filepath.Join(t.TempDir(), "none.pem"): "the certificate bundle", garbage: "has no certificate",
	} {
		transport := NewTransport(Options{Timeout: IOTimeout, CABundle: path})
		defer transport.CloseIdleConnections()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		require.NoError(t, err)
		response, err := transport.RoundTrip(request)
		if want != "" {
			require.ErrorContains(t, err, want)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
}

// TestReadsAllocateNothing checks that the reads of a body share one timer.
func TestReadsAllocateNothing(t *testing.T) {
	_, cancel := context.WithCancelCause(t.Context())
	body := &stallBody{ReadCloser: io.NopCloser(zeros{}), ctx: t.Context(), cancel: cancel, timeout: time.Minute, opened: time.Now()}
	buffer := make([]byte, 16<<10)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = body.Read(buffer) }))
	require.NoError(t, body.Close())
}
