// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"fmt"
	"net/http"

	"github.com/lithops-go/lithopss3/internal/s3err"
	"github.com/lithops-go/lithopss3/internal/validate"
)

// checkCustomerKey returns an error for a request that would send a customer's key
// (SSE-C) over a network without encryption. All requests pass it, because the header
// has the key itself.
func checkCustomerKey(request *http.Request) error {
	if request.URL.Scheme == "https" {
		return nil
	}
	header := request.Header
	hasKey := header["X-Amz-Server-Side-Encryption-Customer-Key"] != nil || header["X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key"] != nil
	if !hasKey || validate.IsLoopback(request.URL.Hostname()) {
		return nil
	}
	return s3err.Final(fmt.Errorf("a customer's key (SSE-C) is not sent to %s over plain http: use an https endpoint", request.URL.Host))
}
