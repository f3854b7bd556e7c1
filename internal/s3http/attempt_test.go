// SPDX-License-Identifier: Apache-2.0

package s3http

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestIsSkewed checks that a refusal is the clock's if the signature's time and the
// answer's differ, whatever other requests have done to the clock.
func TestIsSkewed(t *testing.T) {
	t.Parallel()
	signed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	answered := func(status int, off time.Duration) *http.Response {
		return &http.Response{
			StatusCode: status, Header: http.Header{"Date": {signed.Add(off).Format(http.TimeFormat)}},
			Request: &http.Request{Header: http.Header{"X-Amz-Date": {signed.Format("20060102T150405Z")}}},
		}
	}
	for status, refuses := range map[int]bool{200: false, 400: true, 401: true, 403: true, 404: false, 500: false} {
		for off, differs := range map[time.Duration]bool{
			0: false, maxSkew: false, -maxSkew: false, maxSkew + time.Second: true, -maxSkew - time.Second: true, 24 * time.Hour: true,
		} {
			assert.Equal(t, refuses && differs, IsSkewed(answered(status, off)), "%d, off by %s", status, off)
		}
	}

	assert.False(t, IsSkewed(nil))
	for name, change := range map[string]func(*http.Response){
		"no request":   func(r *http.Response) { r.Request = nil },
		"not signed":   func(r *http.Response) { r.Request.Header.Del("X-Amz-Date") },
		"odd date":     func(r *http.Response) { r.Header.Set("Date", "yesterday") },
		"no date":      func(r *http.Response) { r.Header.Del("Date") },
		"from a cache": func(r *http.Response) { r.Header.Set("Age", "7200") },
	} {
		answer := answered(http.StatusForbidden, time.Hour)
		change(answer)
		assert.False(t, IsSkewed(answer), name)
	}
}
