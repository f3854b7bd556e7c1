package lithopss3

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// maxPageSize is the most keys that S3 lists, or deletes, with one request.
const maxPageSize = 1000

// ErrListing is a listing that does not advance, as no sound server's does.
var ErrListing = errors.New("the server's listing does not advance")

// ListObjects yields the objects of a bucket in the order of their keys' UTF-8
// bytes, a page for each request, holding one page in memory. An error is
// yielded once and ends the sequence; it is ErrNoSuchBucket for a missing bucket
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

// ListKeys returns the keys that begin with prefix, all of them in memory.
func (s *Store) ListKeys(ctx context.Context, bucket, prefix string) ([]string, error) {
	var keys []string
	for info, err := range s.ListObjects(ctx, bucket, &ListOptions{Prefix: prefix}) {
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
		var guard pageGuard
		for {
			out, err := call(ctx, s, bucket, in, s.client.ListObjectsV2)
			if err != nil {
				yield(nil, err)
				return
			}
			page, err := pageInfos(out)
			if err == nil && aws.ToBool(out.IsTruncated) {
				err = guard.check(aws.ToString(out.NextContinuationToken), firstKey(page))
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(matching(page, glob), nil) || !aws.ToBool(out.IsTruncated) {
				return
			}
			in.ContinuationToken = out.NextContinuationToken
		}
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

// pageInfos merges a page's objects and common prefixes in the order of their keys.
func pageInfos(out *s3.ListObjectsV2Output) ([]ObjectInfo, error) {
	decode := func(text string) (string, error) { return text, nil }
	if out.EncodingType == types.EncodingTypeUrl {
		decode = url.QueryUnescape
	}
	infos := make([]ObjectInfo, 0, len(out.Contents)+len(out.CommonPrefixes))
	prefixes := out.CommonPrefixes
	takePrefixes := func(before string, all bool) error {
		for len(prefixes) > 0 {
			prefix, err := decode(aws.ToString(prefixes[0].Prefix))
			if err != nil {
				return fmt.Errorf("the server listed a prefix that can't be decoded: %w", err)
			}
			if !all && prefix > before {
				return nil
			}
			infos, prefixes = append(infos, ObjectInfo{Key: prefix, IsPrefix: true}), prefixes[1:]
		}
		return nil
	}
	for _, object := range out.Contents {
		key, err := decode(aws.ToString(object.Key))
		if err != nil {
			return nil, fmt.Errorf("the server listed a key that can't be decoded: %w", err)
		}
		if err := takePrefixes(key, false); err != nil {
			return nil, err
		}
		infos = append(infos, ObjectInfo{
			Key: key, Size: aws.ToInt64(object.Size), ETag: aws.ToString(object.ETag), LastModified: aws.ToTime(object.LastModified),
		})
	}
	return infos, takePrefixes("", true)
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
