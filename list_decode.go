package lithopss3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithytime "github.com/aws/smithy-go/time"
)

// maxListedKey is the longest key that a listing may have, in bytes. S3 has keys
// of 1,024.
const maxListedKey = 16 << 10

// A listPage is what one request listed.
type listPage struct {
	infos     []ObjectInfo // objects and common prefixes in the order of their keys
	truncated bool         // there is more
	next      string       // the token that continues
}

var (
	// errErrorDocument is an error behind a status of 200.
	errErrorDocument = errors.New("an error instead of a listing")
	errNoListing     = errors.New("the server's answer is no listing in XML 1.0 and UTF-8")
)

// A pageDecoder decodes answers to ListObjectsV2
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html), one
// after the other, with buffers that are used again. What it does not know for
// certain is errUnknownXML, to be left to the SDK.
type pageDecoder struct {
	xml      xmlScanner
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

// decode reads one answer. Its keys share memory, and so do its ETags.
func (d *pageDecoder) decode(data []byte) (*listPage, error) {
	d.xml.reset(data)
	d.keys, d.tags, d.objects, d.prefixes = d.keys[:0], d.tags[:0], d.objects[:0], d.prefixes[:0]
	switch root := d.xml.root(); {
	case errors.Is(d.xml.err, errUnknownXML): // the SDK might take it for an empty listing
		return nil, errNoListing
	case d.xml.err != nil:
		return nil, d.xml.err
	case strings.EqualFold(string(root), "Error"):
		return nil, errErrorDocument
	case string(root) != "ListBucketResult":
		return nil, fmt.Errorf("%w but <%s>", errNoListing, root)
	}
	page := &listPage{}
	encoding, seen := "", seenOnce{}
	for name := d.xml.child(); name != nil; name = d.xml.child() {
		switch string(name) {
		case "Contents":
			d.object()
		case "CommonPrefixes":
			d.prefix()
		case "IsTruncated":
			page.truncated = d.truth(seen.mark(&d.xml, 0))
		case "NextContinuationToken":
			page.next = string(d.text(seen.mark(&d.xml, 1)))
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

// A seenOnce tells an element that comes twice, of which nobody knows which one
// is meant.
type seenOnce [8]bool

func (s *seenOnce) mark(x *xmlScanner, element int) *xmlScanner {
	if s[element] {
		x.fail(errUnknownXML)
	}
	s[element] = true
	return x
}

func (d *pageDecoder) object() {
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

func (d *pageDecoder) prefix() {
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

// unknown skips an element, unless the SDK, which does not tell upper case from
// lower case, would read it.
func (d *pageDecoder) unknown(name []byte, known ...string) {
	for _, other := range known {
		if strings.EqualFold(string(name), other) {
			d.xml.fail(errUnknownXML)
		}
	}
	d.xml.skip()
}

func (d *pageDecoder) key(x *xmlScanner) {
	start := len(d.keys)
	d.keys = x.text(d.keys)
	if len(d.keys)-start > maxListedKey {
		x.fail(fmt.Errorf("the server listed a key of %d bytes", len(d.keys)-start))
	}
}

// text is the text of an element, until the next call.
func (d *pageDecoder) text(x *xmlScanner) []byte {
	d.value = x.text(d.value[:0])
	return d.value
}

func (d *pageDecoder) truth(x *xmlScanner) bool {
	switch string(d.text(x)) {
	case "true":
		return true
	case "false":
	default:
		x.fail(errUnknownXML)
	}
	return false
}

func (d *pageDecoder) number(x *xmlScanner) int64 {
	text := d.text(x)
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		x.fail(errUnknownXML)
	}
	return n
}

func (d *pageDecoder) time(x *xmlScanner) time.Time {
	text := d.text(x)
	if at, ok := parseUTC(text); ok {
		return at
	}
	at, err := smithytime.ParseDateTime(string(text))
	if err != nil {
		x.fail(errUnknownXML)
	}
	return at
}

// parseUTC parses 2006-01-02T15:04:05.000Z, with any number of decimals up to
// nine or none. It is false for what it does not know to be right.
func parseUTC(text []byte) (time.Time, bool) {
	const layout = "0000-00-00T00:00:00"
	if len(text) <= len(layout) || len(text) > len(layout)+len(".000000000Z") || text[len(text)-1] != 'Z' {
		return time.Time{}, false
	}
	for i := range len(layout) {
		if isDigit := '0' <= text[i] && text[i] <= '9'; isDigit != (layout[i] == '0') || (!isDigit && text[i] != layout[i]) {
			return time.Time{}, false
		}
	}
	nanos, ok := parseDecimals(text[len(layout) : len(text)-1])
	at := func(i int) int { return int(text[i]-'0')*10 + int(text[i+1]-'0') }
	year, month, day := at(0)*100+at(2), at(5), at(8)
	hour, minute, second := at(11), at(14), at(17)
	if !ok || hour > 23 || minute > 59 || second > 59 || month > 12 || month == 0 {
		return time.Time{}, false
	}
	parsed := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	return parsed, parsed.Day() == day // no 31st of April
}

func parseDecimals(text []byte) (nanos int, ok bool) {
	if len(text) == 0 {
		return 0, true
	}
	if text[0] != '.' || len(text) == 1 {
		return 0, false
	}
	unit := int(time.Second)
	for _, c := range text[1:] {
		if c < '0' || c > '9' {
			return 0, false
		}
		unit /= 10
		nanos += int(c-'0') * unit
	}
	return nanos, true
}

// fill undoes the encoding of the keys and makes the entries of the page.
func (d *pageDecoder) fill(page *listPage, encoding string) error {
	switch encoding {
	case "":
	case string(types.EncodingTypeUrl):
		if err := errors.Join(d.unescape(d.objects), d.unescape(d.prefixes)); err != nil {
			return err
		}
	default:
		return fmt.Errorf("the server listed keys in an unknown encoding, %q", encoding)
	}
	keys, tags := string(d.keys), string(d.tags)
	page.infos = make([]ObjectInfo, 0, len(d.objects)+len(d.prefixes))
	prefixes := d.prefixes
	for i := range d.objects {
		entry := &d.objects[i]
		key := keys[entry.key:entry.keyEnd]
		for len(prefixes) > 0 && keys[prefixes[0].key:prefixes[0].keyEnd] <= key {
			page.infos = append(page.infos, ObjectInfo{Key: keys[prefixes[0].key:prefixes[0].keyEnd], IsPrefix: true})
			prefixes = prefixes[1:]
		}
		page.infos = append(page.infos, ObjectInfo{Key: key, Size: entry.size, ETag: tags[entry.tag:entry.tagEnd], LastModified: entry.modified})
	}
	for _, entry := range prefixes {
		page.infos = append(page.infos, ObjectInfo{Key: keys[entry.key:entry.keyEnd], IsPrefix: true})
	}
	for i := range page.infos {
		if page.infos[i].Key == "" {
			return errors.New("the server listed an object without a key")
		}
	}
	return nil
}

// unescape undoes URL encoding in place: what is meant takes no more bytes.
func (d *pageDecoder) unescape(entries []listedObject) error {
	for i := range entries {
		entry := &entries[i]
		key := d.keys[entry.key:entry.keyEnd]
		at := 0
		for at < len(key) && key[at] != '%' && key[at] != '+' {
			at++
		}
		to := at
		for ; at < len(key); at++ {
			c := key[at]
			switch c {
			case '+':
				c = ' '
			case '%':
				if at+2 >= len(key) || !isHexDigit(key[at+1]) || !isHexDigit(key[at+2]) {
					return fmt.Errorf("the server listed a key that can't be decoded: %q", key)
				}
				c = hexValue(key[at+1])<<4 | hexValue(key[at+2])
				at += 2
			}
			key[to] = c
			to++
		}
		entry.keyEnd = entry.key + to
	}
	return nil
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

// nextToken reads the token that continues from the beginning of an answer. It is ""
// where that does not stand in front of the keys, or there is no more.
func (d *pageDecoder) nextToken(head []byte) string {
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

// readPage reads an answer's body, or the rest of it, into buffer, which gets limit
// bytes at most.
func readPage(buffer *bytes.Buffer, body io.Reader, limit int) error {
	_, err := buffer.ReadFrom(io.LimitReader(body, int64(limit-buffer.Len()+1)))
	switch {
	case err != nil:
		return err
	case buffer.Len() > limit:
		return fmt.Errorf("the server's answer is longer than %d bytes", limit)
	case buffer.Len() == 0:
		return io.ErrUnexpectedEOF
	}
	return nil
}
