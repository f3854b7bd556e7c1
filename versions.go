// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/listing"
)

// An ObjectVersion is one version of an object, or the marker of its deletion.
type ObjectVersion struct {
	ObjectInfo
	// IsLatest reports whether a get without a version gets this one.
	IsLatest bool
	// IsDeleteMarker reports whether the object was deleted here. It has no size and no ETag.
	IsDeleteMarker bool
}

// ListVersions yields all versions of the objects whose keys begin with prefix, and
// the markers of deletions: by key, and of a key the latest first. It sends one request
// for each 1,000. A bucket that keeps no versions has one of each object. The first
// error ends the sequence.
func (s *Store) ListVersions(ctx context.Context, bucket, prefix string) iter.Seq2[ObjectVersion, error] {
	const op = "ListVersions"
	return func(yield func(ObjectVersion, error) bool) {
		if err := checkBucket(op, bucket); err != nil {
			yield(ObjectVersion{}, err)
			return
		}
		in := &s3.ListObjectVersionsInput{Bucket: &bucket, Prefix: optional(prefix), EncodingType: types.EncodingTypeUrl}
		var guard listing.CircleGuard
		for {
			page, more, err := s.versionsPage(ctx, in, &guard)
			if err != nil {
				yield(ObjectVersion{}, wrapError(op, bucket, "", err))
				return
			}
			for _, version := range page {
				if !yield(version, nil) {
					return
				}
			}
			if !more {
				return
			}
		}
	}
}

// versionsPage gets one page, and has in ask for the next one if more is true.
func (s *Store) versionsPage(ctx context.Context, in *s3.ListObjectVersionsInput, guard *listing.CircleGuard) (page []ObjectVersion, more bool, err error) {
	out, err := call(ctx, s, *in.Bucket, in, s.client.ListObjectVersions)
	if err != nil {
		return nil, false, err
	}
	page = mergeVersions(out)
	for _, version := range page {
		if err := checkPrefix(version.Key, aws.ToString(in.Prefix)); err != nil {
			return nil, false, err
		}
	}
	if !aws.ToBool(out.IsTruncated) {
		return page, false, nil
	}
	key := decodeListedKey(out.EncodingType, out.NextKeyMarker)
	if key == "" {
		return nil, false, fmt.Errorf("%w: the response is truncated and names no next key", ErrListing)
	}
	first := ""
	if len(page) > 0 {
		first = page[0].Key + "\x00" + page[0].VersionID
	}
	in.KeyMarker, in.VersionIdMarker = &key, out.NextVersionIdMarker
	return page, true, guard.Check(key+"\x00"+aws.ToString(out.NextVersionIdMarker), first)
}

// mergeVersions puts versions and markers, which the SDK returns apart, back into the
// order of the answer: by key, and of a key the latest first. Two of one second stay
// as they come.
func mergeVersions(out *s3.ListObjectVersionsOutput) []ObjectVersion {
	page := make([]ObjectVersion, 0, len(out.Versions)+len(out.DeleteMarkers))
	markers := out.DeleteMarkers
	for i := range out.Versions {
		version := versionOf(out, &out.Versions[i])
		for len(markers) > 0 {
			marker := markerOf(out, &markers[0])
			if !isBefore(&marker, &version) {
				break
			}
			page = append(page, marker)
			markers = markers[1:]
		}
		page = append(page, version)
	}
	for i := range markers {
		page = append(page, markerOf(out, &markers[i]))
	}
	return page
}

// isBefore reports whether a marker comes before a version in a listing.
func isBefore(marker, version *ObjectVersion) bool {
	if marker.Key != version.Key {
		return marker.Key < version.Key
	}
	if marker.IsLatest != version.IsLatest {
		return marker.IsLatest
	}
	return marker.LastModified.After(version.LastModified)
}

func versionOf(out *s3.ListObjectVersionsOutput, v *types.ObjectVersion) ObjectVersion {
	return ObjectVersion{
		ObjectInfo: ObjectInfo{
			Key: decodeListedKey(out.EncodingType, v.Key), Size: aws.ToInt64(v.Size), ETag: aws.ToString(v.ETag),
			LastModified: aws.ToTime(v.LastModified), VersionID: aws.ToString(v.VersionId),
		},
		IsLatest: aws.ToBool(v.IsLatest),
	}
}

func markerOf(out *s3.ListObjectVersionsOutput, m *types.DeleteMarkerEntry) ObjectVersion {
	return ObjectVersion{
		ObjectInfo: ObjectInfo{
			Key: decodeListedKey(out.EncodingType, m.Key), LastModified: aws.ToTime(m.LastModified), VersionID: aws.ToString(m.VersionId),
		},
		IsLatest: aws.ToBool(m.IsLatest), IsDeleteMarker: true,
	}
}
