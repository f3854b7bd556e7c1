// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A minioBucket answers as MinIO does: where start-after lies inside a folder a/, keys
// such as a-1 next to it count against max-keys and are left out, and the page is
// said to be the last one. Tokens are right.
type minioBucket struct {
	mu       sync.Mutex
	keys     []string // in order
	header   http.Header
	requests int
}

func (b *minioBucket) answer(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	switch query := r.URL.Query(); {
	case r.Method == http.MethodPost && query.Has("delete"):
		data, err := io.ReadAll(r.Body)
		for _, match := range regexp.MustCompile(`<Key>([^<]*)</Key>`).FindAllStringSubmatch(string(data), -1) {
			b.drop(match[1])
		}
		return answer(r, http.StatusOK, b.header, "<DeleteResult></DeleteResult>"), err
	case r.Method == http.MethodDelete:
		_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		b.drop(key)
		return answer(r, http.StatusNoContent, b.header, ""), nil
	default:
		return answer(r, http.StatusOK, b.header, b.page(query)), nil
	}
}

func (b *minioBucket) drop(key string) {
	if i, found := slices.BinarySearch(b.keys, key); found {
		b.keys = slices.Delete(b.keys, i, i+1)
	}
}

func (b *minioBucket) page(query url.Values) string {
	prefix, after, token := query.Get("prefix"), query.Get("start-after"), query.Get("continuation-token")
	base := prefix[:strings.LastIndexByte(prefix, '/')+1]
	size := maxPageSize
	if text := query.Get("max-keys"); text != "" {
		size, _ = strconv.Atoi(text)
	}
	var page []string
	limit := size + 1
	for _, key := range b.keys {
		isAfter := key > after
		if token != "" {
			isAfter = key > token
		} else if !isAfter && isSiblingInside(key, after, base) {
			limit-- // counts, and is left out
		}
		if isAfter && strings.HasPrefix(key, prefix) && len(page) < limit {
			page = append(page, key)
		}
	}
	var text strings.Builder
	if len(page) > size {
		page = page[:size]
		_, _ = fmt.Fprintf(&text, "<IsTruncated>true</IsTruncated><NextContinuationToken>%s</NextContinuationToken>", page[size-1])
	}
	for _, key := range page {
		text.WriteString("<Contents><Key>")
		_ = xml.EscapeText(&text, []byte(key))
		text.WriteString("</Key><LastModified>2024-01-01T00:00:00Z</LastModified><Size>1</Size></Contents>")
	}
	return pageXML(text.String())
}

// isSiblingInside reports whether a key before after has a folder's name as its
// beginning, but is not in that folder, in which after lies.
func isSiblingInside(key, after, base string) bool {
	for i := len(base); i < len(after); i++ {
		if folder := after[:i]; after[i] == '/' && strings.HasPrefix(key, folder) && !strings.HasPrefix(key, folder+"/") {
			return true
		}
	}
	return false
}

var minioHeaders = map[string]http.Header{"MinIO": {"Server": {"MinIO"}}, "behind a front end": {"Server": {"nginx"}}}

// minioKeys returns one of so many parts of 12,200 keys.
func minioKeys(part int) []string {
	var keys []string
	for i := range 5000 / part {
		keys = append(keys, fmt.Sprintf("lithops.jobs/4b99c1-0-M000/%05d/status.json", i))
	}
	for i := range 3000 / part {
		keys = append(keys, fmt.Sprintf("lithops.jobs/4b99c1-0/%05d/M000", i), fmt.Sprintf("lithops.jobs/4b99c1-0-00003-0-M000/%05d/status.json", i))
	}
	for i := range 1200 / part {
		keys = append(keys, fmt.Sprintf("z/%05d", i))
	}
	slices.Sort(keys)
	return keys
}

// TestMinioLosesNoKey lists a fifth of 12,200 keys, of which a parallel listing lost 10,200.
func TestMinioLosesNoKey(t *testing.T) {
	t.Parallel()
	part := testkit.Less(5, 10)
	keys := minioKeys(part)
	for name, header := range minioHeaders {
		bucket := &minioBucket{keys: slices.Clone(keys), header: header}
		list := func(opts *ListOptions) []string {
			var got []string
			// A store of its own, which has learned nothing.
			for info, err := range answeringStore(t, false, bucket.answer).ListObjects(t.Context(), "bucket", opts) {
				require.NoError(t, err)
				got = append(got, info.Key)
			}
			return got
		}
		ways, sizes, places := []int{2, 16, 32}, []int{100, 1000}, []int{0, 2999, 6000, 10_500, 12_100}
		if testing.Short() {
			ways, sizes, places = ways[1:2], sizes[1:], places[1:3]
		}
		for _, parallel := range ways {
			for _, size := range sizes {
				assert.True(t, slices.Equal(keys, list(&ListOptions{Parallel: parallel, PageSize: size / part})), "%s, %d at once, pages of %d", name, parallel, size)
			}
		}
		for _, at := range places {
			at /= part
			for _, parallel := range []int{0, 16} {
				got := list(&ListOptions{StartAfter: keys[at], Parallel: parallel, PageSize: 1000 / part})
				assert.True(t, slices.Equal(keys[at+1:], got), "%s, after %q: %d keys", name, keys[at], len(got))
			}
		}
		store := answeringStore(t, false, bucket.answer)
		listed, err := store.ListKeys(t.Context(), "bucket", "lithops.jobs/")
		require.NoError(t, err)
		assert.Len(t, listed, 11_000/part, name)
		deleted, err := store.DeletePrefix(t.Context(), "bucket", "lithops.jobs/", nil)
		require.NoError(t, err)
		assert.EqualValues(t, 11_000/part, deleted, name)
		assert.Equal(t, keys[11_000/part:], bucket.keys, name)
	}
}
