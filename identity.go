// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/s3http"
	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// An Identity says which credentials, region and servers a Store uses, and why. It holds
// no secret.
type Identity struct {
	AccessKeyID     string
	Source          string // boto3's name of the source that won, for example "env"; or "Options.AWS", "Options.Credentials"
	Profile         string // the profile that was looked into
	HasSessionToken bool
	Expires         time.Time     // zero for credentials that do not expire
	Tried           []TriedSource // the sources before the one that won, and why they did not apply
	Endpoints       Endpoints
	Region          string
	RegionSource    string
	Warnings        []string // of servers that are asked without encryption
}

// Endpoints are where requests go.
type Endpoints struct {
	S3, S3Source   string // the URL, and the setting that named it; "" for AWS's own
	STS, STSSource string
	Addressing     string // "path" or "virtual": where a request names its bucket
}

// Identity asks the chain of credentials, as the first operation does, and says
// what it found. On an error it is filled as far as it is known.
func (s *Store) Identity(ctx context.Context) (*Identity, error) {
	identity := &Identity{Profile: s.session.settings.ProfileName(), Region: s.session.region, RegionSource: s.session.regionSource}
	identity.Warnings = s.session.insecureEndpoints()
	var err error
	if identity.Endpoints, err = s.session.endpoints(ctx); err != nil {
		return identity, err
	}
	found, err := s.session.credentials.Retrieve(ctx)
	s.session.mu.Lock()
	identity.Tried = s.session.tried
	s.session.mu.Unlock()
	if failed := (*CredentialsError)(nil); errors.As(err, &failed) {
		return identity, failed
	}
	if err != nil {
		return identity, err
	}
	identity.AccessKeyID, identity.Source, identity.HasSessionToken = found.AccessKeyID, found.Source, found.SessionToken != ""
	if found.CanExpire {
		identity.Expires = found.Expires
	}
	return identity, nil
}

// exampleBucket is a name that says nothing about addressing but the rules.
const exampleBucket = "my-bucket"

// endpoints asks the rule sets that the clients ask.
func (s *session) endpoints(ctx context.Context) (Endpoints, error) {
	result := Endpoints{S3Source: s.s3.URLSource, STSSource: s.sts.URLSource, Addressing: "path"}
	bucket := exampleBucket
	ofBucket, err := s3client.NewResolver(&s.s3).ResolveEndpoint(ctx, s3.EndpointParameters{Region: &s.region, Endpoint: optional(s.s3.URL), Bucket: &bucket})
	if err == nil && strings.HasPrefix(ofBucket.URI.Host, bucket+".") {
		result.Addressing = "virtual"
	}
	ofS3, err := s3client.NewResolver(&s.s3).ResolveEndpoint(ctx, s3.EndpointParameters{Region: &s.region, Endpoint: optional(s.s3.URL)})
	if err != nil {
		return result, publicError(&awsconfig.Error{Kind: awsconfig.KindResolution, Reason: err.Error(), Err: err})
	}
	ofSTS, err := s.providers.Services.STSEndpoint(ctx)
	if err != nil {
		return result, publicError(err)
	}
	result.S3, result.STS = sanitize.URL(ofS3.URI.String()), sanitize.URL(ofSTS)
	return result, nil
}

// PutRequest returns the URL and the headers of the request that would put an empty
// object, without sending it. The signature and the session token are left out.
func (s *Store) PutRequest(ctx context.Context, bucket, key string) (url string, header http.Header, err error) {
	if err := checkNames("PutRequest", bucket, key); err != nil {
		return "", nil, err
	}
	var sent *http.Request
	stop := roundTripper(func(r *http.Request) (*http.Response, error) {
		sent = r
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{"Etag": {`"e"`}}, Request: r}, nil
	})
	_, err = call(ctx, s, bucket, &s3.PutObjectInput{Bucket: &bucket, Key: &key}, s.client.PutObject, func(o *s3.Options) {
		o.HTTPClient = &s3http.Client{Transport: stop, Peer: &s3http.Peer{}}
		o.Retryer = aws.NopRetryer{}
		o.DisableS3ExpressSessionAuth = aws.Bool(true) // a session would be asked for
	})
	if err != nil || sent == nil {
		return "", nil, wrapError("PutRequest", bucket, key, err)
	}
	header = sent.Header.Clone()
	header.Del("Authorization")
	header.Del("X-Amz-Security-Token")
	at := *sent.URL
	at.RawQuery, at.User = "", nil
	return at.String(), header, nil
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
