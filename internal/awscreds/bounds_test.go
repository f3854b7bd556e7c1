// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFilesAreBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "large")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", MaxFile+1)), 0o600))
	_, err := fromEC2File(testkit.Env(map[string]string{"AWS_CREDENTIAL_FILE": path}))
	require.ErrorContains(t, err, "larger than")
	_, err = containerToken(testkit.Env(map[string]string{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path}))
	require.ErrorContains(t, err, "larger than")
	if runtime.GOOS != "windows" {
		_, err = openfiles.Read("/dev/zero", MaxFile)
		require.ErrorIs(t, err, openfiles.ErrNotRegular)
	}
}

type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestMetadataIsBounded covers a metadata service that answers without end, and one that
// redirects.
func TestMetadataIsBounded(t *testing.T) {
	t.Parallel()
	var read atomic.Int64
	var asked atomic.Int64
	redirects := false
	metadata := &Metadata{
		Sleep: func(context.Context, time.Duration) error { return nil },
		Transport: testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
			asked.Add(1)
			if r.URL.Host != "127.0.0.1:1" {
				return nil, errors.New("elsewhere")
			}
			response := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(counted{zeros{}, &read}), Request: r}
			if redirects {
				response.StatusCode, response.Body = http.StatusTemporaryRedirect, http.NoBody
				response.Header.Set("Location", "http://127.0.0.1:2/stolen")
			}
			return response, nil
		}),
	}
	env := testkit.Env(map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/x"})
	for range 2 {
		_, err := metadata.container(t.Context(), env)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "elsewhere")
		_, err = metadata.instance(t.Context(), awsconfig.Metadata{Endpoint: "http://127.0.0.1:1", Attempts: 1, Timeout: time.Minute})
		var reason skip
		require.ErrorAs(t, err, &reason)
		redirects = true
	}
	assert.LessOrEqual(t, read.Load(), asked.Load()*(maxAnswer+1<<20))
}

// TestFilesAreOnesOwn checks that only this user can read the renewed token, whatever
// the old file's permissions were.
func TestFilesAreOnesOwn(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such permissions")
	}
	home := t.TempDir()
	folder := filepath.Join(home, ".aws", "sso", "cache")
	path := filepath.Join(folder, "a0f1490a20d0211c997b44bc357e1972deab8ae3.json") // SHA-1 of "s"
	require.NoError(t, os.MkdirAll(folder, 0o755))
	require.NoError(t, os.WriteFile(path, []byte(`{"accessToken":"a","expiresAt":"2040-01-01T00:00:00Z"}`), 0o644))
	token, err := loadSSOToken(folder, "s")
	require.NoError(t, err)
	token.renewed("b", "c", time.Now())
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}
