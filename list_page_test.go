// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/lithops-go/lithopss3/internal/s3xml"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func pageXML(inside string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` + inside + `</ListBucketResult>`
}

func keyXML(key string) string { return `<Contents><Key>` + key + `</Key><Size>1</Size></Contents>` }

// answeringStore is a Store whose requests are answered in place.
func answeringStore(t testing.TB, sdkOnly bool, respond roundTripper) *Store {
	t.Helper()
	store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AKID", SecretAccessKey: NewSecret("SECRET")}, &Options{
		Endpoint: "http://127.0.0.1:1", Transport: respond, SDKOnly: sdkOnly, LookupEnv: func(string) (string, bool) { return "", false },
	})
	require.NoError(t, err)
	return store
}

// TestListAnswers runs kinds of answers through a whole listing, which does not
// depend on what the SDK decodes.
func TestListAnswers(t *testing.T) {
	t.Parallel()
	odd := func(inside string) string {
		return `<?xml version="1.0" encoding="US-ASCII"?><s:ListBucketResult xmlns:s="x"><?pi?>` + inside + `</s:ListBucketResult>`
	}
	for name, test := range map[string]struct {
		body string
		want []ObjectInfo // nil for an error
	}{
		"plain":          {pageXML(keyXML("a")), []ObjectInfo{{Key: "a", Size: 1}}},
		"an instruction": {odd(keyXML("a")), []ObjectInfo{{Key: "a", Size: 1}}},
		"a date":         {odd("<Contents><Key>a</Key><LastModified>yesterday</LastModified></Contents>"), []ObjectInfo{{Key: "a"}}},
		"RFC 1123": {
			pageXML("<Contents><Key>a</Key><LastModified>Fri, 27 Nov 2026 00:04:31 GMT</LastModified></Contents>"),
			[]ObjectInfo{{Key: "a", LastModified: time.Date(2026, 11, 27, 0, 4, 31, 0, time.UTC)}},
		},
		"a percent sign": {pageXML("<EncodingType>url</EncodingType>" + keyXML("100%")), []ObjectInfo{{Key: "100%", Size: 1}}},
		"HTML":           {"<html></html>", nil},
		"text":           {"ok", nil},
		"a bad size":     {pageXML("<Contents><Key>a</Key><Size>many</Size></Contents>"), nil},
		"not UTF-8":      {pageXML(keyXML("\xff")), nil},
	} {
		for _, sdkOnly := range []bool{false, true} {
			sent := 0
			store := answeringStore(t, sdkOnly, func(r *http.Request) (*http.Response, error) {
				sent++
				return answer(r, http.StatusOK, nil, test.body), nil
			})
			var got []ObjectInfo
			var last error
			for info, err := range store.ListObjects(t.Context(), "bucket", nil) {
				if last = err; err == nil {
					got = append(got, info)
				}
			}
			assert.Equal(t, test.want, got, name)
			assert.Equal(t, test.want == nil, last != nil, "%s: %v", name, last)
			assert.Equal(t, 1, sent, "%s is not asked for again", name)
		}
	}
}

// TestMinioIsKnown checks that a listing in parallel goes by tokens as soon as an answer
// says which server it is, and later ones do from the start.
func TestMinioIsKnown(t *testing.T) {
	t.Parallel()
	for name, header := range testkit.Some(map[string]http.Header{
		"Server": {"Server": {"MinIO"}}, "older": {"Server": {"MinIO/RELEASE.2019-01-01"}}, "proxied": {"Server": {"nginx"}, "X-Minio-Deployment-Id": {"1"}},
	}, 1) {
		startAfter, pages := 0, 0
		store := answeringStore(t, false, func(r *http.Request) (*http.Response, error) {
			pages++
			query := r.URL.Query()
			if query.Get("start-after") != "" {
				startAfter++
			}
			n, _ := strconv.Atoi(query.Get("continuation-token"))
			body := keyXML(fmt.Sprintf("%04d", n)) + keyXML(fmt.Sprintf("%04d", n+1))
			if n < 100 {
				body += fmt.Sprintf("<IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken>", n+2)
			}
			return answer(r, http.StatusOK, header, pageXML(body)), nil
		})
		for range 2 {
			count := 0
			for _, err := range store.ListObjects(t.Context(), "bucket", &ListOptions{Parallel: 16, PageSize: 2}) {
				require.NoError(t, err)
				count++
			}
			assert.Equal(t, 102, count, name)
		}
		assert.Equal(t, 2*51, pages, name)
		assert.Zero(t, startAfter, name)
	}
}

// TestOddXMLOfOtherOperations checks that the SDK's decoder gets what it can read.
func TestOddXMLOfOtherOperations(t *testing.T) {
	t.Parallel()
	store := answeringStore(t, false, func(r *http.Request) (*http.Response, error) {
		switch {
		case r.URL.Query().Has("uploads"):
			return answer(r, http.StatusOK, nil, `<?xml version="1.0" encoding="ISO-8859-1"?><ListMultipartUploadsResult>`+
				"<Upload><Key>\xe9</Key><UploadId>1</UploadId><Initiated> Fri, 27 Nov 2026 00:04:31 UTC </Initiated></Upload>"+
				`<Upload><Key>b</Key><UploadId>2</UploadId><Initiated>then</Initiated></Upload>`+
				"<MaxUploads> 1000\n</MaxUploads><IsTruncated>\n</IsTruncated></ListMultipartUploadsResult>"), nil
		case r.URL.Query().Has("delete"):
			_, _ = io.Copy(io.Discard, r.Body)
			return answer(r, http.StatusOK, nil, `<?xml version="1.0" encoding="utf8"?><DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>`), nil
		}
		return answer(r, http.StatusNotFound, nil, `<?xml version="1.0" encoding="US-ASCII"?><Error><Code>NoSuchBucket</Code><Message>none</Message></Error>`), nil
	})
	var uploads []OpenUpload
	for upload, err := range store.OpenUploads(t.Context(), "bucket", "") {
		require.NoError(t, err)
		uploads = append(uploads, upload)
	}
	assert.Equal(t, []OpenUpload{{Key: "é", ID: "1", Begun: time.Date(2026, 11, 27, 0, 4, 31, 0, time.UTC)}, {Key: "b", ID: "2"}}, uploads)
	require.ErrorIs(t, store.DeleteObjects(t.Context(), "bucket", []string{"a", "b"}), fs.ErrPermission)
	_, err := store.ListKeys(t.Context(), "bucket", "")
	require.ErrorIs(t, err, ErrNoSuchBucket)
}

// TestListAsksAgain checks that a page that broke off, or is an error inside a 200, is retried.
func TestListAsksAgain(t *testing.T) {
	t.Parallel()
	full := pageXML(`<IsTruncated>false</IsTruncated>` + keyXML("a"))
	for name, first := range map[string]*http.Response{
		"nothing":        {Body: http.NoBody},
		"half":           {Body: io.NopCloser(strings.NewReader(full[:200]))},
		"a broken line":  {Body: io.NopCloser(io.MultiReader(strings.NewReader(full[:200]), iotest.ErrReader(io.ErrUnexpectedEOF)))},
		"error document": {Body: io.NopCloser(strings.NewReader(`<?xml version="1.0"?><Error><Code>InternalError</Code></Error>`))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := 0
			store := answeringStore(t, false, func(r *http.Request) (*http.Response, error) {
				if sent++; sent == 1 {
					first.StatusCode, first.Header = http.StatusOK, http.Header{}
					return first, nil
				}
				return answer(r, http.StatusOK, nil, full), nil
			})
			keys, err := store.ListKeys(t.Context(), "bucket", "")
			require.NoError(t, err)
			assert.Equal(t, []string{"a"}, keys)
			assert.Equal(t, 2, sent)
		})
	}
}

func TestListBoundsAnswers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads 16 MiB of XML")
	}
	store := answeringStore(t, false, func(*http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(`<ListBucketResult>`), repeat(' '))
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(body)}, nil
	})
	_, err := store.ListKeys(t.Context(), "bucket", "")
	require.ErrorContains(t, err, "longer than 16777216 bytes")
}

type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// BenchmarkListPage measures the decoding of a page of a thousand keys.
func BenchmarkListPage(b *testing.B) {
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, `<Contents><Key>lithops.jobs/4b99c1-0-M000/%05d/status.json</Key><LastModified>2026-11-25T03:00:00.000Z</LastModified>`+
			`<ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>`, i, i)
	}
	data := []byte(pageXML(`<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken><EncodingType>url</EncodingType>` + text.String()))
	b.Run("decoder", func(b *testing.B) {
		var decoder s3xml.Decoder
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if page, err := decoder.Decode(data); err != nil || len(page.Entries) != 1000 {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/key")
	})
	for name, sdkOnly := range map[string]bool{"request": false, "sdk request": true} {
		b.Run(name, func(b *testing.B) {
			store := answeringStore(b, sdkOnly, func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(data)), Request: r}, nil
			})
			in, _, err := listInput("bucket", nil)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if page, err := store.s3.ListPage(b.Context(), in, nil); err != nil || len(page.Entries) != 1000 {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/key")
		})
	}
}

// TestNextTokenComesEarly checks that the third page is requested before the second one
// has arrived. The test holds back its last bytes until then.
func TestNextTokenComesEarly(t *testing.T) {
	t.Parallel()
	third := make(chan struct{})
	page := func(number int) string {
		if number == 3 {
			return pageXML(`<IsTruncated>false</IsTruncated>` + keyXML("3"))
		}
		return pageXML(fmt.Sprintf(`<NextContinuationToken>to %d</NextContinuationToken><IsTruncated>true</IsTruncated>`, number+1) +
			keyXML(fmt.Sprint(number)) + strings.Repeat(" ", 8<<10))
	}
	store := answeringStore(t, false, func(r *http.Request) (*http.Response, error) {
		switch r.URL.Query().Get("continuation-token") {
		case "":
			return answer(r, http.StatusOK, nil, page(1)), nil
		case "to 2":
			response := answer(r, http.StatusOK, nil, page(2))
			half := io.LimitReader(response.Body, 8<<10)
			response.Body = io.NopCloser(io.MultiReader(half, waitFor(third), response.Body))
			return response, nil
		}
		close(third)
		return answer(r, http.StatusOK, nil, page(3)), nil
	})
	var keys []string
	for info, err := range store.ListObjects(t.Context(), "bucket", nil) {
		require.NoError(t, err)
		keys = append(keys, info.Key)
	}
	assert.Equal(t, []string{"1", "2", "3"}, keys)
}

// waitFor has nothing to read once the channel is closed.
type waitFor <-chan struct{}

func (w waitFor) Read([]byte) (int, error) {
	<-w
	return 0, io.EOF
}

func TestNegativeParallelIsRefused(t *testing.T) {
	t.Parallel()
	store := answeringStore(t, false, func(*http.Request) (*http.Response, error) { panic("no request is made") })
	for _, err := range store.ListObjects(t.Context(), "bucket", &ListOptions{Parallel: -1}) {
		require.ErrorContains(t, err, "ListOptions.Parallel is -1")
		return
	}
	t.Fatal("no error")
}
