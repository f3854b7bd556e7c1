// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A scriptedBody does in each Read what the script says, and in the end what the last step
// says.
type scriptedBody []func(p []byte) (int, error)

func (b *scriptedBody) Read(p []byte) (int, error) {
	step := (*b)[0]
	if len(*b) > 1 {
		*b = (*b)[1:]
	}
	return step(p)
}

func (*scriptedBody) Close() error { return nil }

func gives(n int, err error) func([]byte) (int, error) {
	return func([]byte) (int, error) { return n, err }
}

func newScripted(t *testing.T, script ...func([]byte) (int, error)) *stallBody {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	body := scriptedBody(script)
	return &stallBody{ReadCloser: &body, ctx: ctx, cancel: cancel, timeout: IOTimeout}
}

// TestBodyKeepsItsError checks that an error that comes with bytes is met by the next read
// too, whatever the transport's body says then.
func TestBodyKeepsItsError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, err := range []error{broken, io.EOF, io.ErrUnexpectedEOF} {
		body := newScripted(t, gives(3, nil), gives(2, err), gives(1, nil), gives(0, io.EOF))
		n, got := body.Read(make([]byte, 5))
		require.NoError(t, got)
		assert.Equal(t, 3, n)
		n, got = body.Read(make([]byte, 5))
		require.ErrorIs(t, got, err)
		assert.Equal(t, 2, n)
		for range 2 {
			n, got = body.Read(make([]byte, 5))
			require.ErrorIs(t, got, err)
			assert.Zero(t, n)
		}
		require.NoError(t, body.Close())
	}
}

// TestBodyHasPossibleCounts checks that a body of a transport of the caller's which counts
// wrongly is an error.
func TestBodyHasPossibleCounts(t *testing.T) {
	t.Parallel()
	for _, count := range []int{-1, 6} {
		n, err := newScripted(t, gives(count, nil)).Read(make([]byte, 5))
		require.ErrorIs(t, err, errBadCount)
		assert.Zero(t, n)
	}
	n, err := newScripted(t, gives(5, nil)).Read(make([]byte, 5))
	require.NoError(t, err)
	assert.Equal(t, 5, n)
}

// TestBodyMakesProgress checks that a body which gives nothing, again and again, is an
// error, and that one which pauses is not.
func TestBodyMakesProgress(t *testing.T) {
	t.Parallel()
	body := newScripted(t, gives(0, nil))
	for range maxEmptyReads - 1 {
		_, err := body.Read(make([]byte, 5))
		require.NoError(t, err)
	}
	_, err := body.Read(make([]byte, 5))
	require.ErrorIs(t, err, io.ErrNoProgress)

	reads := 0
	body = newScripted(t, func([]byte) (int, error) {
		if reads++; reads%maxEmptyReads == 0 {
			return 1, nil
		}
		return 0, nil
	})
	for range 3 * maxEmptyReads {
		_, err := body.Read(make([]byte, 5))
		require.NoError(t, err)
	}
	body = newScripted(t, gives(0, nil))
	for range 3 * maxEmptyReads {
		_, err := body.Read(nil)
		require.NoError(t, err, "nothing was asked for")
	}
}

// TestIsOpenEnded tells the bodies whose end nothing but the connection's tells, observed or
// not.
func TestIsOpenEnded(t *testing.T) {
	t.Parallel()
	open := func() *http.Response {
		return &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ContentLength: -1, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("x"))}
	}
	for name, change := range map[string]func(*http.Response){
		"open-ended": func(*http.Response) {},
		"empty":      func(r *http.Response) { r.ContentLength = 0 },
		"a length":   func(r *http.Response) { r.ContentLength = 1 },
		"a header":   func(r *http.Response) { r.Header.Set("Content-Length", "1") },
		"chunks":     func(r *http.Response) { r.TransferEncoding = []string{"chunked"} },
		"HTTP/2":     func(r *http.Response) { r.ProtoMajor = 2 },
	} {
		for _, observer := range []*Observer{nil, recordEvents(&[]Event{}, &[]Event{})} {
			client := gatedClient(nil, func(*http.Request) (*http.Response, error) {
				response := open()
				change(response)
				return response, nil
			})
			client.Observer = observer
			response, err := client.Send(t.Context(), aGet(t))
			require.NoError(t, err)
			assert.Equal(t, name == "open-ended", IsOpenEnded(response.Body), name)
			require.NoError(t, response.Body.Close())
		}
	}
	assert.False(t, IsOpenEnded(http.NoBody))
}
