// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/lithops-go/lithopss3/internal/checksum"
	"github.com/lithops-go/lithopss3/internal/download"
	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/sanitize"
	"github.com/lithops-go/lithopss3/internal/upload"
)

// The sentinels of this package, for errors.Is. In addition, a missing object or
// bucket is [fs.ErrNotExist], a bucket or object that already exists is
// [fs.ErrExist], and a refusal is [fs.ErrPermission].
var (
	// ErrNoSuchBucket means that the bucket is missing. It is an [fs.ErrNotExist] too. A
	// HEAD can't tell it from a missing key, because its answer has no body.
	ErrNoSuchBucket = errors.New("no such bucket")
	// ErrNotOwner means that the bucket belongs to another account. It is an [fs.ErrPermission] too.
	ErrNotOwner = errors.New("the bucket belongs to another account")
	// ErrArchived means that the object is in an archive (storage class GLACIER,
	// DEEP_ARCHIVE or an archive tier). Restore it before you read it.
	ErrArchived = errors.New("the object is archived (restore it first)")
	// ErrClockSkew means that the server refused the time of the request. Requests are
	// signed with the server's time once it is known, so that only a server which does
	// not send its time causes this error.
	ErrClockSkew = errors.New("this machine's clock and the server's differ too much")
	// ErrSignature means that the server computes another signature. Usually the secret
	// access key is wrong, or a proxy changes what is signed.
	ErrSignature = errors.New("wrong signature (check the secret access key)")
	// ErrQuota means that a quota of the account, the bucket or the server is used up.
	ErrQuota = errors.New("the quota is used up")
	// ErrInvalidBucketName means that S3 does not accept the bucket name.
	ErrInvalidBucketName = s3err.ErrInvalidBucketName
	// ErrInvalidKey means that S3 does not accept the key: it is empty, longer than 1,024
	// bytes, or not UTF-8.
	ErrInvalidKey = s3err.ErrInvalidKey
	// ErrTooLarge means that an answer, or the size that it gives for an object, is larger
	// than any valid one.
	ErrTooLarge = s3err.ErrTooLarge
	// ErrPrecondition means that IfMatch, IfNoneMatch or IfAbsent failed (HTTP 412).
	ErrPrecondition = errors.New("precondition failed")
	// ErrNotModified means that IfNoneMatch or IfModifiedSince of a get did not hold (HTTP 304).
	ErrNotModified = errors.New("not modified")
	// ErrInvalidRange means that the range begins after the object's end (HTTP 416).
	ErrInvalidRange = errors.New("invalid range")
	// ErrChecksum means that the bytes do not have the checksum that the server keeps.
	ErrChecksum = checksum.ErrMismatch
	// ErrUnsafeKey means that the key can't name a file below a folder, see [LocalPath].
	ErrUnsafeKey = errors.New("the key is no file name")
	// ErrClosed means that a Body, a Writer or a ReaderAt was used after Close.
	ErrClosed = errors.New("already closed")
)

// The errors that only this package compares.
var (
	// errChanged is an ErrPrecondition that this package's own If-Match met.
	errChanged = fmt.Errorf("%w (%w)", download.ErrChanged, ErrPrecondition)
	// errNotKnownDeleted is a key of a request whose answer did not come, or did not
	// mention it.
	errNotKnownDeleted = errors.New("not known to be deleted")
	// errIsFolder is a path that must name a file.
	errIsFolder = errors.New("is a folder, not a file")
)

// An Error is the error of a storage operation. Find it with errors.As. errors.Is finds
// the sentinels that match its status and code.
type Error struct {
	Op         string // the method, for example "GetObject"
	Bucket     string
	Key        string // empty where the operation has none
	Code       string // S3's error code, empty where the answer had none
	StatusCode int    // the HTTP status, 0 if no answer came
	RequestID  string // for AWS support, empty where the answer had none
	Err        error  `json:"-" yaml:"-"` // the SDK's error, which holds the request
	kinds      []error
}

// Error names the operation, the object, what S3 answered and the request.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Bucket != "" || e.Key != "" {
		b.WriteString(" " + displayName(e.Bucket, e.Key))
	}
	b.WriteString(": ")
	b.WriteString(e.reason())
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request %s)", s3err.Text(e.RequestID))
	}
	return sanitize.Text(b.String())
}

// Unwrap returns the sentinels and the SDK's error, for errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	return append(e.kinds[:len(e.kinds):len(e.kinds)], e.Err)
}

// Is reports whether target stands for the errors of all operations. errors.Is finds the
// sentinels without it.
func (*Error) Is(target error) bool { return target == s3err.ErrAnswer }

func (e *Error) reason() string {
	if e.Err == nil && e.Code == "" && e.StatusCode == 0 { // of another Storage
		return "the reason is not known"
	}
	if e.Code == "" && (e.StatusCode == 0 || e.StatusCode/100 == 2) { // no answer, or an unknown one
		text := s3http.PlainText(e.Err)
		if credentials := (*CredentialsError)(nil); errors.As(e.Err, &credentials) {
			text = credentials.Error() // whose cause may be an answer of STS or SSO
		}
		return text[:min(len(text), maxReason)]
	}
	message := ""
	if api := smithy.APIError(nil); errors.As(e.Err, &api) {
		message = s3err.Text(api.ErrorMessage())
	} else if response := (*awshttp.ResponseError)(nil); errors.As(e.Err, &response) && response.Err != nil {
		message = s3err.Text(response.Err.Error())
	}
	parts := make([]string, 0, 3)
	for _, kind := range e.kinds {
		if !errors.Is(kind, fs.ErrPermission) || len(e.kinds) == 1 {
			parts = append(parts, strings.TrimPrefix(kind.Error(), "file "))
			break
		}
	}
	if e.Code != "" && !isStatusText(e.Code, e.StatusCode) {
		parts = append(parts, s3err.Text(e.Code))
	}
	if message != "" && message != e.Code && !isStatusText(message, e.StatusCode) {
		parts = append(parts, message)
	}
	if e.StatusCode != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", e.StatusCode))
	}
	return strings.Join(parts, ": ") + s3http.TriedText(e.Err)
}

// isStatusText tells a code that the SDK made up from the status ("NotFound") from S3's own.
func isStatusText(code string, status int) bool {
	return code == strings.ReplaceAll(http.StatusText(status), " ", "") || code == http.StatusText(status)
}

// maxReason bounds an error about an answer, which the SDK repeats at length.
const maxReason = 4 * s3err.MaxText

func displayName(bucket, key string) string {
	switch {
	case key == "":
		return bucket
	case bucket == "": // of another Storage
		return printableKey(key)
	}
	return fmt.Sprintf("%s/%s", bucket, printableKey(key))
}

// printableKey escapes a key's control characters, for terminals and logs.
func printableKey(key string) string {
	quoted := fmt.Sprintf("%q", key)
	if quoted == `"`+key+`"` {
		return key
	}
	return quoted
}

// wrapError turns what the SDK returned into an *Error; nil stays nil.
func wrapError(op, bucket, key string, err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) && known.Op == op {
		return err
	}
	if credentials := (*CredentialsError)(nil); errors.As(err, &credentials) {
		// The status and the code of its cause are STS's or SSO's, and say nothing of the object.
		return &Error{Op: op, Bucket: bucket, Key: key, Err: credentials}
	}
	e := &Error{Op: op, Bucket: bucket, Key: key, Err: err}
	if response := (*awshttp.ResponseError)(nil); errors.As(err, &response) {
		e.StatusCode = response.HTTPStatusCode()
		e.RequestID = response.ServiceRequestID()
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		e.Code = api.ErrorCode()
	}
	e.kinds = errorKinds(e.StatusCode, e.Code)
	for _, kind := range []error{errChanged, upload.ErrOutcomeUnknown, errNotKnownDeleted} { // which say more than an answer
		if errors.Is(err, kind) {
			e.kinds = append([]error{kind}, e.kinds...)
		}
	}
	return e
}

// refusals are errors that mostly come with HTTP 403, although no permission is
// missing (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and
// the tables of MinIO, Ceph and SeaweedFS).
var refusals = map[string]error{
	"InvalidObjectState":             ErrArchived,
	"RequestTimeTooSkewed":           ErrClockSkew,
	"RequestNotReadyYet":             ErrClockSkew,
	"RequestExpired":                 ErrClockSkew,
	"SignatureDoesNotMatch":          ErrSignature,
	"InvalidSignatureException":      ErrSignature,
	"QuotaExceeded":                  ErrQuota,
	"ServiceQuotaExceeded":           ErrQuota,
	"XMinioAdminBucketQuotaExceeded": ErrQuota,
	"XMinioStorageFull":              ErrQuota,
	"InsufficientStorage":            ErrQuota,
	"TooManyBuckets":                 ErrQuota,
}

// errorKinds maps errors by status first and by code second, because servers other than
// AWS's use the same statuses and codes of their own.
func errorKinds(status int, code string) []error {
	if kind := refusals[code]; kind != nil {
		return []error{kind}
	}
	switch code {
	case "NoSuchBucket":
		return []error{ErrNoSuchBucket, fs.ErrNotExist}
	case "BucketAlreadyExists":
		return []error{ErrNotOwner, fs.ErrPermission, fs.ErrExist}
	case "BucketAlreadyOwnedByYou":
		return []error{fs.ErrExist}
	case "InvalidBucketName":
		return []error{ErrInvalidBucketName}
	case "KeyTooLongError":
		return []error{ErrInvalidKey}
	case "NoSuchUpload": // with 404, and no object or bucket is missing
		return []error{errNoUpload}
	}
	switch status {
	case http.StatusNotFound:
		return []error{fs.ErrNotExist}
	case http.StatusUnauthorized, http.StatusForbidden:
		return []error{fs.ErrPermission}
	case http.StatusInsufficientStorage:
		return []error{ErrQuota}
	case http.StatusPreconditionFailed:
		return []error{ErrPrecondition}
	case http.StatusNotModified:
		return []error{ErrNotModified}
	case http.StatusRequestedRangeNotSatisfiable:
		return []error{ErrInvalidRange}
	case 0:
		return errorKindsWithoutStatus(code)
	}
	return nil
}

// errNoUpload is why a part can't be stored: "uploads --abort" or a lifecycle rule ended the
// upload that it belongs to.
var errNoUpload = errors.New("the multipart upload was aborted or completed meanwhile")

// errorKindsWithoutStatus serves errors inside a 200, as DeleteObjects has them.
func errorKindsWithoutStatus(code string) []error {
	switch code {
	case "NoSuchKey", "NotFound":
		return []error{fs.ErrNotExist}
	case "AccessDenied":
		return []error{fs.ErrPermission}
	case "PreconditionFailed":
		return []error{ErrPrecondition}
	}
	return nil
}

// A DeleteError says which keys of a DeleteObjects were not deleted, and why. errors.Is
// and errors.As look into each error.
type DeleteError struct {
	// Failed has one error for each key that was not deleted, in no set order.
	Failed []*Error
}

// Is reports whether target stands for the errors of all operations.
func (*DeleteError) Is(target error) bool { return target == s3err.ErrAnswer }

// Error counts the failures and names the first.
func (e *DeleteError) Error() string {
	switch len(e.Failed) {
	case 0: // of another Storage
		return "keys were not deleted, and none is named"
	case 1:
		return e.Failed[0].Error()
	}
	unknown := 0
	for _, failed := range e.Failed {
		if errors.Is(failed, errNotKnownDeleted) {
			unknown++
		}
	}
	what := "were not deleted"
	switch unknown {
	case 0:
	case len(e.Failed):
		what = "are not known to be deleted"
	default:
		what = "were not deleted, or are not known to be"
	}
	return fmt.Sprintf("%d keys %s, the first: %v", len(e.Failed), what, e.Failed[0])
}

// Unwrap returns each key's error, for errors.Is and errors.As.
func (e *DeleteError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, failed := range e.Failed {
		errs[i] = failed
	}
	return errs
}

// lacksOperation reports whether a server refused a request because it does not know such
// requests.
func lacksOperation(err error) bool {
	status := answerStatus(err)
	if status == http.StatusNotImplemented || status == http.StatusMethodNotAllowed {
		return true
	}
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "NotImplemented"
}

// isTimeout reports whether a server took longer for a request than this client, or
// a gateway, waits. A connection that was not made in time carried no request.
func isTimeout(err error) bool {
	if err == nil {
		return false
	}
	var timeout net.Error
	status := answerStatus(err)
	return errors.Is(err, s3http.ErrStalled) || status == http.StatusGatewayTimeout || status == s3http.StatusOriginTimeout ||
		errors.As(err, &timeout) && timeout.Timeout() && !s3http.IsDial(err)
}

// answerStatus returns the HTTP status of the answer that caused err, 0 without an answer.
func answerStatus(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	var known *Error
	if errors.As(err, &known) {
		return known.StatusCode
	}
	return 0
}

// isPermission reports whether err is a refusal that is not the clock's, the
// signature's or an archive's fault.
func isPermission(err error) bool { return errors.Is(wrapError("", "", "", err), fs.ErrPermission) }

func hasCode(err error, code string) bool {
	api := smithy.APIError(nil)
	return errors.As(err, &api) && api.ErrorCode() == code
}
