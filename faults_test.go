// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/faultproxy"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A faulty has a store that uses a proxy which breaks requests, and one that does not.
type faulty struct {
	proxy  *faultproxy.Proxy
	store  *lithopss3.Store // through the proxy, in haste
	direct *lithopss3.Store
	bucket string
	folder string // has the file "file" with the content before
	data   []byte // of the object "key"
}

const before = "before"

// patient is a timeout that no slow machine meets.
const patient = time.Minute

// openFaulty has a bucket of its own, on an embedded server or, if there is one,
// on that of LITHOPSS3_TEST_ENDPOINT (see TestConformanceServer).
func openFaulty(t *testing.T, options faultproxy.Options, timeout time.Duration) *faulty {
	t.Helper()
	f := &faulty{bucket: "bucket", folder: t.TempDir()}
	require.NoError(t, os.WriteFile(f.file(), []byte(before), 0o600))
	config := &lithopss3.Config{Region: "us-east-1"}
	if options.Target = os.Getenv("LITHOPSS3_TEST_ENDPOINT"); options.Target != "" {
		config.AccessKeyID, config.SecretAccessKey = os.Getenv("AWS_ACCESS_KEY_ID"), lithopss3.NewSecret(os.Getenv("AWS_SECRET_ACCESS_KEY"))
		f.bucket = fmt.Sprintf("faults-%x", rand.Uint64())
	} else {
		server := testkit.Server(t, &devs3.Options{Credentials: []devs3.Credential{alice}})
		options.Target = server.URL()
		config.AccessKeyID, config.SecretAccessKey, config.SessionToken = alice.AccessKeyID, lithopss3.NewSecret(alice.SecretAccessKey), lithopss3.NewSecret(alice.SessionToken)
	}
	f.open(t, options, timeout, config)
	require.NoError(t, f.direct.CreateBucket(t.Context(), f.bucket))
	return f
}

func (f *faulty) open(t *testing.T, options faultproxy.Options, timeout time.Duration, config *lithopss3.Config) {
	t.Helper()
	proxy, err := faultproxy.Start(options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, proxy.Close()) })
	f.proxy = proxy
	f.store, err = lithopss3.New(t.Context(), config, lithopss3.InHaste(&lithopss3.Options{Endpoint: proxy.URL(), LookupEnv: testkit.Env(nil)}, timeout))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.store.Close()) })
	f.direct, err = lithopss3.New(t.Context(), config, &lithopss3.Options{Endpoint: options.Target, LookupEnv: testkit.Env(nil)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.direct.Close()) })
}

func (f *faulty) file() string { return filepath.Join(f.folder, "file") }

// requireStored asks the server itself.
func (f *faulty) requireStored(t *testing.T, key string, want []byte) {
	t.Helper()
	got, err := f.direct.ReadObject(context.Background(), f.bucket, key, 0)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "%s has %d bytes, not the %d", key, len(got), len(want))
}

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

var (
	errBody       = errors.New("the body fails")
	errLeftBehind = errors.New("an upload was left behind")
)

// faultData is the content of the object "key"; some cases use its beginning.
var faultData = testkit.Bytes(9 * mib)

func putsStream(t *testing.T, f *faulty) error {
	data := testkit.Bytes(11*mib + 5)
	err := f.store.PutObject(t.Context(), f.bucket, "key", struct{ io.Reader }{bytes.NewReader(data)}, nil)
	if err != nil {
		data = f.data
	}
	f.requireStored(t, "key", data)
	return err
}

func copies(limit int64) func(t *testing.T, f *faulty) error {
	return func(t *testing.T, f *faulty) error {
		err := f.store.CopyObject(t.Context(), f.bucket, "key", f.bucket, "small", lithopss3.CopyInParts(&lithopss3.CopyOptions{}, limit))
		if err == nil {
			f.requireStored(t, "small", f.data)
		} else {
			f.requireStored(t, "small", []byte("small"))
		}
		return err
	}
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
		err := f.store.PutObject(t.Context(), f.bucket, "key", io.MultiReader(bytes.NewReader(faultData), iotest.ErrReader(errBody)), nil)
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
		object, err := f.store.GetObject(t.Context(), f.bucket, "key", &lithopss3.GetOptions{Range: lithopss3.Range(mib+1, 2*mib)})
		if err != nil {
			return err
		}
		assert.EqualValues(t, 2*mib, object.Length)
		got, err := io.ReadAll(object.Body)
		if err == nil {
			require.True(t, bytes.Equal(f.data[mib+1:3*mib+1], got))
		}
		return errors.Join(err, object.Body.Close())
	}},
	"read anywhere": {breaks: "GetObject", requests: 2, isPart: true, run: func(t *testing.T, f *faulty) error {
		reader, err := f.store.OpenReaderAt(t.Context(), f.bucket, "key", nil)
		if err != nil {
			return err
		}
		tail := make([]byte, 100)
		if _, err = reader.ReadAt(tail, 9*mib-100); err == nil {
			require.Equal(t, f.data[9*mib-100:], tail)
		}
		got := make([]byte, mib)
		if _, err = reader.ReadAt(got, 5*mib+7); err == nil {
			require.True(t, bytes.Equal(f.data[5*mib+7:6*mib+7], got))
		}
		return errors.Join(err, reader.Close())
	}},
	"copy": {breaks: "CopyObject", requests: 1, run: copies(0)},
	// On versitygw, whose checksums of such parts are wrong, all is copied once more.
	"copy a part": {breaks: "UploadPartCopy", requests: 2, isUpload: true, mayMore: 3, run: copies(5 * mib)},
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

var (
	again = faultOutcome{more: 1}
	same  = faultOutcome{}
)

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

// TestFaults breaks one request of each kind of operation in each way, and holds
// what comes of it, and how many requests that takes, to a table.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	for name, op := range faultOps {
		for kind, outcome := range faultOutcomes {
			isLarge := op.requests > 1 || op.isUpload
			if isLarge && (kind == faultproxy.Stall || kind == faultproxy.StallInAnswer) {
				continue // three seconds must be enough for what is not broken
			}
			isFlip := kind == faultproxy.FlipAnswer || kind == faultproxy.WrongChecksum
			if !kind.Breaks(op.breaks) || (isFlip && op.isPart) || (kind == faultproxy.WrongChecksum && op.requests > 1) {
				continue
			}
			row := fmt.Sprintf("%s/%s", name, kind)
			if odd, ok := oddOutcomes[row]; ok {
				outcome = odd
			}
			t.Run(row, func(t *testing.T) {
				t.Parallel()
				testFault(t, op, kind, outcome)
			})
		}
	}
}

func testFault(t *testing.T, op faultOp, kind faultproxy.Kind, outcome faultOutcome) {
	t.Helper()
	timeout := patient
	if kind == faultproxy.Stall || kind == faultproxy.StallInAnswer {
		timeout = 3 * time.Second // in which what does not stall ends on a busy machine too
	}
	f := openFaulty(t, faultproxy.Options{}, timeout)
	f.data = faultData[:100<<10]
	if op.requests > 1 || op.isPart {
		f.data = faultData
	}
	body := io.Reader(bytes.NewReader(f.data))
	if op.isUpload {
		f.data = faultData[:6*mib]
		body = struct{ io.Reader }{bytes.NewReader(f.data)}
	}
	require.NoError(t, f.store.PutObject(t.Context(), f.bucket, "key", body, nil))
	require.NoError(t, f.store.PutObject(t.Context(), f.bucket, "small", strings.NewReader("small"), nil))
	// The fast path learns from what goes before.
	_, err := f.store.HeadObject(t.Context(), f.bucket, "small")
	require.NoError(t, err)
	_, err = f.store.ReadObject(t.Context(), f.bucket, "small", 0)
	require.NoError(t, err)

	f.proxy.Break(faultproxy.Rule{Operation: op.breaks, Fault: kind})
	err = op.run(t, f)
	require.Equal(t, map[faultproxy.Kind]int{kind: 1}, f.proxy.Faults())
	switch {
	case outcome.code != "":
		var known *lithopss3.Error
		require.ErrorAs(t, err, &known)
		assert.Equal(t, outcome.code, known.Code)
	case outcome.want != nil:
		require.ErrorIs(t, err, outcome.want)
	default:
		require.NoError(t, err)
	}
	requests := f.proxy.Requests(op.breaks)
	assert.LessOrEqual(t, requests, op.requests+outcome.more+op.mayMore, "%v", err)
	assert.True(t, outcome.atMost || requests >= op.requests+outcome.more, "%d requests, after %v", requests, err)
	assert.Equal(t, outcome.uploads, endUploads(t, f))
	assert.Equal(t, []string{"file"}, testkit.Files(t, f.folder))
}

// endUploads aborts the open uploads, and returns how many there were.
func endUploads(t *testing.T, f *faulty) int {
	t.Helper()
	out, err := f.direct.Client().ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &f.bucket})
	require.NoError(t, err)
	for _, open := range out.Uploads {
		_, err := f.direct.Client().AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: &f.bucket, Key: open.Key, UploadId: open.UploadId})
		require.NoError(t, err)
	}
	return len(out.Uploads)
}
