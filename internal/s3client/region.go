// SPDX-License-Identifier: Apache-2.0

package s3client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// BucketRegion returns the region of a bucket that was found in another than
// configured, else "".
func (c *Client) BucketRegion(bucket string) string {
	region, _ := c.places.get(bucket)
	return region
}

// Locate finds out which region a bucket is in, for what can't be sent again in
// another region. It returns "" for Options.Region. It sends a request for each bucket that
// is not known, and that is not known then if the server failed to answer it, or the bucket
// was missing: it may be created in any region. An answer that does not tell the region leaves
// it at Options.Region; the error is that of no answer at all.
func (c *Client) Locate(ctx context.Context, bucket string) (region string, err error) {
	if region, isKnown := c.places.get(bucket); isKnown {
		return region, nil
	}
	_, err = Call(ctx, c, bucket, &s3.HeadBucketInput{Bucket: &bucket}, c.SDK.HeadBucket)
	var response *awshttp.ResponseError
	if err != nil && !errors.As(err, &response) {
		return "", err
	}
	followed := c.BucketRegion(bucket) // by Call
	told := ""
	if err != nil {
		told = c.regionHeader(response)
	}
	isSettled := err == nil || told != "" || !mayChange(response.HTTPStatusCode())
	if told == "" || told == c.Region {
		told = followed
	}
	if isSettled {
		c.places.put(bucket, told)
	}
	return told, nil
}

// mayChange reports whether a request with such a status may get another one later.
func mayChange(status int) bool {
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusNotFound
}

// InRegion returns the options of a call in region, which may be "".
func InRegion(region string) func(*s3.Options) {
	return func(o *s3.Options) {
		if region != "" {
			o.Region = region
		}
	}
}

// findRegion returns where the bucket is, if an error says that it is elsewhere. It
// asks for it if S3 does not say. It is empty for an error with another reason.
func (c *Client) findRegion(ctx context.Context, bucket string, err error) string {
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || !isRegionError(response.HTTPStatusCode(), err) {
		return ""
	}
	if region := c.regionHeader(response); region != "" {
		return region
	}
	in := &s3.HeadBucketInput{Bucket: &bucket}
	c.Prepare(bucket, in)
	_, err = c.SDK.HeadBucket(ctx, in)
	if errors.As(err, &response) {
		return c.regionHeader(response)
	}
	return ""
}

// bucketRegion is the header in which S3 names a bucket's region.
const bucketRegion = "X-Amz-Bucket-Region"

// nameRegion has a refusal name the bucket's region in the header, if only its body does:
// <Region> of an error, as MinIO and Garage answer. botocore reads both, too.
func nameRegion(response *http.Response) {
	if !isRegionStatus(response.StatusCode) || response.Header.Get(bucketRegion) != "" || response.Body == nil || response.Body == http.NoBody {
		return
	}
	data, err := io.ReadAll(response.Body)
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(data), end{cmp.Or(err, io.EOF)}), response.Body}
	var refusal struct {
		XMLName xml.Name `xml:"Error"`
		Region  string
	}
	if err == nil && xml.Unmarshal(data, &refusal) == nil && refusal.Region != "" {
		response.Header.Set(bucketRegion, refusal.Region)
	}
}

// An end is how a body ends.
type end struct{ err error }

// Read returns the error.
func (e end) Read([]byte) (int, error) { return 0, e.err }

// regionHeader returns the region that an answer names, unless that can't be one: it
// becomes a part of the host that the next request goes to.
func (c *Client) regionHeader(response *awshttp.ResponseError) string {
	region := response.Response.Header.Get(bucketRegion)
	if !c.IsRegion(region) {
		return ""
	}
	return region
}

// isRegionStatus reports whether an answer with a status may mean that the bucket is in
// another region.
func isRegionStatus(status int) bool {
	return status == http.StatusMovedPermanently || status == http.StatusTemporaryRedirect || status == http.StatusBadRequest
}

// isRegionError reports whether an error may mean that the bucket is in another region.
func isRegionError(status int, err error) bool {
	if status != http.StatusBadRequest {
		return isRegionStatus(status)
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	// The answer to a HEAD has no body, so that its code is only the status.
	case "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "BadRequest":
		return true
	}
	return false
}
