// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/lithops-go/lithopss3/internal/s3err"
)

// A RequestError is a request that no answer came to.
type RequestError struct {
	endpoint string // "https://host:port"
	reason   string
	isFinal  bool
	err      error
}

// Error names the endpoint and why it did not answer.
func (e *RequestError) Error() string { return "cannot reach " + e.endpoint + " (" + e.reason + ")" }

// RetryableError is for the retry policy.
func (e *RequestError) RetryableError() bool { return !e.isFinal }

// Unwrap returns net/http's error.
func (e *RequestError) Unwrap() error { return e.err }

var (
	errProxy = errors.New("the proxy that HTTP_PROXY or HTTPS_PROXY names is not a URL")
	// errHead is an answer whose status line and headers have no end.
	errHead     = fmt.Errorf("the head of the server's answer: %w", s3err.ErrTooLarge)
	errNoAnswer = errors.New("Options.Transport returned neither a response nor an error")
	errSpeakTLS = errors.New("the server speaks TLS: use https")
)

// describeSending returns the error of a request to u as a person can use it. An
// error that is marked as final, such as one of the request's body, stays as it is, and
// so does one that says that ctx has ended.
func describeSending(ctx context.Context, u *url.URL, err error) error {
	var final interface{ RetryableError() bool }
	if errors.As(err, &final) && !final.RetryableError() || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return err
	}
	switch text := err.Error(); {
	case strings.Contains(text, "invalid proxy address"): // net/http prints it, password and all
		return s3err.Final(errProxy)
	case strings.Contains(text, "response headers exceeded"):
		return s3err.Final(errHead)
	}
	reason, isFinal := describeCause(err)
	return &RequestError{endpoint: u.Scheme + "://" + u.Host, reason: reason, isFinal: isFinal, err: NoAnswer(s3err.Answers(err))} // a transport may ask another server
}

// NoAnswer returns the local cause of a failed request as an error that does not match what
// says what a server answered: connect fails with EACCES at a firewall, with ENOENT at a socket.
func NoAnswer(err error) error {
	return s3err.Hide(err, fs.ErrNotExist, fs.ErrPermission, fs.ErrExist)
}

// describeCause says why no answer came, and whether it is so again.
func describeCause(err error) (reason string, isFinal bool) {
	if reason, isTLS := describeTLS(err); isTLS {
		return reason, true
	}
	var dns *net.DNSError
	var operation *net.OpError
	var errno syscall.Errno
	var timeout net.Error
	isTimeout := errors.As(err, &timeout) && timeout.Timeout()
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host", true
	case errors.As(err, &dns):
		return "looking up the host failed: " + dns.Err, false
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		reason, isFinal = describeCause(operation.Err)
		return "the proxy" + address(operation.Err) + ": " + reason, isFinal
	case errors.As(err, &errno):
		return errno.Error(), false
	case isTimeout:
		return describeTimeout(err), false
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "server closed"):
		return "the server closed the connection", false
	}
	return s3err.Text(strings.TrimPrefix(err.Error(), "net/http: ")), false
}

// address is that of the connection that failed, after a space.
func address(err error) string {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Addr != nil {
		return " " + operation.Addr.String()
	}
	return ""
}

func describeTimeout(err error) string {
	var operation *net.OpError
	switch {
	case errors.As(err, &operation) && operation.Op == "dial":
		return "no connection in time"
	case strings.Contains(err.Error(), "TLS handshake"):
		return "no TLS handshake in time"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "the server did not take the request in time"
	}
	return "no answer in time"
}

// describeTLS is for what a server and this client can't agree about. It does not
// change from one attempt to the next.
func describeTLS(err error) (reason string, isTLS bool) {
	var unknown x509.UnknownAuthorityError
	var certificate *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &unknown):
		return "certificate signed by unknown authority: set AWS_CA_BUNDLE", true
	case errors.As(err, &certificate):
		return strings.TrimPrefix(s3err.Text(certificate.Err.Error()), "x509: "), true
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &header):
		return "the server does not speak TLS: use http", true
	case strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`): // a TLS alert
		return errSpeakTLS.Error(), true
	case errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls:"):
		return s3err.Text(rootOf(err).Error()), true
	}
	return "", false
}

// rootOf is the innermost error.
func rootOf(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// checkScheme finds the answers of servers that received http although they want
// TLS. They are no answers of S3.
func checkScheme(u *url.URL, response *http.Response) error {
	if u.Scheme != "http" || response.StatusCode != http.StatusBadRequest || len(response.Header["X-Amz-Request-Id"]) > 0 {
		return nil
	}
	var start [512]byte
	n, err := io.ReadFull(response.Body, start[:])
	text := strings.ToLower(string(start[:n]))
	for _, hint := range []string{"http request to an https server", "http request was sent to https", "http to an ssl-enabled server"} {
		if strings.Contains(text, hint) {
			_ = response.Body.Close()
			return &RequestError{endpoint: u.Scheme + "://" + u.Host, reason: errSpeakTLS.Error(), isFinal: true, err: errSpeakTLS}
		}
	}
	rest := io.Reader(response.Body)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		rest = errorReader{err}
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(strings.NewReader(string(start[:n])), rest), response.Body}
	return nil
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// A failedCall is the error of a call that took several attempts, or one that the
// SDK would describe in its own words.
type failedCall struct { //nolint:errname // it describes a call
	attempts int
	err      error // the SDK's
}

// Error says what failed, without the SDK's layers.
func (e *failedCall) Error() string { return CauseText(e.err) + e.tried() }

func (e *failedCall) tried() string {
	if e.attempts < 2 {
		return ""
	}
	return fmt.Sprintf(", tried %d times", e.attempts)
}

// Unwrap returns the SDK's error.
func (e *failedCall) Unwrap() error { return e.err }

// TriedText is ", tried 6 times" where that is known of err.
func TriedText(err error) string {
	var failed *failedCall
	if errors.As(err, &failed) {
		return failed.tried()
	}
	return ""
}

// Attempts returns how many attempts the call made whose error err is, 0 where that
// is not known.
func Attempts(err error) int {
	var failed *failedCall
	if errors.As(err, &failed) {
		return failed.attempts
	}
	return 0
}

// PlainText says what failed and how often it was tried, without the SDK's words.
func PlainText(err error) string {
	text, tried := CauseText(err), TriedText(err)
	if strings.Contains(text, tried) { // of a call whose error is part of this one
		return text
	}
	return text + tried
}

// CauseText leaves out what the SDK says about itself ("operation error S3: …,
// exceeded maximum number of attempts, 6, https response error StatusCode: 0,
// RequestID: , HostID: , …").
func CauseText(err error) string {
	var final *s3err.FinalError
	if errors.As(err, &final) {
		return final.Error() // no answer, but this package or one that uses it
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		if code, message := s3err.Text(api.ErrorCode()), s3err.Text(api.ErrorMessage()); code != "" && message != "" && message != code {
			return code + ": " + message
		}
		return s3err.Text(api.ErrorCode() + api.ErrorMessage())
	}
	for isSDKLayer(err) {
		inner := errors.Unwrap(err)
		if inner == nil {
			break
		}
		err = inner
	}
	text := err.Error()
	if call := (*smithy.OperationError)(nil); errors.As(err, &call) { // whose text is part of this one
		text = strings.Replace(text, call.Error(), PlainText(call), 1)
	}
	return text
}

// isSDKLayer reports whether err says nothing that the error that it wraps does not.
func isSDKLayer(err error) bool {
	switch err.(type) { //nolint:errorlint // the outermost layer is the question
	case *smithy.OperationError, *retry.MaxAttemptsError, *smithyhttp.RequestSendError, *smithy.CanceledError, *aws.RequestCanceledError,
		*smithy.DeserializationError, *smithy.SerializationError, *retryError, *failedCall,
		interface{ HTTPStatusCode() int }: // the three kinds of ResponseError
		return true
	}
	return false
}
