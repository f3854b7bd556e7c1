// SPDX-License-Identifier: Apache-2.0

package lithopss3_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/lithops-go/lithopss3"
)

// An answeredOp is an operation whose requests of a kind are answered oddly.
type answeredOp struct {
	root string // of a sound answer; "" if it has none
	// retried is whether an answer without proof is sent again.
	retried bool
	// blankIsFine reports whether a sound server may answer with a blank 200.
	blankIsFine bool
	// anyBody is whether the body is an object's, or none comes.
	anyBody bool
	run     func(ctx context.Context, s *lithopss3.Store, id string) error
	// more holds answers that are wrong for this operation alone.
	more map[string]oddAnswer
	// fine are answers of those above that are success, or tell nothing to this one.
	fine []string
	// requests are how many other answers take than the rules say.
	requests map[string]int
}

// multipartBody is a stream that needs two parts.
func multipartBody() io.Reader {
	return struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 5*unit+1))}
}

func answeredOps() map[string]answeredOp {
	type store = *lithopss3.Store
	puts := func(ctx context.Context, s store, _ string) error {
		return s.PutObject(ctx, "bucket", "key", multipartBody(), nil)
	}
	status := func(of func(*lithopss3.BucketStatus) *bool) func(context.Context, store, string) error {
		return func(ctx context.Context, s store, _ string) error {
			status, err := s.BucketStatus(ctx, "bucket")
			if err == nil && of(status) == nil {
				return errors.New("unknown")
			}
			return err
		}
	}
	etag := http.Header{"Etag": {`"e"`}}
	document := func(text string) oddAnswer { return oddAnswer{status: 200, body: textBody(text)} }
	cut := func(text string) oddAnswer { return oddAnswer{status: 200, body: textBody(text), breaks: true} }
	get := func(opts *lithopss3.GetOptions) func(context.Context, store, string) error {
		return func(ctx context.Context, s store, _ string) error {
			object, err := s.GetObject(ctx, "bucket", "key", opts)
			if err != nil {
				return err
			}
			_, err = io.ReadAll(object.Body)
			return errors.Join(err, object.Body.Close())
		}
	}
	return map[string]answeredOp{
		"PutObject": {
			retried: true,
			run: func(ctx context.Context, s store, _ string) error {
				return s.PutObject(ctx, "bucket", "key", strings.NewReader("after"), nil)
			},
			more: map[string]oddAnswer{
				"204 with an ETag": {status: 204, header: etag, body: textBody("")}, "an empty ETag": {status: 200, header: http.Header{"Etag": {""}}, body: textBody("")},
				"HTML with an ETag": {status: 200, header: etag, body: textBody("<html></html>")},
			},
		},
		"UploadPart": {
			retried: true, run: puts,
			more: map[string]oddAnswer{
				"204 with an ETag": {status: 204, header: etag, body: textBody("")}, "an empty ETag": {status: 200, header: http.Header{"Etag": {" "}}, body: textBody("")},
			},
		},
		"CreateMultipartUpload": {
			root: "InitiateMultipartUploadResult", run: puts,
			more: map[string]oddAnswer{
				"no ID":       document("<InitiateMultipartUploadResult><Bucket>bucket</Bucket></InitiateMultipartUploadResult>"),
				"an empty ID": document("<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>"),
				"a blank ID":  document("<InitiateMultipartUploadResult><UploadId> </UploadId></InitiateMultipartUploadResult>"),
				"cut":         cut("<InitiateMultipartUploadResult><UploadId>x</UploadId>"),
			},
		},
		"CompleteMultipartUpload": {
			root: "CompleteMultipartUploadResult", retried: true, run: puts,
			more: map[string]oddAnswer{"cut": cut("  <CompleteMultipartUploadResult><ETag>x")},
		},
		"CopyObject": {
			root: "CopyObjectResult", retried: true,
			run: func(ctx context.Context, s store, _ string) error {
				return s.CopyObject(ctx, "bucket", "key2", "bucket", "never there", nil)
			},
			more: map[string]oddAnswer{
				"cut": cut("<CopyObjectResult><ETag>x"), "no ETag": document("<CopyObjectResult><LastModified/></CopyObjectResult>"),
			},
		},
		"UploadPartCopy": {
			root: "CopyPartResult", retried: true,
			run: func(ctx context.Context, s store, _ string) error {
				return s.CopyObject(ctx, "bucket", "key2", "bucket", "never there", lithopss3.CopyInParts(&lithopss3.CopyOptions{}, 1))
			},
			more: map[string]oddAnswer{"cut": cut("<CopyPartResult><ETag>x"), "no ETag": document("<CopyPartResult></CopyPartResult>")},
		},
		"ListObjectVersions": {
			root: "ListVersionsResult",
			run: func(ctx context.Context, s store, _ string) error {
				for _, err := range s.ListVersions(ctx, "bucket", "") {
					if err != nil {
						return err
					}
				}
				return nil
			},
			more: map[string]oddAnswer{"cut": cut("<ListVersionsResult><Version>")},
		},
		"ListBuckets": {
			root: "ListAllMyBucketsResult",
			run: func(ctx context.Context, s store, _ string) error {
				for _, err := range s.ListBuckets(ctx) {
					if err != nil {
						return err
					}
				}
				return nil
			},
			more: map[string]oddAnswer{"cut": cut("<ListAllMyBucketsResult><Buckets>")},
		},
		"GetObjectTagging": {
			root: "Tagging",
			run:  func(ctx context.Context, s store, _ string) error { return second(s.ObjectTags(ctx, "bucket", "key")) },
			more: map[string]oddAnswer{"cut": cut("<Tagging><TagSet>")},
		},
		"PutObjectTagging": {
			blankIsFine: true,
			run: func(ctx context.Context, s store, _ string) error {
				return s.SetObjectTags(ctx, "bucket", "key", map[string]string{"a": "b"})
			},
		},
		"DeleteObjectTagging": {
			blankIsFine: true,
			run:         func(ctx context.Context, s store, _ string) error { return s.SetObjectTags(ctx, "bucket", "key", nil) },
		},
		"AbortMultipartUpload": {
			blankIsFine: true,
			run: func(ctx context.Context, s store, id string) error {
				return s.AbortUpload(ctx, "bucket", lithopss3.OpenUpload{Key: "key", ID: id})
			},
		},
		"ListMultipartUploads": {
			root: "ListMultipartUploadsResult",
			run: func(ctx context.Context, s store, _ string) error {
				for _, err := range s.OpenUploads(ctx, "bucket", "") {
					if err != nil {
						return err
					}
				}
				return nil
			},
			more: map[string]oddAnswer{"cut": cut("<ListMultipartUploadsResult><Upload>")},
		},
		"GetObject": {
			anyBody: true, run: get(nil),
			more: map[string]oddAnswer{
				"a part":        {status: 206, header: http.Header{"Content-Range": {"bytes 0-0/6"}, "Content-Length": {"1"}}, body: textBody("x")},
				"shorter":       {status: 200, header: http.Header{"Content-Length": {"100"}}, body: textBody("x")},
				"octal-looking": {status: 200, header: http.Header{"Content-Length": {"0100"}}, body: textBody(strings.Repeat("x", 64))},
			},
			fine: []string{"nothing"},
		},
		"GetObject of a range": {
			anyBody: true, run: get(&lithopss3.GetOptions{Range: lithopss3.Range(1, 2)}),
			more: map[string]oddAnswer{
				"the whole": {status: 200, header: etag, body: textBody("before")},
				"no range":  {status: 206, header: etag, body: textBody("ef")},
				"another":   {status: 206, header: http.Header{"Content-Range": {"bytes 0-1/6"}}, body: textBody("be")},
			},
		},
		"HeadObject": {
			anyBody: true,
			run:     func(ctx context.Context, s store, _ string) error { return second(s.HeadObject(ctx, "bucket", "key")) },
		},
		"DeleteObject": {
			blankIsFine: true,
			run:         func(ctx context.Context, s store, _ string) error { return s.DeleteObject(ctx, "bucket", "key") },
		},
		"DeleteObjects": {
			root: "DeleteResult",
			run: func(ctx context.Context, s store, _ string) error {
				return s.DeleteObjects(ctx, "bucket", []string{"key", "key2"})
			},
			more: map[string]oddAnswer{"cut": cut("<DeleteResult><Error><Key>k")},
		},
		"ListObjectsV2": {
			root: "ListBucketResult",
			// Its decoder comes first, and finds an answer without content.
			requests: map[string]int{"an odd length": 6},
			run:      func(ctx context.Context, s store, _ string) error { return second(s.ListKeys(ctx, "bucket", "")) },
			more:     map[string]oddAnswer{"cut": cut("<ListBucketResult><Contents>")},
		},
		"HeadBucket": {
			anyBody: true, blankIsFine: true, requests: map[string]int{"301": 2}, // to ask for the region
			run: func(ctx context.Context, s store, _ string) error { return s.HeadBucket(ctx, "bucket") },
		},
		"CreateBucket": {
			blankIsFine: true, retried: true,
			run: func(ctx context.Context, s store, _ string) error { return s.CreateBucket(ctx, "another") },
		},
		"PutPublicAccessBlock": { // whose outcome is for the log
			blankIsFine: true,
			requests:    map[string]int{"a cut root": 2, "an error": 2, "an error, declared": 2, "closed in the body": 2},
			run: func(ctx context.Context, s store, id string) error {
				return s.CreateBucket(ctx, "another-"+strings.ToLower(id))
			},
		},
		"GetBucketLifecycleConfiguration": {
			root: "LifecycleConfiguration",
			run: func(ctx context.Context, s store, _ string) error {
				return second(s.ExpireAfter(ctx, "bucket", "tmp/", 7, true))
			},
			more: map[string]oddAnswer{"cut": cut("<LifecycleConfiguration><Rule>")},
		},
		"PutBucketLifecycleConfiguration": {
			// Without content it is success, and then the server does not show the rules.
			retried: true, requests: map[string]int{"nothing": 1, "blank": 1},
			run: func(ctx context.Context, s store, _ string) error {
				return second(s.ExpireAfter(ctx, "bucket", "tmp/", 7, false))
			},
		},
		"GetPublicAccessBlock":  {root: "PublicAccessBlockConfiguration", run: status(func(s *lithopss3.BucketStatus) *bool { return s.PublicAccessBlocked })},
		"GetBucketPolicyStatus": {root: "PolicyStatus", run: status(func(s *lithopss3.BucketStatus) *bool { return s.PublicPolicy })},
		"GetBucketAcl":          {root: "AccessControlPolicy", run: status(func(s *lithopss3.BucketStatus) *bool { return s.PublicACL })},
	}
}

// outcome is whether an answer to an operation is success, and how many requests it
// takes.
func (op *answeredOp) outcome(name string, odd oddAnswer) (isFine bool, requests int) {
	isBlank := name == "nothing" || name == "blank"
	switch {
	case slices.Contains(op.fine, name):
		return true, 1
	case op.root == "" && op.blankIsFine && isBlank:
		return true, 1
	case op.requests[name] > 0:
		return false, op.requests[name]
	case name == "301":
		return false, 1
	case op.retried, odd.breaks && !op.anyBody:
		return false, 6
	}
	return false, 1
}
