// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/listing"
	"github.com/lithops-go/lithopss3/internal/s3xml"
)

// maxPageSize is the most keys that S3 lists, or deletes, with one request.
const maxPageSize = 1000

// ErrListing means that the server's listing can't be right: it repeats itself or a key,
// goes back, leaves its prefix, or ends before keys that it has listed. Keys may have been
// yielded before. A listing that ends without an error is complete.
var ErrListing = listing.ErrUnsound

// ListObjects yields the objects of a bucket in the order of their keys' UTF-8
// bytes, or in the server's own order, a page for each request. It holds two pages in
// memory, with [ListOptions.Parallel] more, because from the second page on the next
// one is requested before it is needed. The strings of a page share memory.
//
// An error is yielded once and ends the sequence. It is ErrNoSuchBucket for a missing
// bucket, and ErrListing for a listing that can't be right. An invalid pattern is
// ErrInvalidGlob before any request.
func (s *Store) ListObjects(ctx context.Context, bucket string, opts *ListOptions) iter.Seq2[ObjectInfo, error] {
	opts = opts.clone() // the caller may change its own before the sequence begins
	return func(yield func(ObjectInfo, error) bool) {
		for page, err := range s.listPages(ctx, bucket, opts) {
			if err != nil {
				yield(ObjectInfo{}, wrapError("ListObjects", bucket, "", err))
				return
			}
			for i := range page {
				if !yield(infoOf(&page[i]), nil) {
					return
				}
			}
		}
	}
}

func infoOf(entry *listing.Entry) ObjectInfo {
	return ObjectInfo{Key: entry.Key, Size: entry.Size, ETag: entry.ETag, LastModified: entry.LastModified, IsPrefix: entry.IsPrefix}
}

// listedAtOnce is how many requests a complete listing makes at once.
const listedAtOnce = 32

// ListKeys returns the keys that begin with prefix, all of them in memory. It
// lists with up to 32 requests at once.
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
func (s *Store) listPages(ctx context.Context, bucket string, opts *ListOptions) iter.Seq2[[]listing.Entry, error] {
	return func(yield func([]listing.Entry, error) bool) {
		in, glob, err := listInput(bucket, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		for page, err := range listing.Pages(ctx, s.pageFetch(in), s.listingOf(in, opts)) {
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

func (s *Store) listingOf(in *s3.ListObjectsV2Input, opts *ListOptions) listing.Options {
	of := listing.Options{
		Prefix: *in.Prefix, After: aws.ToString(in.StartAfter), PageSize: maxPageSize, Trust: s.listingTrust(),
		Unordered: isDirectoryBucket(*in.Bucket),
	}
	if in.MaxKeys != nil {
		of.PageSize = int(*in.MaxKeys)
	}
	if opts != nil && opts.Delimiter == "" {
		of.Parallel, of.Level = opts.Parallel, s.levelFetch(in)
	}
	return of
}

// listingTrust returns how far the server's answers to start-after can be trusted. AWS's
// can. At another endpoint, a front end may hide which server it is.
func (s *Store) listingTrust() listing.Trust {
	switch {
	case s.peer.ListsByTokens.Load():
		return listing.TokensOnly
	case s.session.s3.URL == "":
		return listing.Sound
	}
	return listing.Unknown
}

// isDirectoryBucket reports whether a bucket is one of S3 Express One Zone, which
// lists in no order
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-differences.html).
func isDirectoryBucket(name string) bool { return strings.HasSuffix(name, "--x-s3") }

// pageFetch gets pages of the listing that in begins.
func (s *Store) pageFetch(in *s3.ListObjectsV2Input) listing.Fetch {
	return func(ctx context.Context, after, token string, early func(string)) (*listing.Page, error) {
		in := *in
		in.StartAfter, in.ContinuationToken = optional(after), optional(token)
		page, err := s.s3.ListPage(ctx, &in, early)
		if err != nil {
			return nil, err
		}
		for i := range page.Entries {
			if err := checkPrefix(page.Entries[i].Key, aws.ToString(in.Prefix)); err != nil {
				return nil, err
			}
		}
		return page, nil
	}
}

// levelFetch gets the names in folders of the listing that in begins.
func (s *Store) levelFetch(in *s3.ListObjectsV2Input) listing.LevelFetch {
	return func(ctx context.Context, folder, after string) (*listing.Page, error) {
		in := *in
		in.Prefix, in.Delimiter = &folder, aws.String("/")
		in.StartAfter, in.ContinuationToken, in.MaxKeys = optional(after), nil, nil
		return s.s3.ListPage(ctx, &in, nil)
	}
}

// checkPrefix returns ErrListing if key lacks prefix, because a server that ignores
// the prefix must not cause other keys to be deleted.
func checkPrefix(key, prefix string) error {
	if strings.HasPrefix(key, prefix) {
		return nil
	}
	return fmt.Errorf("%w: below the prefix %q it has %s", ErrListing, prefix, printableKey(key))
}

func listInput(bucket string, opts *ListOptions) (*s3.ListObjectsV2Input, *Glob, error) {
	if opts == nil {
		opts = &ListOptions{}
	}
	if err := checkBucket("ListObjects", bucket); err != nil {
		return nil, nil, err
	}
	if opts.Parallel < 0 {
		return nil, nil, fmt.Errorf("ListOptions.Parallel is %d, and must not be negative", opts.Parallel)
	}
	var glob *Glob
	prefix := opts.Prefix
	if opts.Match != "" {
		var err error
		if glob, err = CompileGlob(opts.Match); err != nil {
			return nil, nil, err
		}
		prefix = narrow(glob, opts)
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

// narrow returns the prefix to list: what the pattern demands narrows the listing.
func narrow(glob *Glob, opts *ListOptions) string {
	if strings.HasPrefix(glob.Prefix(), opts.Prefix) && opts.Delimiter == "" {
		return glob.Prefix()
	}
	return opts.Prefix
}

func matching(page []listing.Entry, glob *Glob) []listing.Entry {
	if glob == nil {
		return page
	}
	kept := page[:0]
	for _, entry := range page {
		if entry.IsPrefix || glob.Match(entry.Key) {
			kept = append(kept, entry)
		}
	}
	return kept
}

// decodeListedKey returns a key of a listing that was asked for URL-encoded keys,
// which some servers send as they are.
func decodeListedKey(encoding types.EncodingType, key *string) string {
	if encoding != types.EncodingTypeUrl {
		return aws.ToString(key)
	}
	return s3xml.Unescape(aws.ToString(key))
}
