// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A deletingServer answers DeleteObjects as answers says, request by request; the
// last answer stays.
type deletingServer struct {
	t       *testing.T
	mu      sync.Mutex
	batches [][]string
	answer  func(round int, keys []string) (status int, body string, err error)
}

func (d *deletingServer) trip(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
	var in struct {
		Object []struct{ Key string }
	}
	body, err := io.ReadAll(request.Body)
	assert.NoError(d.t, err)
	assert.NoError(d.t, xml.Unmarshal(body, &in))
	keys := make([]string, len(in.Object))
	for i, object := range in.Object {
		keys[i] = object.Key
	}
	d.mu.Lock()
	d.batches = append(d.batches, keys)
	round := len(d.batches)
	d.mu.Unlock()
	status, text, err := d.answer(round, keys)
	if err != nil {
		return nil, err
	}
	return answer(request, status, nil, strings.NewReader(text)), nil
}

func (d *deletingServer) open() *lithopss3.Store {
	store, err := lithopss3.New(d.t.Context(), &lithopss3.Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: lithopss3.NewSecret("SK")},
		lithopss3.InHaste(&lithopss3.Options{LookupEnv: testkit.Env(nil), Endpoint: "http://127.0.0.1:1", Transport: &wire{trip: d.trip}}, patient))
	require.NoError(d.t, err)
	return store
}

func deleteResult(elements ...string) string {
	return "<DeleteResult>" + strings.Join(elements, "") + "</DeleteResult>"
}

func blames(key, code string) string {
	return "<Error><Key>" + key + "</Key><Code>" + code + "</Code><Message>because of " + code + "</Message></Error>"
}

// timeoutError is net/http's, when no answer came.
type timeoutError struct{}

func (timeoutError) Error() string   { return "net/http: timeout awaiting response headers" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

// TestDeleteAnswers checks what is made of each key, and in which requests.
func TestDeleteAnswers(t *testing.T) {
	t.Parallel()
	all := []string{"a", "b", "c", "d"}
	for name, test := range map[string]struct {
		answer  func(round int, keys []string) (int, string, error)
		failed  map[string]string // a part of the error of each key that is not deleted
		batches []string
	}{
		"all": {
			answer:  func(int, []string) (int, string, error) { return 200, deleteResult(), nil },
			batches: []string{"abcd"},
		},
		"what may pass is tried again": {
			answer: func(round int, _ []string) (int, string, error) {
				return 200, []string{
					deleteResult(blames("a", "InternalError"), blames("b", "AccessDenied"), blames("c", "SlowDown"), blames("d", "ServiceUnavailable")),
					deleteResult(blames("c", "Throttling"), blames("a", "InternalError")),
					deleteResult(),
				}[round-1], nil
			},
			failed:  map[string]string{"b": "because of AccessDenied"},
			batches: []string{"abcd", "acd", "ac"},
		},
		"but not for ever": {
			answer: func(int, []string) (int, string, error) {
				return 200, deleteResult(blames("a", "InternalError"), blames("b", "SlowDown")), nil
			},
			failed:  map[string]string{"a": "because of InternalError", "b": "because of SlowDown"},
			batches: []string{"abcd", "ab", "ab", "ab", "ab", "ab"},
		},
		"the deleted are named, and not all": {
			answer: func(round int, _ []string) (int, string, error) {
				if round > 1 {
					return 200, deleteResult(), nil
				}
				return 200, deleteResult("<Deleted><Key>a</Key></Deleted>", blames("b", "AccessDenied")), nil
			},
			failed:  map[string]string{"b": "AccessDenied"},
			batches: []string{"abcd", "cd"},
		},
		"an error of nobody": {
			answer: func(int, []string) (int, string, error) {
				return 200, deleteResult("<Error><Code>AccessDenied</Code></Error>"), nil
			},
			failed: map[string]string{"": "AccessDenied", "a": "not known", "b": "not known", "c": "not known", "d": "not known"},
		},
		"a timeout": {
			answer: func(_ int, keys []string) (int, string, error) {
				if len(keys) > 1 {
					return 0, "", timeoutError{}
				}
				return 200, deleteResult(), nil
			},
			batches: []string{"abcd", "ab", "a", "b", "c", "d"},
		},
		"only timeouts": {
			answer: func(int, []string) (int, string, error) { return 0, "", timeoutError{} },
			failed: map[string]string{
				"a": "not known to be deleted", "b": "not known to be deleted", "c": "not known to be deleted", "d": "not known to be deleted",
			},
			batches: []string{"abcd", "ab", "a", "a", "a", "a"},
		},
		"a gateway's timeout": {
			answer: func(round int, _ []string) (int, string, error) {
				if round == 1 {
					return 504, "", nil
				}
				return 200, deleteResult(), nil
			},
			batches: []string{"abcd", "ab", "cd"},
		},
		"a flipped byte": {
			answer: func(round int, _ []string) (int, string, error) {
				if round == 1 {
					return 400, "<Error><Code>MalformedXML</Code></Error>", nil
				}
				return 200, deleteResult(), nil
			},
			batches: []string{"abcd", "abcd"},
		},
		"malformed twice": {
			answer: func(int, []string) (int, string, error) { return 400, "<Error><Code>MalformedXML</Code></Error>", nil },
			failed: map[string]string{"a": "MalformedXML", "b": "MalformedXML", "c": "MalformedXML", "d": "MalformedXML"}, batches: []string{"abcd", "abcd"},
		},
		"HTML": {
			answer: func(int, []string) (int, string, error) { return 200, "<html></html>", nil },
			failed: map[string]string{"a": "not known", "b": "not known", "c": "not known", "d": "HTML"}, batches: []string{"abcd"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &deletingServer{t: t, answer: test.answer}
			err := server.open().DeleteObjects(t.Context(), "bucket", all)
			failed := map[string]string{}
			var each *lithopss3.DeleteError
			if err != nil {
				require.ErrorAs(t, err, &each)
				for _, e := range each.Failed {
					failed[e.Key] = e.Error()
				}
			}
			assert.Len(t, failed, len(test.failed), "%v", err)
			for key, want := range test.failed {
				assert.Contains(t, failed[key], want)
			}
			batches := make([]string, len(server.batches))
			for i, batch := range server.batches {
				slices.Sort(batch)
				batches[i] = strings.Join(batch, "")
			}
			if test.batches != nil {
				assert.Equal(t, test.batches, batches)
			}
			switch name {
			case "only timeouts":
				require.ErrorContains(t, err, "4 keys are not known to be deleted")
				require.NotErrorIs(t, err, fs.ErrNotExist)
			case "but not for ever":
				require.ErrorContains(t, err, "2 keys were not deleted")
			case "an error of nobody":
				require.ErrorContains(t, err, "were not deleted, or are not known to be")
			}
		})
	}
}

// TestDeletePrefixEachPanics checks that no request is still in flight after a panic of Each.
func TestDeletePrefixEachPanics(t *testing.T) {
	t.Parallel()
	var deletes int
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if request.URL.Query().Has("delete") {
			deletes++ // unsynchronized: it is over when DeletePrefix is
		}
		return response, err
	})
	for i := range 3 {
		require.NoError(t, store.PutObject(t.Context(), "bucket", fmt.Sprint("k", i), strings.NewReader("x"), nil))
	}
	seen := 0
	assert.PanicsWithValue(t, "boom", func() {
		_, _ = store.DeletePrefix(t.Context(), "bucket", "k", &lithopss3.DeletePrefixOptions{Each: func(lithopss3.ObjectInfo) {
			if seen++; seen == 2 {
				panic("boom")
			}
		}})
	})
	assert.Zero(t, deletes)
}
