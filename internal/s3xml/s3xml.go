// SPDX-License-Identifier: Apache-2.0

// Package s3xml reads the XML of S3's answers: listings into pages, and any other
// answer into the form that the SDK's decoder understands, as tolerantly as boto3.
// It knows nothing of requests, of the SDK or of the rest of this module but dates.
// Start reading at [Decoder.Decode]; what the fast decoder does not know goes
// through [Normalize] and is decoded again.
package s3xml

import (
	"errors"
	"time"
)

// A Page is what one request listed.
type Page struct {
	Entries   []Entry // objects and common prefixes in the order of their keys
	Truncated bool    // more entries follow
	Next      string  // the token that continues
}

// An Entry is an object of a listing, or a common prefix.
type Entry struct {
	Key          string
	Size         int64 // in bytes
	ETag         string
	LastModified time.Time // zero if the server sent none that can be read
	IsPrefix     bool
}

var (
	// ErrErrorDocument means that the root element is <Error>, also with a status of 200.
	ErrErrorDocument = errors.New("an error instead of a listing")
	errNoListing     = errors.New("the server's answer is not a listing in XML 1.0")
)
