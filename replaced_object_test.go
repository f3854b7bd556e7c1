// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// onBothClients tests stores whose server is a function: by the SDK alone, and by the
// fast path, which has learned from a request before.
func onBothClients(t *testing.T, server tripper, test func(*testing.T, *lithopss3.Store)) {
	t.Helper()
	for name, sdkOnly := range map[string]bool{"fast": false, "sdk": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			learning := !sdkOnly
			store, err := lithopss3.New(t.Context(), &lithopss3.Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: lithopss3.NewSecret("SK")},
				lithopss3.InHaste(&lithopss3.Options{
					LookupEnv: testkit.Env(nil), Endpoint: "http://127.0.0.1:1", SDKOnly: sdkOnly,
					Transport: &wire{trip: func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
						if learning {
							return answer(request, http.StatusOK, http.Header{"Content-Length": {"0"}}, http.NoBody), nil
						}
						return server(request, next)
					}},
				}, patient))
			require.NoError(t, err)
			if learning {
				require.NoError(t, second(store.ReadObject(t.Context(), "bucket", "key", 0)))
				require.NoError(t, second(store.HeadObject(t.Context(), "bucket", "key")))
				learning = false
			}
			test(t, store)
		})
	}
}

// cutOff ends with an error.
func cutOff(text string) io.Reader {
	return io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrUnexpectedEOF))
}

// TestVersionsAreNotMixed checks that a body resumes only with the object that it began
// with, even if the server ignores If-Match.
func TestVersionsAreNotMixed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		etag, size string // of the second answer
		want       error
	}{
		"the same":            {`"one"`, "10", nil},
		"made weak":           {`W/"one"`, "10", nil},
		"without its quotes":  {"one", "10", nil},
		"no ETag":             {"", "10", nil},
		"another":             {`"two"`, "10", lithopss3.ErrPrecondition},
		"another size":        {`"one"`, "999", lithopss3.ErrPrecondition},
		"no ETag, other size": {"", "999", lithopss3.ErrPrecondition},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				if request.Header.Get("Range") == "" {
					return answer(request, http.StatusOK, http.Header{"Content-Length": {"10"}, "Etag": {`"one"`}}, cutOff("AAAAA")), nil
				}
				header := http.Header{"Content-Length": {"5"}, "Content-Range": {"bytes 5-9/" + test.size}}
				if test.etag != "" {
					header.Set("ETag", test.etag)
				}
				return answer(request, http.StatusPartialContent, header, strings.NewReader("BBBBB")), nil
			}, func(t *testing.T, store *lithopss3.Store) {
				data, err := store.ReadObject(t.Context(), "bucket", "key", 0)
				require.ErrorIs(t, err, test.want)
				if test.want == nil {
					assert.Equal(t, "AAAAABBBBB", string(data))
				}
			})
		})
	}
}

// TestIfMatchIsHeld checks that an answer with another ETag than requested is an error,
// even if the server ignores the condition.
func TestIfMatchIsHeld(t *testing.T) {
	t.Parallel()
	onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(request, http.StatusOK, http.Header{"Content-Length": {"1"}, "Etag": {`"two"`}}, strings.NewReader("x")), nil
	}, func(t *testing.T, store *lithopss3.Store) {
		for ifMatch, want := range map[string]error{
			"": nil, "*": nil, `"two"`: nil, "two": nil, `W/"two"`: nil, `"one", "two"`: nil,
			`"one"`: lithopss3.ErrPrecondition, "one": lithopss3.ErrPrecondition, "tw": lithopss3.ErrPrecondition,
		} {
			object, err := store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{IfMatch: ifMatch})
			require.ErrorIs(t, err, want, ifMatch)
			if err == nil {
				require.NoError(t, object.Body.Close())
			}
			_, err = store.GetObject(t.Context(), "bucket", "key", &lithopss3.GetOptions{IfMatch: ifMatch, Range: lithopss3.Range(0, 0)})
			require.ErrorIs(t, err, want, ifMatch)
		}
	})
}

// TestReaderAtOfTwoVersions covers an object that is replaced by one of the same size.
func TestReaderAtOfTwoVersions(t *testing.T) {
	t.Parallel()
	const size = 2 << 20
	onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		etag, first, last := `"two"`, 0, 1<<20-1
		if strings.HasPrefix(request.Header.Get("Range"), "bytes=-") {
			etag, first, last = `"one"`, size-64<<10, size-1
		}
		length := last - first + 1
		return answer(request, http.StatusPartialContent, http.Header{
			"Content-Length": {fmt.Sprint(length)}, "Content-Range": {fmt.Sprintf("bytes %d-%d/%d", first, last, size)}, "Etag": {etag},
		}, strings.NewReader(strings.Repeat("x", length))), nil
	}, func(t *testing.T, store *lithopss3.Store) {
		reader, err := store.OpenReaderAt(t.Context(), "bucket", "key", nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, reader.Close()) }()
		_, err = reader.ReadAt(make([]byte, 10), 0)
		require.ErrorIs(t, err, lithopss3.ErrPrecondition)
	})
}

// A scripted body does in each Read what the script says, and then has ended.
type scripted []func(p []byte) (int, error)

func (s *scripted) Read(p []byte) (int, error) {
	if len(*s) == 0 {
		return 0, io.EOF
	}
	step := (*s)[0]
	*s = (*s)[1:]
	return step(p)
}

// TestBrokenBodyIsNoEnd gets an object of unknown length from a transport whose body says
// only once that it broke, with bytes, or breaks the rules of io.Reader. It is no whole
// object.
func TestBrokenBodyIsNoEnd(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	text := func(err error) func(p []byte) (int, error) {
		return func(p []byte) (int, error) { return copy(p, "01234"), err }
	}
	for name, test := range map[string]struct {
		body scripted
		want string
	}{
		"an error with bytes":       {scripted{text(broken)}, "broken"},
		"an error with later bytes": {scripted{text(nil), text(broken), text(nil)}, "broken"},
		"more than was asked for":   {scripted{text(nil), func(p []byte) (int, error) { return len(p) + 1, nil }}, "impossible count"},
		"less than nothing":         {scripted{text(nil), func([]byte) (int, error) { return -1, nil }}, "impossible count"},
		"nothing, again and again":  {slices.Repeat(scripted{func([]byte) (int, error) { return 0, nil }}, 1000), "no data or error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				body := slices.Clone(test.body)
				return answer(request, http.StatusOK, http.Header{"Etag": {`"one"`}}, &body), nil
			}, func(t *testing.T, store *lithopss3.Store) {
				_, err := store.ReadObject(t.Context(), "bucket", "key", 0)
				require.ErrorContains(t, err, test.want)
			})
		})
	}
}

// TestOpenEndedBody gets an object whose end only the end of the connection tells, and which
// may have broken: the server is asked for the size. If something else tells the end, it is
// not asked.
func TestOpenEndedBody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		head   http.Header // the answer to a HEAD; nil if there must be none
		change func(*http.Response)
		want   error
		text   string // of the error, in part; empty for none
	}{
		"all of it":                {http.Header{"Content-Length": {"5"}, "Etag": {`"one"`}}, nil, nil, ""},
		"all of it, without ETag":  {http.Header{"Content-Length": {"5"}}, nil, nil, ""},
		"cut off":                  {http.Header{"Content-Length": {"6"}, "Etag": {`"one"`}}, nil, io.ErrUnexpectedEOF, "5 bytes came of 6"},
		"longer":                   {http.Header{"Content-Length": {"4"}, "Etag": {`"one"`}}, nil, io.ErrUnexpectedEOF, "5 bytes came of 4"},
		"replaced meanwhile":       {http.Header{"Content-Length": {"5"}, "Etag": {`"two"`}}, nil, lithopss3.ErrPrecondition, "may have broken after 5 bytes"},
		"no size at all":           {http.Header{"Etag": {`"one"`}}, nil, nil, "may have broken after 5 bytes"},
		"in chunks":                {nil, func(r *http.Response) { r.TransferEncoding = []string{"chunked"} }, nil, ""},
		"by HTTP/2":                {nil, func(r *http.Response) { r.ProtoMajor = 2 }, nil, ""},
		"with a length":            {nil, func(r *http.Response) { r.ContentLength = 5 }, nil, ""},
		"with a length as header":  {nil, func(r *http.Response) { r.Header.Set("Content-Length", "5") }, nil, ""},
		"with a checksum":          {nil, func(r *http.Response) { r.Header.Set("X-Amz-Checksum-Crc32", "3aRwJA==") }, nil, ""},
		"with a checksum, cut off": {nil, func(r *http.Response) { r.Header.Set("X-Amz-Checksum-Crc32", "AAAAAA==") }, lithopss3.ErrChecksum, "checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBothClients(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
				if request.Method == http.MethodHead {
					assert.NotNil(t, test.head, "a HEAD")
					return answer(request, http.StatusOK, test.head.Clone(), http.NoBody), nil
				}
				response := answer(request, http.StatusOK, http.Header{"Etag": {`"one"`}}, strings.NewReader("01234"))
				response.TransferEncoding = nil
				if test.change != nil {
					test.change(response)
				}
				return response, nil
			}, func(t *testing.T, store *lithopss3.Store) {
				data, err := store.ReadObject(t.Context(), "bucket", "key", 0)
				if test.text == "" {
					require.NoError(t, err)
					assert.Equal(t, "01234", string(data))
					return
				}
				require.ErrorContains(t, err, test.text)
				if test.want != nil {
					require.ErrorIs(t, err, test.want)
				}
				_, err = store.DownloadTo(t.Context(), "bucket", "key", discardAt{}, nil)
				require.ErrorContains(t, err, test.text)
			})
		})
	}
}

// TestOpenEndedBodyIsObserved cuts a connection off under a Store with an Observer.
func TestOpenEndedBodyIsObserved(t *testing.T) {
	t.Parallel()
	url := rawServer(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nEtag: \"one\"\r\nConnection: close\r\n\r\n01234")
	})
	for _, observer := range []func(context.Context, *lithopss3.RequestInfo){nil, func(context.Context, *lithopss3.RequestInfo) {}} {
		store, err := lithopss3.New(t.Context(), &lithopss3.Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: lithopss3.NewSecret("SK")}, lithopss3.Patiently(&lithopss3.Options{
			LookupEnv: testkit.Env(map[string]string{"HOME": t.TempDir()}), Endpoint: url, Observer: observer,
		}))
		require.NoError(t, err)
		_, err = store.ReadObject(t.Context(), "bucket", "key", 0)
		require.ErrorContains(t, err, "its connection may have broken after 5 bytes")
		require.NoError(t, store.Close())
	}
}

// discardAt takes everything.
type discardAt struct{}

func (discardAt) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
