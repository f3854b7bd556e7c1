package lithopss3

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A waitingSource is a set-up in which a source of credentials waits: for a server
// that does not answer, unless answers has something for its path, or for something
// else, which then calls reached.
type waitingSource struct {
	source  string
	env     map[string]string
	files   map[string]string
	answers func(w http.ResponseWriter, r *http.Request) bool
	bend    func(s *session, reached func())
}

const (
	ssoProfile = "[default]\nsso_session = session\nsso_account_id = 111111111111\nsso_role_name = r\n[sso-session session]\nsso_region = us-east-1\nsso_start_url = http://start\n"
	ssoCache   = ".aws/sso/cache/fcbdc4c271c889825d8338d2d8f10b6e5e95c171.json" // the SHA-1 of "session"
)

func waitingSources() map[string]waitingSource {
	mfa := strings.Replace(roleProfile, "source_profile", "mfa_serial = arn:aws:iam::123456789012:mfa/me\nsource_profile", 1)
	container := map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{STUB}/container"}
	instance := map[string]string{"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "{STUB}", "AWS_METADATA_SERVICE_TIMEOUT": "600"}
	waits := func(_ *session, reached func()) func(context.Context) error {
		return func(ctx context.Context) error {
			reached()
			<-ctx.Done()
			return ctx.Err()
		}
	}
	return map[string]waitingSource{
		"role": {source: sourceAssumeRole, files: map[string]string{".aws/config": roleProfile}},
		"code": {source: sourceAssumeRole, files: map[string]string{".aws/config": mfa}, bend: func(s *session, reached func()) {
			s.env.askMFA = func(ctx context.Context, _ string) (string, error) { return "", waits(s, reached)(ctx) }
		}},
		"role of a process": {source: sourceAssumeRole, files: map[string]string{
			"p.py": "fetch {STUB}", ".aws/config": "[default]\nrole_arn = arn:aws:iam::123456789012:role/role\nsource_profile = base\n[profile base]\ncredential_process = {PY} {HOME}/p.py\n",
		}},
		"web identity": {
			source: sourceWebIdentity, files: map[string]string{"token": "token"},
			env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "{HOME}/token", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/role"},
		},
		"sso":            {source: sourceSSO, files: map[string]string{".aws/config": ssoProfile, ssoCache: `{"accessToken":"T","expiresAt":"2040-01-01T00:00:00Z"}`}},
		"renewal of sso": {source: sourceSSO, files: map[string]string{".aws/config": ssoProfile, ssoCache: `{"accessToken":"T","expiresAt":"1999-01-01T00:00:00Z","clientId":"c","clientSecret":"s","refreshToken":"r","registrationExpiresAt":"2040-01-01T00:00:00Z"}`}},
		"process":        {source: sourceProcess, files: map[string]string{"p.py": "fetch {STUB}", ".aws/config": "[default]\ncredential_process = {PY} {HOME}/p.py\n"}},
		"container":      {source: sourceContainer, env: container},
		"container's pause": {source: sourceContainer, env: container, answers: func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}, bend: func(s *session, reached func()) {
			s.env.metadata.Sleep = func(ctx context.Context, _ time.Duration) error { return waits(s, reached)(ctx) }
		}},
		"instance's token": {source: sourceInstance, env: instance},
		"instance's role": {source: sourceInstance, env: instance, answers: func(_ http.ResponseWriter, r *http.Request) bool {
			return r.Method == http.MethodPut
		}},
		"instance's keys": {source: sourceInstance, env: instance, answers: func(w http.ResponseWriter, r *http.Request) bool {
			_, _ = w.Write([]byte("role"))
			return !strings.HasSuffix(r.URL.Path, "/role")
		}},
	}
}

// waitingForNothing are the sources that wait for nothing: they read the
// environment and files. A new source is in this list, or in waitingSources.
var waitingForNothing = []string{sourceEnvironment, sourceCredentialsFile, sourceLogin, sourceConfigFile, sourceEC2File, sourceBotoFile}

// TestCancelOfSources: whatever a source waits for, a cancel ends the wait, and is
// the error.
func TestCancelOfSources(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the credential processes are for a shell")
	}
	tried := slices.Clone(waitingForNothing)
	for name, source := range waitingSources() {
		tried = append(tried, source.source)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source.cancel(t)
		})
	}
	for _, source := range newChain(&Config{}, &awsEnvironment{Environment: &awsconfig.Environment{}}).sources {
		assert.Contains(t, tried, source.name)
	}
}

func (s *waitingSource) cancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not hear that the client has left
		if s.answers != nil && s.answers(w, r) {
			return
		}
		cancel()
		<-r.Context().Done()
		close(gone)
	}))
	t.Cleanup(server.Close)
	c := scenario{Env: map[string]string{"AWS_ENDPOINT_URL": "{STUB}"}, Files: s.files, IMDS: true}
	for name, value := range s.env {
		c.Env[name] = value
	}
	_, lookup := c.lay(t, server.URL)
	store, err := New(t.Context(), &Config{Region: "eu-west-1"}, &Options{LookupEnv: lookup})
	require.NoError(t, err)
	if s.bend != nil {
		s.bend(store.session, func() { cancel(); close(gone) })
	}
	_, err = store.Identity(ctx)
	require.ErrorIs(t, err, context.Canceled)
	<-gone // whatever waited has ended
	require.NoError(t, store.Close())
}
