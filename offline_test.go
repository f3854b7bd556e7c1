// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOffline checks that with Options.Offline no request is sent, to S3 or for
// credentials of any source, and that the error says so at once.
func TestOffline(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]scenario{
		"keys":      {Env: map[string]string{"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}},
		"role":      {Files: map[string]string{".aws/config": roleProfile}},
		"container": {Env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{STUB}/container"}},
		"instance":  {Env: map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT": "{STUB}"}, IMDS: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
			t.Cleanup(server.Close)
			_, lookup := c.lay(t, server.URL)
			synctest.Test(t, func(t *testing.T) {
				store, err := New(t.Context(), &Config{Region: "us-east-1"}, &Options{Offline: true, Endpoint: server.URL, STSEndpoint: server.URL, LookupEnv: lookup})
				require.NoError(t, err)
				began := time.Now()
				_, err = store.HeadObject(t.Context(), "bucket", "key")
				require.Error(t, err)
				if name != "instance" { // which does not apply then
					require.ErrorContains(t, err, ErrOffline.Error())
				}
				require.Error(t, store.PutObject(t.Context(), "bucket", "key", strings.NewReader("x"), nil))
				_, err = store.Bucket(t.Context())
				require.Error(t, err)
				assert.Zero(t, asked.Load())
				assert.Zero(t, time.Since(began), "nothing is tried again")
			})
		})
	}
}
