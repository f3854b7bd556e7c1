// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/lithops-go/lithopss3/internal/devs3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDoctorTriesConditions puts with a condition that can't be met, deletes what a server
// stores in spite of it, and writes nothing to another account's bucket.
func TestDoctorTriesConditions(t *testing.T) {
	static := "aws_s3:\n  storage_bucket: some-bucket\n"
	for name, test := range map[string]struct {
		ignores    bool
		owner      devs3.Credential
		conditions string
		tries      bool
	}{
		"kept":              {owner: ann, conditions: "kept", tries: true},
		"ignored":           {owner: ann, ignores: true, conditions: "ignored", tries: true},
		"another account's": {owner: ben, conditions: "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			put, deleted := map[string]bool{}, map[string]bool{}
			server, err := devs3.Start(&devs3.Options{Credentials: []devs3.Credential{ann, ben}, Wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if strings.Contains(r.URL.Path, "lithops-s3-doctor-") {
						mu.Lock()
						put[r.URL.Path] = put[r.URL.Path] || r.Method == http.MethodPut
						deleted[r.URL.Path] = deleted[r.URL.Path] || r.Method == http.MethodDelete
						mu.Unlock()
						if test.ignores && r.Method == http.MethodPut {
							w.Header().Set("Etag", `"00000000000000000000000000000001"`)
							return
						}
					}
					next.ServeHTTP(w, r)
				})
			}})
			require.NoError(t, err)
			defer func() { require.NoError(t, server.Close()) }()
			require.NoError(t, server.AddBucket("some-bucket", test.owner.Account, "us-east-1"))
			if test.owner == ben {
				require.NoError(t, server.OpenBucket("some-bucket", devs3.OpenByPolicy))
			}
			d, text := diagnose(t, server, nil, static)
			require.NotNil(t, d.Storage, text)
			assert.Equal(t, test.conditions, d.Storage.Conditions)
			assert.Equal(t, test.ignores, strings.Contains(text, "ignores the conditions of a put"), text)
			assert.Equal(t, test.tries, len(put) > 0)
			for key := range put {
				assert.Equal(t, test.ignores, deleted[key], "what was stored is deleted")
			}
		})
	}
}
