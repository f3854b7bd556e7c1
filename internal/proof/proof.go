// SPDX-License-Identifier: Apache-2.0

// Package proof has a rule for each operation of S3 and STS: which answer proves that
// it was done. It checks each answer of a client against the rule, and reads the headers,
// ranges and lengths of answers. It refuses a request that would do something other than
// its operation, such as one with an empty upload ID.
//
// It must not know what the operations are for. It retries nothing, because an error says
// whether the request is worth sending again.
//
// Start reading at the table [operations].
package proof

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/s3xml"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// A proof describes the answer that proves that an operation was done. The SDK takes
// any 2xx for success and any body for an empty result. A captive portal, a proxy or a
// server that runs out of a resource sends such answers, and an object that was never
// stored would be taken for a stored one.
type proof struct {
	statuses []int
	// header must be there and not be empty.
	header string
	// root is the root element of the XML in the body. Without a root, the body must
	// be blank.
	root string
	// alias begins the root that other servers than AWS's send instead.
	alias string
	// element below root must be there and not be empty.
	element string
	// retried is whether an answer without proof is taken for a lost one, so that the
	// request is sent again. An answer that breaks off always is.
	retried bool
	// keepsBody is whether the body is an object, or none, and is not read here.
	keepsBody bool
	// isRanged is whether a part of an object may be asked for.
	isRanged bool
}

var (
	ok200     = []int{http.StatusOK}
	ok200or04 = []int{http.StatusOK, http.StatusNoContent}
)

// operations has a row for each operation that this module sends.
// TestEveryOperationHasAProof fails if one is missing.
var operations = map[string]*proof{
	"PutObject":                       {statuses: ok200, header: "Etag", retried: true},
	"UploadPart":                      {statuses: ok200, header: "Etag", retried: true},
	"CreateMultipartUpload":           {statuses: ok200, root: "InitiateMultipartUploadResult", alias: "InitiateMultipartUpload", element: "UploadId"},
	"CompleteMultipartUpload":         {statuses: ok200, root: "CompleteMultipartUploadResult", retried: true},
	"AbortMultipartUpload":            {statuses: ok200or04},
	"CopyObject":                      {statuses: ok200, root: "CopyObjectResult", element: "ETag", retried: true},
	"UploadPartCopy":                  {statuses: ok200, root: "CopyPartResult", element: "ETag", retried: true},
	"ListMultipartUploads":            {statuses: ok200, root: "ListMultipartUploadsResult"},
	"GetObject":                       {statuses: []int{http.StatusOK, http.StatusPartialContent}, keepsBody: true, isRanged: true},
	"HeadObject":                      {statuses: ok200, header: "Content-Length", keepsBody: true},
	"DeleteObject":                    {statuses: ok200or04},
	"DeleteObjects":                   {statuses: ok200, root: "DeleteResult"},
	"ListObjectsV2":                   {statuses: ok200, root: "ListBucketResult"},
	"ListObjectVersions":              {statuses: ok200, root: "ListVersionsResult", alias: "ListBucketVersionsResult"},
	"ListBuckets":                     {statuses: ok200, root: "ListAllMyBucketsResult"},
	"GetObjectTagging":                {statuses: ok200, root: "Tagging"},
	"PutObjectTagging":                {statuses: ok200or04},
	"DeleteObjectTagging":             {statuses: ok200or04},
	"HeadBucket":                      {statuses: ok200, keepsBody: true},
	"CreateBucket":                    {statuses: ok200, alias: "CreateBucket", retried: true},
	"PutPublicAccessBlock":            {statuses: []int{http.StatusOK, http.StatusCreated, http.StatusNoContent}},
	"GetPublicAccessBlock":            {statuses: ok200, root: "PublicAccessBlockConfiguration"},
	"GetBucketLifecycleConfiguration": {statuses: ok200, root: "LifecycleConfiguration"},
	"PutBucketLifecycleConfiguration": {statuses: ok200, retried: true},
	"GetBucketPolicyStatus":           {statuses: ok200, root: "PolicyStatus"},
	"GetBucketAcl":                    {statuses: ok200, root: "AccessControlPolicy"},
	// The SDK sends it by itself for directory buckets.
	"CreateSession": {statuses: ok200, root: "CreateSessionResult", element: "Credentials"},
	// Those of STS, which only tell something, are harmless to send again.
	"GetCallerIdentity":         {statuses: ok200, root: "GetCallerIdentityResponse", element: "GetCallerIdentityResult", retried: true},
	"AssumeRole":                {statuses: ok200, root: "AssumeRoleResponse", element: "AssumeRoleResult", retried: true},
	"AssumeRoleWithWebIdentity": {statuses: ok200, root: "AssumeRoleWithWebIdentityResponse", element: "AssumeRoleWithWebIdentityResult", retried: true},
}

// An unprovenError is an answer with a 2xx that does not prove that the operation was
// done.
type unprovenError struct {
	reason  string
	isFinal bool
}

// Error says what is wrong with the answer.
func (e *unprovenError) Error() string { return e.reason }

// RetryableError reports whether the request is worth sending again, for the retry
// policy.
func (e *unprovenError) RetryableError() bool { return !e.isFinal }

// A brokenError is an answer that could not be read to its end. Its cause says
// whether the request is worth sending again.
type brokenError struct{ cause error }

// Error says that the answer broke off, and why.
func (e *brokenError) Error() string { return "the server's answer broke off: " + e.cause.Error() }

// Unwrap returns the cause.
func (e *brokenError) Unwrap() error { return e.cause }

// IsUnproven reports whether err is an answer without proof, after which it is not known
// whether the operation was done.
func IsUnproven(err error) bool {
	var unproven *unprovenError
	var broken *brokenError
	return errors.As(err, &unproven) || errors.As(err, &broken)
}

// Operations returns the names of the operations that have a proof.
func Operations() []string { return slices.Sorted(maps.Keys(operations)) }

// CheckHead returns an error unless the status and the headers of an answer to an
// operation, which must have a proof, are those of success. asked is the header Range
// of the request.
func CheckHead(operation string, response *http.Response, asked string) error {
	return operations[operation].checkHead(response, asked)
}

// checkHead returns an error unless the status and headers of an answer are those
// of success. asked is the header Range of the request.
func (p *proof) checkHead(response *http.Response, asked string) error {
	if !slices.Contains(p.statuses, response.StatusCode) {
		return p.unproven("the server answered with HTTP %d, which does not tell that it was done", response.StatusCode)
	}
	if p.header != "" && strings.TrimSpace(response.Header.Get(p.header)) == "" {
		return p.unproven("the server's answer has no %s", headerName(p.header))
	}
	if _, err := ContentLength(response.Header); err != nil {
		return p.unproven("%s", err)
	}
	if p.isRanged {
		return checkRange(response, asked)
	}
	return nil
}

func (p *proof) isAlias(root string) bool { return p.alias != "" && strings.HasPrefix(root, p.alias) }

// headerName names a required header for people.
func headerName(header string) string {
	switch header {
	case "Etag":
		return "ETag"
	case "Content-Length":
		return "Content-Length, so that the object's size is not known"
	}
	return header
}

// checkRange returns an error unless an answer has the range that was asked for.
func checkRange(response *http.Response, asked string) error {
	if asked == "" {
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%w: the server answered with a part of the object", ErrIgnoredRange)
		}
		return nil
	}
	if response.StatusCode != http.StatusPartialContent {
		return fmt.Errorf("%w: the server answered the range %s with HTTP %d", ErrIgnoredRange, shorten(asked), response.StatusCode)
	}
	wanted, err := parseRange(asked)
	if err != nil {
		return nil //nolint:nilerr // several ranges, or one that only Store.Client can ask for
	}
	_, err = wanted.Match(response.Header.Get("Content-Range"))
	return err
}

func (p *proof) unproven(format string, v ...any) error {
	return &unprovenError{reason: fmt.Sprintf(format, v...), isFinal: !p.retried}
}

// maxBody is the longest body that is read, in bytes: that of a listing.
const maxBody = 16 << 20

var errTooLong = fmt.Errorf("it is longer than %d bytes", maxBody)

// checkBody reads the body of an answer and returns it, for the SDK to decode, if it
// is what the operation's must be. An error document, which S3 sends with status 200
// once it has begun to answer, passes too, because the SDK takes it for a 500 as
// botocore does.
func (p *proof) checkBody(body io.Reader) (data []byte, err error) {
	data, err = io.ReadAll(io.LimitReader(body, maxBody+1))
	if err == nil && len(data) > maxBody {
		err = errTooLong
	}
	if err != nil {
		return nil, &brokenError{err}
	}
	data = bytes.TrimSpace(data) // S3 sends spaces while it is at work
	if len(data) == 0 && p.root == "" {
		return nil, nil
	}
	document, err := s3xml.ReadDocument(data, p.element)
	switch {
	case strings.EqualFold(document.Root, "Error"):
		return data, nil
	case errors.Is(err, io.ErrUnexpectedEOF) && (document.Root == "" || document.Root == p.root || p.isAlias(document.Root)):
		return nil, &brokenError{err}
	case p.root == "" && !p.isAlias(document.Root):
		return nil, p.unproven("the server's answer has a body, which is %s", describeBody(data, document.Root))
	case document.Root != p.root && !p.isAlias(document.Root):
		return nil, p.unproven("the server's answer is no %s, but %s", p.root, describeBody(data, document.Root))
	case err != nil:
		return nil, p.unproven("the server's answer is no %s that can be read", p.root)
	case p.element != "" && !document.HasElement:
		return nil, p.unproven("the server's answer has no %s", p.element)
	}
	return data, nil
}

// shorten bounds text of a server or a caller in an error, and makes it safe to show.
func shorten(text string) string { return sanitize.Line(text[:min(len(text), 100)]) }

// describeBody says what a body is. It quotes nothing of it, because answers of STS
// have secrets.
func describeBody(data []byte, root string) string {
	switch {
	case strings.EqualFold(root, "html"), strings.EqualFold(string(data[:min(len(data), 9)]), "<!doctype"):
		return "HTML"
	case data[0] == '{' || data[0] == '[':
		return "JSON"
	case root != "":
		return "other XML"
	}
	return "text"
}

// AddSteps adds steps to every operation of a client that holds its answers to
// their proofs, reads their headers with tolerance, and lets no request pass that
// would do something else than it says.
func AddSteps(stack *middleware.Stack) error {
	err := stack.Deserialize.Add(proofStep{}, middleware.After)
	if _, ok := stack.Finalize.Get("Retry"); !ok { // of a request that is signed and not sent
		return errors.Join(err, stack.Finalize.Add(requestStep{}, middleware.Before))
	}
	return errors.Join(err, stack.Finalize.Insert(requestStep{}, "Retry", middleware.Before))
}

// A proofStep holds an answer to its proof.
type proofStep struct{}

// ID names the step.
func (proofStep) ID() string { return "LithopsProof" }

// HandleDeserialize leaves an answer that proves success, or an error, to the SDK.
func (proofStep) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || response.StatusCode/100 != 2 { // of an error the SDK reads no such header
		return out, metadata, err
	}
	asked := ""
	if request, ok := in.Request.(*smithyhttp.Request); ok {
		asked = request.Header.Get("Range")
	}
	if err := prove(ctx, response.Response, asked); err != nil {
		_ = response.Body.Close() // the SDK would read it to its end, wherever that is
		response.Body = http.NoBody
		return out, metadata, &smithy.DeserializationError{Err: err}
	}
	normalizeHeader(response.Header)
	return out, metadata, nil
}

// prove checks an answer, whose body the SDK can read afterwards. Operations without
// a row are those that callers send with Store.Client.
func prove(ctx context.Context, response *http.Response, asked string) error {
	p, ok := operations[awsmiddleware.GetOperationName(ctx)]
	if !ok {
		return nil
	}
	if err := p.checkHead(response, asked); err != nil {
		return err
	}
	if p.keepsBody || response.Body == http.NoBody && p.root == "" {
		return nil
	}
	data, err := p.checkBody(response.Body)
	if err != nil {
		return err
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{bytes.NewReader(data), response.Body}
	return nil
}

// ErrNoUploadID is a request that names an upload without an ID.
var ErrNoUploadID = errors.New("the upload has no ID")

// A requestStep is around a request with all its attempts.
type requestStep struct{}

// ID names the step.
func (requestStep) ID() string { return "LithopsRequest" }

// HandleFinalize refuses a request with an empty upload ID, before it is signed, and
// sends a request once more whose XML the server could not read: it was sound when it
// left, and servers that parse a body before they compare its checksum blame a byte
// that flipped on the way on the XML.
func (requestStep) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	request, ok := in.Request.(*smithyhttp.Request)
	if ok && hasNoUploadID(request.URL.RawQuery) {
		return out, metadata, ErrNoUploadID
	}
	out, metadata, err = next.HandleFinalize(ctx, in)
	if !ok || !isMalformed(err) || ctx.Err() != nil {
		return out, metadata, err
	}
	if rewindErr := request.RewindStream(); rewindErr != nil {
		return out, metadata, err
	}
	return next.HandleFinalize(ctx, in)
}

// hasNoUploadID reports whether a query has an upload ID that is empty: servers take
// "DELETE key?uploadId=" for DeleteObject, and "PUT key?uploadId=" for PutObject.
func hasNoUploadID(query string) bool {
	if !strings.Contains(query, "uploadId") {
		return false
	}
	values, _ := url.ParseQuery(query)
	return values.Has("uploadId") && values.Get("uploadId") == ""
}

func isMalformed(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "MalformedXML"
}
