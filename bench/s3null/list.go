// SPDX-License-Identifier: Apache-2.0

package s3null

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A listing is one request of ListObjectsV2.
type listing struct {
	prefix, delimiter string
	after             string // a key, or a common prefix that was listed
	maxKeys           int
	isURLEncoded      bool

	entries   []byte // XML
	prefixes  []byte
	count     int
	truncated bool
	last      string
}

const maxPageSize = 1000

func (s *Server) list(r *http.Request, b *bucket, name string) *response {
	query := r.URL.Query()
	l := &listing{
		prefix: query.Get("prefix"), delimiter: query.Get("delimiter"), after: query.Get("start-after"),
		maxKeys: maxPageSize, isURLEncoded: query.Get("encoding-type") == "url",
	}
	if token := query.Get("continuation-token"); token != "" {
		after, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return failure(http.StatusBadRequest, "InvalidArgument")
		}
		l.after = string(after)
	}
	if text := query.Get("max-keys"); text != "" {
		size, err := strconv.Atoi(text)
		if err != nil || size < 0 {
			return failure(http.StatusBadRequest, "InvalidArgument")
		}
		l.maxKeys = min(size, maxPageSize)
	}
	page, _ := pages.Get().(*[]byte)
	l.entries = (*page)[:0]
	defer func() { *page = l.entries; pages.Put(page) }()
	b.mu.Lock()
	keys := b.keys()
	b.mu.Unlock()
	b.mu.RLock()
	l.scan(b, keys)
	b.mu.RUnlock()
	return &response{status: http.StatusOK, header: xmlType, body: l.answer(name, query)}
}

var pages = sync.Pool{New: func() any { page := make([]byte, 0, 320<<10); return &page }}

var xmlType = []string{"Content-Type", "application/xml"}

// scan fills the page.
func (l *listing) scan(b *bucket, keys *Layout) {
	var buffer [128]byte
	i := keys.Search([]byte(l.prefix))
	if l.after != "" {
		i = max(i, keys.Search(append([]byte(l.after), 0)))
	}
	if l.delimiter != "" && strings.HasPrefix(l.after, l.prefix) && strings.HasSuffix(l.after, l.delimiter) {
		i = max(i, endOf(keys, []byte(l.after)))
	}
	for i < keys.Count {
		key := keys.AppendKey(buffer[:0], i)
		if !bytes.HasPrefix(key, []byte(l.prefix)) {
			return
		}
		if !b.live(i) {
			i++
			continue
		}
		if l.count == l.maxKeys {
			l.truncated = l.count > 0
			return
		}
		l.count++
		if end := l.fold(key); end > 0 {
			l.last = string(key[:end])
			l.prefixes = append(l.prefixes, "<CommonPrefixes><Prefix>"...)
			l.prefixes = append(l.appendKey(l.prefixes, key[:end]), "</Prefix></CommonPrefixes>"...)
			i = endOf(keys, key[:end])
			continue
		}
		l.addEntry(key, b.describe(key))
		if l.count == l.maxKeys {
			l.last = string(key)
		}
		i++
	}
}

// describe returns the object under a key that exists. The caller holds the lock.
func (b *bucket) describe(key []byte) stored {
	if b.layout != nil {
		return stored{size: b.layout.Size, modified: start}
	}
	return b.objects[string(key)]
}

// fold returns where the common prefix of a key ends, or 0 if it has none.
func (l *listing) fold(key []byte) int {
	if l.delimiter == "" {
		return 0
	}
	at := bytes.Index(key[len(l.prefix):], []byte(l.delimiter))
	if at < 0 {
		return 0
	}
	return len(l.prefix) + at + len(l.delimiter)
}

// endOf returns the index of the first key after all keys that begin with prefix.
func endOf(keys *Layout, prefix []byte) int {
	next := slices.Clone(prefix)
	for len(next) > 0 && next[len(next)-1] == 0xff {
		next = next[:len(next)-1]
	}
	if len(next) == 0 {
		return keys.Count
	}
	next[len(next)-1]++
	return keys.Search(next)
}

const timeFormat = "2006-01-02T15:04:05.000Z"

var startText = start.Format(timeFormat)

func (l *listing) addEntry(key []byte, object stored) {
	dst := l.entries
	dst = append(dst, "<Contents><Key>"...)
	dst = l.appendKey(dst, key)
	dst = append(dst, "</Key><LastModified>"...)
	if object.modified.Equal(start) {
		dst = append(dst, startText...)
	} else {
		dst = object.modified.UTC().AppendFormat(dst, timeFormat)
	}
	dst = append(dst, "</LastModified><ETag>&quot;"...)
	dst = appendETag(dst, len(key), object)
	dst = append(dst, "&quot;</ETag><Size>"...)
	dst = strconv.AppendInt(dst, object.size, 10)
	dst = append(dst, "</Size><StorageClass>STANDARD</StorageClass></Contents>"...)
	l.entries = dst
}

// appendKey appends a key, URL-encoded if the request asked for that.
func (l *listing) appendKey(dst, key []byte) []byte {
	isPlain := func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '-' <= c && c <= '9' || c == '_' || c == '*' // - . / and digits
	}
	if !slices.ContainsFunc(key, func(c byte) bool { return !isPlain(c) }) {
		return append(dst, key...)
	}
	if !l.isURLEncoded {
		return appendText(dst, string(key))
	}
	for _, c := range key {
		switch {
		case isPlain(c):
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
	}
	return dst
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#13;")

func appendText(dst []byte, text string) []byte { return append(dst, escaper.Replace(text)...) }

func (l *listing) answer(bucket string, query url.Values) []byte {
	dst := make([]byte, 0, len(l.entries)+len(l.prefixes)+512)
	dst = append(dst, xmlHead+`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`...)
	element := func(name, value string) {
		dst = append(dst, '<')
		dst = append(dst, name...)
		dst = append(dst, '>')
		dst = appendText(dst, value)
		dst = append(dst, "</"...)
		dst = append(dst, name...)
		dst = append(dst, '>')
	}
	element("Name", bucket)
	element("Prefix", string(l.appendKey(nil, []byte(l.prefix))))
	element("MaxKeys", strconv.Itoa(l.maxKeys))
	element("KeyCount", strconv.Itoa(l.count))
	element("IsTruncated", strconv.FormatBool(l.truncated))
	for name, parameter := range map[string]string{"Delimiter": "delimiter", "StartAfter": "start-after"} {
		if value := query.Get(parameter); value != "" {
			element(name, string(l.appendKey(nil, []byte(value))))
		}
	}
	if token := query.Get("continuation-token"); token != "" {
		element("ContinuationToken", token)
	}
	if l.isURLEncoded {
		element("EncodingType", "url")
	}
	if l.truncated {
		element("NextContinuationToken", base64.RawURLEncoding.EncodeToString([]byte(l.last)))
	}
	dst = append(dst, l.entries...)
	dst = append(dst, l.prefixes...)
	return append(dst, "</ListBucketResult>"...)
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
