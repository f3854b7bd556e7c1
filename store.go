// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/lithops-go/lithopss3/internal/awscreds"
	"github.com/lithops-go/lithopss3/internal/fastpath"
	"github.com/lithops-go/lithopss3/internal/flight"
	"github.com/lithops-go/lithopss3/internal/readahead"
	"github.com/lithops-go/lithopss3/internal/s3client"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// A Store is the storage that a Lithops configuration describes, on S3. It is
// safe for concurrent use. It implements [Storage].
type Store struct {
	client  *s3.Client
	fast    *fastpath.Client   // some of s3.Client's methods, faster
	sts     func() *sts.Client // made when it is asked for
	session *session
	config  Config
	log     *slog.Logger
	bucket  userBucket
	s3      *s3client.Client
	pace    pace
	peer    s3http.Peer // the S3 server
	close   func()
	others  otherServices

	accountRegional bool
	parallelRange   int             // the size of the ranges of GetOptions.Parallel, in bytes
	ahead           *readahead.Pool // for other bodies that are read ahead
	quickest        quickest        // of the responses to gets
}

var _ Storage = (*Store)(nil)

// userBucket is the bucket that Lithops makes for a user, once its name is known.
type userBucket struct {
	asking  flight.Flight[string]
	mu      sync.Mutex
	name    string
	account string
}

// owner is the account that must own bucket, or "".
func (b *userBucket) owner(bucket string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bucket == "" || bucket != b.name {
		return ""
	}
	return b.account
}

func (b *userBucket) known() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.name
}

// Config returns the configuration that the Store was opened with.
func (s *Store) Config() Config { return s.config }

// call makes one request to bucket: it demands the bucket's owner, and follows it into
// its region. The request's body must be one that can be sent again.
func call[In, Out any](ctx context.Context, s *Store, bucket string, in *In,
	send func(context.Context, *In, ...func(*s3.Options)) (*Out, error), options ...func(*s3.Options),
) (*Out, error) {
	return s3client.Call(ctx, s.s3, bucket, in, send, options...)
}

// Format writes the region and the configuration's bucket, whatever the verb:
// what a Store is made of has secrets.
func (s *Store) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "lithopss3.Store{Region: %q, StorageBucket: %q}", s.session.region, s.config.StorageBucket)
}

// Close drops the idle connections of the Store. Operations in progress continue, and
// the Store can still be used; it then makes new connections.
func (s *Store) Close() error {
	s.close()
	s.others.close()
	return nil
}

// ServerTime returns the time by the S3 server's clock, to about a second: this
// machine's clock, corrected by the header Date of the latest answers. Before the
// first answer it is this machine's. Use it to tell how old something is that the
// server dates, such as an object's LastModified.
func (s *Store) ServerTime() time.Time { return s.peer.Clock.Now() }

// Client returns the SDK's client, for operations that this package has no method for.
// It does not follow a bucket into another region, and does not demand its owner: set
// ExpectedBucketOwner, see [BucketStatus]. If its log is turned on, it has no secret.
func (s *Store) Client() *s3.Client { return s.client }

// Region returns the region that requests are signed for, unless their bucket is found
// in another one.
func (s *Store) Region() string { return s.session.region }

// RegionSource returns where Region is from: a key of the configuration, an
// environment variable, a profile, or "default".
func (s *Store) RegionSource() string { return s.session.regionSource }

// AWSConfig returns a configuration for other services of AWS, with what this Store
// found by the rules of Lithops and boto3: the region, the credentials, which are
// renewed, the endpoint for all services (AWS_ENDPOINT_URL), and an HTTP client with
// the proxies and certificates of AWS's settings, whose connections Close drops. Retries
// are the SDK's own. For S3, use Client: a client made of this configuration does not
// have the endpoint of S3 alone (AWS_ENDPOINT_URL_S3), nor the form of its URLs.
func (s *Store) AWSConfig() aws.Config {
	config := aws.Config{
		Region:      s.session.region,
		Credentials: s.session.credentials,
		AppID:       s.session.settings.AppID(),
		HTTPClient: &http.Client{
			Transport:     s.others.get(s.session),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if s.session.isAnonymous {
		config.Credentials = aws.AnonymousCredentials{}
	}
	// A wrong endpoint is an error to those who ask there.
	if endpoint, err := s.session.settings.Endpoint("", ""); err == nil {
		config.BaseEndpoint = optional(endpoint.Text)
	}
	return config
}

// otherServices has the connections of AWSConfig, which are made when it is called.
type otherServices struct {
	mu        sync.Mutex
	transport *s3http.Transport
}

func (o *otherServices) get(session *session) *s3http.Transport {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.transport == nil {
		o.transport = session.transport(awscreds.Timeout, false)
	}
	return o.transport
}

func (o *otherServices) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.transport != nil {
		o.transport.CloseIdleConnections()
	}
}
