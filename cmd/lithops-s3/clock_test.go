// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestClockAheadOfServer checks that a machine whose clock is 25 hours ahead does not
// abort an upload that began a minute ago, and that doctor says how far the clock is
// off.
func TestClockAheadOfServer(t *testing.T) {
	const ahead = 25 * time.Hour
	aborts := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Add(-ahead).UTC()
		w.Header().Set("Date", now.Format(http.TimeFormat))
		switch {
		case r.Method == http.MethodDelete:
			aborts++
			w.WriteHeader(http.StatusNoContent)
		case r.URL.Query().Has("uploads"):
			begun := func(age time.Duration) string { return now.Add(-age).Format(time.RFC3339) }
			_, _ = fmt.Fprintf(w, "<ListMultipartUploadsResult><Upload><Key>young</Key><UploadId>a</UploadId><Initiated>%s</Initiated></Upload>"+
				"<Upload><Key>old</Key><UploadId>b</UploadId><Initiated>%s</Initiated></Upload></ListMultipartUploadsResult>", begun(time.Minute), begun(48*time.Hour))
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	testkit.SetEnv(t, map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_DEFAULT_REGION": "us-east-1",
		"HOME": t.TempDir(), "LITHOPS_CONFIG": `{"lithops": {"storage": "aws_s3"}, "aws_s3": {"storage_bucket": "bucket"}}`,
	})
	code, out, problems := command(t.Context(), "uploads", "bucket", "--abort")
	require.Zero(t, code, problems)
	assert.Contains(t, out, "old")
	assert.NotContains(t, out, "young")
	assert.Equal(t, 1, aborts)
	_, out, _ = command(t.Context(), "doctor")
	assert.Regexp(t, `clock skew: +(8999|9000)\d s`, out)
	assert.Contains(t, out, "this machine's clock is off by")
}
