package boto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/boundedfile"
	"github.com/lithops-go/lithopss3/internal/dateutil"
)

// The limits of botocore.utils.ContainerMetadataFetcher.
const (
	containerAddress  = "169.254.170.2"
	containerAttempts = 3
	containerPause    = time.Second
	containerTimeout  = 2 * time.Second
	maxAnswer         = 1 << 20
)

// containerHosts may be asked over plain http beside loopback addresses.
var containerHosts = []string{containerAddress, "169.254.170.23", "fd00:ec2::23", "localhost"}

// A Fetcher makes the requests to metadata services.
type Fetcher struct {
	// Transport carries the requests: without a proxy, and apart from S3's.
	Transport http.RoundTripper
	// Sleep waits between attempts.
	Sleep func(context.Context, time.Duration) error
}

// Container asks the service of ECS, EKS or Lambda (botocore.credentials.ContainerProvider).
// Nil credentials without an error mean that the environment names none.
func (f *Fetcher) Container(ctx context.Context, lookup Lookup) (*aws.Credentials, error) {
	address, ok := lookup("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
	if ok {
		address = "http://" + containerAddress + address
	} else if address, ok = lookup("AWS_CONTAINER_CREDENTIALS_FULL_URI"); !ok {
		return nil, nil
	}
	token, err := containerToken(lookup)
	if err != nil {
		return nil, err
	}
	host, err := containerHost(address)
	if err != nil {
		return nil, err
	}
	var body []byte
	for attempt := range containerAttempts {
		if attempt > 0 {
			if err := f.Sleep(ctx, containerPause); err != nil {
				return nil, err
			}
		}
		if body, err = f.askContainer(ctx, address, token); err == nil {
			return parseContainer(body)
		}
	}
	return nil, failure("CredentialRetrievalError", "the container's credentials service at %s, asked %d times: %w", host, containerAttempts, err)
}

// containerHost checks where the token may go. It never prints the address, whose
// path alone gets the credentials from ECS.
func containerHost(address string) (string, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Hostname() == "" {
		return "", failure("ValueError", "AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL")
	}
	host := strings.ToLower(parsed.Hostname())
	if ip := net.ParseIP(host); parsed.Scheme == "https" || slices.Contains(containerHosts, host) || (ip != nil && ip.IsLoopback()) {
		return host, nil
	}
	return "", failure("ValueError", "AWS_CONTAINER_CREDENTIALS_FULL_URI names the host %s over http; only loopback addresses and %s may be", host, strings.Join(containerHosts, ", "))
}

// containerToken reads the authorization, of which a file wins.
func containerToken(lookup Lookup) (string, error) {
	token := lookup.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
	if path, ok := lookup("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); ok {
		data, err := boundedfile.Read(path, MaxFile)
		if err != nil {
			return "", failure("FileNotFoundError", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: %w", err)
		}
		token = string(data)
	}
	if strings.ContainsAny(token, "\r\n") {
		return "", failure("ValueError", "the container authorization token has a line break, which no header may have")
	}
	return token, nil
}

func (f *Fetcher) askContainer(ctx context.Context, address, token string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, containerTimeout)
	defer cancel()
	header := http.Header{"Accept": {"application/json"}}
	if token != "" {
		header.Set("Authorization", token)
	}
	status, body, err := f.do(ctx, http.MethodGet, address, header)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("HTTP %d", status)
	}
	if err == nil && !json.Valid(body) {
		err = fmt.Errorf("the answer is not JSON")
	}
	return body, err
}

// do makes one request; an answer is bounded.
func (f *Fetcher) do(ctx context.Context, method, address string, header http.Header) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return 0, nil, errors.New("the address is not a URL") // err would print it
	}
	request.Header = header
	response, err := f.Transport.RoundTrip(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if len(body) > maxAnswer {
		return 0, nil, fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	}
	return response.StatusCode, body, err
}

func parseContainer(body []byte) (*aws.Credentials, error) {
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, failure("CredentialRetrievalError", "the container's credentials service answered with something else than a JSON object")
	}
	values := map[string]string{}
	for _, name := range []string{"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} {
		value, ok := fields[name]
		if !ok {
			return nil, failure("KeyError", "the container's credentials service answered without %s", name)
		}
		values[name], _ = value.(string) // a null is as good as nothing
	}
	expires, err := dateutil.Parse(values["Expiration"])
	if err != nil {
		return nil, failure("ParserError", "the container's credentials service: Expiration: %w", err)
	}
	return checkAnswer(temporary(values["AccessKeyId"], values["SecretAccessKey"], values["Token"], expires), "the container's credentials service")
}
