// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// issued are the fields of an answer with credentials; an empty expires leaves the
// field out.
type issued struct{ id, secret, token, expires string }

// A conversation is how a provider gets credentials from a service.
type conversation struct {
	setup
	path     string // the request whose answer is tested; others are answered well
	attempts int
	answer   func(issued) string
}

func conversations() map[string]conversation {
	fromSTS := func(operation string) func(issued) string {
		return func(i issued) string {
			return fmt.Sprintf("<%[1]sResponse><%[1]sResult><Credentials><AccessKeyId>%[2]s</AccessKeyId><SecretAccessKey>%[3]s</SecretAccessKey><SessionToken>%[4]s</SessionToken>%[5]s</Credentials></%[1]sResult></%[1]sResponse>",
				operation, i.id, i.secret, i.token, optionalField("<Expiration>%s</Expiration>", i.expires))
		}
	}
	fromMetadata := func(i issued) string {
		return fmt.Sprintf(`{"AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q%s}`, i.id, i.secret, i.token, optionalField(`,"Expiration":%q`, i.expires))
	}
	fromSSO := func(i issued) string {
		expires := ""
		if i.expires != "" {
			at, _ := time.Parse(time.RFC3339, i.expires)
			expires = fmt.Sprint(at.UnixMilli())
		}
		return fmt.Sprintf(`{"roleCredentials":{"accessKeyId":%q,"secretAccessKey":%q,"sessionToken":%q%s}}`, i.id, i.secret, i.token, optionalField(`,"expiration":%s`, expires))
	}
	fromSignIn := func(i issued) string {
		seconds := ""
		if i.expires != "" {
			at, _ := time.Parse(time.RFC3339, i.expires)
			seconds = fmt.Sprint(int(min(time.Until(at), 15*time.Minute).Seconds()))
		}
		return fmt.Sprintf(`{"accessToken":{"accessKeyId":%q,"secretAccessKey":%q,"sessionToken":%q},"tokenType":"aws_sigv4","refreshToken":"NEWR"%s}`,
			i.id, i.secret, i.token, optionalField(`,"expiresIn":%s`, seconds))
	}
	return map[string]conversation{
		"role":         {ofRole, "/", Attempts, fromSTS("AssumeRole")},
		"web identity": {ofWebIdentity, "/", Attempts, fromSTS("AssumeRoleWithWebIdentity")},
		"SSO":          {ofSSO, "/federation/credentials", Attempts, fromSSO},
		"login":        {ofLogin, "/v1/token", Attempts, fromSignIn},
		"container":    {ofContainer, "/container", containerAttempts, fromMetadata},
		"instance":     {ofInstance, "/latest/meta-data/iam/security-credentials/role", 1, fromMetadata},
	}
}

// An oddAnswer is an answer of a service, or of something in between, without
// credentials that hold.
type oddAnswer struct {
	passes bool // another attempt may get a better one
	answer func(r *http.Request, reads func(issued) string) *http.Response
	want   string // in the error
}

func oddAnswers() map[string]oddAnswer {
	late := "2040-01-01T00:00:00Z"
	text := func(status int, body string) func(*http.Request, func(issued) string) *http.Response {
		return func(r *http.Request, _ func(issued) string) *http.Response {
			return testkit.Answer(r, status, nil, body)
		}
	}
	fields := func(i issued) func(*http.Request, func(issued) string) *http.Response {
		return func(r *http.Request, reads func(issued) string) *http.Response {
			return testkit.Answer(r, http.StatusOK, nil, reads(i))
		}
	}
	const noneOfTheService = "answer"
	return map[string]oddAnswer{
		"breaks off": {true, func(r *http.Request, reads func(issued) string) *http.Response {
			body := reads(issued{"AK", "SK", "T", late})
			response := testkit.Answer(r, http.StatusOK, nil, body)
			response.Body = io.NopCloser(io.MultiReader(strings.NewReader(body[:len(body)/2]), brokenOff{}))
			return response
		}, ""},
		"cut": {true, func(r *http.Request, reads func(issued) string) *http.Response {
			body := reads(issued{"AK", "SK", "T", late})
			return testkit.Answer(r, http.StatusOK, nil, body[:len(body)*2/3])
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

// TestUnprovenAnswers gives each provider each malformed answer, every time and once.
func TestUnprovenAnswers(t *testing.T) {
	t.Parallel()
	tested := append(slices.Clone(waitForNothing), nameProcess) // whose table is TestOddProcesses
	for name, c := range conversations() {
		tested = append(tested, c.provider)
		for oddName, odd := range oddAnswers() {
			t.Run(name+" "+oddName, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { c.meet(t, odd) })
			})
		}
	}
	for _, provider := range everyProvider(noSettings()) {
		assert.Contains(t, tested, provider.Name)
	}
}

// ask asks the provider, and marks the error of one that does not apply.
func (c *conversation) ask(t *testing.T, services testkit.RoundTripper) func() (*aws.Credentials, error) {
	t.Helper()
	provider := c.providers(t, "http://127.0.0.1:1", services).named(t, c.provider)
	return func() (*aws.Credentials, error) {
		found, err := NewRefresher(func(ctx context.Context) (aws.Credentials, error) {
			found, err := provider.ask(ctx)
			if err != nil {
				return aws.Credentials{}, err
			}
			return *found, nil
		}).Retrieve(t.Context())
		return &found, err
	}
}

func (c *conversation) meet(t *testing.T, odd oddAnswer) {
	asked, oddities := 0, 1000
	ask := c.ask(t, func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != c.path && r.Method == http.MethodPut {
			return testkit.Answer(r, http.StatusOK, nil, "token"), nil
		}
		if r.URL.Path != c.path {
			return testkit.Answer(r, http.StatusOK, nil, "role"), nil
		}
		if asked++; asked <= oddities {
			return odd.answer(r, c.answer), nil
		}
		return testkit.Answer(r, http.StatusOK, nil, c.answer(issued{"AK", "SK", "T", "2040-01-01T00:00:00Z"})), nil
	})
	_, err := ask()
	if c.provider == nameInstance && odd.want == "expired" {
		require.NoError(t, err, "botocore gives credentials that the service should have renewed some minutes more")
		return
	}
	require.Error(t, err)
	attempts := 1
	if odd.passes {
		attempts = c.attempts
	}
	assert.Equal(t, attempts, asked, "requests for: %v", err)
	assert.Contains(t, strings.NewReplacer("AccessKeyId", "access key ID", "SecretAccessKey", "secret access key").Replace(err.Error()), odd.want)
	for _, secret := range []string{"SK", "S K", "please sign in"} {
		assert.NotContains(t, err.Error(), secret)
	}
	var failed *Error
	if errors.As(err, &failed) {
		assert.Equal(t, c.provider, failed.Provider)
	} else {
		var reason skip
		require.ErrorAs(t, err, &reason)
		assert.Equal(t, nameInstance, c.provider)
	}
	if !odd.passes || c.attempts == 1 {
		return
	}
	asked, oddities = 0, c.attempts-1
	found, err := ask()
	require.NoError(t, err)
	assert.Equal(t, c.provider, found.Source)
}

// TestUnprovenRenewalOfSSO checks that an answer without a token leaves the old one.
func TestUnprovenRenewalOfSSO(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body     string
		attempts int
	}{
		"empty":        {"", Attempts},
		"HTML":         {"<html></html>", Attempts},
		"no token":     {`{"tokenType":"Bearer","expiresIn":28800}`, Attempts},
		"empty token":  {`{"accessToken":"","tokenType":"Bearer","expiresIn":28800}`, 1},
		"no time":      {`{"accessToken":"N","tokenType":"Bearer"}`, 1},
		"another kind": {`{"accessToken":"N","tokenType":"other","expiresIn":28800}`, 1},
		"line break":   {`{"accessToken":"N\n","tokenType":"Bearer","expiresIn":28800}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				provider := ofExpiredSSO.providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path != "/token" {
						return nil, errors.New("no request has an odd token")
					}
					asked++
					return testkit.Answer(r, http.StatusOK, nil, test.body), nil
				})).SSO()
				_, err := provider.ask(t.Context())
				require.ErrorContains(t, err, "the token for session has expired and could not be renewed")
				assert.Equal(t, test.attempts, asked)
			})
		})
	}
}

// TestUnprovenCallerIdentity checks that an answer must name the caller.
func TestUnprovenCallerIdentity(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body, want string
		attempts   int
	}{
		"empty":   {"", "answer", Attempts},
		"HTML":    {"<html></html>", "answer", Attempts},
		"nothing": {"<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>", "answer", Attempts},
		"no user": {"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>", "has no UserId", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				services := (&setup{}).providers(t, "http://127.0.0.1:1", testkit.RoundTripper(func(r *http.Request) (*http.Response, error) {
					asked++
					return testkit.Answer(r, http.StatusOK, nil, test.body), nil
				})).Services
				client := services.STS(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}, nil
				}))
				_, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
				require.ErrorContains(t, err, test.want)
				assert.Equal(t, test.attempts, asked)
			})
		})
	}
}
