// SPDX-License-Identifier: Apache-2.0

package s3null

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLayoutsAreSorted(t *testing.T) {
	t.Parallel()
	buckets := []string{"jobs-1000", "hex-1000", "small-1000", "small-10-2000000", "file-5"}
	for _, name := range PackedLayouts() {
		buckets = append(buckets, name+"-1000", name+"-5")
	}
	for _, bucket := range buckets {
		layout, ok := ParseLayout(bucket)
		require.True(t, ok, bucket)
		keys := layoutKeys(&layout)
		assert.True(t, slices.IsSorted(keys), bucket)
		assert.Len(t, slices.Compact(keys), layout.Count, bucket)
		for i, key := range keys {
			assert.Equal(t, i, layout.Find(key, i-1))
			assert.Equal(t, i, layout.Find(key, -1))
		}
		assert.Equal(t, -1, layout.Find("other", -1))
	}
	for _, bucket := range []string{"kept", "jobs-", "jobs-0", "other-5", "small-5-x", "small-5-0"} {
		_, ok := ParseLayout(bucket)
		assert.False(t, ok, bucket)
	}
}

func layoutKeys(layout *Layout) []string {
	keys := make([]string, layout.Count)
	for i := range keys {
		keys[i] = string(layout.AppendKey(nil, i))
	}
	return keys
}

// TestJobsAreWhole checks that the layout of a job continues in that of the next job.
func TestJobsAreWhole(t *testing.T) {
	t.Parallel()
	layout, _ := ParseLayout("jobs-400000")
	key := func(i int) string { return string(layout.AppendKey(nil, i)) }
	assert.Regexp(t, `^lithops.jobs/4b99c1-0-M000/00000/[0-9a-f]{12}\.init$`, key(0))
	assert.Equal(t, "lithops.jobs/4b99c1-0-M000/00000/output.pickle", key(1))
	assert.Equal(t, "lithops.jobs/4b99c1-0-M000/99999/status.json", key(299999))
	assert.Equal(t, "lithops.jobs/4b99c1-0-M001/00000/output.pickle", key(300001))
}

// listAll lists page by page, and says how many there were.
func listAll(t *testing.T, base string, query url.Values) (keys, prefixes []string, pages int) {
	t.Helper()
	query.Set("list-type", "2")
	for {
		answer, body := send(t, http.MethodGet, base+"?"+query.Encode(), nil, nil)
		require.Equal(t, http.StatusOK, answer.StatusCode, body)
		pages++
		head, entries, _ := strings.Cut(body, "</IsTruncated>")
		keys = slices.AppendSeq(keys, elements([]byte(entries), "Key"))
		_, common, _ := strings.Cut(entries, "<CommonPrefixes>")
		prefixes = slices.AppendSeq(prefixes, elements([]byte(common), "Prefix"))
		next := slices.Collect(elements([]byte(entries), "NextContinuationToken"))
		require.Equal(t, strings.Contains(head, "<IsTruncated>true"), len(next) == 1)
		if len(next) == 0 {
			return keys, prefixes, pages
		}
		query.Set("continuation-token", next[0])
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	_, base := serve(t)
	for _, bucket := range []string{"jobs-2500", "hex-2500", "hive-2500", "words-2500", "base64-2500"} {
		layout, _ := ParseLayout(bucket)
		all := layoutKeys(&layout)
		keys, prefixes, pages := listAll(t, base+"/"+bucket, url.Values{})
		assert.Equal(t, all, keys)
		assert.Empty(t, prefixes)
		assert.Equal(t, 3, pages)
		for _, after := range []string{all[0], all[1233], all[1233] + "!", all[2499], "a", "z"} {
			want := slices.DeleteFunc(slices.Clone(all), func(key string) bool { return key <= after })
			keys, _, _ := listAll(t, base+"/"+bucket, url.Values{"start-after": {after}, "max-keys": {"700"}})
			assert.Equal(t, len(want), len(keys), after)
			assert.True(t, slices.Equal(want, keys), after)
		}
		for _, prefix := range []string{all[17], all[700][:len(all[700])-9], "lithops", "nothing"} {
			want := slices.DeleteFunc(slices.Clone(all), func(key string) bool { return !strings.HasPrefix(key, prefix) })
			keys, _, _ := listAll(t, base+"/"+bucket, url.Values{"prefix": {prefix}})
			assert.True(t, slices.Equal(want, keys), prefix)
		}
	}
}

func TestListFolders(t *testing.T) {
	t.Parallel()
	_, base := serve(t)
	const folder = "lithops.jobs/4b99c1-0-M000/"
	want := make([]string, 500)
	for i := range want {
		want[i] = fmt.Sprintf("%s%05d/", folder, i)
	}
	for _, size := range []string{"1000", "499", "500", "1"} {
		keys, prefixes, _ := listAll(t, base+"/jobs-1500", url.Values{"prefix": {folder}, "delimiter": {"/"}, "max-keys": {size}})
		assert.Empty(t, keys)
		assert.Equal(t, want, prefixes, size)
	}
	_, prefixes, pages := listAll(t, base+"/jobs-1500", url.Values{"delimiter": {"/"}})
	assert.Equal(t, []string{"lithops.jobs/"}, prefixes)
	assert.Equal(t, 1, pages)
}

func TestListDeletedAndEncoded(t *testing.T) {
	t.Parallel()
	_, base := serve(t)
	for _, key := range []string{"a b", "a&b", "é/x", "plain"} {
		answer, _ := send(t, http.MethodPut, base+"/kept/"+url.PathEscape(key), nil, nil)
		require.Equal(t, http.StatusOK, answer.StatusCode)
	}
	keys, _, _ := listAll(t, base+"/kept", url.Values{})
	assert.Equal(t, []string{"a b", "a&b", "plain", "é/x"}, keys)
	keys, _, _ = listAll(t, base+"/kept", url.Values{"encoding-type": {"url"}})
	assert.Equal(t, []string{"a+b", "a%26b", "plain", "%C3%A9/x"}, keys)

	layout, _ := ParseLayout("jobs-30")
	all := layoutKeys(&layout)
	body := "<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>plain</Key></Object></Delete>"
	_, text := send(t, http.MethodPost, base+"/kept?delete", strings.NewReader(body), nil)
	assert.Equal(t, []string{"a&b", "plain"}, slices.Collect(elements([]byte(text), "Key")))
	keys, _, _ = listAll(t, base+"/kept", url.Values{})
	assert.Equal(t, []string{"a b", "é/x"}, keys)

	body = "<Delete><Quiet>true</Quiet><Object><Key>" + strings.Join(all[10:20], "</Key></Object><Object><Key>") + "</Key></Object></Delete>"
	_, text = send(t, http.MethodPost, base+"/jobs-30?delete", strings.NewReader(body), nil)
	assert.NotContains(t, text, "<Key>")
	keys, _, pages := listAll(t, base+"/jobs-30", url.Values{"max-keys": {"10"}})
	assert.Equal(t, slices.Concat(all[:10], all[20:]), keys)
	assert.Equal(t, 2, pages)
	answer, _ := send(t, http.MethodGet, base+"/jobs-30/"+all[15], nil, nil)
	assert.Equal(t, http.StatusNotFound, answer.StatusCode)
	_, text = send(t, http.MethodPost, base+"/-/report?bucket=jobs-30", nil, nil)
	assert.JSONEq(t, `{"Objects": 20, "Bytes": 0, "Wrong": 0}`, text)
}

func BenchmarkPage(b *testing.B) {
	server, at := New(), newBucket("jobs-1000000")
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "/jobs-1000000?list-type=2&start-after=lithops.jobs/4b99c1-0-M001/5", nil)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		server.list(request, at, "jobs-1000000")
	}
}
