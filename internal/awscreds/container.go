// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/lithops-go/lithopss3/internal/dateutil"
)

// The limits of botocore.utils.ContainerMetadataFetcher.
const (
	containerAddress  = "169.254.170.2"
	containerAttempts = 3
	containerPause    = time.Second
	containerTimeout  = 2 * time.Second
)

// containerHosts may be asked without TLS, as loopback addresses may.
var containerHosts = []string{containerAddress, "169.254.170.23", "fd00:ec2::23", "localhost"}

// Container returns the provider of the credentials service of ECS, EKS and Lambda
// (botocore.credentials.ContainerProvider).
func (p *Providers) Container() Provider {
	return Provider{nameContainer, func(ctx context.Context) (*aws.Credentials, error) {
		return p.Metadata.container(ctx, p.Settings.Lookup)
	}}
}

func (m *Metadata) container(ctx context.Context, env lookup) (*aws.Credentials, error) {
	address, ok := env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
	if ok {
		address = "http://" + containerAddress + address
	} else if address, ok = env("AWS_CONTAINER_CREDENTIALS_FULL_URI"); !ok {
		return nil, skip("neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set")
	}
	token, err := containerToken(env)
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
			if err := m.Sleep(ctx, containerPause); err != nil {
				return nil, err
			}
		}
		if body, err = m.askContainer(ctx, address, token); err == nil {
			return parseContainer(body)
		}
	}
	return nil, failure(kindRetrieval, "the container's credentials service at %s, asked %d times: %w", host, containerAttempts, err)
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

// containerToken returns the authorization. A file takes precedence.
func containerToken(env lookup) (string, error) {
	token := env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
	if path, ok := env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); ok {
		var err error
		if token, err = readTokenFile(path, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE "+path); err != nil {
			return "", err
		}
	}
	if strings.ContainsAny(token, "\r\n") {
		return "", failure("ValueError", "the container authorization token has a line break, which no header may have")
	}
	return token, nil
}

func (m *Metadata) askContainer(ctx context.Context, address, token string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, containerTimeout)
	defer cancel()
	header := http.Header{"Accept": {"application/json"}}
	if token != "" {
		header.Set("Authorization", token)
	}
	status, body, err := m.do(ctx, http.MethodGet, address, header)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("HTTP %d", status)
	}
	if err == nil && !json.Valid(body) {
		err = fmt.Errorf("the answer is not JSON")
	}
	return body, err
}

func parseContainer(body []byte) (*aws.Credentials, error) {
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, failure(kindRetrieval, "the container's credentials service answered with something else than a JSON object")
	}
	values := map[string]string{}
	for _, name := range []string{"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} {
		value, ok := fields[name]
		if !ok {
			return nil, failure("KeyError", "the container's credentials service answered without %s", name)
		}
		values[name], _ = value.(string) // a null counts as empty
	}
	expires, err := dateutil.Parse(values["Expiration"])
	if err != nil {
		return nil, failure(kindParser, "the container's credentials service: Expiration: %w", err)
	}
	return checkAnswer(temporary(values["AccessKeyId"], values["SecretAccessKey"], values["Token"], expires), "the container's credentials service")
}
