// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/jobs"
	"github.com/lithops-go/lithopss3/partition"
	"github.com/lithops-go/lithopss3/pickle"
	"github.com/stretchr/testify/require"
)

// ownedOperations are all that this package does in a bucket. Each must make a
// request. trip, if there is one, breaks some.
func ownedOperations(t *testing.T) map[string]struct {
	do   func(context.Context, *lithopss3.Store, *jobs.Client) error
	trip tripper
} {
	t.Helper()
	type operation = struct {
		do   func(context.Context, *lithopss3.Store, *jobs.Client) error
		trip tripper
	}
	const bucket = userBucketName
	call := jobs.Call{ExecutorID: "4b99c1-0", JobID: "M000", CallID: "00000"}
	large := bytes.Repeat([]byte("0123456789abcdef"), 20*unit/16) // parts up, ranges down
	file := filepath.Join(t.TempDir(), "file")
	folder := t.TempDir()
	for _, name := range []string{"a", "b"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(name), 0o600))
	}
	read := func(object *lithopss3.Object, err error) error {
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, object.Body)
		return errors.Join(err, object.Body.Close())
	}
	on := func(do func(context.Context, *lithopss3.Store) error) operation {
		return operation{do: func(ctx context.Context, s *lithopss3.Store, _ *jobs.Client) error { return do(ctx, s) }}
	}
	of := func(do func(context.Context, *jobs.Client) error) operation {
		return operation{do: func(ctx context.Context, _ *lithopss3.Store, j *jobs.Client) error { return do(ctx, j) }}
	}
	operations := map[string]operation{
		"Store.BucketStatus": on(func(ctx context.Context, s *lithopss3.Store) error { return second(s.BucketStatus(ctx, bucket)) }),
		"Store.EnsureBucket": on(func(ctx context.Context, s *lithopss3.Store) error { return second(s.EnsureBucket(ctx)) }),
		"Store.HeadBucket":   on(func(ctx context.Context, s *lithopss3.Store) error { return s.HeadBucket(ctx, bucket) }),
		"Store.PutObject": on(func(ctx context.Context, s *lithopss3.Store) error {
			return s.PutObject(ctx, bucket, "key", strings.NewReader("text"), nil)
		}),
		"Store.PutObject in parts": on(func(ctx context.Context, s *lithopss3.Store) error {
			return s.PutObject(ctx, bucket, "large", bytes.NewReader(large), nil)
		}),
		"Store.PutObject if absent": on(func(ctx context.Context, s *lithopss3.Store) error {
			err := s.PutObject(ctx, bucket, "key", strings.NewReader("x"), &lithopss3.PutOptions{IfAbsent: true})
			return unless(err, lithopss3.ErrPrecondition)
		}),
		"Store.GetObject": on(func(ctx context.Context, s *lithopss3.Store) error { return read(s.GetObject(ctx, bucket, "key", nil)) }),
		"Store.ReadObject": on(func(ctx context.Context, s *lithopss3.Store) error {
			return second(s.ReadObject(ctx, bucket, "key", 0))
		}),
		"Store.GetObject of an odd range": on(func(ctx context.Context, s *lithopss3.Store) error {
			return read(s.GetObject(ctx, bucket, "key", &lithopss3.GetOptions{Range: &lithopss3.ByteRange{Offset: -3, Length: 2}}))
		}),
		"Store.CopyObject": on(func(ctx context.Context, s *lithopss3.Store) error {
			return s.CopyObject(ctx, bucket, "key", bucket, "copied", nil)
		}),
		"Store.CopyObject of what was listed": on(func(ctx context.Context, s *lithopss3.Store) error {
			for info, err := range s.ListObjects(ctx, bucket, &lithopss3.ListOptions{Prefix: "key"}) {
				if err != nil {
					return err
				}
				return s.CopyObject(ctx, bucket, info.Key, bucket, "copied", &lithopss3.CopyOptions{Listed: &info})
			}
			return errors.New("nothing is listed")
		}),
		"Store.CopyObject in parts": on(func(ctx context.Context, s *lithopss3.Store) error {
			return s.CopyObject(ctx, bucket, "large", bucket, "copied", lithopss3.CopyInParts(&lithopss3.CopyOptions{}, 5*unit))
		}),
		"Store.MoveObject": on(func(ctx context.Context, s *lithopss3.Store) error {
			err := s.PutObject(ctx, bucket, "to move", strings.NewReader("text"), &lithopss3.PutOptions{Tags: map[string]string{"a": "b"}})
			err = errors.Join(err, s.DeleteObject(ctx, bucket, "moved")) // which would look like the source, a moment after
			return errors.Join(err, s.MoveObject(ctx, bucket, "to move", bucket, "moved", nil))
		}),
		"Store.MoveToFile": on(func(ctx context.Context, s *lithopss3.Store) error {
			err := s.PutObject(ctx, bucket, "to move", strings.NewReader("text"), nil)
			return errors.Join(err, s.MoveToFile(ctx, bucket, "to move", file+"-moved", nil))
		}),
		"Store.ObjectTags": on(func(ctx context.Context, s *lithopss3.Store) error { return second(s.ObjectTags(ctx, bucket, "key")) }),
		"Store.SetObjectTags": on(func(ctx context.Context, s *lithopss3.Store) error {
			return errors.Join(s.SetObjectTags(ctx, bucket, "key", map[string]string{"a": "b"}), s.SetObjectTags(ctx, bucket, "key", nil))
		}),
		"Store.ListVersions": on(func(ctx context.Context, s *lithopss3.Store) error {
			for _, err := range s.ListVersions(ctx, bucket, "") {
				if err != nil {
					return err
				}
			}
			return nil
		}),
		"Store.HeadObject": on(func(ctx context.Context, s *lithopss3.Store) error { return second(s.HeadObject(ctx, bucket, "key")) }),
		"Store.DownloadFile": on(func(ctx context.Context, s *lithopss3.Store) error {
			return s.DownloadFile(ctx, bucket, "large", file, nil)
		}),
		"Store.UploadFile": on(func(ctx context.Context, s *lithopss3.Store) error {
			return s.UploadFile(ctx, file, bucket, "copy", nil)
		}),
		"Store.DownloadTo": on(func(ctx context.Context, s *lithopss3.Store) error {
			return second(s.DownloadTo(ctx, bucket, "large", &memoryAt{}, nil))
		}),
		"Store.PutDir": on(func(ctx context.Context, s *lithopss3.Store) error {
			return s.PutDir(ctx, folder, bucket, "dir/", nil)
		}),
		"Store.GetDir": on(func(ctx context.Context, s *lithopss3.Store) error {
			return s.GetDir(ctx, bucket, "dir/", filepath.Join(filepath.Dir(file), "dir"), nil)
		}),
		"Store.OpenReaderAt": on(func(ctx context.Context, s *lithopss3.Store) error {
			reader, err := s.OpenReaderAt(ctx, bucket, "large", nil)
			if err != nil {
				return err
			}
			_, err = reader.ReadAt(make([]byte, 100), 9*unit)
			return errors.Join(err, reader.Close())
		}),
		"Store.OpenUploads": on(func(ctx context.Context, s *lithopss3.Store) error {
			for _, err := range s.OpenUploads(ctx, bucket, "") {
				if err != nil {
					return err
				}
			}
			return nil
		}),
		"Store.AbortUpload": on(func(ctx context.Context, s *lithopss3.Store) error {
			return s.AbortUpload(ctx, bucket, lithopss3.OpenUpload{Key: "key", ID: "gone"})
		}),
		"Store.DeletePrefix": on(func(ctx context.Context, s *lithopss3.Store) error {
			err := s.PutObject(ctx, bucket, "some/key", strings.NewReader("text"), nil)
			return errors.Join(err, second(s.DeletePrefix(ctx, bucket, "some/", nil)))
		}),
		"Store.ListObjects in parallel": on(func(ctx context.Context, s *lithopss3.Store) error {
			for _, err := range s.ListObjects(ctx, bucket, &lithopss3.ListOptions{PageSize: 1, Parallel: 4}) {
				if err != nil {
					return err
				}
			}
			return nil
		}),
		"Store.ListKeys": on(func(ctx context.Context, s *lithopss3.Store) error { return second(s.ListKeys(ctx, bucket, "")) }),
		"Store.ListObjects": on(func(ctx context.Context, s *lithopss3.Store) error {
			for _, err := range s.ListObjects(ctx, bucket, &lithopss3.ListOptions{PageSize: 1}) {
				if err != nil {
					return err
				}
			}
			return nil
		}),
		"Store.DeleteObject": on(func(ctx context.Context, s *lithopss3.Store) error { return s.DeleteObject(ctx, bucket, "gone") }),
		"Store.DeleteObjects": on(func(ctx context.Context, s *lithopss3.Store) error {
			return s.DeleteObjects(ctx, bucket, []string{"gone", "gone too", "odd\x01"})
		}),
		"Store.ExpireAfter": on(func(ctx context.Context, s *lithopss3.Store) error {
			return errors.Join(second(s.ExpireAfter(ctx, bucket, "tmp/", 7, false)), second(s.ExpireAfter(ctx, bucket, "tmp/", 8, false)))
		}),
		"Store.CreateBucket": on(func(ctx context.Context, s *lithopss3.Store) error { return s.CreateBucket(ctx, bucket) }),

		"Client.Output": of(func(ctx context.Context, j *jobs.Client) error { return second(j.Output(ctx, call)) }),
		"Client.Status": of(func(ctx context.Context, j *jobs.Client) error { return second(j.Status(ctx, call)) }),
		"Client.Statuses": of(func(ctx context.Context, j *jobs.Client) error {
			for _, err := range j.Statuses(ctx, []jobs.Call{call}) {
				if err != nil {
					return err
				}
			}
			return nil
		}),
		"Client.Clean": of(func(ctx context.Context, j *jobs.Client) error {
			return second(j.Clean(ctx, jobs.CleanOptions{ExecutorID: "none"}))
		}),
		"Client.PutCloudObject": of(func(ctx context.Context, j *jobs.Client) error {
			return second(j.PutCloudObject(ctx, strings.NewReader("x"), nil))
		}),
		"Client.GetCloudObject": of(func(ctx context.Context, j *jobs.Client) error {
			return read(j.GetCloudObject(ctx, &jobs.CloudObject{Backend: lithopss3.Backend, Bucket: bucket, Key: "key"}, nil))
		}),
		"Client.PutCloudObjects": of(func(ctx context.Context, j *jobs.Client) error {
			return second(j.PutCloudObjects(ctx, []io.Reader{strings.NewReader("x")}))
		}),
		"Client.GetCloudObjects": of(func(ctx context.Context, j *jobs.Client) error {
			for _, err := range j.GetCloudObjects(ctx, []*jobs.CloudObject{{Backend: lithopss3.Backend, Bucket: bucket, Key: "key"}}) {
				if err != nil {
					return err
				}
			}
			return nil
		}),
		"Client.PutArguments": of(func(ctx context.Context, j *jobs.Client) error {
			return second(j.PutArguments(ctx, "4b99c1-0", "M000", pickle.EncodeEach(slices.Values([]int{1}))))
		}),
		"Client.Arguments": of(func(ctx context.Context, j *jobs.Client) error {
			where := lithopss3.ByteRange{Length: 1}
			return errors.Join(j.PutData(ctx, jobs.DataKey(call.ExecutorID, call.JobID), strings.NewReader("x")), second(j.Arguments(ctx, call, where)))
		}),
		"Client.DeleteCloudObjects": of(func(ctx context.Context, j *jobs.Client) error {
			return j.DeleteCloudObjects(ctx, &jobs.CloudObject{Backend: lithopss3.Backend, Bucket: bucket, Key: "gone"})
		}),
		"Client.PutData": of(func(ctx context.Context, j *jobs.Client) error {
			return j.PutData(ctx, "data", strings.NewReader("x"))
		}),
		"Client.GetData":    of(func(ctx context.Context, j *jobs.Client) error { return read(j.GetData(ctx, "key", nil)) }),
		"Client.DeleteData": of(func(ctx context.Context, j *jobs.Client) error { return j.DeleteData(ctx, "gone") }),
		"Client.PutFunction": of(func(ctx context.Context, j *jobs.Client) error {
			return second(j.PutFunction(ctx, "4b99c1-0", []byte("f")))
		}),
		"Client.GetFunction": of(func(ctx context.Context, j *jobs.Client) error { return second(j.GetFunction(ctx, "key")) }),
		"Client.PutRuntimeMeta": of(func(ctx context.Context, j *jobs.Client) error {
			return j.PutRuntimeMeta(ctx, "r", map[string]any{})
		}),
		"Client.RuntimeMeta":       of(func(ctx context.Context, j *jobs.Client) error { return second(j.RuntimeMeta(ctx, "r")) }),
		"Client.DeleteRuntimeMeta": of(func(ctx context.Context, j *jobs.Client) error { return j.DeleteRuntimeMeta(ctx, "other") }),
		"Client.Finish": of(func(ctx context.Context, j *jobs.Client) error {
			return j.Finish(ctx, &jobs.Status{Call: call}, strings.Repeat("x", 9<<10), nil)
		}),
		"Client.PutInit": of(func(ctx context.Context, j *jobs.Client) error { return j.PutInit(ctx, call, "a") }),
		"Client.PutStatus": of(func(ctx context.Context, j *jobs.Client) error {
			return j.PutStatus(ctx, &jobs.Status{Call: call})
		}),
		"Client.Progress": of(func(ctx context.Context, j *jobs.Client) error { return second(j.Progress(ctx, "")) }),
		"Client.List":     of(func(ctx context.Context, j *jobs.Client) error { return second(j.List(ctx, "")) }),
		"Client.Find": of(func(ctx context.Context, j *jobs.Client) error {
			return second(j.Find(ctx, jobs.ID{ExecutorID: call.ExecutorID}, true))
		}),
		"Client.Result": of(func(ctx context.Context, j *jobs.Client) error { return second(j.Result(ctx, call)) }),
		"Client.ResultOf": of(func(ctx context.Context, j *jobs.Client) error {
			return second(j.ResultOf(ctx, &jobs.Status{Call: call, ResultSize: 1}))
		}),
		"Client.ResultPickle": of(func(ctx context.Context, j *jobs.Client) error {
			return second(j.ResultPickle(ctx, &jobs.Status{Call: call, ResultSize: 1}))
		}),
		"Client.Watch": of(func(ctx context.Context, j *jobs.Client) error {
			for _, err := range j.Watch(ctx, jobs.ID{ExecutorID: "4b99c1-0"}, nil) {
				return err // the first event is enough
			}
			return nil
		}),
		"partition.Objects": on(func(ctx context.Context, s *lithopss3.Store) error {
			partitions, _, err := partition.Objects(ctx, s, []string{"s3://" + bucket + "/large"}, nil)
			if err != nil {
				return err
			}
			body, err := partitions[0].Open(ctx, s)
			if err != nil {
				return err
			}
			return body.Close()
		}),
	}
	resumed := operations["Store.GetObject"]
	resumed.do = func(ctx context.Context, s *lithopss3.Store, _ *jobs.Client) error {
		return read(s.GetObject(ctx, bucket, "large", nil))
	}
	resumed.trip = breakFirst(unit)
	operations["Store.GetObject that breaks off"] = resumed
	aborted := operations["Store.PutObject in parts"]
	aborted.do = func(ctx context.Context, s *lithopss3.Store, _ *jobs.Client) error {
		err := s.PutObject(ctx, bucket, "aborted", bytes.NewReader(large), nil)
		if err == nil {
			return errors.New("the upload was to fail")
		}
		return nil
	}
	aborted.trip = func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if request.Method == http.MethodPut {
			return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody, Request: request}, nil
		}
		return next.RoundTrip(request)
	}
	operations["Store.PutObject that is taken back"] = aborted
	elsewhere := operations["Store.HeadObject"]
	elsewhere.do = func(ctx context.Context, s *lithopss3.Store, _ *jobs.Client) error {
		return unless(second(s.HeadObject(ctx, bucket, "key")), errMoved)
	}
	elsewhere.trip = moveOnce()
	operations["Store.HeadObject in a region that must be asked for"] = elsewhere
	return operations
}

func second[T any](_ T, err error) error { return err }

func unless(err, expected error) error {
	var known *lithopss3.Error
	if errors.Is(err, expected) || (errors.Is(expected, errMoved) && errors.As(err, &known) && known.StatusCode == http.StatusMovedPermanently) {
		return nil
	}
	return err
}

// errMoved is the answer of moveOnce if no request says where the bucket is.
var errMoved = errors.New("moved")

// breakFirst cuts the first body of an object after some bytes.
func breakFirst(after int64) tripper {
	var broken atomic.Bool
	return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err == nil && request.Method == http.MethodGet && broken.CompareAndSwap(false, true) {
			response.Body = &brokenBody{ReadCloser: response.Body, left: after, err: io.ErrUnexpectedEOF}
		}
		return response, err
	}
}

// moveOnce answers the first request with a redirect that does not say where the bucket is.
func moveOnce() tripper {
	var moved atomic.Bool
	return func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		if moved.CompareAndSwap(false, true) {
			return &http.Response{StatusCode: http.StatusMovedPermanently, Header: http.Header{}, Body: http.NoBody, Request: request}, nil
		}
		return next.RoundTrip(request)
	}
}
