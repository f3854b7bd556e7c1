// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestExtend checks that credentials that should have been renewed are given more time.
func TestExtend(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, left := range []time.Duration{-time.Hour, 0, 5 * time.Minute, 16 * time.Minute} {
		got := extend(now.Add(left), now)
		assert.True(t, got.After(now.Add(16*time.Minute)) && got.Before(now.Add(26*time.Minute)), "%s: %s", left, got.Sub(now))
	}
	later := now.Add(time.Hour)
	assert.Equal(t, later, extend(later, now))
}

func TestContainerHosts(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"http://127.0.0.1:1/x": true, "http://[::1]/x": true, "http://localhost/x": true, "https://anything.example/x": true,
		"http://169.254.170.23/x": true, "http://[fd00:ec2::23]/x": true,
		"http://10.0.0.1/x": false, "http://169.254.169.254/x": false, "http://example.com/x": false, "": false, "x": false,
	} {
		assert.Equal(t, ok, isContainerHost(address), address)
	}
}

func isContainerHost(address string) bool {
	_, err := containerHost(address)
	return err == nil
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"Version":1,"AccessKeyId":"A","SecretAccessKey":"canary-secret","Token":"T","Expiration":"2040-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"Version":"1"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := parseProcess("p", data)
		if err != nil && json.Valid(data) && strings.Contains(err.Error(), "canary-secret") {
			t.Fatalf("the error holds the answer: %v", err)
		}
		_, _ = parseContainer(data)
		_, _ = parseInstance(data)
	})
}
