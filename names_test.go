// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestBucketNames holds the check to botocore.handlers.VALID_BUCKET and VALID_S3_ARN.
func TestBucketNames(t *testing.T) {
	t.Parallel()
	botocore := regexp.MustCompile(`^(?:[a-zA-Z0-9.\-_]{1,255}|arn:(?:aws).*:(?:s3|s3-object-lambda|s3-outposts):[a-z\-0-9]*:[0-9]{12}[:/].+)$`)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z0-9.\-_~/]{0,300}`), rapid.StringMatching(`arn:aws[a-z-]{0,3}:s3:[a-z0-9-]{0,9}:[0-9]{11,12}[:/]x?`)).Draw(t, "name")
		assert.Equal(t, botocore.MatchString(name), checkBucket("GetObject", name) == nil)
	})
}
