// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/require"
)

// BenchmarkTransferTLS measures transfers of 64 MiB over TLS on loopback, with the
// server's part: a file down and up.
func BenchmarkTransferTLS(b *testing.B) {
	const size = 64 << 20
	data := bytes.NewReader(make([]byte, size))
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"e"`)
		switch {
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(data, 0, size))
		case r.URL.Query().Has("uploads"):
			_, _ = fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>")
		case r.Method == http.MethodPost:
			_, _ = fmt.Fprint(w, "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>")
		default:
			_, _ = io.Copy(io.Discard, r.Body)
		}
	}))
	b.Cleanup(server.Close)
	store := storeOverTLS(b, server)
	path := filepath.Join(b.TempDir(), "file")
	for name, transfer := range map[string]func() error{
		"down": func() error { return store.DownloadFile(b.Context(), "bucket", "key", path, nil) },
		"up": func() error {
			return store.PutObject(b.Context(), "bucket", "key", io.NewSectionReader(data, 0, size), nil)
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(size)
			for b.Loop() {
				require.NoError(b, transfer())
			}
		})
	}
}

// storeOverTLS opens a Store at a server whose certificate it knows.
func storeOverTLS(tb testing.TB, server *httptest.Server) *Store {
	tb.Helper()
	roots := filepath.Join(tb.TempDir(), "ca.pem")
	require.NoError(tb, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	store, err := New(tb.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, &Options{
		Endpoint: server.URL, LookupEnv: testkit.Env(map[string]string{"AWS_CA_BUNDLE": roots}),
	})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, store.Close()) })
	return store
}
