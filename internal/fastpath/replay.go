// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"io"
	"net/http"

	"github.com/lithops-go/lithopss3/internal/s3http"
)

// A replayedAttempt is an HTTP client for one call of the SDK. It answers the SDK's
// first attempt with the outcome of the one that was made without it, and sends the
// attempts after that.
type replayedAttempt struct {
	next  *s3http.Client
	first outcome
	given bool
}

// Do answers the first attempt and sends the others.
func (a *replayedAttempt) Do(request *http.Request) (*http.Response, error) {
	if a.given {
		return a.next.Do(request)
	}
	a.given = true
	if request.Body != nil {
		// The SDK returns the checksum of what was sent.
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return nil, err
		}
	}
	return a.first.response, a.first.err
}

// close closes an answer that the SDK did not ask for, because the context was done.
func (a *replayedAttempt) close() {
	if !a.given && a.first.response != nil {
		_ = a.first.response.Body.Close()
	}
}
