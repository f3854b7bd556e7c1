// SPDX-License-Identifier: Apache-2.0

package awsconfig

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestRegionNames compares isRegion with the expression of botocore.
func TestRegionNames(t *testing.T) {
	t.Parallel()
	format := regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$`)
	digits := regexp.MustCompile(`^[0-9]+$`)
	check := func(name string) {
		expected := len(name) <= 63 && format.MatchString(name) && !digits.MatchString(name)
		assert.Equal(t, expected, isRegion(name), "%q", name)
	}
	for _, name := range []string{
		"", "a", "7", "-", "us-east-1", "us--east", "-us", "us-", "1234", "12a", "1-2", "us_east", "us east", "us-east-1\n", "é", "AZ09az", "@", "[", "`", "{", "/", ":",
		strings.Repeat("a", 63), strings.Repeat("a", 64),
	} {
		check(name)
	}
	names := []string{""}
	for range 4 { // all names of up to four of these characters
		names = longerNames(names)
		for _, name := range names {
			check(name)
		}
	}
}

// longerNames returns each name with each of a few characters appended.
func longerNames(names []string) []string {
	var longer []string
	for _, name := range names {
		for _, c := range "-aZ09_.é" {
			longer = append(longer, name+string(c))
		}
	}
	return longer
}
