// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/faultproxy"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A faultOp is an operation whose first request of a kind is broken.
type faultOp struct {
	breaks   string // S3's name of the request
	requests int    // how many of them there are if nothing breaks
	isPart   bool   // of an object, so that nothing tells other bytes
	isUpload bool   // in parts
	mayMore  int    // how many requests more it may make, by chance or on some servers: see upload.abort
	// run works on the object "key", which has the bytes of data. What it changes
	// must be as told by err: done, or not.
	run func(t *testing.T, f *faulty) (err error)
}

// faultData returns the content of the object "key"; some cases use its beginning. It is made
// at first use, because tests start this binary for other purposes too.
var faultData = sync.OnceValue(func() []byte { return testkit.Bytes(9 * mib) })

func putsStream(t *testing.T, f *faulty) error {
	data := testkit.Bytes(10*f.unit + 5)
	err := f.store.PutObject(t.Context(), f.bucket, "key", struct{ io.Reader }{bytes.NewReader(data)}, nil)
	if err != nil {
		data = f.data
	}
	f.requireStored(t, "key", data)
	return err
}

// copies copies in parts if the object has more than so many units; 0 is S3's limit.
func copies(limit int) func(t *testing.T, f *faulty) error {
	return func(t *testing.T, f *faulty) error {
		return copyWith(t, f, lithopss3.CopyInParts(&lithopss3.CopyOptions{}, int64(limit*f.unit)))
	}
}

// copyWith copies over an object, which stays if the copy fails.
func copyWith(t *testing.T, f *faulty, opts *lithopss3.CopyOptions) error {
	t.Helper()
	err := f.store.CopyObject(t.Context(), f.bucket, "key", f.bucket, "small", opts)
	if err == nil {
		f.requireStored(t, "small", f.data)
	} else {
		f.requireStored(t, "small", []byte("small"))
	}
	return err
}

func downloads(resume bool) func(t *testing.T, f *faulty) error {
	return func(t *testing.T, f *faulty) error {
		err := f.store.DownloadFile(t.Context(), f.bucket, "key", f.file(), &lithopss3.DownloadOptions{Resume: resume})
		got, readErr := os.ReadFile(f.file())
		require.NoError(t, readErr)
		if err != nil {
			require.Equal(t, before, string(got))
			for _, left := range []string{".file.lithops-s3.part", ".file.lithops-s3.journal"} {
				if resume {
					_ = os.Remove(filepath.Join(f.folder, left))
				}
			}
			return err
		}
		require.True(t, bytes.Equal(f.data, got))
		return nil
	}
}

var faultOps = map[string]faultOp{
	"put": {breaks: "PutObject", requests: 1, run: func(t *testing.T, f *faulty) error {
		err := f.store.PutObject(t.Context(), f.bucket, "key", strings.NewReader("after"), nil)
		if err == nil {
			f.requireStored(t, "key", []byte("after"))
		} else {
			f.requireStored(t, "key", f.data)
		}
		return err
	}},
	"put if absent": {breaks: "PutObject", requests: 1, run: func(t *testing.T, f *faulty) error {
		err := f.store.PutObject(t.Context(), f.bucket, "new", strings.NewReader("after"), &lithopss3.PutOptions{IfAbsent: true})
		_, missing := f.direct.HeadObject(t.Context(), f.bucket, "new")
		assert.Equal(t, err == nil, missing == nil)
		return err
	}},
	"begin an upload":    {breaks: "CreateMultipartUpload", requests: 1, isUpload: true, run: putsStream},
	"send a part":        {breaks: "UploadPart", requests: 3, isUpload: true, run: putsStream},
	"complete an upload": {breaks: "CompleteMultipartUpload", requests: 1, isUpload: true, run: putsStream},
	"take an upload back": {breaks: "AbortMultipartUpload", requests: 1, isUpload: true, mayMore: 3, run: func(t *testing.T, f *faulty) error {
		err := f.store.PutObject(t.Context(), f.bucket, "key", io.MultiReader(bytes.NewReader(faultData()[:9*f.unit]), iotest.ErrReader(errBody)), nil)
		require.ErrorIs(t, err, errBody)
		if strings.Contains(err.Error(), "was left behind") {
			assert.Equal(t, 1, endUploads(t, f))
			return errLeftBehind
		}
		return nil
	}},
	"get": {breaks: "GetObject", requests: 1, run: func(t *testing.T, f *faulty) error {
		got, err := f.store.ReadObject(t.Context(), f.bucket, "key", 0)
		if err == nil {
			require.True(t, bytes.Equal(f.data, got))
		}
		return err
	}},
	"get a range": {breaks: "GetObject", requests: 1, isPart: true, run: func(t *testing.T, f *faulty) error {
		object, err := f.store.GetObject(t.Context(), f.bucket, "key", &lithopss3.GetOptions{Range: lithopss3.Range(int64(f.unit)+1, 2*int64(f.unit))})
		if err != nil {
			return err
		}
		assert.EqualValues(t, 2*f.unit, object.Length)
		got, err := io.ReadAll(object.Body)
		if err == nil {
			require.True(t, bytes.Equal(f.data[f.unit+1:3*f.unit+1], got))
		}
		return errors.Join(err, object.Body.Close())
	}},
	"read anywhere": {breaks: "GetObject", requests: 2, isPart: true, run: func(t *testing.T, f *faulty) error {
		reader, err := f.store.OpenReaderAt(t.Context(), f.bucket, "key", nil)
		if err != nil {
			return err
		}
		tail := make([]byte, 100)
		if _, err = reader.ReadAt(tail, int64(len(f.data)-100)); err == nil {
			require.Equal(t, f.data[len(f.data)-100:], tail)
		}
		got := make([]byte, f.unit)
		if _, err = reader.ReadAt(got, int64(5*f.unit+7)); err == nil {
			require.True(t, bytes.Equal(f.data[5*f.unit+7:6*f.unit+7], got))
		}
		return errors.Join(err, reader.Close())
	}},
	"copy": {breaks: "CopyObject", requests: 1, run: copies(0)},
	"copy what was listed": {breaks: "CopyObject", requests: 1, run: func(t *testing.T, f *faulty) error {
		listed, err := f.direct.HeadObject(t.Context(), f.bucket, "key")
		require.NoError(t, err)
		return copyWith(t, f, &lithopss3.CopyOptions{Listed: listed})
	}},
	// On versitygw, whose checksums of such parts are wrong, all is copied once more.
	"copy a part": {breaks: "UploadPartCopy", requests: 2, isUpload: true, mayMore: 3, run: copies(5)},
	"move": {breaks: "CopyObject", requests: 1, run: func(t *testing.T, f *faulty) error {
		err := f.store.MoveObject(t.Context(), f.bucket, "key", f.bucket, "moved", nil)
		if err == nil {
			f.requireStored(t, "moved", f.data)
			_, err := f.direct.HeadObject(t.Context(), f.bucket, "key")
			require.ErrorIs(t, err, os.ErrNotExist)
			return nil
		}
		f.requireStored(t, "key", f.data)
		return err
	}},
	"head": {breaks: "HeadObject", requests: 1, run: func(t *testing.T, f *faulty) error {
		info, err := f.store.HeadObject(t.Context(), f.bucket, "key")
		if err == nil {
			assert.EqualValues(t, len(f.data), info.Size)
		}
		return err
	}},
	"delete": {breaks: "DeleteObject", requests: 1, run: func(t *testing.T, f *faulty) error {
		err := f.store.DeleteObject(t.Context(), f.bucket, "key")
		_, missing := f.direct.HeadObject(t.Context(), f.bucket, "key")
		assert.Equal(t, err == nil, missing != nil)
		return err
	}},
	"delete many": {breaks: "DeleteObjects", requests: 1, run: func(t *testing.T, f *faulty) error {
		err := f.store.DeleteObjects(t.Context(), f.bucket, []string{"key", "small", "never there"})
		left, listErr := f.direct.ListKeys(t.Context(), f.bucket, "")
		require.NoError(t, listErr)
		if err == nil {
			assert.Empty(t, left)
			return nil
		}
		assert.Len(t, left, 2)
		var each *lithopss3.DeleteError
		require.ErrorAs(t, err, &each)
		assert.Len(t, each.Failed, 3)
		return err
	}},
	"list": {breaks: "ListObjectsV2", requests: 1, run: func(t *testing.T, f *faulty) error {
		keys, err := f.store.ListKeys(t.Context(), f.bucket, "")
		if err == nil {
			assert.Equal(t, []string{"key", "small"}, keys)
		}
		return err
	}},
	"download":          {breaks: "GetObject", requests: 2, run: downloads(false)},
	"download to go on": {breaks: "GetObject", requests: 2, run: downloads(true)},
	"download a small one": {breaks: "GetObject", requests: 1, run: func(t *testing.T, f *faulty) error {
		err := f.store.DownloadFile(t.Context(), f.bucket, "small", f.file(), nil)
		want := "small"
		if err != nil {
			want = before
		}
		got, readErr := os.ReadFile(f.file())
		require.NoError(t, readErr)
		require.Equal(t, want, string(got))
		return err
	}},
	"create a bucket": {breaks: "CreateBucket", requests: 1, run: func(t *testing.T, f *faulty) error {
		err := f.store.CreateBucket(t.Context(), f.bucket+"-another")
		missing := f.direct.HeadBucket(t.Context(), f.bucket+"-another")
		assert.Equal(t, err == nil, missing == nil)
		return err
	}},
}

// A faultOutcome is what an operation makes of a fault.
type faultOutcome struct {
	more    int    // requests than without it
	atMost  bool   // that many, or fewer
	code    string // of the error, where it is S3's
	want    error  // where it is this package's
	uploads int    // still open at the end
}

// faultOutcomes are those of most operations.
var faultOutcomes = map[faultproxy.Kind]faultOutcome{
	faultproxy.Refuse: again, faultproxy.ResetFirst: again, faultproxy.ResetInBody: again, faultproxy.ResetUnheard: again,
	faultproxy.Stall: again, faultproxy.FlipRequest: again, faultproxy.LoseAnswer: again, faultproxy.InternalError: again,
	faultproxy.BadGateway: again, faultproxy.SlowDown: again, faultproxy.TooMany: again, faultproxy.RequestTimeout: again,
	faultproxy.ErrorIn200: again, faultproxy.ResetInHead: again, faultproxy.ResetInAnswer: again, faultproxy.Truncate: again,
	faultproxy.StallInAnswer: again, faultproxy.Shorten: again,
	faultproxy.ThrottledBody: same, faultproxy.ThrottledAnswer: same, faultproxy.Duplicate: same,
	// The SDK believes the clock of the answer, and the server then disagrees.
	faultproxy.Skew:         {more: 2, atMost: true},
	faultproxy.ExpiredToken: {code: "ExpiredToken", atMost: true},
	faultproxy.Redirect:     {code: "TemporaryRedirect", atMost: true},
	faultproxy.Moved:        {code: "PermanentRedirect", atMost: true},
	faultproxy.FlipAnswer:   {want: lithopss3.ErrChecksum, atMost: true}, faultproxy.WrongChecksum: {want: lithopss3.ErrChecksum},
}

// oddOutcomes are those of some.
var oddOutcomes = map[string]faultOutcome{
	// Nothing contradicts the length but the checksum.
	"get/shorten": {want: lithopss3.ErrChecksum},
	// The parts that are sent with the believed time are refused too.
	"send a part/403 RequestTimeTooSkewed": {more: 4, atMost: true},
	// After a timeout a batch is halved.
	"delete many/stall": {more: 2}, "delete many/stall in the answer": {more: 2, atMost: true},
	// The answer to a HEAD has no code.
	"head/400 RequestTimeout":              {code: "BadRequest"},
	"head/400 ExpiredToken":                {code: "BadRequest"},
	"head/307 to itself":                   {code: "TemporaryRedirect"},
	"head/301 to itself":                   {code: "MovedPermanently"},
	"take an upload back/307 to itself":    {want: errLeftBehind},
	"take an upload back/301 to itself":    {want: errLeftBehind},
	"take an upload back/400 ExpiredToken": {want: errLeftBehind},
	// The server may not have known the kind of checksum.
	"begin an upload/400 ExpiredToken": again,
	// An upload whose name is lost can't be told from another writer's. It has no
	// parts, and costs nothing.
	"begin an upload/lose the answer":   {more: 1, uploads: 1},
	"begin an upload/reset in the head": {more: 1, uploads: 1},
	"begin an upload/duplicate":         {uploads: 1},
}
