// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A picky server answers each request by a function, and otherwise as an S3 server
// with one object does.
type picky struct {
	mu     sync.Mutex
	sent   []*http.Request
	bodies []string
	refuse func(r *http.Request, body string) (status int, code string)
	clock  func() time.Time
}

func (p *picky) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		body = string(data)
	}
	p.mu.Lock()
	p.sent, p.bodies = append(p.sent, r), append(p.bodies, body)
	p.mu.Unlock()
	header := http.Header{"Etag": {`"e"`}, "Content-Length": {"0"}}
	if p.clock != nil {
		header.Set("Date", p.clock().UTC().Format(http.TimeFormat))
	}
	answer := func(status int, text string) (*http.Response, error) {
		if r.Method == http.MethodHead {
			text = ""
		}
		header.Set("Content-Length", fmt.Sprint(len(text)))
		return &http.Response{
			StatusCode: status, Header: header, ContentLength: int64(len(text)), Body: io.NopCloser(strings.NewReader(text)), Request: r,
		}, nil
	}
	if status, code := p.refuse(r, body); status != 0 {
		return answer(status, "<Error><Code>"+code+"</Code><Message>message</Message></Error>")
	}
	query := r.URL.Query()
	switch {
	case strings.HasPrefix(body, "Action=GetCallerIdentity"):
		return answer(http.StatusOK, "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDAUSER</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>")
	case query.Has("uploads") && r.Method == http.MethodPost:
		return answer(http.StatusOK, "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>")
	case query.Has("uploads"):
		return answer(http.StatusOK, "<ListMultipartUploadsResult></ListMultipartUploadsResult>")
	case query.Has("uploadId") && r.Method == http.MethodPost:
		return answer(http.StatusOK, "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>")
	case query.Has("delete"):
		return answer(http.StatusOK, "<DeleteResult><Deleted><Key>a</Key></Deleted><Deleted><Key>b</Key></Deleted></DeleteResult>")
	case query.Has("list-type"):
		return answer(http.StatusOK, "<ListBucketResult></ListBucketResult>")
	case r.Method == http.MethodDelete:
		return answer(http.StatusNoContent, "")
	}
	return answer(http.StatusOK, "")
}

// TestExpectIsDropped checks that a server that answers 417 to Expect gets the request
// again without it, and none of the next ones has it.
func TestExpectIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &picky{refuse: func(r *http.Request, _ string) (int, string) {
			if r.Header.Get("Expect") != "" {
				return http.StatusExpectationFailed, "ExpectationFailed"
			}
			return 0, ""
		}}
		store := hastyStore(t, "http://127.0.0.1:1", server)
		store.pace.scale = 1
		text := strings.Repeat("x", 2<<20) // of a size for which the SDK asks first
		for range 2 {
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader(text), &PutOptions{IfAbsent: true}))
		}
		require.Len(t, server.sent, 3)
		for i, expects := range []bool{true, false, false} {
			assert.Equal(t, expects, server.sent[i].Header.Get("Expect") != "")
			assert.Equal(t, text, server.bodies[i])
		}
		server.refuse = func(*http.Request, string) (int, string) { return http.StatusExpectationFailed, "ExpectationFailed" }
		server.sent = nil
		require.Error(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader(text), &PutOptions{IfAbsent: true}))
		assert.Len(t, server.sent, 1, "there is nothing to do otherwise")
	})
}

// TestContentMD5 checks that a server that demands the MD5 of a body gets it, from the
// first request on if that is known.
func TestContentMD5(t *testing.T) {
	t.Parallel()
	calls := map[string]func(*testing.T, *Store) error{
		"PutObject": func(t *testing.T, s *Store) error {
			return s.PutObject(t.Context(), "bucket", "key", strings.NewReader("body"), nil)
		},
		"IfAbsent": func(t *testing.T, s *Store) error {
			return s.PutObject(t.Context(), "bucket", "key", strings.NewReader("body"), &PutOptions{IfAbsent: true})
		},
		"DeleteObjects": func(t *testing.T, s *Store) error { return s.DeleteObjects(t.Context(), "bucket", []string{"a", "b"}) },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &picky{refuse: func(r *http.Request, body string) (int, string) {
					if r.Header.Get("Content-Md5") == "" && body != "" {
						return http.StatusBadRequest, "MissingContentMD5"
					}
					return 0, ""
				}}
				store := hastyStore(t, "http://127.0.0.1:1", server)
				require.NoError(t, call(t, store))
				require.Len(t, server.sent, 2)
				want := map[string]string{"body": "hBotaJrYa9FhFEdFPCLG/A=="}[server.bodies[1]]
				if want != "" {
					assert.Equal(t, want, server.sent[1].Header.Get("Content-Md5"))
				}
				assert.Equal(t, server.bodies[0], server.bodies[1])
				assert.Contains(t, server.sent[1].Header.Get("Authorization"), "content-md5")
				server.sent = nil
				require.NoError(t, call(t, store))
				assert.LessOrEqual(t, len(server.sent), 2)

				server.refuse = func(*http.Request, string) (int, string) { return http.StatusBadRequest, "MissingContentMD5" }
				server.sent = nil
				require.Error(t, call(t, store))
				assert.LessOrEqual(t, len(server.sent), 2, "it is no use to send it once more")
			})
		})
	}
}

// TestConflictsAreRetried checks that a conflict with another request is retried.
func TestConflictsAreRetried(t *testing.T) {
	t.Parallel()
	for _, code := range testkit.SomeOf([]string{"ConditionalRequestConflict", "OperationAborted"}, 1) {
		for name, call := range everyCall {
			if name == "Bucket" || name == "HeadObject" || name == "HeadBucket" || name == "Status" {
				continue // a HEAD has no code
			}
			synctest.Test(t, func(t *testing.T) {
				left := s3client.Attempts - 1
				server := &picky{refuse: func(*http.Request, string) (int, string) {
					if left > 0 {
						left--
						return http.StatusConflict, code
					}
					return 0, ""
				}}
				require.NoError(t, call(t.Context(), hastyStore(t, "http://127.0.0.1:1", server)), "%s %s", name, code)
				server.sent, left = nil, 1<<30
				err := call(t.Context(), hastyStore(t, "http://127.0.0.1:1", server))
				require.Error(t, err)
				assert.Contains(t, err.Error(), code)
				assert.Len(t, server.sent, s3client.Attempts, "%s: %v", name, err)
			})
		}
	}
}

// TestWrongClock checks that a clock that is wrong from the first request on is corrected
// by the server's, for every call, and it costs one attempt for each client.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	for _, ahead := range testkit.SomeOf([]time.Duration{20 * time.Minute, -26 * time.Hour, 9000 * time.Hour}, 1) {
		for name, call := range everyCall {
			synctest.Test(t, func(t *testing.T) {
				clock := func() time.Time { return time.Now().Add(ahead) }
				refused := 0
				server := &picky{clock: clock, refuse: func(r *http.Request, _ string) (int, string) {
					signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
					assert.NoError(t, err)
					if clock().Sub(signed).Abs() > 15*time.Minute {
						refused++
						return http.StatusForbidden, "RequestTimeTooSkewed"
					}
					return 0, ""
				}}
				store := hastyStore(t, "http://127.0.0.1:1", server)
				require.NoError(t, call(t.Context(), store), "%s by %v", name, ahead)
				assert.LessOrEqual(t, refused, 2, "%s: S3 and STS once each", name)
				refused = 0
				require.NoError(t, call(t.Context(), store), "%s by %v", name, ahead)
				assert.LessOrEqual(t, refused, 1, "%s: STS", name)
			})
		}
	}
}

// TestClockThatChanges covers a clock that is set while the fast path knows its requests.
func TestClockThatChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ahead := time.Duration(0)
		clock := func() time.Time { return time.Now().Add(ahead) }
		server := &picky{clock: clock, refuse: func(r *http.Request, _ string) (int, string) {
			signed, _ := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
			if clock().Sub(signed).Abs() > 15*time.Minute {
				return http.StatusForbidden, "RequestTimeTooSkewed"
			}
			return 0, ""
		}}
		store := hastyStore(t, "http://127.0.0.1:1", server)
		for _, ahead = range []time.Duration{0, time.Hour, -time.Hour, 0} {
			for range 2 {
				require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("body"), nil))
				_, err := store.HeadObject(t.Context(), "bucket", "key")
				require.NoError(t, err)
			}
		}
	})
}

// TestSignedHeaders checks that what a front end may change is not signed, by any call.
func TestSignedHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &picky{refuse: func(*http.Request, string) (int, string) { return 0, "" }}
		store := hastyStore(t, "http://127.0.0.1:1", server)
		for name, call := range everyCall {
			for range 2 {
				require.NoError(t, call(t.Context(), store), name)
			}
		}
		for _, r := range server.sent {
			_, rest, ok := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
			require.True(t, ok)
			names, _, _ := strings.Cut(rest, ",")
			for _, name := range strings.Split(names, ";") {
				switch name {
				case "host", "content-type", "content-md5", "content-encoding", "range", "if-match", "if-none-match":
				default:
					assert.True(t, strings.HasPrefix(name, "x-amz-"), "%s of %s %s", name, r.Method, r.URL)
					assert.NotContains(t, name, "sdk-request")
				}
			}
			assert.NotEmpty(t, r.Header.Get("Accept-Encoding")+r.Header.Get("User-Agent"), "it is sent")
		}
	})
}
