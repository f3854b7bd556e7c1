package lithopss3

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// issued are the fields of an answer with credentials; an empty expires leaves the
// field out.
type issued struct{ id, secret, token, expires string }

// An answeringSource is a source of credentials that a service answers.
type answeringSource struct {
	source   string
	setup    waitingSource
	asked    string // the path that is answered oddly; others are answered well
	attempts int
	reads    func(issued) string
}

func answeringSources() map[string]answeringSource {
	sts := func(operation string) func(issued) string {
		return func(i issued) string {
			return fmt.Sprintf("<%[1]sResponse><%[1]sResult><Credentials><AccessKeyId>%[2]s</AccessKeyId><SecretAccessKey>%[3]s</SecretAccessKey><SessionToken>%[4]s</SessionToken>%[5]s</Credentials></%[1]sResult></%[1]sResponse>",
				operation, i.id, i.secret, i.token, optionalField("<Expiration>%s</Expiration>", i.expires))
		}
	}
	metadata := func(i issued) string {
		return fmt.Sprintf(`{"AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q%s}`, i.id, i.secret, i.token, optionalField(`,"Expiration":%q`, i.expires))
	}
	waiting := waitingSources()
	return map[string]answeringSource{
		"role":         {sourceAssumeRole, waiting["role"], "/", stsAttempts, sts("AssumeRole")},
		"web identity": {sourceWebIdentity, waiting["web identity"], "/", stsAttempts, sts("AssumeRoleWithWebIdentity")},
		"sso": {sourceSSO, waiting["sso"], "/federation/credentials", stsAttempts, func(i issued) string {
			expires := ""
			if i.expires != "" {
				at, _ := time.Parse(time.RFC3339, i.expires)
				expires = fmt.Sprint(at.UnixMilli())
			}
			return fmt.Sprintf(`{"roleCredentials":{"accessKeyId":%q,"secretAccessKey":%q,"sessionToken":%q%s}}`, i.id, i.secret, i.token, optionalField(`,"expiration":%s`, expires))
		}},
		"container": {sourceContainer, waiting["container"], "/container", 3, metadata},
		"instance":  {sourceInstance, waiting["instance's token"], "/latest/meta-data/iam/security-credentials/role", 1, metadata},
	}
}

func optionalField(format, value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf(format, value)
}

// An oddAnswer is what a service, or something in between, may answer with.
type oddAnswer struct {
	passes bool // another attempt may get a better one
	answer func(r *http.Request, reads func(issued) string) *http.Response
	want   string // in the error
}

func oddAnswers() map[string]oddAnswer {
	late := "2040-01-01T00:00:00Z"
	text := func(status int, body string) func(*http.Request, func(issued) string) *http.Response {
		return func(r *http.Request, _ func(issued) string) *http.Response { return answer(r, status, nil, body) }
	}
	fields := func(i issued) func(*http.Request, func(issued) string) *http.Response {
		return func(r *http.Request, reads func(issued) string) *http.Response {
			return answer(r, http.StatusOK, nil, reads(i))
		}
	}
	const noneOfTheService = "answer"
	return map[string]oddAnswer{
		"breaks off": {true, func(r *http.Request, reads func(issued) string) *http.Response {
			body := reads(issued{"AK", "SK", "T", late})
			response := answer(r, http.StatusOK, nil, body)
			response.Body = io.NopCloser(io.MultiReader(strings.NewReader(body[:len(body)/2]), brokenOff{}))
			return response
		}, ""},
		"cut": {true, func(r *http.Request, reads func(issued) string) *http.Response {
			body := reads(issued{"AK", "SK", "T", late})
			return answer(r, http.StatusOK, nil, body[:len(body)*2/3])
		}, noneOfTheService},
		"empty":             {true, text(http.StatusOK, ""), noneOfTheService},
		"no content":        {true, text(http.StatusNoContent, ""), ""},
		"HTML":              {true, text(http.StatusOK, "<html><body>please sign in</body></html>"), noneOfTheService},
		"error document":    {true, text(http.StatusOK, "<Error><Code>InternalError</Code></Error>"), noneOfTheService},
		"no expiration":     {false, fields(issued{"AK", "SK", "T", ""}), "xpiration"},
		"expired":           {false, fields(issued{"AK", "SK", "T", "1999-01-01T00:00:00Z"}), "expired"},
		"no access key":     {false, fields(issued{"", "SK", "T", late}), "access key ID"},
		"no secret":         {false, fields(issued{"AK", "", "T", late}), "secret access key"},
		"key, line break":   {false, fields(issued{"AK\n", "SK", "T", late}), "the access key ID has a line break at its end"},
		"secret and space":  {false, fields(issued{"AK", "S K", "T", late}), "the secret access key has white space inside"},
		"token, line break": {false, fields(issued{"AK", "SK", "T\n", late}), "the session token has a line break at its end"},
	}
}

type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestOddAnswersOfServices: each source with each odd answer, for good and once.
func TestOddAnswersOfServices(t *testing.T) {
	t.Parallel()
	answered := append(slices.Clone(waitingForNothing), sourceProcess) // whose table is TestOddProcesses
	for name, source := range answeringSources() {
		answered = append(answered, source.source)
		for oddName, odd := range oddAnswers() {
			t.Run(name+" "+oddName, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { source.meets(t, odd) })
			})
		}
	}
	for _, source := range newChain(&Config{}, &awsEnvironment{Environment: &awsconfig.Environment{}}).sources {
		assert.Contains(t, answered, source.name)
	}
}

func (s *answeringSource) meets(t *testing.T, odd oddAnswer) {
	asked, oddities := 0, 1000
	store := s.open(t, func(r *http.Request) (*http.Response, error) {
		good := issued{"AK", "SK", "T", "2040-01-01T00:00:00Z"}
		switch {
		case r.URL.Path != s.asked && r.Method == http.MethodPut:
			return answer(r, http.StatusOK, nil, "token"), nil
		case r.URL.Path != s.asked:
			return answer(r, http.StatusOK, nil, "role"), nil
		}
		if asked++; asked <= oddities {
			return odd.answer(r, s.reads), nil
		}
		return answer(r, http.StatusOK, nil, s.reads(good)), nil
	})
	_, err := store.Identity(t.Context())
	if s.source == sourceInstance && (odd.want == "expired") {
		require.NoError(t, err, "botocore gives credentials that the service should have renewed some minutes more")
		return
	}
	require.Error(t, err)
	attempts := 1
	if odd.passes {
		attempts = s.attempts
	}
	assert.Equal(t, attempts, asked, "requests for: %v", err)
	assert.ErrorContains(t, err, s.source)
	assert.Contains(t, strings.NewReplacer("AccessKeyId", "access key ID", "SecretAccessKey", "secret access key").Replace(err.Error()), odd.want)
	for _, secret := range []string{"SK", "S K", "please sign in"} {
		assert.NotContains(t, err.Error(), secret)
	}
	if !odd.passes || s.attempts == 1 {
		return
	}
	asked, oddities = 0, s.attempts-1
	identity, err := store.Identity(t.Context())
	require.NoError(t, err)
	assert.Equal(t, s.source, identity.Source)
}

func (s *answeringSource) open(t *testing.T, services roundTripper) *Store {
	t.Helper()
	c := scenario{Env: map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, Files: s.setup.files, IMDS: true}
	for name, value := range s.setup.env {
		c.Env[name] = value
	}
	_, lookup := c.lay(t, "http://127.0.0.1:1")
	store, err := New(t.Context(), &Config{Region: "eu-west-1"}, &Options{LookupEnv: lookup})
	require.NoError(t, err)
	store.session.env.services = services
	store.session.env.metadata.Transport = services
	return store
}

// TestOddRenewalsOfSSO: an answer of SSO OIDC that gives no token leaves the old one.
func TestOddRenewalsOfSSO(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body     string
		attempts int
	}{
		"empty":        {"", stsAttempts},
		"HTML":         {"<html></html>", stsAttempts},
		"no token":     {`{"tokenType":"Bearer","expiresIn":28800}`, stsAttempts},
		"empty token":  {`{"accessToken":"","tokenType":"Bearer","expiresIn":28800}`, 1},
		"no time":      {`{"accessToken":"N","tokenType":"Bearer"}`, 1},
		"another kind": {`{"accessToken":"N","tokenType":"other","expiresIn":28800}`, 1},
		"line break":   {`{"accessToken":"N\n","tokenType":"Bearer","expiresIn":28800}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				source := answeringSource{setup: waitingSources()["renewal of sso"]}
				store := source.open(t, func(r *http.Request) (*http.Response, error) {
					if r.URL.Path != "/token" {
						return nil, errors.New("no request has an odd token")
					}
					asked++
					return answer(r, http.StatusOK, nil, test.body), nil
				})
				_, err := store.Identity(t.Context())
				require.ErrorContains(t, err, "sso: the token for session has expired and could not be renewed")
				assert.Equal(t, test.attempts, asked)
			})
		})
	}
}

// TestOddCallerIdentity: the bucket's name needs an answer that says who asks.
func TestOddCallerIdentity(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body, want string
		attempts   int
	}{
		"empty":   {"", "answer", stsAttempts},
		"HTML":    {"<html></html>", "answer", stsAttempts},
		"nothing": {"<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>", "answer", stsAttempts},
		"no user": {"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>", "has no UserId", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				env := map[string]string{"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "HOME": t.TempDir()}
				store, err := New(t.Context(), &Config{Region: "eu-west-1"}, &Options{LookupEnv: func(name string) (string, bool) { value, ok := env[name]; return value, ok }})
				require.NoError(t, err)
				store.session.env.services = roundTripper(func(r *http.Request) (*http.Response, error) {
					asked++
					return answer(r, http.StatusOK, nil, test.body), nil
				})
				store.sts = newSTSClient(store.session)
				_, err = store.Bucket(t.Context())
				require.ErrorContains(t, err, test.want)
				assert.Equal(t, test.attempts, asked)
			})
		})
	}
}
