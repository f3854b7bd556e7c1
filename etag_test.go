// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestETags checks that a weak ETag is compared and not sent.
func TestETags(t *testing.T) {
	t.Parallel()
	for etag, want := range map[string]struct{ read, write, none string }{
		"":           {"", "", ""},
		"*":          {"*", "*", "*"},
		"a":          {`"a"`, `"a"`, `"a"`},
		`"a"`:        {`"a"`, `"a"`, `"a"`},
		`W/"a"`:      {"", `"a"`, `W/"a"`},
		`"a", W/"b"`: {"", `"a", "b"`, `"a", W/"b"`},
		`"a","b"`:    {`"a","b"`, `"a", "b"`, `"a","b"`},
		`"a,b"`:      {`"a,b"`, `"a,b"`, `"a,b"`},
		`"a,W/b"`:    {`"a,W/b"`, `"a,W/b"`, `"a,W/b"`},
		`W/"a,b"`:    {"", `"a,b"`, `W/"a,b"`},
	} {
		text := aws.ToString
		assert.Equal(t, want.read, text(ifMatchOfRead(etag)), etag)
		assert.Equal(t, want.write, text(ifMatchOfWrite(etag)), etag)
		assert.Equal(t, want.none, text(quoteETag(etag)), etag)
	}
	require.NoError(t, checkETag(`"a"`, nil))
	require.ErrorIs(t, checkETag(`W/"a"`, nil), errNoETag)
	require.NoError(t, checkETag(`W/"a"`, aws.String(`"a"`)))
	require.ErrorIs(t, checkETag(`W/"a"`, aws.String(`"b"`)), ErrPrecondition)
	require.NoError(t, checkETag(`"c", W/"a,b"`, aws.String(`"a,b"`)))
	for _, other := range []string{`"a"`, `"b"`} {
		require.ErrorIs(t, checkETag(`"a,b"`, aws.String(other)), ErrPrecondition)
	}
}

// TestStrongETag takes no ETag with which If-Match would match another object.
func TestStrongETag(t *testing.T) {
	t.Parallel()
	for etag, want := range map[string]string{`"a"`: `"a"`, "a": "a", `"*"`: `"*"`, "": "", `""`: "", `W/"a"`: "", "*": "", " * ": ""} {
		assert.Equal(t, want, aws.ToString(strongETag(etag)), "%q", etag)
	}
}
