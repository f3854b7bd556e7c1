// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/lithopstest"
	"github.com/lithops-go/lithopss3/memstore"
)

// demoBucket returns a store whose bucket has objects, which are their own keys.
func demoBucket(ctx context.Context, keys ...string) (store *lithopss3.Store, bucket string, done func()) {
	store, done = demoStore(ctx)
	bucket, err := store.EnsureBucket(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, key := range keys {
		if err := store.PutObject(ctx, bucket, key, strings.NewReader(key), nil); err != nil {
			log.Fatal(err)
		}
	}
	return store, bucket, done
}

// environment returns one without the user's settings.
func environment(pairs map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := pairs[name]
		return value, ok
	}
}

func ExampleConfig() {
	config := &lithopss3.Config{Region: "eu-west-1", StorageBucket: "my-bucket"}
	store, err := lithopss3.New(context.Background(), config, &lithopss3.Options{LookupEnv: environment(nil)})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	fmt.Println(store.Region())
	// Output: eu-west-1
}

func ExampleConfigLoader() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "config")
	if err := os.WriteFile(path, []byte("aws:\n  region: eu-west-1\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	config, err := lithopss3.ConfigLoader{Path: path}.Load() // without Path: where Lithops looks
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(config.Region)
	// Output: eu-west-1
}

func ExampleConfigError() {
	_, err := lithopss3.ParseConfig([]byte("lithops:\n  storage: aws_s3\naws:\n  region: 'eu west'\n"))
	var problem *lithopss3.ConfigError
	if errors.As(err, &problem) {
		fmt.Println(problem.Line, problem.Key)
	}
	// Output: 4 aws.region
}

func ExampleSettingsError() {
	_, err := lithopss3.New(context.Background(), nil, &lithopss3.Options{
		LookupEnv: environment(map[string]string{"AWS_ENDPOINT_URL": "127.0.0.1:9000", "AWS_DEFAULT_REGION": "us-east-1"}),
	})
	var setting *lithopss3.SettingsError
	fmt.Println(errors.As(err, &setting))
	// Output: true
}

func ExampleCredentialsError() {
	store, err := lithopss3.New(context.Background(), &lithopss3.Config{Region: "us-east-1"}, &lithopss3.Options{
		LookupEnv: environment(map[string]string{"AWS_ACCESS_KEY_ID": "AKIA"}), // half a pair
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	_, err = store.Identity(context.Background())
	var missing *lithopss3.CredentialsError
	if errors.As(err, &missing) {
		fmt.Println(missing.Kind, missing.Source)
		for _, tried := range missing.Tried {
			fmt.Println("tried", tried.Source)
		}
	}
	// Output: PartialCredentialsError env
}

func ExampleTriedSource() {
	home, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(home) }()
	keys := filepath.Join(home, "credentials")
	if err := os.WriteFile(keys, []byte("[default]\naws_access_key_id = AKIA\naws_secret_access_key = secret\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	store, err := lithopss3.New(context.Background(), &lithopss3.Config{Region: "us-east-1"}, &lithopss3.Options{
		LookupEnv: environment(map[string]string{"HOME": home, "AWS_SHARED_CREDENTIALS_FILE": keys}),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	identity, err := store.Identity(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, tried := range identity.Tried {
		fmt.Println("not from", tried.Source)
	}
	fmt.Println("from", identity.Source)
	// Output:
	// not from env
	// not from assume-role
	// not from assume-role-with-web-identity
	// not from sso
	// from shared-credentials-file
}

func ExampleIdentity() {
	ctx := context.Background()
	store, done := demoStore(ctx)
	defer done()
	identity, err := store.Identity(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(identity.Source, identity.Region, identity.Endpoints.Addressing, identity.Expires.IsZero())
	// Output: explicit us-east-1 path true
}

func ExampleEndpoints() {
	store, err := lithopss3.New(context.Background(), &lithopss3.Config{AccessKeyID: "AKIA", SecretAccessKey: lithopss3.NewSecret("secret")}, &lithopss3.Options{
		LookupEnv: environment(map[string]string{"AWS_ENDPOINT_URL_S3": "https://minio.example:9000"}),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	identity, err := store.Identity(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(identity.Endpoints.S3)
	// Output: https://minio.example:9000
}

func ExampleSecret() {
	secret := lithopss3.NewSecret("hush")
	fmt.Printf("%v %+v %s\n", secret, secret, secret.Reveal())
	// Output: [redacted] [redacted] hush
}

func ExampleError() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx)
	defer done()
	_, err := store.HeadObject(ctx, bucket, "missing")
	var answer *lithopss3.Error
	if errors.As(err, &answer) {
		fmt.Println(answer.StatusCode, answer.Key, errors.Is(err, fs.ErrNotExist))
	}
	// Output: 404 missing true
}

func ExampleDeleteError() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "a", "b")
	defer done()
	err := store.DeleteObjects(ctx, bucket, []string{"a", "b", "not there"})
	var failed *lithopss3.DeleteError
	if errors.As(err, &failed) {
		for _, problem := range failed.Failed {
			fmt.Println(problem.Key, problem)
		}
	}
	fmt.Println(err)
	// Output: <nil>
}

func ExamplePutOptions() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx)
	defer done()
	opts := &lithopss3.PutOptions{ContentType: "text/csv", Metadata: map[string]string{"rows": "2"}, IfAbsent: true}
	fmt.Println(store.PutObject(ctx, bucket, "table.csv", strings.NewReader("1\n2\n"), opts))
	err := store.PutObject(ctx, bucket, "table.csv", strings.NewReader("3\n"), opts)
	fmt.Println(errors.Is(err, lithopss3.ErrPrecondition))
	// Output:
	// <nil>
	// true
}

func ExampleGetOptions() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "greeting")
	defer done()
	object, err := store.GetObject(ctx, bucket, "greeting", &lithopss3.GetOptions{Range: lithopss3.RangeLast(3)})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = object.Body.Close() }()
	text, err := io.ReadAll(object.Body)
	fmt.Println(string(text), err)
	// Output: ing <nil>
}

func ExampleObject() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "greeting")
	defer done()
	object, err := store.GetObject(ctx, bucket, "greeting", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = object.Body.Close() }()
	n, err := io.Copy(os.Stdout, object.Body)
	fmt.Println("", n, err)
	// Output: greeting 8 <nil>
}

func ExampleObjectInfo() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "greeting")
	defer done()
	info, err := store.HeadObject(ctx, bucket, "greeting")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Key, info.Size, info.ETag)
	// Output: greeting 8 "699e0311097c48b46019dcfc07c772a1"
}

func ExampleByteRange() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "0123456789")
	defer done()
	for _, part := range []*lithopss3.ByteRange{lithopss3.Range(2, 3), lithopss3.RangeFrom(7), lithopss3.RangeLast(2)} {
		object, err := store.GetObject(ctx, bucket, "0123456789", &lithopss3.GetOptions{Range: part})
		if err != nil {
			log.Fatal(err)
		}
		text, err := io.ReadAll(object.Body)
		fmt.Println(string(text), err)
		_ = object.Body.Close()
	}
	// Output:
	// 234 <nil>
	// 789 <nil>
	// 89 <nil>
}

func ExampleListOptions() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "a", "data/1", "data/2", "z")
	defer done()
	for entry, err := range store.ListObjects(ctx, bucket, &lithopss3.ListOptions{Delimiter: "/", StartAfter: "a"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(entry.Key, entry.IsPrefix)
	}
	// Output:
	// data/ true
	// z false
}

func ExampleGlob() {
	glob, err := lithopss3.CompileGlob("logs/**/*.gz")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(glob.Prefix(), glob.Match("logs/2026/11/a.gz"), glob.Match("logs/a.txt"))
	// Output: logs true false
}

func ExampleDeletePrefixOptions() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "tmp/1", "tmp/2", "kept")
	defer done()
	deleted, err := store.DeletePrefix(ctx, bucket, "tmp/", &lithopss3.DeletePrefixOptions{})
	fmt.Println(deleted, err)
	// Output: 2 <nil>
}

func ExampleCopyOptions() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "original")
	defer done()
	opts := &lithopss3.CopyOptions{ReplaceMetadata: true}
	opts.ContentType = "text/plain"
	fmt.Println(store.CopyObject(ctx, bucket, "original", bucket, "copy", opts))
	info, err := store.HeadObject(ctx, bucket, "copy")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.ContentType)
	// Output:
	// <nil>
	// text/plain
}

func ExampleDownloadOptions() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "report")
	defer done()
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "report")
	fmt.Println(store.DownloadFile(ctx, bucket, "report", path, &lithopss3.DownloadOptions{Resume: true}))
	text, err := os.ReadFile(path)
	fmt.Println(string(text), err)
	// Output:
	// <nil>
	// report <nil>
}

func ExampleDirOptions() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "in/a", "in/b/c")
	defer done()
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	fmt.Println(store.GetDir(ctx, bucket, "in/", folder, &lithopss3.DirOptions{Parallel: 2}))
	fmt.Println(store.PutDir(ctx, folder, bucket, "out/", nil))
	keys, err := store.ListKeys(ctx, bucket, "out/")
	fmt.Println(keys, err)
	// Output:
	// <nil>
	// <nil>
	// [out/a out/b/c] <nil>
}

func ExampleProgress() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx)
	defer done()
	var last lithopss3.Progress
	opts := &lithopss3.PutOptions{Progress: func(p lithopss3.Progress) { last = p }}
	fmt.Println(store.PutObject(ctx, bucket, "key", bytes.NewReader(make([]byte, 1000)), opts))
	fmt.Println(last.Done, last.Total)
	// Output:
	// <nil>
	// 1000 1000
}

func ExampleWriter() {
	ctx := context.Background()
	storage := memstore.New()
	if err := storage.CreateBucket(ctx, "bucket"); err != nil {
		log.Fatal(err)
	}
	w := lithopss3.NewWriter(ctx, storage, "bucket", "log", nil)
	if _, err := fmt.Fprint(w, "line 1\n"); err != nil {
		_ = w.CloseWithError(err) // stores nothing
		log.Fatal(err)
	}
	fmt.Println(w.Close()) // the object is stored now
	// Output: <nil>
}

func ExampleReaderAt() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "0123456789")
	defer done()
	object, err := store.OpenReaderAt(ctx, bucket, "0123456789", &lithopss3.ReaderAtOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = object.Close() }()
	part := make([]byte, 3)
	_, err = object.ReadAt(part, 4)
	fmt.Println(string(part), object.Size(), err)
	// Output: 456 10 <nil>
}

func ExampleReaderAtOptions() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "key")
	defer done()
	_, err := store.OpenReaderAt(ctx, bucket, "key", &lithopss3.ReaderAtOptions{SSECustomerKey: lithopss3.NewSecret("too short")})
	fmt.Println(err != nil)
	// Output: true
}

func ExampleFS() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "site/index.html", "site/css/a.css")
	defer done()
	files := lithopss3.NewFS(store, bucket)
	err := fs.WalkDir(files, "site", func(path string, _ fs.DirEntry, err error) error {
		fmt.Println(path)
		return err
	})
	fmt.Println(err)
	// Output:
	// site
	// site/css
	// site/css/a.css
	// site/index.html
	// <nil>
}

// Code that takes a Storage works with a Store, in memory, and below a prefix.
func ExampleStorage() {
	ctx := context.Background()
	memory := memstore.New()
	if err := memory.CreateBucket(ctx, "bucket"); err != nil {
		log.Fatal(err)
	}
	storage := lithopss3.WithPrefix(memory, "tenant-1/")
	fmt.Println(storage.PutObject(ctx, "bucket", "key", strings.NewReader("x"), nil))
	_, err := memory.HeadObject(ctx, "bucket", "tenant-1/key")
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
}

func ExamplePresignedRequest() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "key")
	defer done()
	request, err := store.PresignGet(ctx, bucket, "key", time.Minute, nil)
	if err != nil {
		log.Fatal(err)
	}
	sent, err := http.NewRequestWithContext(ctx, request.Method, request.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	sent.Header = request.Header.Clone()
	answer, err := http.DefaultClient.Do(sent) // whoever has it needs no credentials
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	fmt.Println(request.Method, answer.StatusCode)
	// Output: GET 200
}

func ExampleBucketStatus() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx)
	defer done()
	status, err := store.BucketStatus(ctx, bucket)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.Region, status.Foreign, status.OwnerDemanded)
	// Output: us-east-1 false true
}

func ExampleBucketInfo() {
	ctx := context.Background()
	store, _, done := demoBucket(ctx)
	defer done()
	for bucket, err := range store.ListBuckets(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(bucket.Name)
	}
	// Output: lithops-us-east-1-wxyz
}

// A bucket that keeps no versions lists one of each object.
func ExampleObjectVersion() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx, "a", "b")
	defer done()
	for version, err := range store.ListVersions(ctx, bucket, "") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(version.Key, version.Size, version.IsLatest, version.IsDeleteMarker)
	}
	// Output:
	// a 1 true false
	// b 1 true false
}

func ExampleOpenUpload() {
	ctx := context.Background()
	store, bucket, done := demoBucket(ctx)
	defer done()
	aborted := 0
	for upload, err := range store.OpenUploads(ctx, bucket, "") {
		if err != nil {
			log.Fatal(err)
		}
		if err := store.AbortUpload(ctx, bucket, upload); err != nil {
			log.Fatal(err)
		}
		aborted++
	}
	fmt.Println(aborted)
	// Output: 0
}

func ExampleRequestInfo() {
	ctx := context.Background()
	server, err := lithopstest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	opts := server.Options()
	opts.Observer = func(_ context.Context, info *lithopss3.RequestInfo) {
		fmt.Println(info.Service, info.Operation, info.Attempt, info.Status)
	}
	store, err := lithopss3.New(ctx, server.Config(), opts)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	_, _ = store.Bucket(ctx) // its name is made of the identity
	// Output: STS GetCallerIdentity 1 200
}
