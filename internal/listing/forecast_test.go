// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// digitModel is sure that each of three characters may be any digit, at each depth.
func digitModel() *model {
	digits := func() *place {
		p := &place{}
		for c := '0'; c <= '9'; c++ {
			p.weights[c], p.wide[c] = 1, 1
		}
		return p
	}
	return &model{words: [][]*place{{digits(), digits(), digits()}}}
}

// numbersFrom are keys of three digits.
func numbersFrom(from, to int) []Entry {
	var keys []Entry
	for i := from; i < to; i++ {
		keys = append(keys, Entry{Key: fmt.Sprintf("%03d", i)})
	}
	return keys
}

// digitForecast is that of a shard that has listed the numbers in [from, to).
func digitForecast(from, to int, until string) *forecast {
	s := &shard{until: until}
	if from > 0 {
		s.after = fmt.Sprintf("%03d", from-1)
		s.last = s.after
	}
	(&parallelListing{pageSize: 10}).put(s, numbersFrom(from, to))
	return digitModel().forecast(s, until, false)
}

// TestForecastOfNumbers checks how many keys are expected after each character of the last
// one, where all keys of three digits are listed in the end.
func TestForecastOfNumbers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, to int
		until    string
		want     []float64
	}{
		"all that follow":           {0, 300, "", []float64{700, 0, 0}},
		"within a node":             {0, 250, "", []float64{700, 50, 0}},
		"within the last":           {0, 255, "", []float64{700, 40, 5}},
		"up to a digit":             {0, 300, "5", []float64{200, 0, 0}},
		"up to two":                 {0, 300, "55", []float64{250, 0, 0}},
		"up to three":               {0, 300, "555", []float64{255, 0, 0}},
		"up to another in the node": {0, 250, "27", []float64{0, 20, 0}},
		"up to one in the last":     {0, 250, "255", []float64{0, 5, 0}},
		"from within a node":        {150, 300, "", []float64{525, 0, 0}},
		"from the end of one":       {200, 400, "", []float64{600, 0, 0}},
	} {
		f := digitForecast(test.from, test.to, test.until)
		sum := 0.0
		for i, want := range test.want {
			assert.InDelta(t, want, f.keys[i], 0.1+want/8, "%s, character %d: %v", name, i, f.keys)
			sum += f.keys[i]
		}
		assert.InDelta(t, sum, f.rest, 1e-9, name)
	}
}

// TestForecastAhead divides what is expected at a key, with no more characters than needed
// for parts of a size.
func TestForecastAhead(t *testing.T) {
	t.Parallel()
	f := digitForecast(0, 300, "")
	for _, test := range []struct {
		keys, each float64
		want       string
		branches   float64 // expected after it
	}{
		{350, 10, "65", 3.5},
		{350, 5, "650", 3.5},
		{350, 100, "6", 4},
		{350, 1000, "6", 4},
		{0, 10, "30", 6.5},
		{699, 10, "99", 0.5},
		{99, 10, "39", 6.5},
		{100, 10, "40", 5.5},
		{701, 10, "", 0},
	} {
		at, branches := f.ahead(test.keys, test.each)
		assert.Equal(t, test.want, at, "%+v", test)
		assert.InDelta(t, test.branches, branches, 1e-6, "%+v", test)
	}
	f = digitForecast(0, 250, "")
	at, branches := f.ahead(20, 10)
	assert.Equal(t, "27", at)
	assert.InDelta(t, 3+7, branches, 1e-6)
	at, branches = f.ahead(f.keys[1]+150, 10)
	assert.Equal(t, "45", at, "what follows in the node comes first")
	assert.InDelta(t, 5.5, branches, 1e-6)
	for until, branches := range map[string]float64{"8": 1.5, "85": 2, "7": 0.5} {
		f.until = until
		f.low = 0
		assert.InDelta(t, branches, f.after(0, []byte("65")), 1e-6, until)
	}
}

// TestForecastEnds checks that cuts are within a shard, and at keys that S3 has.
func TestForecastEnds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("c", maxGuess)
	for key, want := range map[string]string{
		"a": "", "b": "", "b0": "b0", "c": "c", "c\xc3": "c\u00c0", "d": "", "d0": "", "": "", long: long, long + "c": "",
	} {
		assert.Equal(t, want, (&forecast{last: "b", until: "d"}).valid([]byte(key)), "%q", key)
	}
	assert.Equal(t, "z", (&forecast{last: "b"}).valid([]byte("z")), "without an end")
	for name, test := range map[string]struct {
		last string
		keys []float64
		low  int
		want string
	}{
		"in the deepest node":  {"299", []float64{1, 1, 700}, 0, "2:"},
		"in the next":          {"299", []float64{1, 700, 0}, 0, "3"},
		"in the first":         {"299", []float64{700, 0, 0}, 0, ""},
		"nine of ten":          {"299", []float64{10, 0, 90}, 0, "2:"},
		"less than nine":       {"299", []float64{11, 0, 89}, 0, ""},
		"below the end's":      {"299", []float64{1, 700, 0}, 1, ""},
		"after the last byte":  {"2\xff9", []float64{1, 0, 700}, 0, "3"},
		"nothing is expected":  {"299", []float64{0, 0, 0}, 0, "29:"},
		"in the middle and on": {"299", []float64{5, 45, 50}, 0, "3"},
	} {
		f := &forecast{last: test.last, keys: test.keys, low: test.low}
		for _, keys := range test.keys {
			f.rest += keys
		}
		assert.Equal(t, test.want, f.beyond(), name)
	}
}

// TestDescend appends a character for each size that is more than one page, and none to a key
// that is as long as S3 has any.
func TestDescend(t *testing.T) {
	t.Parallel()
	f := &forecast{model: digitModel()}
	assert.Equal(t, "5", string(f.descend(nil, spot{}, 0.55, 10, 1)), "a tenth of ten keys is no more than one")
	assert.Equal(t, "55", string(f.descend(nil, spot{}, 0.55, 11, 1)))
	long := strings.Repeat("x", maxGuess-1)
	assert.Equal(t, long+"5", string(f.descend([]byte(long), spot{}, 0.55, 11, 1)))
}

// TestForecastWeights checks what branches weigh that are in a shard, or before it.
func TestForecastWeights(t *testing.T) {
	t.Parallel()
	m := digitModel()
	p := m.words[0][0]
	f := &forecast{model: m, last: "555", spots: []spot{{}, {0, 1, '5'}, {0, 2, '5'}}}
	assert.InDelta(t, 10, f.sum(p, 0, 256), 0)
	assert.InDelta(t, 3, f.sum(p, '2', '5'), 0)
	assert.Zero(t, f.sum(p, '5', '5'))
	assert.Zero(t, f.sum(p, '6', '5'))
	for rest, want := range map[string]float64{"": 0, "0": 0, "5": 0.5, "55": 0.55, "555": 0.555, "5555": 0.555, ":": 1, "/9": 0} {
		assert.InDelta(t, want, f.below(rest, spot{}), 1e-6, rest)
	}
	for until, want := range map[string]float64{"": 0, "8": 2, "85": 2.5, "6": 0, "65": 0.5, "z": 4} {
		f.until = until
		assert.InDelta(t, want, f.upTo(p, '5'), 1e-6, until)
	}
	f.begin = 1
	for after, want := range map[string]float64{"": 7, "5": 7, "52": 3, "525": 2.5, "54": 1, "549": 0.1} {
		s := &shard{after: after}
		assert.InDelta(t, want, f.passed(s, 1, m.words[0][1], 7, 1), 1e-6, after)
		assert.InDelta(t, 7, f.passed(s, 2, m.words[0][2], 7, 1), 0, "where no shard began")
	}

	sure := &place{}
	sure.weights['a'], sure.wide['a'], sure.wide['b'] = 1, 1, 0.5
	assert.Zero(t, f.others(sure, 'a'), "one character for certain")
	assert.InDelta(t, 1, f.others(p, '5'), 1e-6)
	sure.weights['b'], sure.weights['c'] = 0.5, 0.25
	assert.InDelta(t, 1, f.others(sure, 'a'), 1e-6)
	assert.InDelta(t, 0.75/1.25, f.others(sure, 'b'), 1e-6)
	assert.InDelta(t, 2, f.more(sure, 'a', 1, 0.5), 1e-6, "as many as were passed")
	assert.InDelta(t, 2, f.more(sure, 'a', 1, 0.1), 1e-6, "none gets more likely than certain")
	assert.InDelta(t, 4, f.more(sure, 'b', 1, 0.1), 1e-6)
	assert.InDelta(t, 1, f.more(sure, 'a', 4, 0.5), 1e-6)
	assert.Equal(t, &sure.weights, f.weights(sure))
	f.wide = true
	assert.Equal(t, &sure.wide, f.weights(sure))
}
