// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAskMFA checks that the caller's function is asked for a code, and its error returned
// before a request is sent.
func TestAskMFA(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".aws"), 0o700))
	file := "[default]\n" + toSource("keys") + "mfa_serial = arn:aws:iam::123456789012:mfa/me\n[profile keys]\naws_access_key_id = AK\naws_secret_access_key = SK\n"
	require.NoError(t, os.WriteFile(filepath.Join(home, ".aws", "config"), []byte(file), 0o600))
	refused := errors.New("no code")
	store, err := New(t.Context(), &Config{Region: "us-east-1"}, &Options{
		LookupEnv: testkit.Env(map[string]string{"HOME": home}),
		Offline:   true,
		AskMFA: func(_ context.Context, serial string) (string, error) {
			assert.Equal(t, "arn:aws:iam::123456789012:mfa/me", serial)
			return "", refused
		},
	})
	require.NoError(t, err)
	_, err = store.Identity(t.Context())
	assert.ErrorIs(t, err, refused)
}
