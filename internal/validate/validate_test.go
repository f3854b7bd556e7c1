// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMetadataThatCanBeSent checks that metadata that S3 keeps is not refused.
func TestMetadataThatCanBeSent(t *testing.T) {
	t.Parallel()
	require.NoError(t, Input(&s3.PutObjectInput{Metadata: map[string]string{"a": "", "B-c_d.e~": " x\ty ", "!#$%&'*+^`|": "~"}, Key: aws.String("日本語\n")}))
	require.NoError(t, Input(&s3.PutObjectInput{}))
	require.NoError(t, Header(http.Header{"Content-Type": {"text/plain; x=\"ü\"", "\ttab"}}))
	require.Error(t, Header(http.Header{"Bad Name": {"x"}}))
	require.Error(t, Header(http.Header{"": {"x"}}))
	require.NoError(t, Input(&s3.DeleteObjectsInput{Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("a")}}}}))
	require.ErrorIs(t, Input(&s3.DeleteObjectsInput{Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("a")}, {Key: aws.String("\xc3(")}}}}), s3err.ErrInvalidKey)
}

// TestInput names the field, and what is wrong with it.
func TestInput(t *testing.T) {
	t.Parallel()
	type inner struct{ Key *string }
	type input struct {
		Key, Prefix *string
		Kind        types.StorageClass
		Nested      *inner
		Objects     []inner
		Bytes       []byte
		When        *time.Time
		Metadata    map[string]string
		Other       map[string]int
		hidden      string
	}
	bad := aws.String("a\xff")
	for _, test := range []struct {
		in   input
		want string
	}{
		{input{}, ""},
		{input{Bytes: []byte("\xff"), When: aws.Time(time.Now()), Other: map[string]int{"\xff": 1}, hidden: "\xff"}, ""},
		{input{Key: bad}, `invalid object key: "a\xff" is not UTF-8`},
		{input{Prefix: bad}, `invalid Prefix "a\xff": it can't be sent, because it is not UTF-8`},
		{input{Kind: "\xff"}, "invalid Kind"},
		{input{Nested: &inner{Key: bad}}, "invalid object key"},
		{input{Objects: []inner{{}, {Key: bad}}}, "invalid object key"},
		{input{Metadata: map[string]string{"a": "ok", "": ""}}, `invalid metadata "": it can't be sent, because it is not the name of a header`},
		{input{Metadata: map[string]string{"a": "x", "A": "y"}}, `invalid metadata "a": it can't be sent together with "A", because the names of headers have no case`},
		{input{Metadata: map[string]string{"a": "x\ny"}}, `invalid metadata "a": it can't be sent, because its value has a line break inside`},
		{input{Metadata: map[string]string{"a": "\x00"}}, "its value has a control character at its end"},
		{input{Metadata: map[string]string{"a": "1\u00a0"}}, "its value has white space at its end"},
		{input{Metadata: map[string]string{"a": "1é2"}}, "its value has 'é', which is not US-ASCII"},
		{input{Metadata: map[string]string{"a": "1\t2 3"}}, ""},
	} {
		err := Input(&test.in)
		if test.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, test.want)
	}
}

// TestHeader does not repeat the value, which may be a secret.
func TestHeader(t *testing.T) {
	t.Parallel()
	for want, header := range map[string]http.Header{
		"invalid Content-Type: it can't be sent, because it has a line break inside":        {"Content-Type": {"ok", "secret\r\nX: y"}},
		"invalid If-Match: it can't be sent, because it has a control character at its end": {"If-Match": {"secret\x7f"}},
		`invalid header "a b": it can't be sent, because it is not the name of a header`:    {"a b": {"secret"}},
	} {
		err := Header(header)
		require.EqualError(t, err, want)
	}
}

func TestHost(t *testing.T) {
	t.Parallel()
	require.NoError(t, Host("xn--bcher-kva.example:9000"))
	err := Host("bücher.example")
	require.ErrorContains(t, err, "is not US-ASCII")
	assert.True(t, s3err.IsFinal(err))
	require.Error(t, Host("a\x80"))
}

// TestBody has what a forgotten error leaves of a body, and what is one.
func TestBody(t *testing.T) {
	t.Parallel()
	var missing *strings.Reader
	var function reading
	for _, body := range []io.Reader{missing, function} {
		require.ErrorContains(t, Body(body), "it is a nil ", "%T", body)
	}
	for _, body := range []io.Reader{nil, strings.NewReader(""), reading(func([]byte) (int, error) { return 0, io.EOF }), struct{ io.Reader }{}} {
		require.NoError(t, Body(body), "%T", body)
	}
}

type reading func([]byte) (int, error)

func (r reading) Read(p []byte) (int, error) { return r(p) }

func TestKeys(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"AK/+=": "", "AK\r": "has a line break at its end", "AK\nX": "has a line break inside", "A K": "has white space inside",
		"AK\t": "has white space at its end", "ÄK": "has 'Ä', which is not US-ASCII", "": "",
	} {
		assert.Equal(t, want, KeyProblem(text), "%q", text)
	}
	for text, want := range map[string]string{
		"Sä": "", "S\x00K": "has a control character inside", "SK\n": "has a line break at its end", "S K": "has white space inside",
	} {
		assert.Equal(t, want, SecretProblem(text), "%q", text)
	}
}

func TestHeaderNames(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		want := c > ' ' && c < 127
		for _, separator := range "\"(),/:;<=>?@[\\]{}" {
			want = want && rune(c) != separator
		}
		assert.Equal(t, want, isHeaderName("a"+string([]byte{byte(c)})), "%q", c)
	}
}

// TestIsXML has the characters that XML 1.0 has not, and those that its readers change.
func TestIsXML(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a b", "é", "\U0001f600", "~\u0080\u0084\u0086", "\u2027\u2029\ufffd", "<&>\"'"} {
		assert.True(t, IsXML(text), "%q", text)
	}
	for _, text := range []string{"\x1f", "\n", "\t", "a\x7f", "\u0085", "\u2028", "\ufffe", "\uffff", "\xff"} {
		assert.False(t, IsXML(text), "%q", text)
	}
}
