package lithopss3

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// maxPageSize is the most keys that S3 lists, or deletes, with one request.
const maxPageSize = 1000

// ErrListing is a listing that does not advance, or leaves its prefix, as no sound
// server's does.
var ErrListing = errors.New("the server's listing does not advance")

// ListObjects yields the objects of a bucket in the order of their keys' UTF-8
// bytes, a page for each request, holding two pages in memory, or with
// [ListOptions.Parallel] more: from the second page on, the next one is asked for
// before it is wanted. The texts of a page share memory. An error is yielded once
// and ends the sequence; it is ErrNoSuchBucket for a missing bucket
// and ErrInvalidGlob, before any request, for a bad pattern.
func (s *Store) ListObjects(ctx context.Context, bucket string, opts *ListOptions) iter.Seq2[ObjectInfo, error] {
	return func(yield func(ObjectInfo, error) bool) {
		for page, err := range s.listPages(ctx, bucket, opts) {
			if err != nil {
				yield(ObjectInfo{}, wrapError("ListObjects", bucket, "", err))
				return
			}
			for _, info := range page {
				if !yield(info, nil) {
					return
				}
			}
		}
	}
}

// listedAtOnce is how many requests list what must be listed to its end.
const listedAtOnce = 16

// ListKeys returns the keys that begin with prefix, all of them in memory. It
// lists with up to 16 requests at once.
func (s *Store) ListKeys(ctx context.Context, bucket, prefix string) ([]string, error) {
	var keys []string
	for info, err := range s.ListObjects(ctx, bucket, &ListOptions{Prefix: prefix, Parallel: listedAtOnce}) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, info.Key)
	}
	return keys, nil
}

// listPages yields what matches of each page, in order.
func (s *Store) listPages(ctx context.Context, bucket string, opts *ListOptions) iter.Seq2[[]ObjectInfo, error] {
	return func(yield func([]ObjectInfo, error) bool) {
		in, glob, err := listInput(bucket, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		in.ExpectedBucketOwner = s.expectedOwner(bucket)
		for page, err := range s.allPages(ctx, in, opts) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(matching(page, glob), nil) {
				return
			}
		}
	}
}

// allPages yields the pages of the listing that in begins.
func (s *Store) allPages(ctx context.Context, in *s3.ListObjectsV2Input, opts *ListOptions) iter.Seq2[[]ObjectInfo, error] {
	fetch, after := s.pageFetch(in), aws.ToString(in.StartAfter)
	if opts == nil || opts.Parallel <= 1 || opts.Delimiter != "" || isDirectoryBucket(*in.Bucket) {
		return sequential(ctx, fetch, after)
	}
	pageSize := maxPageSize
	if in.MaxKeys != nil {
		pageSize = int(*in.MaxKeys)
	}
	return parallel(ctx, fetch, *in.Prefix, after, pageSize, opts.Parallel)
}

// isDirectoryBucket tells S3 Express One Zone, which lists in no order
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-differences.html).
func isDirectoryBucket(name string) bool { return strings.HasSuffix(name, "--x-s3") }

// A pageFetch gets one page of a listing: the one that token continues with, or
// without a token what follows the key after. It may tell early the token that
// continues after it, once for each attempt.
type pageFetch func(ctx context.Context, after, token string, early func(token string)) (*listPage, error)

// pageFetch gets pages of the listing that in begins.
func (s *Store) pageFetch(in *s3.ListObjectsV2Input) pageFetch {
	return func(ctx context.Context, after, token string, early func(string)) (*listPage, error) {
		in := *in
		in.StartAfter, in.ContinuationToken = optional(after), optional(token)
		return s.fetchPage(ctx, &in, early)
	}
}

func listInput(bucket string, opts *ListOptions) (*s3.ListObjectsV2Input, *Glob, error) {
	if opts == nil {
		opts = &ListOptions{}
	}
	if err := checkBucket("ListObjects", bucket); err != nil {
		return nil, nil, err
	}
	var glob *Glob
	prefix := opts.Prefix
	if opts.Match != "" {
		var err error
		if glob, err = CompileGlob(opts.Match); err != nil {
			return nil, nil, err
		}
		if strings.HasPrefix(glob.Prefix(), prefix) && opts.Delimiter == "" {
			prefix = glob.Prefix() // what the pattern demands narrows the listing
		}
	}
	size := min(max(opts.PageSize, 0), maxPageSize)
	in := &s3.ListObjectsV2Input{
		Bucket: &bucket, Prefix: &prefix, StartAfter: optional(opts.StartAfter), Delimiter: optional(opts.Delimiter),
		// XML can't hold every byte that a key can; boto3 asks for this too.
		EncodingType: types.EncodingTypeUrl,
	}
	if size > 0 {
		in.MaxKeys = aws.Int32(int32(size))
	}
	return in, glob, nil
}

// firstKey is the first object's key of a page, or "". A prefix may be on two pages.
func firstKey(page []ObjectInfo) string {
	for _, info := range page {
		if !info.IsPrefix {
			return info.Key
		}
	}
	return ""
}

func matching(page []ObjectInfo, glob *Glob) []ObjectInfo {
	if glob == nil {
		return page
	}
	kept := page[:0]
	for _, info := range page {
		if info.IsPrefix || glob.Match(info.Key) {
			kept = append(kept, info)
		}
	}
	return kept
}
