package s3http

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestRefusalIsNotSkew: a refusal by a server whose clock agrees is final.
func TestRefusalIsNotSkew(t *testing.T) {
	t.Parallel()
	for before, after := range map[time.Duration]time.Duration{0: maxSkew, time.Hour: time.Hour, -maxSkew: 0} {
		for _, status := range []int{200, 400, 401, 403, 404, 500} {
			assert.False(t, IsSkewed(status, before, after))
		}
	}
	for status, want := range map[int]bool{200: false, 400: true, 401: true, 403: true, 404: false, 500: false} {
		assert.Equal(t, want, IsSkewed(status, 0, maxSkew+1))
		assert.Equal(t, want, IsSkewed(status, time.Hour, 0))
	}
}
