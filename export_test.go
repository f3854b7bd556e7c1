// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3/internal/proof"
)

// Patience is a timeout that no slow machine meets.
const Patience = time.Minute

// Patiently has stores that are opened with opts wait for the server as long as a busy
// machine may take, and between two attempts as usual.
func Patiently(opts *Options) *Options {
	opts.pace = usualPace
	opts.pace.io, opts.pace.create, opts.pace.detail = Patience, Patience, Patience
	return opts
}

// InHaste has stores that are opened with opts wait for the server as long as
// timeout says, instead of ten seconds, and between two attempts a hundredth.
// A canceled upload waits for its upload ID for a minute, so that it is aborted on a
// busy machine too, and BucketStatus as long for what it asks about.
func InHaste(opts *Options, timeout time.Duration) *Options {
	opts.pace = pace{io: timeout, divide: 100, create: Patience, detail: Patience}
	return opts
}

// InNoTime is InHaste without waits between attempts.
func InNoTime(opts *Options, timeout time.Duration) *Options {
	opts = InHaste(opts, timeout)
	opts.pace.divide = 1 << 20
	return opts
}

// SmallScale divides the sizes of parts and chunks, see [InSmall]. Parts stay
// larger than the bodies that the fast path holds in memory.
const SmallScale = 16

// InSmall has the stores that are opened with opts, which [InHaste] or [InNoTime] made,
// cut transfers as if each MiB were 64 KiB.
func InSmall(opts *Options) *Options {
	opts.pace.scale = SmallScale
	return opts
}

// WithoutSettling has an upload whose part got no answer aborted again at once, for a
// transport that never sends the part.
func WithoutSettling(opts *Options) *Options {
	opts.pace.settle = time.Nanosecond
	return opts
}

// ProvenOperations are the operations of S3 that must prove that they succeeded.
func ProvenOperations() []string {
	var operations []string
	for _, operation := range proof.Operations() {
		switch operation {
		case "GetCallerIdentity", "AssumeRole", "AssumeRoleWithWebIdentity", "CreateSession":
		default:
			operations = append(operations, operation)
		}
	}
	return operations
}

// CopyInParts has a copy of more than limit bytes made in parts.
func CopyInParts(opts *CopyOptions, limit int64) *CopyOptions {
	opts.maxCopy = limit
	return opts
}

// LifecycleDocument returns a bucket's lifecycle configuration as the server has it.
func LifecycleDocument(ctx context.Context, s *Store, bucket string) ([]byte, error) {
	document, _, err := s.lifecycleOf(ctx, bucket)
	return document, err
}

// PutLifecycleDocument stores a lifecycle configuration as it is.
func PutLifecycleDocument(ctx context.Context, s *Store, bucket string, document []byte) error {
	_, err := call(ctx, s, bucket, &s3.PutBucketLifecycleConfigurationInput{
		Bucket: &bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{}},
	}, s.client.PutBucketLifecycleConfiguration, withBody(document))
	return err
}

// ReadAhead has stores that are opened with opts read ahead in ranges of size bytes with
// GetOptions.Parallel.
func ReadAhead(opts *Options, size int) *Options {
	opts.parallelRange = size
	return opts
}
