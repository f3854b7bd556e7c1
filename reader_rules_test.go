// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBodyEndsWhereItWasPromised checks that a body has no more bytes than the answer's
// length, also if that is 0, and that fewer are no end.
func TestBodyEndsWhereItWasPromised(t *testing.T) {
	t.Parallel()
	for length, want := range map[int64]string{0: "", 1: "m", 4: "more", -1: "more", 5: "more"} {
		in := &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}
		object := &Object{Length: length, Offset: 0}
		object.Size = 6
		body := (&Store{}).newReader(t.Context(), in, object, io.NopCloser(strings.NewReader("more")), checksum.Sum{}, aheadPlan{begins: -1})
		got, err := io.ReadAll(body)
		assert.Equal(t, want, string(got), "%d", length)
		if length > int64(len(got)) {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			continue
		}
		require.NoError(t, err)
	}
}

// TestCloseDuringRead closes a body while another goroutine waits in Read, as net/http does with
// the body of a request: HTTP/2, if the answer comes early. The Read ends, nothing is asked for
// again, and no body of the server's stays open. The connection gives the first ten bytes and is
// silent then; of the ranges that are read ahead, the first one comes.
func TestCloseDuringRead(t *testing.T) {
	t.Parallel()
	for parallel, came := range map[int]int{1: 10, 2: 20} {
		synctest.Test(t, func(t *testing.T) {
			var requests, open, observed atomic.Int64
			store := hastyStore(t, "http://127.0.0.1:1", roundTripper(func(r *http.Request) (*http.Response, error) {
				requests.Add(1)
				open.Add(1)
				answer, offset := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Etag": {`"e"`}, "Content-Length": {"40"}}, ContentLength: 40}, 0
				if r.Header.Get("Range") != "" {
					_, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &offset)
					require.NoError(t, err)
					answer.StatusCode, answer.ContentLength = http.StatusPartialContent, 10
					answer.Header = http.Header{"Etag": {`"e"`}, "Content-Length": {"10"}, "Content-Range": {fmt.Sprintf("bytes %d-%d/40", offset, offset+9)}}
				}
				body, silent := io.Pipe()
				context.AfterFunc(r.Context(), func() { _ = silent.CloseWithError(r.Context().Err()) })
				if offset < 20 {
					go func() { _, _ = silent.Write(make([]byte, 10)) }()
				}
				answer.Body = &countedClose{ReadCloser: body, open: &open}
				return answer, nil
			}))
			store.parallelRange = 10
			store.fast.HTTP.Observer = &s3http.Observer{Request: func(context.Context, *s3http.Event) { observed.Add(1) }}
			object, err := store.GetObject(t.Context(), "bucket", "key", &GetOptions{Parallel: parallel})
			require.NoError(t, err)
			_, err = io.ReadFull(object.Body, make([]byte, came))
			require.NoError(t, err)
			var reading sync.WaitGroup
			reading.Go(func() { _, err = object.Body.Read(make([]byte, 1)) })
			synctest.Wait()
			asked := requests.Load()
			require.NoError(t, object.Body.Close())
			reading.Wait()
			require.ErrorIs(t, err, ErrClosed)
			require.NoError(t, object.Body.Close())
			synctest.Wait()
			assert.Zero(t, open.Load(), "open bodies")
			assert.Equal(t, asked, requests.Load())
			assert.Equal(t, asked, observed.Load())
		})
	}
}

// A countedClose counts the bodies that are open.
type countedClose struct {
	io.ReadCloser
	open *atomic.Int64
	once sync.Once
}

func (c *countedClose) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.ReadCloser.Close()
}

// TestRest checks which answer is the rest of the object that a body began with.
func TestRest(t *testing.T) {
	t.Parallel()
	body := &objectReader{etag: `"e"`, size: 10, offset: 4, end: 8}
	for header, want := range map[string]error{
		"bytes 4-7/10": nil,
		"bytes 4-7/11": errChanged,
		"bytes 4-7/9":  errChanged,
		"bytes 3-7/10": proof.ErrIgnoredRange,
		"bytes 5-7/10": proof.ErrIgnoredRange,
		"bytes 4-6/10": proof.ErrIgnoredRange,
		"bytes 4-8/10": proof.ErrIgnoredRange,
		"bytes 0-3/10": proof.ErrIgnoredRange,
		"":             proof.ErrIgnoredRange,
	} {
		err := body.checkRest(&s3.GetObjectOutput{ETag: aws.String(`"e"`), ContentRange: aws.String(header)})
		require.ErrorIs(t, err, want, header)
		require.Error(t, body.checkRest(&s3.GetObjectOutput{ETag: aws.String(`"f"`), ContentRange: aws.String(header)}), header)
	}
}

// A shortWriter takes a few bytes of each write, and says no error.
type shortWriter struct{ most int }

func (w shortWriter) Write(p []byte) (int, error) { return min(w.most, len(p)), nil }

// TestShortWrites checks that bytes which a writer did not take are an error.
func TestShortWrites(t *testing.T) {
	t.Parallel()
	for most, want := range map[int]error{2: io.ErrShortWrite, 3: nil} {
		n, err := copyBody(shortWriter{most}, strings.NewReader("abc"))
		require.ErrorIs(t, err, want)
		assert.EqualValues(t, most, n)
	}
}

// A countingWriter says of each write that it took more, or fewer, bytes than there were.
type countingWriter struct {
	more int
	err  error
}

func (w countingWriter) Write(p []byte) (int, error) { return len(p) + w.more, w.err }

// TestImpossibleWrites checks that a writer which says that it took more bytes than it was
// given is an error: what is written next would be in a wrong place.
func TestImpossibleWrites(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for _, writer := range []countingWriter{{1, nil}, {-4, nil}, {1, mine}} {
		n, err := copyBody(writer, strings.NewReader("abc"))
		require.Error(t, err, "%+v", writer)
		require.ErrorIs(t, err, cmp.Or(writer.err, errBadWrite))
		assert.Zero(t, n)
	}
}

// TestCopySource checks how a copy names its source.
func TestCopySource(t *testing.T) {
	t.Parallel()
	for want, source := range map[string][3]string{
		"bucket/a%20b/%2B%C3%A9":                                    {"bucket", "a b/+é"},
		"bucket/k?versionId=v%26%2B1":                               {"bucket", "k", "v&+1"},
		"arn:aws:s3:us-east-1:123456789012:accesspoint/ap/object/k": {"arn:aws:s3:us-east-1:123456789012:accesspoint/ap", "k"},
	} {
		assert.Equal(t, want, copySource(source[0], source[1], source[2]))
	}
}

// TestClaim checks how many blocks one request of a ReaderAt gets.
func TestClaim(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		size        int64 // in blocks
		first, last int64
		next, ahead int64
		there       []int64 // blocks in memory
		want        int64
	}{
		"one":                     {size: 100, first: 5, last: 5, want: 1},
		"two":                     {size: 100, first: 5, last: 6, want: 2},
		"after the last":          {size: 100, first: 5, last: 5, next: 5, ahead: 1, want: 2},
		"twice":                   {size: 100, first: 5, last: 5, next: 5, ahead: 3, want: 6},
		"the most":                {size: 100, first: 5, last: 5, next: 5, ahead: maxReadAhead, want: maxReadAhead},
		"more than the most":      {size: 100, first: 5, last: 50, want: maxReadAhead},
		"elsewhere":               {size: 100, first: 6, last: 6, next: 5, ahead: 4, want: 1},
		"up to the end":           {size: 7, first: 5, last: 5, next: 5, ahead: 4, want: 2},
		"up to one that is there": {size: 100, first: 5, last: 9, there: []int64{7}, want: 2},
	} {
		r := &ReaderAt{info: ObjectInfo{Size: test.size * blockSize}, blocks: map[int64]*cachedBlock{}, next: test.next, ahead: test.ahead}
		for _, index := range test.there {
			r.blocks[index] = &cachedBlock{}
		}
		run := r.claim(test.first, test.last)
		assert.Len(t, run, int(test.want), name)
		assert.Equal(t, test.first+test.want, r.next, name)
		for i, block := range run {
			assert.Equal(t, test.first+int64(i), block.index, name)
		}
	}
	last := &ReaderAt{info: ObjectInfo{Size: 2*blockSize + 1}, blocks: map[int64]*cachedBlock{}}
	assert.Len(t, last.claim(2, 2), 1, "a block of one byte")
	last = &ReaderAt{info: ObjectInfo{Size: 2 * blockSize}, blocks: map[int64]*cachedBlock{}, next: 1, ahead: 4}
	assert.Len(t, last.claim(1, 1), 1, "and none of no byte")
}

// TestRegionNameAlone checks that region_name without an aws section is ignored, and that
// this is a warning.
func TestRegionNameAlone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"aws_s3: {region_name: eu-west-1}":                                      true,
		"aws_s3: {region: eu-west-1}":                                           false,
		"aws: {region: eu-west-1}\naws_s3: {region_name: eu-west-1}":            false,
		"aws: {access_key_id: a, secret_access_key: b, region_name: eu-west-1}": false,
	} {
		config, err := ParseConfig([]byte(text))
		require.NoError(t, err, text)
		assert.Equal(t, want, strings.Contains(strings.Join(config.Warnings, " "), "only next to an aws section"), "%s: %q", text, config.Warnings)
		assert.Equal(t, want, config.Region == "", text)
	}
}
