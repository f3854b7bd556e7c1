// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRangesAreProven checks that a part is taken only if it was requested, and only the
// requested one.
func TestRangesAreProven(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		asked  string
		answer answer
		ok     bool
	}{
		{"", answer{status: 200}, true},
		{"", answer{status: 206, header: http.Header{"Content-Range": {"bytes 0-9/10"}}}, false},
		{"bytes=2-4", answer{status: 206, header: http.Header{"Content-Range": {"bytes 2-4/10"}}}, true},
		{"bytes=2-4", answer{status: 206, header: http.Header{"Content-Range": {"bytes 2-3/10"}}}, false},
		{"bytes=2-4", answer{status: 206}, false},
		{"bytes=2-4", answer{status: 200, header: http.Header{"Content-Range": {"bytes 2-4/10"}}}, false},
		{"bytes=0-2", answer{status: 206, header: http.Header{"Content-Range": {"bytes 0-2/10"}}}, true},
		{"bytes=-4", answer{status: 206, header: http.Header{"Content-Range": {"bytes 6-9/10"}}}, true},
		{"bytes=-4", answer{status: 206, header: http.Header{"Content-Range": {"bytes 0-2/3"}}}, true},
		{"bytes=-4", answer{status: 206, header: http.Header{"Content-Range": {"bytes 5-9/10"}}}, false},
		{"bytes=4-", answer{status: 206, header: http.Header{"Content-Range": {"bytes 4-9/10"}}}, true},
		{"bytes=4-", answer{status: 206, header: http.Header{"Content-Range": {"bytes 4-8/10"}}}, false},
		{"bytes=0-1,4-5", answer{status: 206}, true},
		{"bytes=0-1,4-5", answer{status: 200}, false},
	} {
		in := &s3.GetObjectInput{Bucket: bucket, Key: key}
		if test.asked != "" {
			in.Range = &test.asked
		}
		_, err := (&fakeServer{answers: []answer{test.answer}}).client().GetObject(t.Context(), in)
		assert.Equal(t, test.ok, err == nil, "%q: %+v", test.asked, test.answer)
		if !test.ok {
			require.ErrorIs(t, err, ErrIgnoredRange)
		}
		response, _ := (&fakeServer{answers: []answer{test.answer}}).Do(&http.Request{})
		assert.Equal(t, test.ok, CheckHead("GetObject", response, test.asked) == nil, "by the fast path")
	}
}

// TestLongRangeInError quotes no more than 100 bytes of what was asked for.
func TestLongRangeInError(t *testing.T) {
	t.Parallel()
	asked := "bytes=0-" + strings.Repeat("9", 200)
	err := CheckHead("GetObject", &http.Response{StatusCode: http.StatusOK}, asked)
	require.ErrorContains(t, err, asked[:100])
	assert.NotContains(t, err.Error(), asked[:101])
}

// TestRangeHeaders checks that the range that is requested is the one that must be
// answered.
func TestRangeHeaders(t *testing.T) {
	t.Parallel()
	for _, r := range []Range{{0, 1}, {5, 10}, {0, -1}, {12, -1}, {-13, -1}, {1, math.MaxInt64 - 1}} {
		parsed, err := parseRange(r.Header())
		require.NoError(t, err)
		assert.Equal(t, r, parsed)
	}
	for _, text := range []string{"", "bytes=", "bytes=-", "bytes=0-1,3-4", "bytes=3-2", "items=0-1", "bytes=x-1", "bytes=-0", "bytes=0-99999999999999999999", "bytes=--1", "5-9", "bytes=5", "bytes=0-9223372036854775807", "bytes=9223372036854775808-"} {
		_, err := parseRange(text)
		require.Error(t, err, text)
	}
	assert.Equal(t, "bytes=29-48", Range{29, 20}.Header())
	assert.Equal(t, "bytes=2-", Range{2, math.MaxInt64 - 1}.Header(), "to the end, as no object is so large")
	for answer, want := range map[string]bool{
		"bytes 5-5/6": true, "bytes 5-14/20": true, "bytes 5-11/12": true, "bytes 5-14/15": true, "bytes 5-13/20": false, "bytes 4-13/20": false, "bytes 5-15/20": false,
		"bytes 5-14/*": false, "bytes 5-14": false, "bytes 514/20": false, "items 5-14/20": false, "5-14/20": false, "bytes x-14/20": false, "bytes 5-x/20": false, "bytes 14-5/20": false, "bytes */20": false, "": false, "bytes 5-14/14": false, "bytes=5-14/20": false,
	} {
		found, err := Range{5, 10}.Match(answer)
		assert.Equal(t, want, err == nil, answer)
		if want {
			assert.Equal(t, int64(5), found.Offset)
		} else {
			require.ErrorIs(t, err, ErrIgnoredRange)
		}
	}
}

// TestContentRange has each way in which the header can be wrong.
func TestContentRange(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]Span{
		"bytes 0-0/1": {0, 1, 1}, "bytes 0-9/10": {0, 10, 10}, "bytes 5-5/20": {5, 1, 20}, "bytes 19-19/20": {19, 1, 20},
		"bytes 0-9223372036854775806/9223372036854775807": {0, math.MaxInt64, math.MaxInt64},
	} {
		got, err := ParseContentRange(header)
		require.NoError(t, err, header)
		assert.Equal(t, want, got)
	}
	for _, header := range []string{
		"bytes 0-9/9", "bytes 0-9/8", "bytes 5-4/10", "bytes 0-0/0", "bytes -0/1", "bytes 0-/1", "bytes 0-0/", "bytes 0-0", "bytes +0-0/1", "bytes 0-0/1 ",
		"bytes 0-9223372036854775807/9223372036854775808", "0-0/1", "Bytes 0-0/1", "bytes */1",
	} {
		_, err := ParseContentRange(header)
		require.ErrorIs(t, err, ErrIgnoredRange, header)
		_, err = Range{0, -1}.Match(header)
		require.ErrorIs(t, err, ErrIgnoredRange, "all of %s", header)
	}
	_, err := Range{5, 0}.Match("bytes 5-9/10")
	require.ErrorIs(t, err, ErrIgnoredRange, "of no bytes")
	for text, want := range map[string]bool{"0": true, "10": true, "9": true, "109": true, "": false, "01": false, "1x": false, "/": false, ":": false, "-1": false} {
		assert.Equal(t, want, isDecimal(text), text)
	}
}
