// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// aCopier is a store with a bucket for copies, whose requests pass trip.
func aCopier(t *testing.T, trip tripper) (*lithopss3.Store, *devs3.Server) {
	t.Helper()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice, bob}})
	require.NoError(t, server.AddBucket("bucket", alice.Account, "us-east-1"))
	require.NoError(t, server.AddBucket("other", alice.Account, "us-east-1"))
	config, err := lithopss3.ParseConfig([]byte(configOf(alice, "us-east-1")))
	require.NoError(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	if trip == nil {
		trip = straight
	}
	store, err := lithopss3.New(t.Context(), config, lithopss3.InSmall(lithopss3.InNoTime(&lithopss3.Options{
		LookupEnv: testkit.Env(map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()}), Transport: &wire{next: transport, trip: trip},
	}, patient)))
	require.NoError(t, err)
	return store, server
}

func described() *lithopss3.PutOptions {
	return &lithopss3.PutOptions{
		ContentType: "text/x", Metadata: map[string]string{"a": "b"}, Tags: map[string]string{"tag one": "1+1=2", "é": ""},
		CacheControl: "max-age=1", ContentDisposition: "attachment", ContentEncoding: "br",
	}
}

// TestCopyObject keeps what describes the object, in one request and in parts.
func TestCopyObject(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasSuffix(request.URL.Path, ".txt") {
			request.Header.Set("Expires", "0") // is no date, and S3 keeps it
		}
		return next.RoundTrip(request)
	})
	data := testkit.Bytes(11*unit + 3)
	const from = "a key/+?#%&é.txt"
	require.NoError(t, store.PutObject(t.Context(), "bucket", from, bytes.NewReader(data), described()))
	for name, opts := range map[string]*lithopss3.CopyOptions{
		"one request": nil,
		"parts":       lithopss3.CopyInParts(&lithopss3.CopyOptions{}, 5*unit),
		"one part":    lithopss3.CopyInParts(&lithopss3.CopyOptions{}, 12*unit),
	} {
		require.NoError(t, store.CopyObject(t.Context(), "bucket", from, "other", name, opts), name)
		got, err := store.ReadObject(t.Context(), "other", name, 0)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, got), name)
		info, err := store.HeadObject(t.Context(), "other", name)
		require.NoError(t, err)
		assert.Equal(t, "text/x", info.ContentType, name)
		assert.Equal(t, map[string]string{"a": "b"}, info.Metadata, name)
		tags, err := store.ObjectTags(t.Context(), "other", name)
		require.NoError(t, err)
		assert.Equal(t, described().Tags, tags, name)
		head, err := store.Client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("other"), Key: &name})
		require.NoError(t, err)
		headers := [...]string{aws.ToString(head.CacheControl), aws.ToString(head.ContentDisposition), aws.ToString(head.ContentEncoding), aws.ToString(head.ExpiresString)}
		assert.Equal(t, [...]string{"max-age=1", "attachment", "br", "0"}, headers, name)
	}
}

// TestCopyReplacesMetadata checks that all metadata is replaced, or that an error says
// how to do it.
func TestCopyReplacesMetadata(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(testkit.Bytes(6*unit)), described()))
	for _, limit := range []int64{0, 5 * unit} {
		replaced := lithopss3.PutOptions{ContentType: "text/y", Metadata: map[string]string{"c": "d"}, Tags: map[string]string{}}
		err := store.CopyObject(t.Context(), "bucket", "key", "bucket", "copy", &lithopss3.CopyOptions{PutOptions: replaced})
		require.ErrorContains(t, err, "ReplaceMetadata")
		opts := lithopss3.CopyInParts(&lithopss3.CopyOptions{PutOptions: replaced, ReplaceMetadata: true}, limit)
		require.NoError(t, store.CopyObject(t.Context(), "bucket", "key", "bucket", "copy", opts))
		info, err := store.HeadObject(t.Context(), "bucket", "copy")
		require.NoError(t, err)
		assert.Equal(t, "text/y", info.ContentType)
		assert.Equal(t, map[string]string{"c": "d"}, info.Metadata)
		tags, err := store.ObjectTags(t.Context(), "bucket", "copy")
		require.NoError(t, err)
		assert.Empty(t, tags)
	}
}

// TestCopyConditions hold for the source and for the destination.
func TestCopyConditions(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
	info, err := store.HeadObject(t.Context(), "bucket", "key")
	require.NoError(t, err)
	copyWith := func(source lithopss3.GetOptions) error {
		return store.CopyObject(t.Context(), "bucket", "key", "bucket", "copy", &lithopss3.CopyOptions{Source: source})
	}
	require.ErrorIs(t, copyWith(lithopss3.GetOptions{IfMatch: "other"}), lithopss3.ErrPrecondition)
	require.ErrorIs(t, copyWith(lithopss3.GetOptions{IfNoneMatch: info.ETag}), lithopss3.ErrNotModified)
	require.ErrorContains(t, copyWith(lithopss3.GetOptions{Range: lithopss3.Range(0, 1)}), "can't be copied")
	_, err = store.HeadObject(t.Context(), "bucket", "copy")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, copyWith(lithopss3.GetOptions{IfMatch: info.ETag}))
	require.ErrorIs(t, store.CopyObject(t.Context(), "bucket", "gone", "bucket", "copy", nil), fs.ErrNotExist)
	require.ErrorIs(t, store.CopyObject(t.Context(), "bucket", "", "bucket", "copy", nil), lithopss3.ErrInvalidKey)
	require.ErrorIs(t, store.CopyObject(t.Context(), "bucket", "key", "bucket", "", nil), lithopss3.ErrInvalidKey)
}

// TestCopyOfSourceThatChanges covers changes between the HEAD and the copy, and between
// two parts.
func TestCopyOfSourceThatChanges(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{0, 5 * unit} {
		var replace atomic.Pointer[func()]
		store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			if request.Header.Get("X-Amz-Copy-Source") != "" {
				if once := replace.Swap(nil); once != nil {
					(*once)()
				}
			}
			return next.RoundTrip(request)
		})
		require.NoError(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(testkit.Bytes(11*unit)), nil))
		once := func() {
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("new"), nil))
		}
		replace.Store(&once)
		err := store.CopyObject(t.Context(), "bucket", "key", "bucket", "copy", lithopss3.CopyInParts(&lithopss3.CopyOptions{}, limit))
		require.ErrorIs(t, err, lithopss3.ErrPrecondition)
		require.ErrorContains(t, err, "replaced meanwhile")
		_, err = store.HeadObject(t.Context(), "bucket", "copy")
		require.ErrorIs(t, err, fs.ErrNotExist)
		assert.Zero(t, uploadsLeft(t, store))
	}
}

// TestMoveObject checks that the object is in the new place only, with its description.
func TestMoveObject(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	data := testkit.Bytes(7 * unit)
	for _, limit := range []int64{0, 5 * unit} {
		moved := fmt.Sprint("moved", limit) // another one: a move to the same content of the same second is refused
		require.NoError(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(data), described()))
		require.NoError(t, store.MoveObject(t.Context(), "bucket", "key", "other", moved, lithopss3.CopyInParts(&lithopss3.CopyOptions{}, limit)))
		got, err := store.ReadObject(t.Context(), "other", moved, 0)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, got))
		_, err = store.HeadObject(t.Context(), "bucket", "key")
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	require.ErrorIs(t, store.MoveObject(t.Context(), "bucket", "key", "other", "moved", nil), fs.ErrNotExist, "it is gone")
}

// TestMoveNeverLosesTheObject checks that, whatever a server does, the object is in one
// place at least.
func TestMoveNeverLosesTheObject(t *testing.T) {
	t.Parallel()
	isCopy := func(r *http.Request) bool { return r.Header.Get("X-Amz-Copy-Source") != "" }
	respond := func(status int, body string) tripper {
		return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			if isCopy(request) {
				return answer(request, status, nil, strings.NewReader(body)), nil
			}
			return next.RoundTrip(request)
		}
	}
	var store *lithopss3.Store
	overwrite := func(when func(*http.Request) bool, bucket, key string) tripper {
		var isDone atomic.Bool
		return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			if when(request) && isDone.CompareAndSwap(false, true) {
				if err := store.PutObject(request.Context(), bucket, key, strings.NewReader("new one"), nil); err != nil {
					return nil, err
				}
			}
			return next.RoundTrip(request)
		}
	}
	deletes := func(r *http.Request) bool { return r.Method == http.MethodDelete }
	for name, test := range map[string]struct {
		trip tripper
		want string
	}{
		"an error in a 200":             {respond(200, "<Error><Code>InternalError</Code></Error>"), "InternalError"},
		"nothing in a 200":              {respond(200, ""), "broke off"},
		"HTML in a 200":                 {respond(200, "<html></html>"), "HTML"},
		"a success that copied nothing": {respond(200, `<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>`), "not deleted"},
		"a 204":                         {respond(204, ""), "204"},
		"a source that is replaced before the delete": {overwrite(deletes, "bucket", "key"), "replaced meanwhile"},
		"a copy that is replaced at once": {func() tripper {
			var isDone atomic.Bool
			return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				response, err := next.RoundTrip(request)
				if isCopy(request) && isDone.CompareAndSwap(false, true) {
					return response, errors.Join(err, store.PutObject(request.Context(), "other", "moved", strings.NewReader("new one"), nil))
				}
				return response, err
			}
		}(), "not deleted"},
		"a delete that is refused": {func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			if deletes(request) {
				return answer(request, 403, nil, strings.NewReader("<Error><Code>AccessDenied</Code></Error>")), nil
			}
			return next.RoundTrip(request)
		}, "the copy is stored"},
	} {
		t.Run(name, func(t *testing.T) {
			var mine *lithopss3.Store
			mine, _ = aCopier(t, test.trip)
			store = mine
			require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
			err := store.MoveObject(t.Context(), "bucket", "key", "other", "moved", nil)
			require.ErrorContains(t, err, test.want)
			_, err = store.HeadObject(t.Context(), "bucket", "key")
			require.NoError(t, err, "the source is there")
		})
	}
}

// TestMoveOntoItself would delete the object.
func TestMoveOntoItself(t *testing.T) {
	t.Parallel()
	// A server that takes a//b and a/b for one file.
	var deletes atomic.Int64
	store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if request.Method == http.MethodDelete {
			deletes.Add(1)
		}
		return next.RoundTrip(request)
	})
	require.NoError(t, store.PutObject(t.Context(), "bucket", "a/b", strings.NewReader("text"), nil))
	require.ErrorContains(t, store.MoveObject(t.Context(), "bucket", "a/b", "bucket", "a/b", nil), "same object")
	alias, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if request.Method == http.MethodDelete {
			deletes.Add(1)
		}
		if request.Method == http.MethodHead {
			response := answer(request, 200, http.Header{"Etag": {`"e"`}, "Content-Length": {"4"}, "Last-Modified": {time.Unix(1_800_000_000, 0).UTC().Format(http.TimeFormat)}}, http.NoBody)
			return response, nil
		}
		return next.RoundTrip(request)
	})
	require.ErrorContains(t, alias.MoveObject(t.Context(), "bucket", "a//b", "bucket", "a/b", nil), "same object")
	assert.Zero(t, deletes.Load())
}

// TestCopyFromAnothersBucket demands the owner of the source too.
func TestCopyFromAnothersBucket(t *testing.T) {
	t.Parallel()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice, bob}})
	require.NoError(t, server.AddBucket("bobs", bob.Account, "us-east-1"))
	require.NoError(t, server.OpenBucket("bobs", devs3.OpenByPolicy))
	var source, destination atomic.Value
	store, recorder := openRecorded(t, server, configOf(alice, "us-east-1"), lithopss3.Options{})
	bucket, err := store.EnsureBucket(t.Context())
	require.NoError(t, err)
	recorder.reset(func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if request.Header.Get("X-Amz-Copy-Source") != "" {
			source.Store(request.Header.Get("X-Amz-Source-Expected-Bucket-Owner"))
			destination.Store(request.Header.Get("X-Amz-Expected-Bucket-Owner"))
		}
		return next.RoundTrip(request)
	})
	require.NoError(t, store.PutObject(t.Context(), bucket, "key", bytes.NewReader(testkit.Bytes(6*unit)), nil))
	for _, opts := range []*lithopss3.CopyOptions{nil, lithopss3.CopyInParts(&lithopss3.CopyOptions{}, 5*unit)} {
		require.NoError(t, store.CopyObject(t.Context(), bucket, "key", bucket, "copy", opts))
		assert.Equal(t, alice.Account, source.Load())
		assert.Equal(t, alice.Account, destination.Load())
		require.NoError(t, store.CopyObject(t.Context(), bucket, "key", "bobs", "copy", opts), "an open bucket that the caller names")
		assert.Equal(t, alice.Account, source.Load())
		assert.Empty(t, destination.Load())
	}
}

// TestCopyProgress ends with all bytes.
func TestCopyProgress(t *testing.T) {
	t.Parallel()
	store, _ := aCopier(t, nil)
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(testkit.Bytes(11*unit)), nil))
	for _, limit := range []int64{0, 5 * unit} {
		var seen []int64
		opts := &lithopss3.CopyOptions{PutOptions: lithopss3.PutOptions{Progress: func(p lithopss3.Progress) { seen = append(seen, p.Done) }}}
		require.NoError(t, store.CopyObject(t.Context(), "bucket", "key", "bucket", "copy", lithopss3.CopyInParts(opts, limit)))
		require.NotEmpty(t, seen)
		assert.EqualValues(t, 11*unit, seen[len(seen)-1])
	}
}

// TestCopyOfTheLimit copies an object of just the size that one request may copy with that
// one request, after the HEAD.
func TestCopyOfTheLimit(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	store, _ := aCopier(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		requests.Add(1)
		return next.RoundTrip(request)
	})
	require.NoError(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(testkit.Bytes(6*unit)), described()))
	for limit, want := range map[int64]int64{6 * unit: 2, 6*unit + 1: 2} {
		requests.Store(0)
		require.NoError(t, store.CopyObject(t.Context(), "bucket", "key", "bucket", "copy", lithopss3.CopyInParts(&lithopss3.CopyOptions{}, limit)))
		assert.Equal(t, want, requests.Load(), "%d", limit)
	}
}
