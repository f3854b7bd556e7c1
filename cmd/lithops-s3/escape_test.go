// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEscapedKeys names one object, or folder, whose key has wildcard characters. Nothing else
// may be touched, not even what only a slash at its end tells from it.
func TestEscapedKeys(t *testing.T) {
	all := []string{"a*b", "a*b/", "a*b/x", "aXb", "c?d", "cYd", `e\f`, `g\*h`, "w**", "wXX"}
	without := func(gone ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(key string) bool { return slices.Contains(gone, key) })
	}
	with := func(more ...string) []string {
		keys := append(slices.Clone(all), more...)
		slices.Sort(keys)
		return keys
	}
	for line, test := range map[string]struct {
		keys []string // in the end; nil for all
		file string   // with the bytes of the key after the =
	}{
		`rm s3://BUCKET/a\*b`:                              {keys: without("a*b")},
		`rm BUCKET a\*b`:                                   {keys: without("a*b")},
		`rm -r s3://BUCKET/a\*b --yes`:                     {keys: without("a*b/", "a*b/x")},
		`rm s3://BUCKET/a\*b --exclude x --yes -r`:         {keys: without("a*b/")},
		`rm s3://BUCKET/g\\\*h`:                            {keys: without(`g\*h`)},
		`rm s3://BUCKET/e\f`:                               {keys: without(`e\f`)},
		`rm s3://BUCKET/w\*\*`:                             {keys: without("w**")},
		`rm s3://BUCKET/c\?? --yes`:                        {keys: without("c?d")},
		`delete s3://BUCKET/a*b`:                           {keys: without("a*b")},
		`cp s3://BUCKET/a\*b one`:                          {file: "one=a*b"},
		`cp s3://BUCKET/c\?d to/`:                          {file: "to/c?d=c?d"},
		`cp -r s3://BUCKET/a\*b to`:                        {file: "to/x=a*b/x"},
		`get s3://BUCKET/a*b -o one`:                       {file: "one=a*b"},
		`mv s3://BUCKET/a\*b one`:                          {without("a*b"), "one=a*b"},
		`cp s3://BUCKET/a\*b s3://BUCKET/z`:                {keys: with("z")},
		`cp s3://BUCKET/a\*b s3://BUCKET/z/`:               {keys: with("z/a*b")},
		`cp s3://BUCKET/a\*b s3://BUCKET/z\*`:              {keys: with("z*")},
		`cp s3://BUCKET/aXb s3://BUCKET/z*`:                {keys: with("z*")},
		`cp s3://BUCKET/c\?? to`:                           {file: "to/c?d=c?d"},
		`sync s3://BUCKET/a\*b to`:                         {file: "to/x=a*b/x"},
		`sync s3://BUCKET/a\*b s3://BUCKET/z\?`:            {keys: with("z?/x")},
		`mv -r s3://BUCKET/a\*b/ s3://BUCKET/z\*/ -q`:      {keys: append(without("a*b/", "a*b/x"), "z*/", "z*/x")},
		`rm s3://BUCKET/a\*b s3://BUCKET/c\?d --exclude x`: {},
	} {
		t.Run(line, func(t *testing.T) {
			if strings.Contains(test.file, "?") {
				testkit.NeedsAnyName(t)
			}
			s := newSession(t)
			for _, key := range all {
				text := key
				if key == "a*b/" {
					text = ""
				}
				require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader(text), nil))
			}
			want := 0
			if strings.HasSuffix(line, "x --exclude x") || strings.HasSuffix(line, "d --exclude x") {
				want = exitUsage // needs a wildcard
			}
			s.run(want, line)
			if test.keys == nil {
				test.keys = all
			}
			assert.Equal(t, test.keys, s.keys())
			if name, key, isFile := strings.Cut(test.file, "="); isFile {
				assert.Equal(t, key, s.file(name))
			}
		})
	}
	s := newSession(t)
	for _, key := range []string{"a*b", "a*b/", "aXb", "aXc"} {
		require.NoError(t, s.store.PutObject(t.Context(), refusedBucket, key, strings.NewReader("text"), nil))
	}
	assert.Contains(t, s.run(0, `du s3://BUCKET/a\*b`), "2 objects", "a prefix")
	assert.NotContains(t, s.run(0, `ls s3://BUCKET/a\*b`), "aXb")
	assert.Contains(t, s.run(exitNotFound, `ls s3://BUCKET/none\*`), "begins with none*")
}
