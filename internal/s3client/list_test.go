// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/listing"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const onePage = "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>T</NextContinuationToken><Contents><Key>k</Key><Size>3</Size></Contents></ListBucketResult>"

// listOnce lists from a server with one answer, and returns the tokens that were heard
// early.
func listOnce(t *testing.T, status int, header http.Header, body string) (page *listing.Page, peer *s3http.Peer, early []string, err error) {
	t.Helper()
	server := &fakeServer{answer: func(*http.Request) (int, http.Header, string) { return status, header, body }}
	peer = &s3http.Peer{}
	c := server.client(Options{Region: "us-east-1", Peer: peer})
	page, err = c.ListPage(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")}, func(token string) { early = append(early, token) })
	return page, peer, early, err
}

func TestListPage(t *testing.T) {
	t.Parallel()
	page, _, early, err := listOnce(t, 200, nil, onePage)
	require.NoError(t, err)
	require.Len(t, page.Entries, 1)
	assert.Equal(t, "k", page.Entries[0].Key)
	assert.True(t, page.Truncated)
	assert.Equal(t, "T", page.Next)
	assert.Positive(t, page.Decoding)
	assert.False(t, page.TokensOnly)
	assert.Equal(t, []string{"T"}, early)

	page, _, early, err = listOnce(t, 200, nil, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
	require.NoError(t, err)
	assert.Empty(t, page.Entries)
	assert.Empty(t, early, "no token continues")
}

// TestListPageRefuses checks that only a page with 200 is a page.
func TestListPageRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status     int
		body, want string
	}{
		"201":       {201, onePage, "HTTP 201"},
		"206":       {206, onePage, "HTTP 206"},
		"empty":     {200, "", "unexpected EOF"},
		"no XML":    {200, "ok", "failed to decode the listing"},
		"cut":       {200, onePage[:100], "failed to decode the listing"},
		"forbidden": {403, "<Error><Code>AccessDenied</Code></Error>", "AccessDenied"},
	} {
		_, _, _, err := listOnce(t, test.status, nil, test.body)
		require.ErrorContains(t, err, test.want, name)
		var undecoded *smithy.DeserializationError
		assert.Equal(t, test.status/100 == 2, errors.As(err, &undecoded), name)
	}
	_, _, _, err := listOnce(t, 200, nil, "<Error><Code>SlowDown</Code></Error>")
	var undecoded *smithy.DeserializationError
	require.Error(t, err)
	assert.NotErrorAs(t, err, &undecoded, "an error document is left to the SDK")
}

// TestOthersAnswersAreLeft checks that an answer with an error, and one that is not of HTTP,
// is not read.
func TestOthersAnswersAreLeft(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	page := &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(onePage))}}
	for name, test := range map[string]struct {
		answer any
		err    error
	}{
		"an error with an answer": {page, broken},
		"an error without one":    {nil, broken},
		"no answer of HTTP":       {"text", nil},
	} {
		step := &decodePageStep{peer: &s3http.Peer{}}
		next := middleware.DeserializeHandlerFunc(func(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
			return middleware.DeserializeOutput{RawResponse: test.answer}, middleware.Metadata{}, test.err
		})
		out, _, err := step.HandleDeserialize(t.Context(), middleware.DeserializeInput{}, next)
		require.ErrorIs(t, err, test.err, name)
		assert.Equal(t, test.answer, out.RawResponse, name)
		assert.Nil(t, step.page, name)
	}
}

func TestServersWithTokensOnly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header http.Header
		want   bool
	}{
		"S3":                  {http.Header{"Server": {"AmazonS3"}}, false},
		"nothing":             {nil, false},
		"MinIO":               {http.Header{"Server": {"MinIO"}}, true},
		"MinIO of old":        {http.Header{"Server": {"minio/RELEASE"}}, true},
		"after a front end":   {http.Header{"Server": {"nginx"}, "X-Minio-Deployment-Id": {"x"}}, true},
		"with MinIO in it":    {http.Header{"Server": {"not MinIO"}}, false},
		"an empty deployment": {http.Header{"X-Minio-Deployment-Id": {""}}, true},
	} {
		page, peer, _, err := listOnce(t, 200, test.header, onePage)
		require.NoError(t, err)
		assert.Equal(t, test.want, page.TokensOnly, name)
		assert.Equal(t, test.want, peer.ListsByTokens.Load(), name)
	}
}

// TestReadPage checks the bound of a page: its limit is read, a byte more is not.
func TestReadPage(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		before string
		body   io.Reader
		want   string
	}{
		"all":                {"", strings.NewReader("12345"), ""},
		"too much":           {"", strings.NewReader("1234567890"), "the server's answer is longer than 5 bytes"},
		"the rest":           {"12", strings.NewReader("345"), ""},
		"a byte too much":    {"", strings.NewReader("123456"), "the server's answer is longer than 5 bytes"},
		"too much of a rest": {"12", strings.NewReader("34567890"), "the server's answer is longer than 5 bytes"},
		"nothing":            {"", strings.NewReader(""), "unexpected EOF"},
		"nothing more":       {"12345", strings.NewReader(""), ""},
		"broken":             {"", io.MultiReader(strings.NewReader("1"), iotest.ErrReader(broken)), "broken"},
	} {
		buffer := bytes.NewBufferString(test.before)
		err := readPage(buffer, test.body, 5)
		if test.want == "" {
			require.NoError(t, err, name)
			assert.Equal(t, "12345", buffer.String(), name)
			continue
		}
		require.EqualError(t, err, test.want, name)
		assert.LessOrEqual(t, buffer.Len(), 6, name)
	}
	assert.Equal(t, 16<<20, maxPageBytes, "four times a thousand of the longest keys")
}

// TestBrokenPage does not take a page for whole whose body broke after its last byte.
func TestBrokenPage(t *testing.T) {
	t.Parallel()
	const page = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
	broken := errors.New("broken")
	for name, early := range map[string]func(string){"": nil, "with an early token": func(string) {}} {
		_, err := new(pageReader).read(strings.NewReader(page), early)
		require.NoError(t, err, name)
		_, err = new(pageReader).read(io.MultiReader(strings.NewReader(page), iotest.ErrReader(broken)), early)
		require.ErrorIs(t, err, broken, name)
		_, err = new(pageReader).read(&brokenOnce{Reader: strings.NewReader(page), err: broken}, early)
		require.ErrorIs(t, err, broken, "a body that broke is not read on")
	}
}

// A brokenOnce fails once, and then has its bytes.
type brokenOnce struct {
	io.Reader
	err error
}

func (b *brokenOnce) Read(p []byte) (int, error) {
	if err := b.err; err != nil {
		b.err = nil
		return 0, err
	}
	return b.Reader.Read(p)
}

// TestPageReaderIsUsedAgain checks that nothing of one page is in the next, and that an
// early token comes before the rest is read.
func TestPageReaderIsUsedAgain(t *testing.T) {
	t.Parallel()
	reader := &pageReader{}
	_, err := reader.read(strings.NewReader(onePage), nil)
	require.NoError(t, err)
	page, err := reader.read(strings.NewReader("<ListBucketResult></ListBucketResult>"), nil)
	require.NoError(t, err)
	assert.Empty(t, page.Entries)

	isHeard := false
	long := onePage[:len(onePage)-len("</ListBucketResult>")] + strings.Repeat(" ", 2*headBytes) + "</ListBucketResult>"
	rest := &callOnRead{Reader: strings.NewReader(long[headBytes:]), call: func() { assert.True(t, isHeard, "the token comes first") }}
	_, err = reader.read(io.MultiReader(strings.NewReader(long[:headBytes]), rest), func(string) { isHeard = true })
	require.NoError(t, err)
	broken := errors.New("broken")
	_, err = reader.read(iotest.ErrReader(broken), func(string) {})
	require.ErrorIs(t, err, broken)
}

type callOnRead struct {
	io.Reader
	call func()
}

func (c *callOnRead) Read(p []byte) (int, error) {
	c.call()
	return c.Reader.Read(p)
}
