// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A brokenFile can be read in place up to its middle, and then has an error.
type brokenFile struct {
	*strings.Reader
	err error
}

// ReadAt reads what is before the middle.
func (f *brokenFile) ReadAt(p []byte, offset int64) (int, error) {
	if offset+int64(len(p)) > f.Size()/2 {
		return 0, f.err
	}
	return f.Reader.ReadAt(p, offset)
}

// answersOfOthers returns what another store's operations met, as something that this one
// uses may return it: the other object is missing, it was replaced, its bucket moved.
func answersOfOthers(t *testing.T) map[string]error {
	t.Helper()
	var status int
	other := storeOfServer(t, func(request *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answer(request, status, http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}, "X-Amz-Request-Id": {"OTHER"}}, http.NoBody), nil
	})
	answers := map[string]error{}
	for _, status = range []int{http.StatusMovedPermanently, http.StatusForbidden, http.StatusNotFound, http.StatusPreconditionFailed} {
		_, err := other.HeadObject(t.Context(), "other-bucket", "another")
		answers[fmt.Sprint("a head that met ", status)] = fmt.Errorf("the other: %w", err)
		answers[fmt.Sprint("a put that met ", status)] = other.PutObject(t.Context(), "other-bucket", "another", strings.NewReader("x"), nil)
		answers[fmt.Sprint("deletes that met ", status)] = other.DeleteObjects(t.Context(), "other-bucket", []string{"another", "more"})
		answers[fmt.Sprint("the SDK's error of ", status)] = errors.Unwrap(err.(*lithopss3.Error).Err) //nolint:errorlint,forcetypeassert // that it is
	}
	return answers
}

// checkNoAnswer checks that an error has the cause, and says nothing that the server of this
// call did not.
func checkNoAnswer(t *testing.T, err, cause error, name string) {
	t.Helper()
	require.ErrorIs(t, err, cause, name)
	checkOfNoOther(t, err, name)
	known := (*lithopss3.Error)(nil)
	require.ErrorAs(t, err, &known, name)
	assert.Equal(t, []any{"bucket", "", ""}, []any{known.Bucket, known.Code, known.RequestID}, name)
}

// checkOfNoOther checks that an error says nothing of the object "another" of another call.
func checkOfNoOther(t *testing.T, err error, name string) {
	t.Helper()
	for _, kind := range []error{
		fs.ErrNotExist, fs.ErrPermission, lithopss3.ErrPrecondition, lithopss3.ErrNoSuchBucket, lithopss3.ErrInvalidRange,
	} {
		require.NotErrorIs(t, err, kind, name)
	}
	if known := (*lithopss3.Error)(nil); errors.As(err, &known) {
		require.Zero(t, known.StatusCode, name)
		require.NotEqual(t, "another", known.Key, name)
	}
}

// TestBodyIsNoAnswer puts what can't be read because something is wrong with another object.
// This object is not missing, no lock is held by someone else, and the bucket did not move.
func TestBodyIsNoAnswer(t *testing.T) {
	t.Parallel()
	var authorization atomic.Pointer[string]
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		authorization.Store(aws.String(request.Header.Get("Authorization")))
		return next.RoundTrip(request)
	})
	for name, cause := range answersOfOthers(t) {
		for _, size := range []int{100, 30 * unit} {
			data := strings.Repeat("x", size)
			for kind, body := range map[string]io.Reader{
				"file":   &brokenFile{strings.NewReader(data), cause},
				"stream": io.MultiReader(strings.NewReader(data), iotest.ErrReader(cause)),
			} {
				err := store.PutObject(t.Context(), "bucket", "key", body, &lithopss3.PutOptions{IfAbsent: true})
				checkNoAnswer(t, err, cause, name)
				require.ErrorContains(t, err, "PutObject bucket/key: reading the body: ", "%s, %s", name, kind)
			}
		}
		_, err := store.HeadObject(t.Context(), "bucket", "key")
		require.ErrorIs(t, err, fs.ErrNotExist, "nothing is stored")
		assert.Contains(t, *authorization.Load(), "/us-east-1/", "%s: the other bucket's region", name)
	}
	assert.Zero(t, uploadsLeft(t, store))
}

// TestBodyOfAPrefixedStorage has an error of a body stay that of the put.
func TestBodyOfAPrefixedStorage(t *testing.T) {
	t.Parallel()
	cause := answersOfOthers(t)["deletes that met 404"]
	store := lithopss3.WithPrefix(openWire(t, straight), "below/")
	err := store.PutObject(t.Context(), "bucket", "key", iotest.ErrReader(cause), nil)
	checkNoAnswer(t, err, cause, "PutObject")
	require.ErrorContains(t, err, "PutObject bucket/key: reading the body: ")
}

// TestOthersAreNoAnswer has a transport, and a provider of credentials, that ask another
// storage for something. What that says is not said of this call's object.
func TestOthersAreNoAnswer(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "file"), []byte("content"), 0o600))
	for name, op := range namingOps(folder) {
		cause := &lithopss3.Error{Op: name, Bucket: "other-bucket", Key: "another", StatusCode: http.StatusNotFound, Err: fs.ErrNotExist}
		unreachable := storeOfServer(t, func(*http.Request, http.RoundTripper) (*http.Response, error) { return nil, cause })
		noKeys := storeOfServer(t, nil, func(opts *lithopss3.Options) {
			opts.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, cause })
		})
		for _, store := range []*lithopss3.Store{unreachable, noKeys} {
			err := op.do(t.Context(), store, "bucket", "key")
			if err == nil { // it sends nothing
				continue
			}
			require.ErrorIs(t, err, cause, name)
			checkOfNoOther(t, err, name)
		}
	}
}

// A closedPipeStorage meets a pipe of its own that is closed.
type closedPipeStorage struct{ lithopss3.Storage }

func (closedPipeStorage) PutObject(context.Context, string, string, io.Reader, *lithopss3.PutOptions) error {
	return fmt.Errorf("my tunnel: %w", io.ErrClosedPipe)
}

// TestWriterOfAClosedPipe has the put of a Writer fail because a pipe is closed that is not
// the Writer's. Write returns that, and not that the Writer is closed.
func TestWriterOfAClosedPipe(t *testing.T) {
	t.Parallel()
	w := lithopss3.NewWriter(t.Context(), closedPipeStorage{}, "bucket", "key", nil)
	_, err := w.Write([]byte("text"))
	require.ErrorContains(t, err, "my tunnel: ")
	require.NotErrorIs(t, err, lithopss3.ErrClosed)
	require.ErrorContains(t, w.Close(), "my tunnel: ")
	_, err = w.Write([]byte("text"))
	require.ErrorIs(t, err, lithopss3.ErrClosed, "after Close")
}
