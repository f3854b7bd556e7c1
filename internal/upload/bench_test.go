// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/progress"
)

// A sinkS3 reads parts and keeps nothing, so that what cuts and gathers them is measured.
type sinkS3 struct{ *fakeS3 }

func (sinkS3) UploadPart(_ context.Context, in *s3.UploadPartInput, _ *progress.Sending) (*s3.UploadPartOutput, error) {
	_, err := io.Copy(io.Discard, in.Body)
	in.ChecksumCRC32 = aws.String("AAAAAA==")
	return &s3.UploadPartOutput{ETag: aws.String(`"e"`), ChecksumCRC32: in.ChecksumCRC32}, err
}

func (sinkS3) CompleteMultipartUpload(context.Context, *s3.CompleteMultipartUploadInput) (*s3.CompleteMultipartUploadOutput, error) {
	return &s3.CompleteMultipartUploadOutput{ETag: aws.String(`"e-8"`)}, nil
}

// BenchmarkParts measures multipart uploads of 64 MiB: of memory that is read in place,
// and of a stream through buffers.
func BenchmarkParts(b *testing.B) {
	data := make([]byte, 64<<20)
	for name, body := range map[string]func() io.Reader{
		"in place": func() io.Reader { return bytes.NewReader(data) },
		"stream":   func() io.Reader { return io.LimitReader(zeros{}, int64(len(data))) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				opts := options()
				opts.Scale = 1
				if err := Put(b.Context(), sinkS3{newFakeS3()}, body(), opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
