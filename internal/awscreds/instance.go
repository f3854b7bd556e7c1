// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/dateutil"
	"github.com/lithops-go/lithopss3/internal/s3http"
)

// Instance metadata, as botocore.utils.InstanceMetadataFetcher asks for it.
const (
	instanceURL     = "http://169.254.169.254/"
	instanceURLIPv6 = "http://[fd00:ec2::254]/"
	rolePath        = "latest/meta-data/iam/security-credentials/"
)

// errNothing is the cause of a skip if the service says nothing of use.
var errNothing = errors.New("no answer")

// Instance returns the provider of EC2's instance metadata service
// (botocore.credentials.InstanceMetadataProvider).
func (p *Providers) Instance() Provider {
	return Provider{nameInstance, func(ctx context.Context) (*aws.Credentials, error) {
		return p.Metadata.instance(ctx, p.Instances)
	}}
}

// instance skips a service that is missing or does not help.
func (m *Metadata) instance(ctx context.Context, settings awsconfig.Metadata) (*aws.Credentials, error) {
	if settings.Disabled {
		return nil, skip("AWS_EC2_METADATA_DISABLED is true")
	}
	base := instanceURL
	switch {
	case settings.Endpoint != "":
		base = strings.TrimSuffix(settings.Endpoint, "/") + "/"
	case settings.IPv6:
		base = instanceURLIPv6
	}
	client := &instanceClient{metadata: m, settings: settings, base: base}
	found, err := client.credentials(ctx)
	var known *Error
	if err == nil || errors.As(err, &known) || ctx.Err() != nil {
		return found, err
	}
	return nil, skip("the instance metadata service at " + base + ": " + err.Error())
}

// An instanceClient gets credentials once.
type instanceClient struct {
	metadata *Metadata
	settings awsconfig.Metadata
	base     string
	token    string
}

func (c *instanceClient) credentials(ctx context.Context) (*aws.Credentials, error) {
	if err := c.fetchToken(ctx); err != nil {
		return nil, err
	}
	if c.token == "" && c.settings.V1Disabled {
		return nil, failure("MetadataRetrievalError", "the instance metadata service gave no token for IMDSv2, and IMDSv1 is disabled")
	}
	role, err := c.get(ctx, rolePath, func([]byte) bool { return true })
	if err != nil {
		return nil, err
	}
	body, err := c.get(ctx, rolePath+string(role), json.Valid)
	if err != nil {
		return nil, err
	}
	return parseInstance(body)
}

// fetchToken gets a token for IMDSv2. Without one IMDSv1 is tried, but not after
// a 400, which says that the request was bad.
func (c *instanceClient) fetchToken(ctx context.Context) error {
	for range c.settings.Attempts {
		status, body, err := c.ask(ctx, http.MethodPut, "latest/api/token", http.Header{"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": {"21600"}})
		var timeout net.Error
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &timeout) && timeout.Timeout() && !s3http.IsDial(err), errors.Is(err, context.DeadlineExceeded) && !s3http.IsDial(err):
			return nil
		case err != nil:
			continue
		case status == http.StatusOK:
			c.token = string(body)
			return nil
		case status == http.StatusBadRequest:
			return errNothing
		case status == http.StatusNotFound, status == http.StatusForbidden, status == http.StatusMethodNotAllowed:
			return nil
		}
	}
	return nil
}

func (c *instanceClient) get(ctx context.Context, path string, good func([]byte) bool) ([]byte, error) {
	header := http.Header{}
	if c.token != "" {
		header.Set("X-Aws-Ec2-Metadata-Token", c.token)
	}
	problem := errNothing
	for range c.settings.Attempts {
		status, body, err := c.ask(ctx, http.MethodGet, path, header)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			problem = err
		case status != http.StatusOK:
			problem = fmt.Errorf("HTTP %d", status)
		case len(body) == 0:
			problem = errors.New("the answer is empty")
		case !good(body):
			problem = errors.New("the answer is not JSON")
		default:
			return body, nil
		}
	}
	return nil, problem
}

func (c *instanceClient) ask(ctx context.Context, method, path string, header http.Header) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	return c.metadata.do(ctx, method, c.base+path, header)
}

func parseInstance(body []byte) (*aws.Credentials, error) {
	var raw map[string]any
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, errors.New("the answer is not a JSON object")
	}
	fields := map[string]string{}
	for _, name := range []string{"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} {
		value, ok := raw[name].(string)
		if !ok || value == "" {
			return nil, errors.New("the answer has no " + name)
		}
		fields[name] = value
	}
	expires, err := dateutil.Parse(fields["Expiration"])
	if err != nil {
		return nil, failure(kindParser, "the instance metadata service: Expiration: %w", err)
	}
	return temporary(fields["AccessKeyId"], fields["SecretAccessKey"], fields["Token"], extend(expires, time.Now())), nil
}

// extend gives credentials that the service should have renewed some more
// minutes: while it has trouble, old ones still work for S3 more often than none.
func extend(expires, now time.Time) time.Time {
	window := 10*time.Minute + 2*time.Minute + rand.N(8*time.Minute) + 5*time.Minute
	if now.Before(expires.Add(-window)) {
		return expires
	}
	return now.Add(window)
}
