// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// ObjectTags returns the tags of an object; it is empty for an object without tags. A
// missing object is fs.ErrNotExist.
func (s *Store) ObjectTags(ctx context.Context, bucket, key string) (map[string]string, error) {
	const op = "ObjectTags"
	if err := checkNames(op, bucket, key); err != nil {
		return nil, err
	}
	tags, err := s.objectTags(ctx, bucket, key, "")
	return tags, wrapError(op, bucket, key, err)
}

func (s *Store) objectTags(ctx context.Context, bucket, key, version string) (map[string]string, error) {
	out, err := call(ctx, s, bucket, &s3.GetObjectTaggingInput{Bucket: &bucket, Key: &key, VersionId: optional(version)}, s.client.GetObjectTagging)
	if err != nil {
		return nil, err
	}
	tags := make(map[string]string, len(out.TagSet))
	for _, tag := range out.TagSet {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return tags, nil
}

// SetObjectTags replaces all tags of an object, of which S3 takes at most 10; no tags
// remove them. A missing object is fs.ErrNotExist.
func (s *Store) SetObjectTags(ctx context.Context, bucket, key string, tags map[string]string) error {
	const op = "SetObjectTags"
	if err := checkNames(op, bucket, key); err != nil {
		return err
	}
	if len(tags) == 0 {
		_, err := call(ctx, s, bucket, &s3.DeleteObjectTaggingInput{Bucket: &bucket, Key: &key}, s.client.DeleteObjectTagging)
		return wrapError(op, bucket, key, err)
	}
	set := make([]types.Tag, 0, len(tags))
	for name, value := range tags {
		if !isXMLText(name) || !isXMLText(value) {
			return wrapError(op, bucket, key, validate.Unsendable("tag", name))
		}
		set = append(set, types.Tag{Key: aws.String(name), Value: aws.String(value)})
	}
	_, err := call(ctx, s, bucket, &s3.PutObjectTaggingInput{Bucket: &bucket, Key: &key, Tagging: &types.Tagging{TagSet: set}}, s.client.PutObjectTagging)
	return wrapError(op, bucket, key, err)
}
