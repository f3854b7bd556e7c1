// SPDX-License-Identifier: Apache-2.0

package spelling

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"region", "region_name", "access_key_id", "secret_access_key", "aws", "mode", "storage"}
	for word, want := range map[string]string{
		"region": "", "regoin": "region", "Region": "region", "REGION": "region", "regions": "region", "regio": "region", "reg": "", "rg": "",
		"region-name": "region_name", "regionname": "region_name", "acces_key_id": "access_key_id", "aws_access_key_id": "access_key_id",
		"my_region": "", "xsecret_access_key": "secret_access_key", "aw": "aws", "AWS": "aws", "a": "", "awsxx": "", "mod": "mode", "moo": "", "nodes": "",
		"": "", "storge": "storage", "stoerge": "storage", "stge": "", "unrelated": "",
		"my_storage": "storage", "secretaccess_ke": "secret_access_key", "secretaccesske": "",
		strings.Repeat("x", 60) + "_access_key_id": "",
	} {
		assert.Equal(t, want, Nearest(word, known), word)
	}
	assert.Equal(t, "ab_cdefg", Nearest(strings.Repeat("y", 55)+"_ab_cdefg", []string{"ab_cdefg"}), "64 bytes")
	assert.Empty(t, Nearest(strings.Repeat("y", 56)+"_ab_cdefg", []string{"ab_cdefg"}), "65 bytes")
	assert.Equal(t, "abcdeg", Nearest("abcdef", []string{"abcdeg", "abcdeh"}), "the first of equals")
	assert.Equal(t, "abcdef", Nearest("abcdefx", []string{"abcdefyz", "abcdef"}), "the nearer one")
	assert.Empty(t, Nearest("my_own_region", []string{"region"}), "too short for a prefix")
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"abc", "", 3},
		{"", "abc", 3},
		{"abc", "abc", 0},
		{"abc", "abd", 1},
		{"abc", "ac", 1},
		{"ac", "abc", 1},
		{"kitten", "sitting", 3},
		{"ab", "ba", 2},
		{"flaw", "lawn", 2},
	} {
		assert.Equal(t, c.want, distance(c.a, c.b), "%s %s", c.a, c.b)
	}
}
