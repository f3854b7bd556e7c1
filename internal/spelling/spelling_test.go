// SPDX-License-Identifier: Apache-2.0

package spelling

import (
	"strings"
	"testing"
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
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q): got %q, want %q", word, got, want)
		}
	}
	for _, c := range []struct {
		name, word string
		known      []string
		want       string
	}{
		{"64 bytes", strings.Repeat("y", 55) + "_ab_cdefg", []string{"ab_cdefg"}, "ab_cdefg"},
		{"65 bytes", strings.Repeat("y", 56) + "_ab_cdefg", []string{"ab_cdefg"}, ""},
		{"the first of equals", "abcdef", []string{"abcdeg", "abcdeh"}, "abcdeg"},
		{"the nearer one", "abcdefx", []string{"abcdefyz", "abcdef"}, "abcdef"},
		{"too short for a prefix", "my_own_region", []string{"region"}, ""},
	} {
		if got := Nearest(c.word, c.known); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
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
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q): got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
