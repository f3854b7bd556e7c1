// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
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

// unsigned are the headers that are left out of the signature. The SDK's signer
// itself leaves out User-Agent, X-Amzn-Trace-Id, Expect and Transfer-Encoding.
var unsigned = [...]string{"Accept-Encoding", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "Connection", "Content-Length"}

// SignHTTP signs a request, which is one attempt's own: what must not be signed is
// taken out of it meanwhile, because a copy of the request costs ten allocations.
func (s *Signer) SignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string, _ time.Time, optFns ...func(*v4.SignerOptions)) error {
	length := r.ContentLength
	r.ContentLength = 0 // which would be signed
	var kept [len(unsigned)][]string
	for i, name := range unsigned {
		if values, ok := r.Header[name]; ok {
			kept[i] = values
			delete(r.Header, name)
		}
	}
	tabbed := replaceTabs(r.Header)
	err := s.next.SignHTTP(ctx, credentials, r, payloadHash, service, region, s.clock.Now(), optFns...)
	maps.Copy(r.Header, tabbed)
	r.ContentLength = length
	for i, name := range unsigned {
		if kept[i] != nil {
			r.Header[name] = kept[i]
		}
	}
	return err
}

// PresignHTTP signs a request in its URL, with the server's time.
func (s *Signer) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string, _ time.Time, optFns ...func(*v4.SignerOptions)) (string, http.Header, error) {
	tabbed := replaceTabs(r.Header)
	url, signed, err := s.next.PresignHTTP(ctx, credentials, r, payloadHash, service, region, s.clock.Now(), optFns...)
	maps.Copy(r.Header, tabbed)
	for name, values := range tabbed {
		if _, ok := signed[name]; ok {
			signed[name] = values
		}
	}
	return url, signed, err
}

// replaceTabs puts spaces for the tabs in a header's values, and returns the values that
// had any. Servers join white space in what is signed, as boto3 does; the SDK's signer
// joins only spaces, so that a tab in metadata or a content type was a wrong signature.
func replaceTabs(header http.Header) map[string][]string {
	var tabbed map[string][]string
	for name, values := range header {
		if !slices.ContainsFunc(values, hasTab) {
			continue
		}
		if tabbed == nil {
			tabbed = map[string][]string{}
		}
		tabbed[name] = values
		header[name] = slices.Clone(values)
		for i, value := range values {
			header[name][i] = strings.ReplaceAll(value, "\t", " ")
		}
	}
	return tabbed
}

func hasTab(text string) bool { return strings.Contains(text, "\t") }
