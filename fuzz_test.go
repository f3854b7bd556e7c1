// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/yamltree"
)

// The seeds of these targets are in testdata/fuzz.

// FuzzContentRange checks that what is taken for a range lies in an object.
func FuzzContentRange(f *testing.F) {
	f.Fuzz(func(t *testing.T, header string, askedOffset, askedLength, contentLength int64) {
		found, err := proof.ParseContentRange(header)
		if err == nil && (found.Offset < 0 || found.Length <= 0 || found.Size < found.Length || found.Offset > found.Size-found.Length) {
			t.Fatalf("%q: %+v", header, found)
		}
		object := &Object{Length: contentLength}
		if object.locate(&ByteRange{Offset: askedOffset, Length: askedLength}, header) == nil && (object.Offset < 0 || object.Length <= 0 || object.Offset > object.Size-object.Length) {
			t.Fatalf("%q: %+v", header, object)
		}
		_ = (&ByteRange{Offset: askedOffset, Length: askedLength}).wire().Header()
	})
}

// FuzzLocalPath checks that no key leads out of the folder, on no system.
func FuzzLocalPath(f *testing.F) {
	f.Fuzz(func(t *testing.T, key string) {
		for _, windows := range []bool{false, true} {
			path, err := localPath(key, windows)
			if err != nil || !windows && filepath.Separator != '/' {
				continue
			}
			clean := filepath.Clean(path)
			if !filepath.IsLocal(path) || clean != path || strings.HasPrefix(key, "/") || strings.Contains("/"+key+"/", "/../") {
				t.Fatalf("%q becomes %q", key, path)
			}
			if windows && strings.ContainsAny(path, `\:`) {
				t.Fatalf("%q becomes %q", key, path)
			}
		}
	})
}

// secretConfig is a configuration whose secrets are the canary.
const secretConfig = "lithops:\n  storage: aws_s3\naws:\n  region: us-east-1\n  access_key_id: AK\n  secret_access_key: " + canary +
	"\n  session_token: \"" + canary + "\"\naws_s3:\n  storage_bucket: b\n"

// FuzzBrokenConfig breaks a configuration anywhere: neither an error nor a warning
// tells its secrets.
func FuzzBrokenConfig(f *testing.F) {
	f.Fuzz(func(t *testing.T, at, cut uint16, noise string) {
		for _, text := range []string{secretConfig, `{"aws":{"region":"r","access_key_id":"AK","secret_access_key":"` + canary + `"}}`} {
			start := min(int(at), len(text))
			end := min(start+int(cut), len(text))
			broken := text[:start] + noise + text[end:]
			config, err := ParseConfig([]byte(broken))
			told := ""
			if err != nil {
				told = err.Error()
			} else {
				told = strings.Join(config.Warnings, "\n")
			}
			if tree, err := yamltree.ParseJSON(broken); err != nil {
				told += err.Error()
			} else if !yamltree.IsFalsy(tree) {
				if _, err := resolveConfig(tree, "test", ""); err != nil {
					told += err.Error()
				}
			}
			if strings.Contains(told, canary) && !strings.Contains(noise, canary) {
				t.Fatalf("%q tells %q", broken, told)
			}
		}
	})
}

// fuzzStore opens a store whose server gives one answer.
func fuzzStore(t *testing.T, sdkOnly bool, answer func(*http.Request) *http.Response) *Store {
	t.Helper()
	store, err := New(t.Context(), &Config{Region: "us-east-1", AccessKeyID: "AK", SecretAccessKey: NewSecret("SK")}, &Options{
		Endpoint: "http://127.0.0.1:1", SDKOnly: sdkOnly, LookupEnv: func(string) (string, bool) { return "", false },
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) { return answer(r), nil }),
	})
	if err != nil {
		t.Fatal(err)
	}
	// Nothing is tried twice, and nothing waits.
	options := store.client.Options()
	options.Retryer = aws.NopRetryer{}
	store.client = s3.New(options)
	store.fast.SDK, store.s3.SDK = store.client, store.client
	store.pace.scale = SmallScale
	return store
}

// isTame tells an error that a terminal can show.
func isTame(err error) bool {
	text := ""
	if err != nil {
		text = err.Error()
	}
	return len(text) < 8<<10 && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' })
}

// FuzzServersXML gives S3's answers to the client: listings, deletions, uploads in
// parts, settings and errors.
func FuzzServersXML(f *testing.F) {
	f.Fuzz(func(t *testing.T, status uint16, body []byte) {
		code := 200 + int(status)%400
		if code == 429 || code >= 500 {
			t.Skip("tried again, with a pause")
		}
		var pages atomic.Int64
		store := fuzzStore(t, true, func(r *http.Request) *http.Response {
			if r.Body != nil {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			pages.Add(1)
			return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1, Request: r}
		})
		ctx := t.Context()
		for info, err := range store.ListObjects(ctx, "bucket", &ListOptions{Delimiter: "/"}) {
			if err != nil && !isTame(err) {
				t.Fatalf("%q", err)
			}
			_ = info
		}
		if pages.Load() > 4 {
			t.Fatalf("%d pages of the same answer", pages.Load())
		}
		for _, err := range []error{
			store.DeleteObjects(ctx, "bucket", []string{"a", "b"}), store.DeleteObject(ctx, "bucket", "a"),
			store.PutObject(ctx, "bucket", "key", strings.NewReader("x"), nil),
		} {
			if !isTame(err) {
				t.Fatalf("%q", err)
			}
		}
		_, _ = store.BucketStatus(ctx, "bucket")
		_ = store.PutObject(ctx, "bucket", "key", io.MultiReader(strings.NewReader("x"), io.LimitReader(zeros{}, 6<<20/SmallScale)), nil)
	})
}

// FuzzServersHeaders gives an object's headers to the client, on both paths.
func FuzzServersHeaders(f *testing.F) {
	long := strings.Repeat("\xfeK\x07", 1500)
	for i := range 5 {
		values := []string{"10", "", "Mon, 02 Jan 2006 15:04:05 GMT", "etag", ""}
		values[i] = long
		f.Add(values[0], values[1], values[2], values[3], values[4])
	}
	f.Fuzz(func(t *testing.T, length, contentRange, modified, etag, checksum string) {
		for _, sdkOnly := range []bool{false, true} {
			store := fuzzStore(t, sdkOnly, func(r *http.Request) *http.Response {
				header := http.Header{
					"Content-Length": {length}, "Last-Modified": {modified}, "Etag": {etag}, "X-Amz-Checksum-Crc32": {checksum}, "X-Amz-Meta-A": {etag},
				}
				if contentRange != "" {
					header.Set("Content-Range", contentRange)
				}
				return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader("0123456789")), ContentLength: -1, Request: r}
			})
			for range 2 { // the second time without the SDK
				_, err := store.HeadObject(t.Context(), "bucket", "key")
				if !isTame(err) {
					t.Fatalf("%q", err)
				}
				data, err := store.ReadObject(t.Context(), "bucket", "key", 1<<20)
				if len(data) > 10 || !isTame(err) {
					t.Fatalf("%q, %q", data, err)
				}
			}
		}
	})
}

// zeros is a body of zeros.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
