// SPDX-License-Identifier: Apache-2.0

package upload

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slowOptions scale [Options.SlowCopy] to 300 bytes; a source has 1,000.
func slowOptions() Options {
	opts := options()
	opts.Scale = slowCopy / 300
	return opts
}

var errSlow = &failedRequest{Text: "no answer in time", IsTimeout: true, Attempts: 1}

// TestSlowCopy checks that a server which takes too long is asked once, and is then asked
// for parts, if they can be held to one version of the source.
func TestSlowCopy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		failure    *failedRequest
		size       int64
		noETag     bool
		isCanceled bool
		isTooSlow  bool
	}{
		"large":           {failure: errSlow, isTooSlow: true},
		"a little more":   {failure: errSlow, size: 301, isTooSlow: true},
		"small":           {failure: errSlow, size: 300},
		"no ETag":         {failure: errSlow, noETag: true},
		"another failure": {failure: &failedRequest{Text: "broken", Status: 500}},
		"canceled":        {failure: errSlow, isCanceled: true},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		fake := newCopyingS3()
		fake.onCopy = func() error {
			if test.isCanceled {
				cancel()
			}
			return test.failure
		}
		source := fake.describe()
		if test.size != 0 {
			source.Size = test.size
		}
		if test.noETag {
			source.ETag = nil
		}
		_, err := Copy(ctx, fake, source, slowOptions(), 1<<20)
		require.ErrorIs(t, err, test.failure, name)
		assert.Equal(t, test.isTooSlow, assert.ObjectsAreEqual(err.Error(), ErrTooSlow.Error()+": "+test.failure.Error()), name)
		assert.Equal(t, []bool{source.Size > 300 && !test.noETag}, fake.large, name)
	}
}

// TestSlowCopyIsMet checks that a copy in parts takes the object of the slow copy before
// it for its own, if a condition meets it, and no other.
func TestSlowCopyIsMet(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		began  time.Duration // before now; 0 is no copy before
		stored string
		isMet  bool
	}{
		"the slow copy":  {began: time.Minute, isMet: true},
		"another object": {began: time.Minute, stored: "another"},
		"no slow copy":   {},
	} {
		fake := newCopyingS3()
		fake.onComplete = func(int) error {
			fake.stored, fake.isThere = fake.source, true
			fake.head.ETag = aws.String(etagOf(fake.source))
			if test.stored != "" {
				fake.stored, fake.head.ETag = []byte(test.stored), aws.String(`"other"`)
			}
			return &failedRequest{Text: "refused", Status: 412, Attempts: 1}
		}
		opts, source := slowOptions(), fake.describe()
		opts.IfAbsent = true
		if test.began != 0 {
			opts.Began = time.Now().Add(-test.began)
		}
		_, err := Copy(t.Context(), fake, source, opts, 300)
		if test.isMet {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, "refused", name)
		}
	}
}

// TestSlowParts checks that a server which is too slow for parts is asked for smaller ones,
// once, and that the upload before is aborted.
func TestSlowParts(t *testing.T) {
	t.Parallel()
	slowAbove := func(most int) func(in *s3.UploadPartCopyInput) error {
		return func(in *s3.UploadPartCopyInput) error {
			var first, last int
			if _, err := fmt.Sscanf(*in.CopySourceRange, "bytes=%d-%d", &first, &last); err != nil {
				return err
			}
			if last-first+1 > most {
				return errSlow
			}
			return nil
		}
	}
	fake := newCopyingS3()
	fake.onSource = slowAbove(300)
	opts := slowOptions()
	opts.Algorithm, opts.Settle = types.ChecksumAlgorithmCrc32, time.Nanosecond
	_, err := Copy(t.Context(), fake, fake.describe(), opts, 500)
	require.NoError(t, err)
	assert.Equal(t, fake.source, fake.stored)
	assert.Len(t, fake.creates, 2)
	assert.Empty(t, fake.uploads)

	fake = newCopyingS3()
	fake.onSource = slowAbove(200)
	_, err = Copy(t.Context(), fake, fake.describe(), opts, 500)
	require.ErrorIs(t, err, errSlow)
	assert.Len(t, fake.creates, 2, "once")
	assert.Empty(t, fake.uploads)

	fake = newCopyingS3()
	fake.onSource = slowAbove(300)
	fake.onAbort = func(int) error { return &failedRequest{Text: "no abort", Status: 403} }
	_, err = Copy(t.Context(), fake, fake.describe(), opts, 500)
	var left *LeftBehindError
	require.ErrorAs(t, err, &left)
	assert.Len(t, fake.creates, 1, "one upload that stays is enough")
}

// TestCopyProgressNeverFalls checks that a copy which is made once more, in smaller parts,
// tells nothing twice, and that all is done is told once it is.
func TestCopyProgressNeverFalls(t *testing.T) {
	t.Parallel()
	refused := &failedRequest{Text: "refused", Status: 403, Attempts: 1}
	for name, test := range map[string]struct {
		change func(*copyingS3, *Options)
		limit  int64
		want   []int64
	}{
		"in smaller parts": {func(c *copyingS3, _ *Options) {
			c.onSource = func(in *s3.UploadPartCopyInput) error {
				time.Sleep(time.Duration(*in.PartNumber) * time.Second)
				if *in.CopySourceRange == "bytes=800-999" {
					return errSlow
				}
				return nil
			}
		}, 400, []int64{400, 800, 900, 1000}},
		"the end is refused": {func(c *copyingS3, _ *Options) {
			c.onComplete = func(int) error { c.stored, c.isThere = nil, false; return refused }
			c.onSource = func(in *s3.UploadPartCopyInput) error {
				time.Sleep(time.Duration(*in.PartNumber) * time.Second)
				return nil
			}
		}, 500, []int64{500}},
		"with one request":          {func(*copyingS3, *Options) {}, 1000, []int64{1000}},
		"with one that was refused": {func(c *copyingS3, _ *Options) { c.onCopy = func() error { return refused } }, 1000, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake, opts := newCopyingS3(), slowOptions()
				test.change(fake, &opts)
				var told []int64
				opts.Progress = func(done, _ int64) { told = append(told, done) }
				_, err := Copy(t.Context(), fake, fake.describe(), opts, test.limit)
				require.Equal(t, slices.Contains(test.want, 1000), err == nil, "%v", err)
				assert.Equal(t, test.want, told)
			})
		})
	}
}
