// SPDX-License-Identifier: Apache-2.0

package storagetest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Capabilities says what a Storage's server can't do although S3 can. The zero value
// is S3 itself. What depends on a missing capability is skipped, and the skip names the
// capability and the reason. Everything else runs.
type Capabilities struct {
	// NormalizesPaths means that keys are paths of a file system. It stands for
	// NoLeadingSlash, NoDoubleSlash, NoTrailingSlash, NoDotSegments and NoKeyBelowKey.
	NormalizesPaths bool
	// NoLeadingSlash means that a key can't begin with a slash.
	NoLeadingSlash bool
	// NoDoubleSlash means that a key can't have two slashes in a row.
	NoDoubleSlash bool
	// NoTrailingSlash means that an object whose key ends in a slash can't hold bytes.
	NoTrailingSlash bool
	// NoDotSegments means that a part of a key between slashes can't be "." or "..".
	NoDotSegments bool
	// NoKeyBelowKey means that there can't be an object "a" next to an object "a/b".
	NoKeyBelowKey bool
	// NoLongKeyParts means that a part of a key between slashes has at most 255 bytes.
	NoLongKeyParts bool
	// FoldsKeys means that keys which differ only in the case of letters, or in how an accent
	// is encoded, are one key.
	FoldsKeys bool
	// NoControlCharacters means that keys can't hold the characters below the space.
	NoControlCharacters bool
	// MaxKey is the longest key, in bytes; 0 is S3's 1,024.
	MaxKey int
	// NoConditionalPut means that IfMatch and IfAbsent are ignored, also in multipart
	// uploads.
	NoConditionalPut bool
	// NoConditionalParts means that they are ignored in multipart uploads.
	NoConditionalParts bool
	// RacyConditionalPut means that of several puts at once with the same IfMatch or IfAbsent
	// more than one may succeed.
	RacyConditionalPut bool
	// NoConditionalGet means that IfMatch and IfNoneMatch of a get are ignored.
	NoConditionalGet bool
	// NoModifiedSince means that IfModifiedSince of a get is ignored.
	NoModifiedSince bool
	// NoUnmodifiedSince means that IfUnmodifiedSince of a get is ignored.
	NoUnmodifiedSince bool
	// NoLongSuffixRange means that the last bytes of an object that has fewer are not
	// all of it.
	NoLongSuffixRange bool
	// UnsoundStartAfter means that a listing with StartAfter misses or repeats keys.
	UnsoundStartAfter bool
	// OtherContentType means that an object that was put without a content type does
	// not get S3's, binary/octet-stream.
	OtherContentType bool
	// KeepsMetadata means that an object which replaces another keeps the other's metadata.
	KeepsMetadata bool
	// NoAccounts means that the server tells no accounts apart, so that the second
	// creation of a bucket by its owner may be refused like another account's.
	NoAccounts bool
	// HeadHidesMissingBucket means that a get from a missing bucket has the error of a
	// missing key.
	HeadHidesMissingBucket bool
}

// A capability is one of the booleans of Capabilities.
type capability struct {
	name  string
	field func(*Capabilities) *bool
	why   string // it skips, in a sentence about the server
}

var capabilities = []capability{
	{"NoLeadingSlash", func(c *Capabilities) *bool { return &c.NoLeadingSlash }, "a key can't begin with a slash"},
	{"NoDoubleSlash", func(c *Capabilities) *bool { return &c.NoDoubleSlash }, "a key can't have two slashes in a row"},
	{"NoTrailingSlash", func(c *Capabilities) *bool { return &c.NoTrailingSlash }, "an object whose key ends in a slash can't hold bytes"},
	{"NoDotSegments", func(c *Capabilities) *bool { return &c.NoDotSegments }, "a part of a key can't be . or .."},
	{"NoKeyBelowKey", func(c *Capabilities) *bool { return &c.NoKeyBelowKey }, "there can't be an object a next to a/b"},
	{"NoLongKeyParts", func(c *Capabilities) *bool { return &c.NoLongKeyParts }, "a part of a key has at most 255 bytes"},
	{"FoldsKeys", func(c *Capabilities) *bool { return &c.FoldsKeys }, "keys that look alike are one key"},
	{"NoControlCharacters", func(c *Capabilities) *bool { return &c.NoControlCharacters }, "keys can't hold control characters"},
	{"NoConditionalPut", func(c *Capabilities) *bool { return &c.NoConditionalPut }, "IfMatch and IfAbsent are ignored"},
	{"NoConditionalParts", func(c *Capabilities) *bool { return &c.NoConditionalParts }, "IfMatch and IfAbsent of multipart uploads are ignored"},
	{"RacyConditionalPut", func(c *Capabilities) *bool { return &c.RacyConditionalPut }, "several conditional puts at once may succeed"},
	{"NoConditionalGet", func(c *Capabilities) *bool { return &c.NoConditionalGet }, "IfMatch and IfNoneMatch of a get are ignored"},
	{"NoModifiedSince", func(c *Capabilities) *bool { return &c.NoModifiedSince }, "IfModifiedSince is ignored"},
	{"NoUnmodifiedSince", func(c *Capabilities) *bool { return &c.NoUnmodifiedSince }, "IfUnmodifiedSince is ignored"},
	{"NoLongSuffixRange", func(c *Capabilities) *bool { return &c.NoLongSuffixRange }, "the last bytes of a shorter object can't be asked for"},
	{"UnsoundStartAfter", func(c *Capabilities) *bool { return &c.UnsoundStartAfter }, "a listing with StartAfter misses or repeats keys"},
	{"OtherContentType", func(c *Capabilities) *bool { return &c.OtherContentType }, "the content type of none is not binary/octet-stream"},
	{"KeepsMetadata", func(c *Capabilities) *bool { return &c.KeepsMetadata }, "metadata outlives its object"},
	{"NoAccounts", func(c *Capabilities) *bool { return &c.NoAccounts }, "accounts are not told apart"},
	{"HeadHidesMissingBucket", func(c *Capabilities) *bool { return &c.HeadHidesMissingBucket }, "a missing bucket looks like a missing key"},
	{"NormalizesPaths", func(c *Capabilities) *bool { return &c.NormalizesPaths }, "keys are paths"},
}

// implied lists the capabilities that another one stands for.
var implied = map[string]func(*Capabilities) bool{
	"NoLeadingSlash":     normalizesPaths,
	"NoDoubleSlash":      normalizesPaths,
	"NoTrailingSlash":    normalizesPaths,
	"NoDotSegments":      normalizesPaths,
	"NoKeyBelowKey":      normalizesPaths,
	"NoConditionalParts": func(c *Capabilities) bool { return c.NoConditionalPut },
}

func normalizesPaths(c *Capabilities) bool { return c.NormalizesPaths }

// ParseCapabilities reads names of Capabilities, separated by commas, with MaxKey as
// "MaxKey=1000". An unknown name is an error, because what it was meant to skip would run
// and what it hides would not be seen.
func ParseCapabilities(names string) (Capabilities, error) {
	var c Capabilities
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if longest, ok := strings.CutPrefix(name, "MaxKey="); ok {
			bytes, err := strconv.Atoi(longest)
			if err != nil || bytes < 1 || bytes > 1024 {
				return c, fmt.Errorf("storagetest: %s is not a length of 1 to 1024 bytes", name)
			}
			c.MaxKey = bytes
			continue
		}
		known := findCapability(name)
		if known == nil {
			return c, fmt.Errorf("storagetest: there is no capability %q", name)
		}
		*known.field(&c) = true
	}
	return c, nil
}

func findCapability(name string) *capability {
	for i := range capabilities {
		if capabilities[i].name == name {
			return &capabilities[i]
		}
	}
	return nil
}

// lacks reports whether the server lacks a capability, or one that stands for it.
func (c *Capabilities) lacks(known *capability) bool {
	implies := implied[known.name]
	return *known.field(c) || implies != nil && implies(c)
}

// skipIf skips a test whose server lacks one of the named capabilities, and says why.
func (h *Harness) skipIf(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		known := findCapability(name)
		if known == nil {
			t.Fatalf("there is no capability %q", name)
		}
		if h.Capabilities.lacks(known) {
			t.Skipf("capability %s: %s", name, known.why)
		}
	}
}
