// SPDX-License-Identifier: Apache-2.0

package s3xml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/internal/dateutil"
)

// maxListedKey is the longest key that a listing may have, in bytes. S3 has keys
// of 1,024.
const maxListedKey = 16 << 10

// A Decoder decodes answers to ListObjectsV2
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html), one
// after the other, with buffers that are used again. It is not safe for concurrent
// use.
type Decoder struct {
	xml      scanner
	keys     []byte // as the server sent them
	tags     []byte
	value    []byte
	objects  []listedObject
	prefixes []listedObject
}

// A listedObject is an entry of a listing: where in keys and tags its texts are.
type listedObject struct {
	key, keyEnd, tag, tagEnd int
	size                     int64
	modified                 time.Time
}

// Decode reads one answer. The keys of the page share memory, and so do its ETags.
//
// It reads what boto3 reads, and more: numbers and booleans with white space
// around them, dates in every form that [dateutil.ParseS3] knows, percent signs that
// escape nothing. A date that can't be read is left zero. The error is
// io.ErrUnexpectedEOF for an answer that breaks off, and ErrErrorDocument for an
// <Error>.
func (d *Decoder) Decode(data []byte) (*Page, error) {
	page, err := d.decode(data)
	if !errors.Is(err, errUnknown) {
		return page, err
	}
	if data, err = Normalize(data); err == nil {
		page, err = d.decode(data)
	}
	switch {
	case err == nil:
		return page, nil
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, ErrErrorDocument), errors.Is(err, errNoListing):
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", errNoListing, err)
}

func (d *Decoder) decode(data []byte) (*Page, error) {
	d.xml.reset(data)
	d.keys = d.keys[:0]
	d.tags = d.tags[:0]
	d.objects = d.objects[:0]
	d.prefixes = d.prefixes[:0]
	root := d.xml.root()
	switch {
	case d.xml.err != nil:
		return nil, d.xml.err
	case strings.EqualFold(string(root), "Error"):
		return nil, ErrErrorDocument
	case string(root) == "ListBucketResult":
	case strings.EqualFold(string(root), "ListBucketResult"):
		return nil, errUnknown
	default:
		return nil, fmt.Errorf("%w but <%s>", errNoListing, root)
	}
	page := &Page{}
	encoding, seen := "", seenOnce{}
	for name := d.xml.child(); name != nil; name = d.xml.child() {
		switch string(name) {
		case "Contents":
			d.object()
		case "CommonPrefixes":
			d.prefix()
		case "IsTruncated":
			page.Truncated = d.truth(seen.mark(&d.xml, 0))
		case "NextContinuationToken":
			page.Next = string(d.text(seen.mark(&d.xml, 1)))
		case "EncodingType":
			encoding = string(d.text(seen.mark(&d.xml, 2)))
		default:
			d.unknown(name, "Contents", "CommonPrefixes", "IsTruncated", "NextContinuationToken", "EncodingType")
		}
	}
	d.xml.finish()
	if d.xml.err != nil {
		return nil, d.xml.err
	}
	return page, d.fill(page, encoding)
}

// A seenOnce notices an element that comes twice, since the server can mean only
// one of them.
type seenOnce [8]bool

func (s *seenOnce) mark(x *scanner, element int) *scanner {
	if s[element] {
		x.fail(errors.New("an element that may come once comes twice"))
	}
	s[element] = true
	return x
}

func (d *Decoder) object() {
	entry, seen := listedObject{key: len(d.keys), tag: len(d.tags)}, seenOnce{}
	for name := d.xml.child(); name != nil; name = d.xml.child() {
		switch string(name) {
		case "Key":
			d.key(seen.mark(&d.xml, 0))
		case "LastModified":
			entry.modified = d.time(seen.mark(&d.xml, 1))
		case "ETag":
			d.tags = seen.mark(&d.xml, 2).text(d.tags)
		case "Size":
			entry.size = d.number(seen.mark(&d.xml, 3))
		case "StorageClass", "Owner", "ChecksumAlgorithm", "ChecksumType", "RestoreStatus":
			d.xml.skip()
		default:
			d.unknown(name, "Key", "LastModified", "ETag", "Size")
		}
	}
	entry.keyEnd, entry.tagEnd = len(d.keys), len(d.tags)
	d.objects = append(d.objects, entry)
}

func (d *Decoder) prefix() {
	entry, seen := listedObject{key: len(d.keys)}, seenOnce{}
	for name := d.xml.child(); name != nil; name = d.xml.child() {
		if string(name) == "Prefix" {
			d.key(seen.mark(&d.xml, 0))
			continue
		}
		d.unknown(name, "Prefix")
	}
	entry.keyEnd = len(d.keys)
	d.prefixes = append(d.prefixes, entry)
}

// unknown skips an element, unless its name differs from a known one by upper and
// lower case only, which [Normalize] mends.
func (d *Decoder) unknown(name []byte, known ...string) {
	for _, other := range known {
		if len(other) == len(name) && strings.EqualFold(string(name), other) {
			d.xml.fail(errUnknown)
		}
	}
	d.xml.skip()
}

func (d *Decoder) key(x *scanner) {
	start := len(d.keys)
	d.keys = x.text(d.keys)
	if len(d.keys)-start > maxListedKey {
		x.fail(fmt.Errorf("the server listed a key of %d bytes", len(d.keys)-start))
	}
}

// text is the text of an element, until the next call.
func (d *Decoder) text(x *scanner) []byte {
	d.value = x.text(d.value[:0])
	return d.value
}

func (d *Decoder) truth(x *scanner) bool {
	switch string(d.text(x)) {
	case "true", "1":
		return true
	case "false", "0", "":
	default:
		x.fail(errUnknown)
	}
	return false
}

func (d *Decoder) number(x *scanner) int64 {
	text := d.text(x)
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || n < 0 {
		x.fail(errUnknown)
	}
	return n
}

// time is zero for a date that can't be read: it must not cost the keys.
func (d *Decoder) time(x *scanner) time.Time {
	text := d.text(x)
	if at, ok := dateutil.ParseUTC(text); ok {
		return at
	}
	at, _ := dateutil.ParseS3(string(text))
	return at
}

// fill undoes the encoding of the keys and makes the entries of the page.
func (d *Decoder) fill(page *Page, encoding string) error {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "":
	case "url":
		d.unescape(d.objects)
		d.unescape(d.prefixes)
	default:
		return fmt.Errorf("the server listed keys in an unknown encoding, %q", encoding)
	}
	keys, tags := string(d.keys), string(d.tags)
	page.Entries = make([]Entry, 0, len(d.objects)+len(d.prefixes))
	prefixes := d.prefixes
	for i := range d.objects {
		entry := &d.objects[i]
		key := keys[entry.key:entry.keyEnd]
		for len(prefixes) > 0 && keys[prefixes[0].key:prefixes[0].keyEnd] <= key {
			page.Entries = append(page.Entries, Entry{Key: keys[prefixes[0].key:prefixes[0].keyEnd], IsPrefix: true})
			prefixes = prefixes[1:]
		}
		page.Entries = append(page.Entries, Entry{Key: key, Size: entry.size, ETag: tags[entry.tag:entry.tagEnd], LastModified: entry.modified})
	}
	for _, entry := range prefixes {
		page.Entries = append(page.Entries, Entry{Key: keys[entry.key:entry.keyEnd], IsPrefix: true})
	}
	for i := range page.Entries {
		if page.Entries[i].Key == "" {
			return errors.New("the server listed an object without a key")
		}
	}
	return nil
}

// unescape undoes URL encoding in place, since the text gets no longer.
func (d *Decoder) unescape(entries []listedObject) {
	for i := range entries {
		entry := &entries[i]
		entry.keyEnd = entry.key + unescape(d.keys[entry.key:entry.keyEnd])
	}
}

// Unescape undoes the URL encoding of a key in a listing.
func Unescape(key string) string {
	data := []byte(key)
	return string(data[:unescape(data)])
}

// unescape undoes URL encoding in place and returns the length of the result. As with
// Python's unquote_plus, a percent sign without two hexadecimal digits stands for
// itself.
func unescape(key []byte) int {
	at := 0
	for at < len(key) && key[at] != '%' && key[at] != '+' {
		at++
	}
	to := at
	for ; at < len(key); at++ {
		c := key[at]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && at+2 < len(key) && isHexDigit(key[at+1]) && isHexDigit(key[at+2]):
			c = hexValue(key[at+1])<<4 | hexValue(key[at+2])
			at += 2
		}
		key[to] = c
		to++
	}
	return to
}

func isHexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

// NextToken reads the token that continues from the beginning of an answer, before
// the rest has come. It returns "" if the token does not stand before the keys, or
// no entries follow the page's.
func (d *Decoder) NextToken(head []byte) string {
	d.xml.reset(head[:max(0, bytes.LastIndexByte(head, '<'))])
	if string(d.xml.root()) != "ListBucketResult" {
		return ""
	}
	token, truncated := "", false
	for name := d.xml.child(); name != nil; name = d.xml.child() {
		switch string(name) {
		case "IsTruncated":
			truncated = d.truth(&d.xml)
		case "NextContinuationToken":
			token = string(d.text(&d.xml))
		case "Contents", "CommonPrefixes":
			if truncated {
				return token
			}
			return ""
		default:
			d.xml.skip()
		}
	}
	return ""
}
