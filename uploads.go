// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/listing"
)

// An OpenUpload is a multipart upload that was neither completed nor aborted: one in
// progress, or one whose process was killed. S3 keeps and bills its parts until it is
// aborted.
type OpenUpload struct {
	Key string
	ID  string
	// Begun is the time of its start, by the server's clock.
	Begun time.Time
}

// OpenUploads yields the open multipart uploads of a bucket, for keys that begin with
// prefix, a page for each request. S3 does not say who started them. If the server has
// others in a page, that is ErrListing. The first error ends the sequence.
func (s *Store) OpenUploads(ctx context.Context, bucket, prefix string) iter.Seq2[OpenUpload, error] {
	const op = "OpenUploads"
	return func(yield func(OpenUpload, error) bool) {
		if err := checkBucket(op, bucket); err != nil {
			yield(OpenUpload{}, err)
			return
		}
		in := &s3.ListMultipartUploadsInput{
			Bucket: &bucket, Prefix: optional(prefix), EncodingType: types.EncodingTypeUrl,
		}
		var guard listing.CircleGuard
		for {
			out, err := call(ctx, s, bucket, in, s.client.ListMultipartUploads)
			if err = wrapError(op, bucket, "", err); in.KeyMarker == nil && isNoUpload(err) {
				return
			}
			if err != nil {
				yield(OpenUpload{}, err)
				return
			}
			page, err := openUploads(out, prefix)
			if err != nil {
				yield(OpenUpload{}, wrapError(op, bucket, "", err))
				return
			}
			for _, upload := range page {
				if !yield(upload, nil) {
					return
				}
			}
			if !aws.ToBool(out.IsTruncated) {
				return
			}
			key, id, err := nextUploads(&guard, out)
			if err != nil {
				yield(OpenUpload{}, wrapError(op, bucket, "", err))
				return
			}
			in.KeyMarker, in.UploadIdMarker = &key, &id
		}
	}
}

// isNoUpload reports whether a server means that there are no uploads: some answer the
// listing of none with 404 NoSuchUpload. After a page that promised more, it is an error.
func isNoUpload(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.StatusCode == http.StatusNotFound && failure.Code == "NoSuchUpload"
}

// openUploads returns the uploads of a page. An upload outside of the prefix is an error,
// because callers abort what they get.
func openUploads(out *s3.ListMultipartUploadsOutput, prefix string) ([]OpenUpload, error) {
	page := make([]OpenUpload, len(out.Uploads))
	for i, found := range out.Uploads {
		page[i] = OpenUpload{Key: decodeListedKey(out.EncodingType, found.Key), ID: aws.ToString(found.UploadId), Begun: aws.ToTime(found.Initiated)}
		if err := checkPrefix(page[i].Key, prefix); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// nextUploads returns where the next page begins. It returns an error if the pages
// repeat.
func nextUploads(guard *listing.CircleGuard, out *s3.ListMultipartUploadsOutput) (key, id string, err error) {
	key = decodeListedKey(out.EncodingType, out.NextKeyMarker)
	id = aws.ToString(out.NextUploadIdMarker)
	if key == "" {
		return "", "", ErrListing
	}
	first := ""
	if len(out.Uploads) > 0 {
		first = aws.ToString(out.Uploads[0].Key) + "\x00" + aws.ToString(out.Uploads[0].UploadId)
	}
	return key, id, guard.Check(key+"\x00"+id, first)
}

// AbortUpload aborts an open upload, so that the server drops its parts. An object
// under its key stays. If the upload does not exist any more, that is no error. A put
// that still uses it fails.
func (s *Store) AbortUpload(ctx context.Context, bucket string, upload OpenUpload) error {
	const op = "AbortUpload"
	if err := checkNames(op, bucket, upload.Key); err != nil {
		return err
	}
	if upload.ID == "" {
		return &Error{Op: op, Bucket: bucket, Key: upload.Key, Err: errors.New("the upload has no ID")}
	}
	_, err := s.abortUpload(ctx, bucket, upload.Key, upload.ID)
	return wrapError(op, bucket, upload.Key, err)
}

// abortUpload reports whether the upload was open. One that is gone is no error.
func (s *Store) abortUpload(ctx context.Context, bucket, key, id string) (wasOpen bool, err error) {
	_, err = call(ctx, s, bucket, &s3.AbortMultipartUploadInput{
		Bucket: &bucket, Key: &key, UploadId: &id,
	}, s.client.AbortMultipartUpload)
	var gone *types.NoSuchUpload
	if errors.As(err, &gone) {
		return false, nil
	}
	return err == nil, err
}
