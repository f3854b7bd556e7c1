// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/ended"
	"github.com/lithops-go/lithopss3/internal/openfiles"
	"github.com/lithops-go/lithopss3/internal/panics"
	"github.com/lithops-go/lithopss3/internal/progress"
	"github.com/lithops-go/lithopss3/internal/proof"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/upload"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// PutObject stores the rest of body under key and replaces an object that is there. A
// body of more than 16 MiB, or 5 MiB if body does not tell its size, is uploaded in
// parts, 24 at once (see [PutOptions].Parallel).
//
// An io.ReaderAt with io.Seeker (a file, a bytes.Reader) and a bytes.Buffer are read in
// place, and again for a retry, so that they must not change. Of any other reader, and of an
// object that is read by [NewFS] or [ReaderAt.NewReader], at most 40 MiB are held in memory,
// eight parts of 5 MiB, unless [PutOptions].Parallel says otherwise. Beyond 32 GiB parts must
// grow, because an upload has at most 10,000, and two are held: 80 MiB up to 69 GiB, and so
// on. PutObject waits for a Read of body that is in progress, unless body is an *os.File
// whose reads have deadlines, such as a pipe: that Read ends with ctx.
//
// When PutObject returns nil, the object is durable. On an error, all of it is stored
// or nothing, and a multipart upload is aborted. errors.Is finds an error of body or
// ctx. If that is an operation's, as where body is another object, errors.Is does not find
// what the server said of it. A condition that does not hold is ErrPrecondition. A nil body
// is an empty object.
func (s *Store) PutObject(ctx context.Context, bucket, key string, body io.Reader, opts *PutOptions) error {
	const op = "PutObject"
	if err := checkNames(op, bucket, key); err != nil {
		return err
	}
	if opts == nil {
		opts = &PutOptions{}
	}
	ifMatch := ifMatchOfWrite(opts.IfMatch)
	if ifMatch != nil {
		if err := checkIfMatch(*ifMatch); err != nil {
			return wrapError(op, bucket, key, err)
		}
	}
	if err := opts.check(); err != nil {
		return wrapError(op, bucket, key, err)
	}
	err := upload.Put(ctx, storeClient{s, opts.fields(), nil}, inOrder(body), upload.Options{
		Bucket: bucket, Key: key, ContentType: opts.ContentType, Metadata: opts.Metadata, IfMatch: ifMatch, IfAbsent: opts.IfAbsent,
		Progress: reportTo(opts.Progress), Algorithm: s.checksumAlgorithm(), HashFirst: avoidTrailers(&s.session.s3), CreateGrace: s.pace.create, Settle: s.pace.settle, Scale: s.pace.scale, AtOnce: opts.Parallel,
	})
	return wrapUpload(op, bucket, key, err)
}

// inOrder returns body as one that is read once and in order, if each ReadAt of it may send a
// request. Else the parts would be read twice, in pieces, and at the same time.
func inOrder(body io.Reader) io.Reader {
	if isRemote(body) {
		return struct{ io.Reader }{body}
	}
	return body
}

// isRemote reports whether body is an object: a file of an [FS], or [ReaderAt.NewReader].
func isRemote(body any) bool {
	switch body := body.(type) {
	case *openFile, *ReaderAt:
		return true
	case *io.SectionReader:
		if body == nil {
			return false
		}
		outer, _, _ := body.Outer()
		return isRemote(outer)
	}
	return false
}

// checkIfMatch returns an error for an If-Match that can't be sent. A multipart upload
// has it in its last request, so that all parts would be sent before the refusal.
func checkIfMatch(etag string) error { return validate.Header(http.Header{"If-Match": {etag}}) }

// wrapUpload is wrapError for an error of an upload.
func wrapUpload(op, bucket, key string, err error) error {
	if left := (*upload.LeftBehindError)(nil); errors.As(err, &left) {
		// Wrapped first, because an error of the abort would be taken for the reason.
		return errors.Join(wrapError(op, bucket, key, left.Cause), left.Left())
	}
	return wrapError(op, bucket, key, err)
}

// checksumAlgorithm returns CRC32, as boto3 uses, unless AWS's settings demand checksums
// only if S3 requires them.
func (s *Store) checksumAlgorithm() types.ChecksumAlgorithm {
	if s.session.s3.RequestChecksumWhenRequired {
		return ""
	}
	return types.ChecksumAlgorithmCrc32
}

// A storeClient sends the requests of one upload or copy, with its options.
type storeClient struct {
	store  *Store
	fields inputFields
	begins []func(*s3.Options) // more options of CreateMultipartUpload
}

// sendWith sends one request of an upload with its options.
func sendWith[In, Out any](ctx context.Context, c storeClient, bucket *string, in *In,
	by func(context.Context, *In, ...func(*s3.Options)) (*Out, error), options ...func(*s3.Options),
) (*Out, error) {
	c.fields.set(in)
	return call(ctx, c.store, *bucket, in, by, options...)
}

// PutObject puts an object.
func (c storeClient) PutObject(ctx context.Context, in *s3.PutObjectInput, sending *progress.Sending) (*s3.PutObjectOutput, error) {
	return sendWith(ctx, c, in.Bucket, in, c.store.fast.Counting(sending).PutObject)
}

// CreateMultipartUpload starts an upload.
func (c storeClient) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput) (*s3.CreateMultipartUploadOutput, error) {
	return sendWith(ctx, c, in.Bucket, in, c.store.client.CreateMultipartUpload, c.begins...)
}

// UploadPart sends a part.
func (c storeClient) UploadPart(ctx context.Context, in *s3.UploadPartInput, sending *progress.Sending) (*s3.UploadPartOutput, error) {
	return sendWith(ctx, c, in.Bucket, in, c.store.fast.Counting(sending).UploadPart)
}

// CompleteMultipartUpload makes an object of the parts.
func (c storeClient) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (*s3.CompleteMultipartUploadOutput, error) {
	return sendWith(ctx, c, in.Bucket, in, c.store.client.CompleteMultipartUpload)
}

// AbortMultipartUpload aborts an upload.
func (c storeClient) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) (*s3.AbortMultipartUploadOutput, error) {
	return sendWith(ctx, c, in.Bucket, in, c.store.client.AbortMultipartUpload)
}

// HeadObject describes an object.
func (c storeClient) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	return sendWith(ctx, c, in.Bucket, in, c.store.client.HeadObject)
}

// Describe returns what is known of the error of a request.
func (storeClient) Describe(err error) upload.Failure {
	failure := upload.Failure{Text: s3http.PlainText(err), Status: answerStatus(err), IsUnproven: proof.IsUnproven(err), IsTimeout: isTimeout(err), Attempts: 1}
	if attempts := s3http.Attempts(err); attempts > 0 {
		failure.Attempts = attempts
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		failure.Code = api.ErrorCode()
	}
	return failure
}

// UploadFile stores the file at path under key, as PutObject does. A file whose size
// or time of modification changes while it is sent is an error, and nothing of it is
// stored; a change that alters neither goes unnoticed, such as two writes within one
// tick of the file system's clock, or one through a memory map.
// A missing file is fs.ErrNotExist before any request; a folder is an error. The writer of a
// named pipe is waited for until ctx is done.
func (s *Store) UploadFile(ctx context.Context, path, bucket, key string, opts *PutOptions) (err error) {
	file, err := openfiles.OpenToRead(ctx, path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return &fs.PathError{Op: "upload", Path: path, Err: errIsFolder}
	}
	return s.PutObject(ctx, bucket, key, file, opts)
}

// avoidTrailers reports whether puts should have their checksum in a header: over
// https the SDK sends it after the body, which servers other than AWS's may refuse.
func avoidTrailers(settings *awsconfig.S3) bool {
	return strings.HasPrefix(settings.URL, "https:") && !settings.RequestChecksumWhenRequired
}

var (
	// errAbandoned is the error of a Writer that was told to store nothing, without a reason.
	errAbandoned = errors.New("the writer was told to store nothing")
	// errPutEnded is that of a Writer whose put did not return.
	errPutEnded = errors.New("the put ended its goroutine")
)

// An abandonment is why a Writer stores nothing, as the put reads it.
type abandonment struct{ error }

// Unwrap returns the reason. The reason may be io.EOF, which is then no end of the body.
func (a *abandonment) Unwrap() error { return ended.HideEOF(a.error) }

// An endedPutError is why the put reads no more. It may be an io.ErrClosedPipe of something else.
type endedPutError struct{ error }

// A Writer stores what is written to it as an object, once it is closed. See
// [NewWriter]. It is not safe for concurrent use, except for CloseWithError.
type Writer struct {
	pipe *io.PipeWriter
	done chan struct{} // closed when err is there
	once sync.Once     // who ends the pipe first: Close, CloseWithError, or the context
	why  *abandonment  // what CloseWithError was given; set in once
	late error         // of Write after the context was done; set in once
	err  error         // of PutObject

	panics panics.Group
}

// NewWriter returns a writer whose bytes become the object when Close returns nil, and
// not before. It puts them with storage's PutObject while they are written: a *Store
// sends parts, and holds at most 40 MiB, see [Store.PutObject].
//
// The caller must call Close, or CloseWithError to store nothing; until then a
// goroutine waits. If ctx is done, nothing is stored, and Write and Close return its
// cause. The errors of Write and Close are those of PutObject. If opts.Progress panics,
// nothing or all is stored, and Close panics with the same value.
func NewWriter(ctx context.Context, storage Storage, bucket, key string, opts *PutOptions) *Writer {
	opts = opts.clone() // the put begins when NewWriter may have returned
	reader, pipe := io.Pipe()
	w := &Writer{pipe: pipe, done: make(chan struct{}), err: errPutEnded}
	stop := context.AfterFunc(ctx, func() {
		w.once.Do(func() {
			w.late = wrapError("PutObject", bucket, key, ended.Why(ctx))
			_ = pipe.CloseWithError(&abandonment{ended.Why(ctx)})
		})
	})
	w.panics.Go(func() {
		defer close(w.done)
		defer stop()
		defer func() { _ = reader.CloseWithError(&endedPutError{cmp.Or(w.err, ErrClosed)}) }()
		w.err = storage.PutObject(ctx, bucket, key, struct{ io.Reader }{reader}, opts)
	}, nil)
	return w
}

// Write writes p. After an error nothing will be stored.
func (w *Writer) Write(p []byte) (int, error) {
	n, err := w.pipe.Write(p)
	if ended, ok := err.(*endedPutError); ok { //nolint:errorlint // the pipe returns it as it is
		return n, ended.error
	}
	if err != nil { // it is closed, and whoever closed it has set late before
		err = cmp.Or(w.late, ErrClosed)
	}
	return n, err
}

// Close stores the object, and returns nil if it is stored. A second Close returns the
// same error.
func (w *Writer) Close() error {
	w.once.Do(func() { _ = w.pipe.Close() })
	<-w.done
	w.panics.Wait()
	return w.err
}

// CloseWithError ends the writer so that nothing is stored, and what was sent is
// aborted. It returns when that is done. After Close it does nothing. A nil reason is
// an error of its own. The error is that of an abort that failed, or of a put that had
// failed before.
func (w *Writer) CloseWithError(reason error) error {
	if reason == nil {
		reason = errAbandoned
	}
	w.once.Do(func() {
		w.why = &abandonment{reason}
		_ = w.pipe.CloseWithError(w.why)
	})
	<-w.done
	w.panics.Wait()
	if w.err == nil || w.why != nil && errors.Is(w.err, w.why) && !errors.Is(w.err, upload.ErrLeftBehind) {
		return nil
	}
	return w.err
}
