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
	unit   int    // stands for a MiB, where the server takes small parts
}

const before = "before"

// patient is a timeout that no slow machine meets.
const patient = lithopss3.Patience

// openFaulty has a bucket of its own, on an embedded server or, if there is one,
// on that of LITHOPSS3_TEST_ENDPOINT (see TestConformanceServer).
func openFaulty(t *testing.T, options faultproxy.Options, timeout time.Duration) *faulty {
	t.Helper()
	f := &faulty{bucket: "bucket", folder: t.TempDir(), unit: unit}
	require.NoError(t, os.WriteFile(f.file(), []byte(before), 0o600))
	config := &lithopss3.Config{Region: "us-east-1"}
	if options.Target = os.Getenv("LITHOPSS3_TEST_ENDPOINT"); options.Target != "" {
		config.AccessKeyID, config.SecretAccessKey = os.Getenv("AWS_ACCESS_KEY_ID"), lithopss3.NewSecret(os.Getenv("AWS_SECRET_ACCESS_KEY"))
		f.bucket = fmt.Sprintf("faults-%x", rand.Uint64())
		f.unit = mib
	} else {
		server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
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
	opts := lithopss3.InHaste(&lithopss3.Options{Endpoint: proxy.URL(), LookupEnv: testkit.Env(nil)}, timeout)
	if os.Getenv("LITHOPSS3_SOAK") != "" {
		f.unit = mib // there is time for the usual sizes
	}
	if f.unit < mib {
		opts = lithopss3.InSmall(opts)
	}
	f.store, err = lithopss3.New(t.Context(), config, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.store.Close()) })
	f.direct, err = lithopss3.New(t.Context(), config, lithopss3.Patiently(&lithopss3.Options{Endpoint: options.Target, LookupEnv: testkit.Env(nil)}))
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

var (
	errBody       = errors.New("the body fails")
	errLeftBehind = errors.New("an upload was left behind")
)

var (
	again = faultOutcome{more: 1}
	same  = faultOutcome{}
)

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
	f.data = faultData()[:100<<10]
	if op.requests > 1 || op.isPart {
		f.data = faultData()[:9*f.unit]
	}
	body := io.Reader(bytes.NewReader(f.data))
	if op.isUpload {
		f.data = faultData()[:5*f.unit+1]
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
