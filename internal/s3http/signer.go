package s3http

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// A Signer signs what boto3 signs, with the server's time. A front end may change
// the headers that it leaves out: Google's and Cloudflare's rewrite Accept-Encoding.
type Signer struct {
	next  *v4.Signer
	clock *Clock
}

// NewSigner returns a signer that takes the time from clock.
func NewSigner(clock *Clock, optFns ...func(*v4.SignerOptions)) *Signer {
	return &Signer{next: v4.NewSigner(optFns...), clock: clock}
}

// isUnsigned reports whether a header is left out of the signature. The SDK's signer
// itself leaves out User-Agent, X-Amzn-Trace-Id, Expect and Transfer-Encoding.
func isUnsigned(name string) bool {
	switch name {
	case "Accept-Encoding", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "Connection", "Content-Length":
		return true
	}
	return false
}

// SignHTTP signs a request.
func (s *Signer) SignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string, _ time.Time, optFns ...func(*v4.SignerOptions)) error {
	signed := *r
	signed.ContentLength = 0 // which would be signed
	signed.Header = make(http.Header, len(r.Header)+3)
	for name, values := range r.Header {
		if !isUnsigned(name) {
			signed.Header[name] = values
		}
	}
	if err := s.next.SignHTTP(ctx, credentials, &signed, payloadHash, service, region, s.clock.Now(), optFns...); err != nil {
		return err
	}
	for name, values := range signed.Header {
		r.Header[name] = values
	}
	r.Host = signed.Host
	return nil
}

// PresignHTTP signs a request in its URL, with the server's time.
func (s *Signer) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string, _ time.Time, optFns ...func(*v4.SignerOptions)) (string, http.Header, error) {
	return s.next.PresignHTTP(ctx, credentials, r, payloadHash, service, region, s.clock.Now(), optFns...)
}
