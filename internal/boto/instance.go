package boto

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
	"github.com/lithops-go/lithopss3/internal/dateutil"
)

// Instance metadata, as botocore.utils.InstanceMetadataFetcher asks for it.
const (
	instanceURL     = "http://169.254.169.254/"
	instanceURLIPv6 = "http://[fd00:ec2::254]/"
	rolePath        = "latest/meta-data/iam/security-credentials/"
)

// InstanceSettings are the settings of the instance metadata source.
type InstanceSettings struct {
	Endpoint   string // empty for the well-known address
	IPv6       bool
	Disabled   bool
	V1Disabled bool
	Timeout    time.Duration
	Attempts   int
}

// errNothing is an answer from which there is nothing to learn; the chain goes on.
var errNothing = errors.New("no answer")

// Instance asks the metadata service of EC2. Nil credentials mean that there is
// none, or none that helps, with the reason.
func (f *Fetcher) Instance(ctx context.Context, settings InstanceSettings) (found *aws.Credentials, why string, err error) {
	if settings.Disabled {
		return nil, "AWS_EC2_METADATA_DISABLED is true", nil
	}
	base := instanceURL
	switch {
	case settings.Endpoint != "":
		base = strings.TrimRight(settings.Endpoint, "/") + "/"
	case settings.IPv6:
		base = instanceURLIPv6
	}
	client := &instance{fetcher: f, settings: settings, base: base}
	found, err = client.credentials(ctx)
	var known *Error
	if err == nil || errors.As(err, &known) || ctx.Err() != nil {
		return found, "", err
	}
	return nil, "the instance metadata service at " + base + ": " + err.Error(), nil
}

// instance is one conversation with the service.
type instance struct {
	fetcher  *Fetcher
	settings InstanceSettings
	base     string
	token    string
}

func (c *instance) credentials(ctx context.Context) (*aws.Credentials, error) {
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
func (c *instance) fetchToken(ctx context.Context) error {
	for range c.settings.Attempts {
		status, body, err := c.ask(ctx, http.MethodPut, "latest/api/token", http.Header{"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": {"21600"}})
		var timeout net.Error
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &timeout) && timeout.Timeout() && !isDial(err), errors.Is(err, context.DeadlineExceeded) && !isDial(err):
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

func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func (c *instance) get(ctx context.Context, path string, good func([]byte) bool) ([]byte, error) {
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

func (c *instance) ask(ctx context.Context, method, path string, header http.Header) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	return c.fetcher.do(ctx, method, c.base+path, header)
}

func parseInstance(body []byte) (*aws.Credentials, error) {
	var fields map[string]string
	var raw map[string]any
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, errors.New("the answer is not a JSON object")
	}
	fields = map[string]string{}
	for _, name := range []string{"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} {
		value, ok := raw[name].(string)
		if !ok || value == "" {
			return nil, errors.New("the answer has no " + name)
		}
		fields[name] = value
	}
	expires, err := dateutil.Parse(fields["Expiration"])
	if err != nil {
		return nil, failure("ParserError", "the instance metadata service: Expiration: %w", err)
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
