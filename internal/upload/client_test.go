// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/progress"
)

// A failedRequest is the error of a fake request.
type failedRequest Failure //nolint:errname // it stands for a request

func (e *failedRequest) Error() string { return "failed: " + e.Text }

// A fakeS3 keeps one object in memory. Its hooks may answer instead of it; what they
// return with handled false is as if they were not there.
type fakeS3 struct {
	mu      sync.Mutex
	now     time.Time
	stored  []byte
	isThere bool
	head    s3.HeadObjectOutput // in addition to what is stored
	noType  bool                // refuses ChecksumType
	uploads map[string]map[int32][]byte
	begun   int

	puts      []*s3.PutObjectInput
	creates   []*s3.CreateMultipartUploadInput
	parts     []*s3.UploadPartInput
	completes []*s3.CompleteMultipartUploadInput
	aborts    int
	heads     []*s3.HeadObjectInput

	onPut      func() error // after it was stored
	onCreate   func(ctx context.Context) error
	onPart     func(ctx context.Context, in *s3.UploadPartInput, sending *progress.Sending) error // before it is stored
	onComplete func(attempt int) error                                                            // after it was stored
	onAbort    func(abort int) error                                                              // before it is
	onHead     func() error
}

func newFakeS3() *fakeS3 {
	return &fakeS3{uploads: map[string]map[int32][]byte{}, now: time.Unix(1_800_000_000, 0)}
}

func (f *fakeS3) PutObject(_ context.Context, in *s3.PutObjectInput, _ *progress.Sending) (*s3.PutObjectOutput, error) {
	data, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.puts = append(f.puts, in)
	f.stored, f.isThere = data, true
	if f.onPut != nil {
		if err := f.onPut(); err != nil {
			return nil, err
		}
	}
	return &s3.PutObjectOutput{ETag: aws.String(etagOf(data))}, nil
}

func (f *fakeS3) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput) (*s3.CreateMultipartUploadOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	copied := *in
	f.creates = append(f.creates, &copied)
	if f.noType && in.ChecksumType != "" {
		return nil, &failedRequest{Text: "no such type", Status: 400, Attempts: 1}
	}
	f.begun++
	id := fmt.Sprint("id", f.begun)
	f.uploads[id] = map[int32][]byte{}
	if f.onCreate != nil {
		if err := f.onCreate(ctx); err != nil {
			return nil, err
		}
	}
	return &s3.CreateMultipartUploadOutput{UploadId: &id, ChecksumType: in.ChecksumType}, nil
}

func (f *fakeS3) UploadPart(ctx context.Context, in *s3.UploadPartInput, sending *progress.Sending) (*s3.UploadPartOutput, error) {
	if f.onPart != nil {
		if err := f.onPart(ctx, in, sending); err != nil {
			return nil, err
		}
	}
	data, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	if in.ChecksumAlgorithm != "" && in.ChecksumCRC32 == nil {
		in.ChecksumCRC32 = aws.String(checksum.EncodeCRC32(crc32.ChecksumIEEE(data)))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.parts = append(f.parts, in)
	parts, ok := f.uploads[*in.UploadId]
	if !ok {
		return nil, &failedRequest{Text: "gone", Status: 404, Code: "NoSuchUpload", Attempts: 1}
	}
	parts[*in.PartNumber] = data
	return &s3.UploadPartOutput{ETag: aws.String(etagOf(data)), ChecksumCRC32: in.ChecksumCRC32}, nil
}

func (f *fakeS3) CompleteMultipartUpload(_ context.Context, in *s3.CompleteMultipartUploadInput) (*s3.CompleteMultipartUploadOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.completes = append(f.completes, in)
	parts, ok := f.uploads[*in.UploadId]
	if ok {
		stored := make([][]byte, len(in.MultipartUpload.Parts))
		for i, part := range in.MultipartUpload.Parts {
			stored[i] = parts[*part.PartNumber]
		}
		f.stored, f.isThere = slices.Concat(stored...), true
		f.head.ETag = aws.String(`"` + partsETag(in.MultipartUpload.Parts) + `"`)
		delete(f.uploads, *in.UploadId)
	}
	if f.onComplete != nil {
		if err := f.onComplete(len(f.completes)); err != nil {
			return nil, err
		}
	}
	if !ok {
		return nil, &failedRequest{Text: "gone", Status: 404, Code: "NoSuchUpload", Attempts: 2}
	}
	return &s3.CompleteMultipartUploadOutput{}, nil
}

func (f *fakeS3) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) (*s3.AbortMultipartUploadOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.aborts++
	if f.onAbort != nil {
		if err := f.onAbort(f.aborts); err != nil {
			return nil, err
		}
	}
	if _, ok := f.uploads[*in.UploadId]; !ok {
		return nil, &failedRequest{Text: "gone", Status: 404, Code: "NoSuchUpload", Attempts: 1}
	}
	delete(f.uploads, *in.UploadId)
	return &s3.AbortMultipartUploadOutput{}, nil
}

func (f *fakeS3) HeadObject(_ context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heads = append(f.heads, in)
	if f.onHead != nil {
		if err := f.onHead(); err != nil {
			return nil, err
		}
	}
	if !f.isThere {
		return nil, &failedRequest{Text: "missing", Status: 404, Attempts: 1}
	}
	out := f.head
	out.ContentLength = aws.Int64(int64(len(f.stored)))
	if out.ETag == nil {
		out.ETag = aws.String(etagOf(f.stored))
	}
	if out.LastModified == nil {
		out.LastModified = &f.now
	}
	out.ResultMetadata = serverTime(f.now)
	return &out, nil
}

func (f *fakeS3) Describe(err error) Failure {
	var failed *failedRequest
	if errors.As(err, &failed) {
		return Failure(*failed)
	}
	return Failure{Text: err.Error(), Attempts: 1}
}

// serverTime is the metadata of an answer of this time, as the SDK makes it.
func serverTime(now time.Time) middleware.Metadata {
	response := &smithyhttp.Response{Response: &http.Response{Header: http.Header{"Date": {now.UTC().Format(http.TimeFormat)}}}}
	_, metadata, _ := (&awsmiddleware.RecordResponseTiming{}).HandleDeserialize(context.Background(), middleware.DeserializeInput{},
		middleware.DeserializeHandlerFunc(func(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
			return middleware.DeserializeOutput{RawResponse: response}, middleware.Metadata{}, nil
		}))
	return metadata
}

func etagOf(data []byte) string {
	sum := md5.Sum(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// options of a put of a test.
func options() Options {
	return Options{Bucket: "bucket", Key: "key", Algorithm: types.ChecksumAlgorithmCrc32, CreateGrace: time.Minute, Scale: testScale}
}
