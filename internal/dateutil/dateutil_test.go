// SPDX-License-Identifier: Apache-2.0

package dateutil

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAsPythonReads compares Parse with what dateutil 2.9.0 answered, to the
// microsecond: a time in
// UTC, "naive" and a time without a zone, "partial" where it takes a part of the
// date from today, or nothing for an error.
func TestAsPythonReads(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "python.json"))
	require.NoError(t, err)
	var cases [][2]*string
	require.NoError(t, json.Unmarshal(data, &cases))
	require.Greater(t, len(cases), 1600)
	for _, c := range cases {
		text := *c[0]
		got, err := Parse(text)
		switch {
		case c[1] == nil, *c[1] == "partial":
			assert.Error(t, err, "%q: %s", text, got)
		case strings.HasPrefix(*c[1], "naive "):
			checkNaive(t, text, strings.TrimPrefix(*c[1], "naive "), got, err)
		default:
			want, wantErr := time.Parse(time.RFC3339Nano, *c[1])
			require.NoError(t, wantErr)
			if assert.NoError(t, err, "%q is %s", text, *c[1]) {
				assert.True(t, want.Equal(got.Truncate(time.Microsecond)), "%q: %s, not %s", text, got, want)
			}
		}
	}
}

// checkNaive checks that a time without a zone is local, and that a zone that dateutil
// does not know is refused.
func checkNaive(t *testing.T, text, want string, got time.Time, err error) {
	t.Helper()
	if err != nil {
		assert.ErrorContains(t, err, "time zone", "%q is %s", text, want)
		return
	}
	wanted, err := time.ParseInLocation("2006-01-02T15:04:05.999999", want, time.Local)
	require.NoError(t, err)
	assert.True(t, wanted.Equal(got.Truncate(time.Microsecond)), "%q: %s, not %s", text, got, wanted)
}

// TestCentury puts a year of two digits within fifty years of the present one.
func TestCentury(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ year, now, want int }{
		{0, 2026, 2000},
		{40, 2026, 2040},
		{75, 2026, 2075},
		{76, 2026, 1976},
		{99, 2026, 1999},
		{100, 2026, 100},
		{2040, 2026, 2040},
		{40, 2090, 2040},
		{39, 2090, 2139},
		{0, 2050, 2000},
		{99, 2049, 1999},
	} {
		assert.Equal(t, c.want, withCentury(c.year, c.now), "%+v", c)
	}
}

func TestRefusesWithoutHoldingOn(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("1", maxLength+1), strings.Repeat("9", 40), "99999999999999999999-01-01", "\xff\xfe", "٢٠٤٠-01-02T03:04:05Z"} {
		_, err := Parse(text)
		require.Error(t, err, "%q", text)
	}
}

// FuzzParse checks that Parse returns for every string, and that a time that it read is
// read again from Go's own form.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"2040-01-01 00:00:00 UTC", "Sunday, 01-Jan-40 00:00:00 UTC", "+", "10h", "Jan-", "1:2:", "12 am", "-:", "1.2.3", "GMT+3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(at.UTC().Format(time.RFC3339Nano)); err != nil || !again.Equal(at) {
			if year := at.UTC().Year(); year < 100 || year > 9999 {
				return // two digits, or beyond Go's form
			}
			t.Fatalf("%q is %s, and that is %s, %v", text, at, again, err)
		}
	})
}
