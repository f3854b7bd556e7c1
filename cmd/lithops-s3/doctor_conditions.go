// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
)

// What became of conditions.
const (
	conditionsKept    = "kept"
	conditionsIgnored = "ignored"
	conditionsUnknown = "unknown"
)

// conditionTime is how long conditions are tried. It bounds the retries of a server that
// answers nonsense.
const conditionTime = 10 * time.Second

// examineConditions finds out whether puts and multipart uploads with a condition that
// can't be met are refused: some servers store them, and a program that uses conditions as
// locks must know. Nothing is tried on AWS, which keeps them, and in another account's
// bucket.
func (d *diagnosis) examineConditions(ctx context.Context, store *lithopss3.Store, isForeign bool) {
	if d.Endpoint.S3Source == "" || awsconfig.IsAWS(d.Endpoint.S3) {
		d.Storage.Conditions, d.Storage.PartConditions = conditionsKept, conditionsKept
		return
	}
	if isForeign {
		return
	}
	probe := conditionProbe{store: store, bucket: d.Storage.Bucket, key: "lithops-s3-doctor-" + rand.Text()}
	limited, cancel := context.WithTimeout(ctx, conditionTime)
	defer cancel()
	d.Storage.Conditions = probe.puts(limited)
	if probe.isStored {
		d.Storage.PartConditions = probe.parts(limited)
		kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), conditionTime) // also after an interrupt
		defer cancel()
		_ = store.DeleteObject(kept, probe.bucket, probe.key) // a few bytes, if it fails
	}
}

// A conditionProbe puts a few bytes under a key that nothing else uses.
type conditionProbe struct {
	store       *lithopss3.Store
	bucket, key string
	isStored    bool
}

// puts tries IfMatch of a key without an object, then IfAbsent twice.
func (p *conditionProbe) puts(ctx context.Context) string {
	const noETag = `"00000000000000000000000000000000"`
	ofMatch := outcome(p.put(ctx, "match", lithopss3.PutOptions{IfMatch: noETag}))
	if !p.isStored {
		_ = p.put(ctx, "first", lithopss3.PutOptions{IfAbsent: true})
	}
	if !p.isStored {
		return conditionsUnknown // these credentials may not put
	}
	ofAbsent := outcome(p.put(ctx, "second", lithopss3.PutOptions{IfAbsent: true}))
	for _, found := range []string{conditionsIgnored, conditionsUnknown} {
		if ofMatch == found || ofAbsent == found {
			return found
		}
	}
	return conditionsKept
}

func (p *conditionProbe) put(ctx context.Context, text string, opts lithopss3.PutOptions) error {
	err := p.store.PutObject(ctx, p.bucket, p.key, strings.NewReader(text), &opts)
	p.isStored = p.isStored || err == nil
	return err
}

// parts completes a multipart upload on the condition that there is no object, although
// there is one.
func (p *conditionProbe) parts(ctx context.Context) string {
	client, part := p.store.Client(), int32(1)
	// Also after an interrupt, because an upload whose ID did not arrive can't be aborted.
	kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), conditionTime)
	defer cancel()
	created, err := client.CreateMultipartUpload(kept, &s3.CreateMultipartUploadInput{Bucket: &p.bucket, Key: &p.key})
	if err != nil {
		return conditionsUnknown
	}
	result := conditionsUnknown
	sent, err := client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &p.bucket, Key: &p.key, UploadId: created.UploadId, PartNumber: &part, Body: strings.NewReader("parts"),
	})
	if err == nil {
		ifAbsent := "*"
		_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &p.bucket, Key: &p.key, UploadId: created.UploadId, IfNoneMatch: &ifAbsent,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{
				ETag: sent.ETag, PartNumber: &part, ChecksumCRC32: sent.ChecksumCRC32,
			}}},
		})
		result = outcome(err)
	}
	if result != conditionsIgnored {
		_, _ = client.AbortMultipartUpload(kept, &s3.AbortMultipartUploadInput{Bucket: &p.bucket, Key: &p.key, UploadId: created.UploadId})
	}
	return result
}

// outcome says what became of a condition that could not be met.
func outcome(err error) string {
	if err == nil {
		return conditionsIgnored
	}
	var answer interface{ HTTPStatusCode() int }
	isRefused := errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusPreconditionFailed
	if isRefused || errors.Is(err, lithopss3.ErrPrecondition) || errors.Is(err, fs.ErrNotExist) {
		return conditionsKept
	}
	return conditionsUnknown
}
