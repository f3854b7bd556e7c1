// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A wait is a setup in which a provider waits: for a server that does not answer,
// unless answers has something for its path, or for something that prepare replaces,
// which then calls reached.
type wait struct {
	setup
	answers func(w http.ResponseWriter, r *http.Request) bool
	prepare func(p *Providers, reached func())
}

func waits() map[string]wait {
	waitFor := func(reached func()) func(context.Context) error {
		return func(ctx context.Context) error {
			reached()
			<-ctx.Done()
			return ctx.Err()
		}
	}
	withMFA := ofRole
	withMFA.files = map[string]string{".aws/config": strings.Replace(roleProfile, "source_profile", "mfa_serial = arn:aws:iam::123456789012:mfa/me\nsource_profile", 1)}
	ofRoleOfProcess := ofRole
	ofRoleOfProcess.files = map[string]string{
		".aws/config": "[default]\nrole_arn = arn:aws:iam::123456789012:role/role\nsource_profile = base\n[profile base]\ncredential_process = {FETCH} {URL}\n",
	}
	return map[string]wait{
		"role": {setup: ofRole},
		"MFA code": {setup: withMFA, prepare: func(p *Providers, reached func()) {
			p.AskMFA = func(ctx context.Context, _ string) (string, error) { return "", waitFor(reached)(ctx) }
		}},
		"role of a process": {setup: ofRoleOfProcess},
		"web identity":      {setup: ofWebIdentity},
		"SSO":               {setup: ofSSO},
		"renewal of SSO":    {setup: ofExpiredSSO},
		"renewal of login":  {setup: ofLogin},
		"process":           {setup: ofProcess},
		"container":         {setup: ofContainer},
		"pause between attempts at a container": {setup: ofContainer, answers: func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}, prepare: func(p *Providers, reached func()) {
			p.Metadata.Sleep = func(ctx context.Context, _ time.Duration) error { return waitFor(reached)(ctx) }
		}},
		"token of an instance": {setup: ofInstance},
		"role of an instance": {setup: ofInstance, answers: func(_ http.ResponseWriter, r *http.Request) bool {
			return r.Method == http.MethodPut
		}},
		"keys of an instance": {setup: ofInstance, answers: func(w http.ResponseWriter, r *http.Request) bool {
			_, _ = w.Write([]byte("role"))
			return !strings.HasSuffix(r.URL.Path, "/role")
		}},
	}
}

// TestCancel checks that a cancel ends whatever a provider waits for, and is the error.
func TestCancel(t *testing.T) {
	t.Parallel()
	tested := slices.Clone(waitForNothing)
	for name, w := range waits() {
		tested = append(tested, w.provider)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.cancel(t)
		})
	}
	for _, provider := range everyProvider(noSettings()) {
		assert.Contains(t, tested, provider.Name)
	}
}

func (w *wait) cancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that the client has left
		if w.answers != nil && w.answers(response, r) {
			return
		}
		cancel()
		<-r.Context().Done()
		close(gone)
	}))
	t.Cleanup(server.Close)
	providers := w.providers(t, server.URL, &http.Transport{DisableKeepAlives: true})
	if w.prepare != nil {
		w.prepare(providers, func() { cancel(); close(gone) })
	}
	provider := providers.named(t, w.provider)
	_, err := provider.ask(ctx)
	require.ErrorIs(t, err, context.Canceled)
	<-gone // whatever waited has ended
}
