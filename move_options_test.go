// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
)

// TestMovedFileIsOnTheDisk checks that a file is written through before its object is
// deleted, and that the caller's options stay as they are.
func TestMovedFileIsOnTheDisk(t *testing.T) {
	t.Parallel()
	given := DownloadOptions{Resume: true, VersionID: "v"}
	found := &s3.HeadObjectOutput{ETag: aws.String("e"), ContentLength: aws.Int64(5)}
	assert.Equal(t, &DownloadOptions{Resume: true, VersionID: "v", IfMatch: "e", Size: 5, Sync: true, moves: true}, given.toMove(found))
	assert.Equal(t, DownloadOptions{Resume: true, VersionID: "v"}, given)
}
