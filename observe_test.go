// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An observed is a store whose requests are noted.
type observed struct {
	store *lithopss3.Store
	mu    sync.Mutex
	infos []lithopss3.RequestInfo
	log   bytes.Buffer
}

func (o *observed) observe(_ context.Context, info *lithopss3.RequestInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.infos = append(o.infos, *info)
}

// Write writes the log.
func (o *observed) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.log.Write(p)
}

func (o *observed) take() []lithopss3.RequestInfo {
	o.mu.Lock()
	defer o.mu.Unlock()
	infos := o.infos
	o.infos = nil
	return infos
}

func openObserved(t *testing.T, sdkOnly bool, level slog.Level, trip tripper) *observed {
	t.Helper()
	server := testkit.Server(t, devs3.Start, &devs3.Options{Credentials: []devs3.Credential{alice}})
	config, err := lithopss3.ParseConfig([]byte(configOf(alice, "us-east-1")))
	require.NoError(t, err)
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	o := &observed{}
	o.store, err = lithopss3.New(t.Context(), config, lithopss3.InNoTime(&lithopss3.Options{
		SDKOnly: sdkOnly, Observer: o.observe, Logger: slog.New(slog.NewJSONHandler(o, &slog.HandlerOptions{Level: level})),
		LookupEnv: testkit.Env(map[string]string{"AWS_ENDPOINT_URL": server.URL(), "HOME": t.TempDir()}), Transport: &wire{next: transport, trip: trip},
	}, patient))
	require.NoError(t, err)
	return o
}

// TestObserver sees one request for each that is sent, by both paths, with what it was
// for.
func TestObserver(t *testing.T) {
	t.Parallel()
	for _, sdkOnly := range []bool{false, true} {
		sent := 0
		var mu sync.Mutex
		o := openObserved(t, sdkOnly, slog.LevelInfo, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			sent++
			return next.RoundTrip(request)
		})
		bucket, err := o.store.EnsureBucket(t.Context())
		require.NoError(t, err)
		infos := o.take()
		assert.Len(t, infos, sent+1, "STS is asked too, by another transport")
		assert.Equal(t, "STS", infos[0].Service)
		assert.Equal(t, "GetCallerIdentity", infos[0].Operation)
		for _, info := range infos[1:] {
			assert.Equal(t, bucket, info.Bucket, info.Operation)
		}
		for range 3 {
			require.NoError(t, o.store.PutObject(t.Context(), bucket, "key", strings.NewReader("text"), nil))
			require.NoError(t, second(o.store.ReadObject(t.Context(), bucket, "key", 0)))
			require.NoError(t, second(o.store.HeadObject(t.Context(), bucket, "key")))
			require.Error(t, second(o.store.HeadObject(t.Context(), bucket, "missing")))
			infos = o.take()
			require.Len(t, infos, 4)
			var operations []string
			for _, info := range infos {
				operations = append(operations, info.Operation)
				assert.Equal(t, "S3", info.Service)
				assert.Equal(t, bucket, info.Bucket)
				assert.Equal(t, 1, info.Attempt)
				assert.NotEmpty(t, info.RequestID)
				assert.NotEmpty(t, info.Host)
				assert.Equal(t, "http", info.Scheme)
				assert.Positive(t, info.FirstByte)
				assert.GreaterOrEqual(t, info.Duration, info.FirstByte)
				assert.WithinDuration(t, time.Now(), info.Start, time.Minute)
				assert.NoError(t, info.Err)
			}
			assert.Equal(t, []string{"PutObject", "GetObject", "HeadObject", "HeadObject"}, operations)
			assert.Equal(t, []string{"PUT", "GET", "HEAD", "HEAD"}, []string{infos[0].Method, infos[1].Method, infos[2].Method, infos[3].Method})
			assert.Equal(t, "key", infos[0].Key)
			assert.EqualValues(t, 4, infos[0].Sent)
			assert.EqualValues(t, 4, infos[1].Received)
			assert.Equal(t, []int{200, 200, 200, 404}, []int{infos[0].Status, infos[1].Status, infos[2].Status, infos[3].Status})
		}
		assert.NotContains(t, o.log.String(), `"msg":"request"`, "which is for the debug level")
	}
}

// TestObserverSeesRetries with their number, wait and reason.
func TestObserverSeesRetries(t *testing.T) {
	t.Parallel()
	for _, sdkOnly := range []bool{false, true} {
		fail := 0
		o := openObserved(t, sdkOnly, slog.LevelDebug, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
			if fail > 0 && request.Method == http.MethodGet {
				fail--
				if fail == 0 {
					return nil, errors.New("the wire broke")
				}
				return answer(request, 503, http.Header{"X-Amz-Request-Id": {"R1"}}, strings.NewReader("<Error><Code>SlowDown</Code></Error>")), nil
			}
			return next.RoundTrip(request)
		})
		require.NoError(t, o.store.CreateBucket(t.Context(), "bucket"))
		require.NoError(t, o.store.PutObject(t.Context(), "bucket", "key", strings.NewReader("text"), nil))
		require.NoError(t, second(o.store.ReadObject(t.Context(), "bucket", "key", 0)))
		o.take()
		o.log.Reset()
		fail = 2
		require.NoError(t, second(o.store.ReadObject(t.Context(), "bucket", "key", 0)))
		infos := o.take()
		require.Len(t, infos, 3)
		assert.Equal(t, []int{1, 2, 3}, []int{infos[0].Attempt, infos[1].Attempt, infos[2].Attempt})
		assert.Equal(t, []int{503, 0, 200}, []int{infos[0].Status, infos[1].Status, infos[2].Status})
		assert.Equal(t, "R1", infos[0].RequestID)
		assert.Contains(t, infos[1].Reason, "SlowDown")
		require.ErrorContains(t, infos[1].Err, "the wire broke")
		assert.Contains(t, infos[2].Reason, "the wire broke")
		var messages []string
		for line := range strings.Lines(o.log.String()) {
			var record map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &record))
			if record["msg"] == "waiting" {
				continue // which s3http.LogWaits says before the wait
			}
			messages = append(messages, record["msg"].(string))
			assert.Equal(t, "GetObject", record["operation"])
			assert.Equal(t, "key", record["key"])
		}
		assert.Equal(t, []string{"request", "retry", "request", "retry", "request"}, messages)
		assert.Contains(t, o.log.String(), "SlowDown")
	}
}

// TestObserverOfBodies checks that a body that breaks off is recorded with its error,
// and its rest as a request of its own.
func TestObserverOfBodies(t *testing.T) {
	t.Parallel()
	o := openObserved(t, false, slog.LevelInfo, breakFirst(mib))
	require.NoError(t, o.store.CreateBucket(t.Context(), "bucket"))
	require.NoError(t, o.store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(testkit.Bytes(2*mib)), nil))
	o.take()
	require.NoError(t, second(o.store.ReadObject(t.Context(), "bucket", "key", 0)))
	infos := o.take()
	require.Len(t, infos, 2)
	assert.EqualValues(t, 1<<20, infos[0].Received)
	require.ErrorIs(t, infos[0].Err, io.ErrUnexpectedEOF)
	assert.EqualValues(t, 1<<20, infos[1].Received)
	assert.NoError(t, infos[1].Err)
}

// TestObserverHasNoSecret, of whatever is sent and answered.
func TestObserverHasNoSecret(t *testing.T) {
	t.Parallel()
	for _, sdkOnly := range []bool{false, true} {
		o := openObserved(t, sdkOnly, slog.LevelDebug, straight)
		key := lithopss3.NewSecret(strings.Repeat("k", 32))
		bucket, err := o.store.EnsureBucket(t.Context())
		require.NoError(t, err)
		for range 2 {
			_ = o.store.PutObject(t.Context(), bucket, "key", strings.NewReader("text"), &lithopss3.PutOptions{SSECustomerKey: key})
			_, _ = o.store.GetObject(t.Context(), bucket, "key", &lithopss3.GetOptions{SSECustomerKey: key})
			_, _ = o.store.PresignGet(t.Context(), bucket, "key", time.Minute, nil)
		}
		data, err := json.Marshal(o.take())
		require.NoError(t, err)
		for _, text := range []string{string(data), o.log.String()} {
			assert.NotEmpty(t, text)
			for _, secret := range []string{alice.SecretAccessKey + `"`, "a2tra2tr", key.Reveal(), "Signature", "AWS4-HMAC", "Authorization", alice.SecretAccessKey + "-canary"} {
				assert.NotContains(t, text, secret)
			}
			if alice.SessionToken != "" {
				assert.NotContains(t, text, alice.SessionToken)
			}
		}
	}
}
