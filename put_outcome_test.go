// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// headAnswer is an answer to a HEAD of an object of size bytes.
func headAnswer(request *http.Request, size int, header http.Header) *http.Response {
	header = header.Clone()
	header.Set("Content-Length", fmt.Sprint(size))
	return &http.Response{StatusCode: http.StatusOK, Header: header, Request: request, ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody, ContentLength: int64(size)}
}

func sumOf(hash hash.Hash, data []byte) string {
	_, _ = hash.Write(data)
	return base64.StdEncoding.EncodeToString(hash.Sum(nil))
}

// TestVerifiedByAnyChecksum checks that a put that was refused because it was stored is
// known by whichever checksum the server keeps, also if its ETag is no MD5.
func TestVerifiedByAnyChecksum(t *testing.T) {
	t.Parallel()
	kms := http.Header{"Etag": {`"0123456789abcdef0123456789abcdef"`}, "X-Amz-Server-Side-Encryption": {"aws:kms"}}
	type row struct {
		header http.Header
		want   string // "stored", "refused" or "unknown"
	}
	kept := func(name, sum, kind string) http.Header {
		header := kms.Clone()
		header.Set(name, sum)
		if kind != "" {
			header.Set("X-Amz-Checksum-Type", kind)
		}
		return header
	}
	for _, size := range []int{100, 17 * unit} {
		data := testkit.Bytes(size)
		composite := func() string { // of parts of 8 MiB
			var sums []byte
			parts := 0
			for rest := data; len(rest) > 0; parts++ {
				n := min(len(rest), 8*unit)
				sums = append(sums, crc32.NewIEEE().Sum(nil)[:0]...)
				sum := crc32.NewIEEE()
				_, _ = sum.Write(rest[:n])
				sums = sum.Sum(sums)
				rest = rest[n:]
			}
			return fmt.Sprintf("%s-%d", sumOf(crc32.NewIEEE(), sums), parts)
		}
		rows := map[string]row{
			"CRC32":           {kept("X-Amz-Checksum-Crc32", sumOf(crc32.NewIEEE(), data), "FULL_OBJECT"), "stored"},
			"CRC32, no type":  {kept("X-Amz-Checksum-Crc32", sumOf(crc32.NewIEEE(), data), ""), "stored"},
			"CRC32C":          {kept("X-Amz-Checksum-Crc32c", sumOf(crc32.New(crc32.MakeTable(crc32.Castagnoli)), data), "FULL_OBJECT"), "stored"},
			"CRC64NVME":       {kept("X-Amz-Checksum-Crc64nvme", sumOf(crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)), data), "FULL_OBJECT"), "stored"},
			"SHA1":            {kept("X-Amz-Checksum-Sha1", sumOf(sha1.New(), data), "FULL_OBJECT"), "stored"},
			"SHA256":          {kept("X-Amz-Checksum-Sha256", sumOf(sha256.New(), data), "FULL_OBJECT"), "stored"},
			"another CRC64":   {kept("X-Amz-Checksum-Crc64nvme", "AAAAAAAAAAA=", "FULL_OBJECT"), "refused"},
			"another CRC32":   {kept("X-Amz-Checksum-Crc32", "AAAAAA==", ""), "refused"},
			"KMS alone":       {kms, "unknown"},
			"an ETag alone":   {http.Header{"Etag": {`"0123456789abcdef0123456789abcdef"`}}, "refused"},
			"SSE-S3":          {http.Header{"Etag": {`"0123456789abcdef0123456789abcdef"`}, "X-Amz-Server-Side-Encryption": {"AES256"}}, "refused"},
			"an odd ETag":     {http.Header{"Etag": {`"v1"`}}, "unknown"},
			"no ETag":         {http.Header{}, "unknown"},
			"composite, KMS":  {kept("X-Amz-Checksum-Crc32", "AAAAAA==-3", "COMPOSITE"), "unknown"},
			"customer's keys": {http.Header{"Etag": {`"0123456789abcdef0123456789abcdef"`}, "X-Amz-Server-Side-Encryption-Customer-Algorithm": {"AES256"}}, "unknown"},
		}
		if size > 16*unit {
			rows["our composite"] = row{kept("X-Amz-Checksum-Crc32", composite(), "COMPOSITE"), "stored"}
			rows["no type, ETag of parts"] = row{http.Header{
				"Etag": {`"0123456789abcdef0123456789abcdef-3"`}, "X-Amz-Server-Side-Encryption": {"aws:kms"}, "X-Amz-Checksum-Crc32": {"AAAAAA=="},
			}, "unknown"}
		}
		for name, test := range testkit.Some(rows, 4) {
			t.Run(fmt.Sprintf("%d bytes, %s", size, name), func(t *testing.T) {
				t.Parallel()
				var lost atomic.Bool
				store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
					isEnd := request.Method == http.MethodPost && request.URL.Query().Has("uploadId")
					isPut := request.Method == http.MethodPut && !isPart(request)
					if (isEnd || isPut) && lost.CompareAndSwap(false, true) {
						return lose(request, next)
					}
					if isEnd { // AWS answers so only after a while
						return testkit.ErrorAnswer(request, http.StatusNotFound, "NoSuchUpload"), nil
					}
					if request.Method == http.MethodHead {
						assert.Equal(t, "ENABLED", request.Header.Get("X-Amz-Checksum-Mode"))
						return headAnswer(request, size, test.header), nil
					}
					return next.RoundTrip(request)
				})
				err := store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(data), &lithopss3.PutOptions{IfAbsent: true})
				require.True(t, lost.Load())
				isUpload := size > 16*unit
				switch {
				case test.want == "stored":
					require.NoError(t, err)
				case test.want == "refused" && !isUpload:
					require.ErrorIs(t, err, lithopss3.ErrPrecondition)
				default: // an upload that is gone may have been completed
					require.ErrorContains(t, err, "is not known")
					require.NotErrorIs(t, err, lithopss3.ErrPrecondition)
					require.NotErrorIs(t, err, fs.ErrNotExist)
				}
			})
		}
	}
}

// TestAnswerWithoutProofIsVerified covers puts and the end of an upload.
func TestAnswerWithoutProofIsVerified(t *testing.T) {
	t.Parallel()
	for name, body := range testkit.Some(map[string]string{"nothing": "", "blank": " \n", "HTML": "<html><body>hi</body></html>", "JSON": `{"a": 1}`, "text": "ok"}, 1) {
		for _, size := range []int{5, 17 * unit} {
			for _, isServed := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %d bytes, %v", name, size, isServed), func(t *testing.T) {
					t.Parallel()
					data := testkit.Bytes(size)
					var puts atomic.Int64
					armed := atomic.Bool{}
					store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
						isEnd := request.Method == http.MethodPost && request.URL.Query().Has("uploadId")
						isPut := request.Method == http.MethodPut && !isPart(request)
						if !armed.Load() || !isEnd && !isPut {
							return next.RoundTrip(request)
						}
						puts.Add(1)
						if isServed {
							response, err := next.RoundTrip(request)
							if err != nil {
								return nil, err
							}
							_, _ = io.Copy(io.Discard, response.Body)
							_ = response.Body.Close()
						}
						if request.Body != nil {
							_, _ = io.Copy(io.Discard, request.Body)
						}
						return answer(request, http.StatusOK, nil, strings.NewReader(body)), nil
					})
					require.NoError(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("before"), nil))
					armed.Store(true)
					err := store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(data), nil)
					armed.Store(false)
					assert.EqualValues(t, 6, puts.Load())
					want := data
					if !isServed {
						require.ErrorContains(t, err, "server's answer")
						require.NotErrorIs(t, err, fs.ErrNotExist)
						want = []byte("before")
					} else {
						require.NoError(t, err)
					}
					stored, readErr := store.ReadObject(t.Context(), "bucket", "key", 0)
					require.NoError(t, readErr)
					require.True(t, bytes.Equal(want, stored))
					assert.Zero(t, uploadsLeft(t, store))
				})
			}
		}
	}
}

// TestUnknownOutcomeOfLostUpload checks that if the upload is gone and S3 can't be asked,
// the put is neither refused nor missing.
func TestUnknownOutcomeOfLostUpload(t *testing.T) {
	t.Parallel()
	var lost atomic.Bool
	store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
		switch {
		case request.Method == http.MethodPost && request.URL.Query().Has("uploadId") && lost.CompareAndSwap(false, true):
			return lose(request, next)
		case request.Method == http.MethodPost && request.URL.Query().Has("uploadId"):
			return testkit.ErrorAnswer(request, http.StatusNotFound, "NoSuchUpload"), nil
		case request.Method == http.MethodHead:
			return testkit.ErrorAnswer(request, http.StatusForbidden, ""), nil
		}
		return next.RoundTrip(request)
	})
	err := store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(make([]byte, 17*unit)), nil)
	require.ErrorContains(t, err, "whether the object was stored is not known")
	require.NotErrorIs(t, err, fs.ErrNotExist)
	require.NotErrorIs(t, err, lithopss3.ErrPrecondition)
}

// TestConditionsAreCheckedFirst checks that a condition that HTTP can't carry costs no
// request, whatever the size.
func TestConditionsAreCheckedFirst(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	store := storeOfServer(t, func(*http.Request, http.RoundTripper) (*http.Response, error) {
		requests.Add(1)
		return nil, &resetError{}
	})
	for _, size := range []int{1, 20 * unit} {
		for _, opts := range []*lithopss3.PutOptions{
			{IfMatch: "a\nb"}, {IfMatch: "\"a\x00\""}, {ContentType: "a\nb"}, {Metadata: map[string]string{"k": "a\r\nb"}}, {Metadata: map[string]string{"k y": "v"}},
		} {
			require.Error(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(make([]byte, size)), opts))
		}
	}
	assert.Zero(t, requests.Load())
}

// TestPartsInFlightOnAnyAttempt checks that a part whose first attempt was sent whole, and
// whose last was refused or not even connected, may yet be stored.
func TestPartsInFlightOnAnyAttempt(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]func(*http.Request) (*http.Response, error){
		"refused": func(r *http.Request) (*http.Response, error) {
			return testkit.ErrorAnswer(r, http.StatusForbidden, "AccessDenied"), nil
		},
		"not connected": func(*http.Request) (*http.Response, error) { return nil, &resetError{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var parts, aborts atomic.Int64
			store := openWire(t, func(request *http.Request, next http.RoundTripper) (*http.Response, error) {
				switch {
				case isPart(request) && request.URL.Query().Get("partNumber") != "1":
					<-request.Context().Done()
					return nil, request.Context().Err()
				case isPart(request) && parts.Add(1) == 1:
					_, _ = io.Copy(io.Discard, request.Body)
					return nil, &resetError{}
				case isPart(request):
					return last(request)
				case request.Method == http.MethodDelete:
					aborts.Add(1)
				}
				return next.RoundTrip(request)
			})
			require.Error(t, store.PutObject(t.Context(), "bucket", "key", bytes.NewReader(make([]byte, 17*unit)), nil))
			assert.EqualValues(t, 2, aborts.Load())
			assert.Zero(t, uploadsLeft(t, store))
		})
	}
}
