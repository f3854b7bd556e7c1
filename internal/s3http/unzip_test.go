// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func zipped(t *testing.T, text string) string {
	t.Helper()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err := io.WriteString(writer, text)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return packed.String()
}

// TestZippedAnswers checks that lists and errors are read that a server has compressed,
// and that objects are not touched.
func TestZippedAnswers(t *testing.T) {
	t.Parallel()
	const list, refusal = "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>", "<Error><Code>NoSuchBucket</Code></Error>"
	for name, encode := range map[string]func(text string) (header, body string){
		"gzip":           func(text string) (string, string) { return "gzip", zipped(t, text) },
		"x-gzip":         func(text string) (string, string) { return "X-GZIP", zipped(t, text) },
		"not compressed": func(text string) (string, string) { return "gzip", text }, // the object's, of a copy
	} {
		status, text := http.StatusOK, list
		client, _, _ := clientOf(t, func(r *http.Request) *http.Response {
			encoding, body := encode(text)
			return testkit.Answer(r, status, http.Header{"Content-Encoding": {encoding}}, body)
		})
		out, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
		require.NoError(t, err, name)
		require.Len(t, out.Contents, 1, name)
		assert.Equal(t, "a", *out.Contents[0].Key, name)

		object, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
		require.NoError(t, err, name)
		data, err := io.ReadAll(object.Body)
		require.NoError(t, err, name)
		_, sent := encode(list)
		assert.Equal(t, sent, string(data), "an object is as it is: "+name)

		status, text = http.StatusNotFound, refusal
		_, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
		var api smithy.APIError
		require.ErrorAs(t, err, &api, name)
		assert.Equal(t, "NoSuchBucket", api.ErrorCode(), name)
	}
}

// TestZippedBodies checks what is broken, empty, or larger than it looks.
func TestZippedBodies(t *testing.T) {
	t.Parallel()
	read := func(body string) (string, error) {
		response := &http.Response{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: io.NopCloser(strings.NewReader(body))}
		data, err := io.ReadAll(boundAnswer(t.Context(), http.MethodPut, response, func(error) {}))
		return string(data), err
	}
	packed := zipped(t, "some text")
	data, err := read(packed)
	require.NoError(t, err)
	assert.Equal(t, "some text", data)
	for size := len(gzipMagic); size < len(packed); size++ {
		_, err := read(packed[:size])
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, size)
	}
	for _, text := range []string{"", "\x1f", "<", "<Error/>"} {
		data, err := read(text)
		require.NoError(t, err)
		assert.Equal(t, text, data)
	}
	_, err = read("\x1f\x8bnonsense, which is no gzip")
	require.ErrorIs(t, err, gzip.ErrHeader)
	_, err = read(zipped(t, strings.Repeat(" ", 2*maxAnswer)))
	require.ErrorIs(t, err, s3err.ErrTooLarge)
}
