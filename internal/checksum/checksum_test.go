// SPDX-License-Identifier: Apache-2.0

package checksum

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func headerOf(pairs ...string) http.Header {
	header := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		header.Set(pairs[i], pairs[i+1])
	}
	return header
}

func TestObjectChecksum(t *testing.T) {
	t.Parallel()
	const crc, kind, etag = "X-Amz-Checksum-Crc32", "X-Amz-Checksum-Type", "ETag"
	for name, test := range map[string]struct {
		header http.Header
		want   *Kind
	}{
		"none":                              {headerOf(), nil},
		"one":                               {headerOf(crc, "AAAAAA=="), CRC32},
		"a CRC32C":                          {headerOf("X-Amz-Checksum-Crc32c", "AAAAAA=="), CRC32C},
		"a CRC64NVME":                       {headerOf("X-Amz-Checksum-Crc64nvme", "AAAAAAAAAAA="), CRC64NVME},
		"a SHA-1":                           {headerOf("X-Amz-Checksum-Sha1", "A"), SHA1},
		"a SHA-256":                         {headerOf("X-Amz-Checksum-Sha256", "A"), SHA256},
		"a SHA-512":                         {headerOf("X-Amz-Checksum-Sha512", "A"), SHA512},
		"an MD5":                            {headerOf("X-Amz-Checksum-Md5", "A"), MD5},
		"an unknown one":                    {headerOf("X-Amz-Checksum-Xxhash3", "AAAAAA=="), nil},
		"an empty one":                      {headerOf(crc, "", "X-Amz-Checksum-Sha1", "A"), SHA1},
		"a blank one":                       {headerOf(crc, " "), nil},
		"the fastest of two":                {headerOf("X-Amz-Checksum-Sha256", "A", "X-Amz-Checksum-Crc32c", "AAAAAA=="), CRC32C},
		"with the number of parts":          {headerOf(crc, "AAAAAA==-7"), nil},
		"of the object, says the type":      {headerOf(crc, "AAAAAA==", kind, "FULL_OBJECT", etag, `"a-2"`), CRC32},
		"composite, says the type":          {headerOf(crc, "AAAAAA==", kind, "COMPOSITE", etag, `"a"`), nil},
		"of an unknown type":                {headerOf(crc, "AAAAAA==", kind, "OTHER"), nil},
		"no type, ETag of parts, a range":   {headerOf(crc, "AAAAAA==", "Content-Range", "bytes 0-1/2", etag, `"a-2"`), nil},
		"no type, ETag of parts, a HEAD":    {headerOf(crc, "AAAAAA==", etag, `"a-2"`), nil},
		"no type, ETag without quotes":      {headerOf(crc, "AAAAAA==", etag, `a-10000`), nil},
		"no type, ETag that is a count":     {headerOf(crc, "AAAAAA==", etag, `-2`), nil},
		"no type, weak ETag":                {headerOf(crc, "AAAAAA==", etag, `W/"a-2"`), nil},
		"no type, ETag of one request":      {headerOf(crc, "AAAAAA==", "Content-Range", "bytes 0-1/2", etag, `"a"`), CRC32},
		"no type, a dash but no count":      {headerOf(crc, "AAAAAA==", etag, `"a-b"`), CRC32},
		"no type, a dash and nothing":       {headerOf(crc, "AAAAAA==", etag, `"a-"`), CRC32},
		"no type, too large for a count":    {headerOf(crc, "AAAAAA==", etag, `"a-123456"`), CRC32},
		"no type, digits without a dash":    {headerOf(crc, "AAAAAA==", etag, `"1234"`), CRC32},
		"of the object, type in lower case": {headerOf(crc, "AAAAAA==", kind, "full_object"), CRC32},
	} {
		answer := FromHeader(test.header)
		got := answer.Object()
		assert.Equal(t, test.want != nil, got.IsKnown(), name)
		assert.Same(t, test.want, got.Kind, name)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, kind := range []*Kind{CRC32, CRC32C, CRC64NVME, SHA256, SHA512, SHA1, MD5} {
		hash := kind.New()
		_, _ = hash.Write([]byte("some bytes"))
		sum := Sum{Kind: kind, want: base64.StdEncoding.EncodeToString(hash.Sum(nil))}
		require.NoError(t, sum.Compare(hash.Sum(nil)))
		_, _ = hash.Write([]byte("more"))
		err := sum.Compare(hash.Sum(nil))
		require.ErrorIs(t, err, ErrMismatch)
		require.ErrorContains(t, err, kind.Name+` "`+sum.want)
	}
}

func TestEncodeCRC32(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "y/Q5Jg==", EncodeCRC32(0xcbf43926))
	assert.Equal(t, base64.StdEncoding.EncodeToString(CRC32.Bytes(0x01020304)), EncodeCRC32(0x01020304))
}

func TestDecodeCRC32(t *testing.T) {
	t.Parallel()
	sum, ok := DecodeCRC32("y/Q5Jg==")
	assert.True(t, ok)
	assert.Equal(t, []byte{0xcb, 0xf4, 0x39, 0x26}, sum)
	for _, text := range []string{"", "y/Q5", "y/Q5Jic=", "y/Q5Jg", "?/Q5Jg=="} {
		_, ok = DecodeCRC32(text)
		assert.False(t, ok, text)
	}
}

// TestFeed gives a hash all bytes of a body, and passes errors of both on.
func TestFeed(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 20_000)
	var got bytes.Buffer
	n, err := Feed(&got, bytes.NewReader(data))
	require.NoError(t, err)
	assert.EqualValues(t, len(data), n)
	assert.True(t, bytes.Equal(data, got.Bytes()))

	mine := errors.New("mine")
	n, err = Feed(io.Discard, io.MultiReader(bytes.NewReader(data[:100]), iotest.ErrReader(mine)))
	require.ErrorIs(t, err, mine)
	assert.EqualValues(t, 100, n)
	reader, writer := io.Pipe()
	require.NoError(t, reader.CloseWithError(mine))
	_, err = Feed(writer, bytes.NewReader(data))
	require.ErrorIs(t, err, mine)
}

// TestSumBytes has no bytes of a sum that is not known or is not base64.
func TestSumBytes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sum  Sum
		want bool
	}{
		{Sum{Kind: CRC32, want: "y/Q5Jg=="}, true},
		{Sum{Kind: CRC32, want: "?/Q5Jg=="}, false},
		{Sum{want: "y/Q5Jg=="}, false},
		{Sum{}, false},
	} {
		_, ok := test.sum.Bytes()
		assert.Equal(t, test.want, ok, "%+v", test.sum)
	}
}

// A memory is a body in memory, of which Read gives nothing.
type memory []byte

func (m memory) Rest() []byte           { return m }
func (memory) Read([]byte) (int, error) { return 0, io.EOF }

// TestReadCRC32 reads bodies of all kinds to their end.
func TestReadCRC32(t *testing.T) {
	t.Parallel()
	const text, want, none = "123456789", 0xcbf43926, 0
	mine := errors.New("mine")
	for name, test := range map[string]struct {
		body io.Reader
		want uint32
		err  error
	}{
		"in memory":           {memory(text), want, nil},
		"no longer in memory": {memory(nil), none, nil},
		"read":                {bytes.NewReader([]byte(text)), want, nil},
		"byte by byte":        {iotest.OneByteReader(bytes.NewReader([]byte(text))), want, nil},
		"with its end":        {iotest.DataErrReader(bytes.NewReader([]byte(text))), want, nil},
		"broken":              {io.MultiReader(bytes.NewReader([]byte(text)), iotest.ErrReader(mine)), none, mine},
	} {
		sum, err := ReadCRC32(test.body)
		require.ErrorIs(t, err, test.err, name)
		assert.Equal(t, test.want, sum, name)
	}
}
