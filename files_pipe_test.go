// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPipeInPlaceOfAFile checks that a pipe without a writer is an error at once, in
// place of any of the files.
func TestPipeInPlaceOfAFile(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	testkit.FIFO(t, pipe)

	for name, loader := range map[string]ConfigLoader{
		"-c":                  {Path: pipe},
		"LITHOPS_CONFIG_FILE": loaderAt(t, map[string]string{"LITHOPS_CONFIG_FILE": pipe}, nil),
	} {
		_, err := loader.Load()
		require.ErrorIs(t, err, openfiles.ErrNotRegular, name)
		assert.ErrorContains(t, err, pipe+": is a pipe, not a regular file", name)
	}
	searched := loaderAt(t, nil, nil)
	testkit.FIFO(t, filepath.Join(searched.dir, ".lithops_config"))
	_, err := searched.Load()
	require.ErrorIs(t, err, openfiles.ErrNotRegular)

	for name, env := range map[string]map[string]string{
		"AWS_CONFIG_FILE":             {"AWS_CONFIG_FILE": pipe},
		"AWS_SHARED_CREDENTIALS_FILE": {"AWS_SHARED_CREDENTIALS_FILE": pipe},
		"AWS_CREDENTIAL_FILE":         {"AWS_CREDENTIAL_FILE": pipe},
		"BOTO_CONFIG":                 {"BOTO_CONFIG": pipe},
		"AWS_WEB_IDENTITY_TOKEN_FILE": {"AWS_WEB_IDENTITY_TOKEN_FILE": pipe, "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r"},
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": {
			"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": pipe, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/x",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scenario{Env: env, Lithops: map[string]json.RawMessage{"aws": json.RawMessage(`{"region":"eu-west-1"}`)}}
			_, lookup := s.lay(t, "")
			_, _, err := s.open(t, lookup, func(*session) {})
			require.ErrorIs(t, err, openfiles.ErrNotRegular)
			assert.ErrorContains(t, err, pipe)
		})
	}
	t.Run("AWS_CA_BUNDLE", func(t *testing.T) {
		t.Parallel()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://127.0.0.1:1", http.NoBody)
		require.NoError(t, err)
		_, err = s3http.NewTransport(s3http.Options{CABundle: pipe}).RoundTrip(request)
		require.ErrorIs(t, err, openfiles.ErrNotRegular)
	})
	t.Run("the null device is an empty file", func(t *testing.T) {
		t.Parallel()
		s := scenario{Env: map[string]string{"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}}
		_, lookup := s.lay(t, "")
		_, identity, err := s.open(t, lookup, func(*session) {})
		require.NoError(t, err)
		assert.Equal(t, "AK", identity.AccessKeyID)
	})
}
