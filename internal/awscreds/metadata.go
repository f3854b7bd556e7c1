// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Metadata asks the metadata services of containers and instances.
type Metadata struct {
	// Transport carries the requests: without a proxy, and apart from those to S3.
	Transport http.RoundTripper
	// Sleep waits between attempts, or returns the context's error.
	Sleep func(context.Context, time.Duration) error
}

// maxAnswer bounds what a metadata service or a process may answer, in bytes.
const maxAnswer = 1 << 20

// do makes one request; an answer is bounded.
func (m *Metadata) do(ctx context.Context, method, address string, header http.Header) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return 0, nil, errors.New("the address is not a URL") // err would print it
	}
	request.Header = header
	response, err := m.Transport.RoundTrip(request)
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
