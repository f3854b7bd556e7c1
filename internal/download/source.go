// SPDX-License-Identifier: Apache-2.0

package download

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/lithops-go/lithopss3/internal/checksum"
)

// ErrChanged reports that the object was replaced between two requests.
var ErrChanged = errors.New("the object was replaced meanwhile")

// A Source is an object that is downloaded. Its methods are safe for concurrent use.
type Source interface {
	// Get opens a range of the object. The answer is that range of the version asked
	// for, or an error; but if the server has no ranges, the answer to one that
	// begins at 0 is the whole object. An answer of another version is ErrChanged.
	Get(ctx context.Context, r Range) (*Answer, error)
	// Head describes the object, if it has this ETag or etag is empty. It fails if
	// the server does not say the size.
	Head(ctx context.Context, etag string) (Info, error)
}

// A Range is what to get.
type Range struct {
	Offset int64
	Length int64  // in bytes; negative for the whole object
	ETag   string // of the version to get; empty for the current one
}

// An Answer is an open range.
type Answer struct {
	// Body gives Length bytes or an error, and is closed by the caller.
	Body   io.ReadCloser
	Length int64 // -1 if the server does not say
	Size   int64 // of the object; -1 if the server does not say
	ETag   string
	// MayHaveSum reports that the server may keep a checksum of the object that Body
	// is not compared with.
	MayHaveSum bool
}

// Info describes an object.
type Info struct {
	Size int64
	ETag string
	Sum  checksum.Sum // of all bytes
}

// isStrong reports whether an ETag stands for the very bytes of an object. A weak
// one may not be sent in If-Match (RFC 9110, section 8.8.1).
func isStrong(etag string) bool {
	return strings.Trim(etag, `"`) != "" && !strings.HasPrefix(etag, "W/")
}

// isSameVersion reports whether an answer may be of the version with this ETag. Some
// servers send none with a range, and proxies make them weak.
func isSameVersion(answer, etag string) bool {
	bare := func(etag string) string { return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) }
	return bare(answer) == "" || bare(etag) == "" || bare(answer) == bare(etag)
}
