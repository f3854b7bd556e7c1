// SPDX-License-Identifier: Apache-2.0

package yamltree

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// parse reads a document whose first value is looked at.
func parse(t *testing.T, text string) *Node {
	t.Helper()
	node, err := Parse([]byte(text))
	require.NoError(t, err, text)
	return node
}

// value is the value of the only key of a document.
func value(t *testing.T, text string) *Node {
	t.Helper()
	pairs, err := Pairs(parse(t, text))
	require.NoError(t, err, text)
	require.Len(t, pairs, 1, text)
	return pairs[0].Value
}

func TestParseKeepsTextsAndLines(t *testing.T) {
	t.Parallel()
	pairs, err := Pairs(parse(t, "# c\na: 0123\nb:\n  - on\nc: 1:30\nd: 2020-01-01\ne: '5'\nf: =\ng: <<\nh: 0x1F\n"))
	require.NoError(t, err)
	var got []string
	for _, pair := range pairs {
		text, err := Text(pair.Value)
		if err != nil {
			text = err.Error()
		}
		got = append(got, fmt.Sprintf("%d %s=%s", pair.Key.Line, pair.Key.Value, text))
	}
	assert.Equal(t, []string{"2 a=0123", "3 b=must be a string, not a list", "5 c=1:30", "6 d=2020-01-01", "7 e=5", "8 f==", "9 g=<<", "10 h=0x1F"}, got)
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a:\n  b: \xff\n":              "line 2: is not UTF-8 text",
		"a: *canary\n":                 "not valid YAML: refers to an anchor that is not there; put a value that begins with * in quotes",
		"a: b\n---\nc: d\n":            "line 2: a second YAML document begins here; a configuration has one",
		"a: b\n---\nc: [\n":            "not valid YAML",
		"a: {b: c\n":                   "line 1: not valid YAML",
		"a:\n\tb: c\n":                 "line 2: not valid YAML",
		"a: \"\\q\"\n":                 "unknown escape character",
		"a: \"\\q\\/\"\n":              "unknown escape character",
		"a: \"\\q\uE000\"\n":           "unknown escape character",
		strings.Repeat("#", MaxSize+1): "larger than 1048576 bytes",
	} {
		node, err := Parse([]byte(text))
		var known *Error
		require.ErrorAs(t, err, &known, "%.40q", text)
		assert.Nil(t, node)
		assert.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "canary")
	}
	node, err := Parse([]byte(strings.Repeat("#", MaxSize)))
	require.NoError(t, err)
	assert.Nil(t, node)
	assert.EqualError(t, &Error{Reason: "r"}, "r")
	assert.EqualError(t, &Error{Line: 3, Reason: "r"}, "line 3: r")
}

func TestParseOfNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "# c\n", "  \n", "\ufeff"} {
		node, err := Parse([]byte(text))
		require.NoError(t, err, "%q", text)
		assert.True(t, IsNull(node), "%q", text)
	}
}

// TestParseAsPython covers what the parser would refuse or read in another way.
func TestParseAsPython(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "b", value(t, "%YAML 1.2\n---\na: b\n").Value)
	assert.Equal(t, "b", value(t, "%YAML 1.1\n---\na: b\n").Value)
	_, err := Parse([]byte("%YAML 2.0\n---\na: b\n"))
	require.Error(t, err)
	assert.Equal(t, "x/y", value(t, `a: "x\/y"`).Value)
	assert.Equal(t, `x\y/z`, value(t, `a: "x\\y\/z"`).Value)
	assert.Equal(t, `x\/y`, value(t, `{"a": 'x\/y'}`).Value)
	pairs, err := Pairs(parse(t, "a: \"b\\/c\"\nd: 'e\\/f'\ng: h\\/i\nj: [\"k\\/l\"]\n"))
	require.NoError(t, err)
	assert.Equal(t, "b/c", pairs[0].Value.Value)
	assert.Equal(t, `e\/f`, pairs[1].Value.Value)
	assert.Equal(t, `h\/i`, pairs[2].Value.Value)
	assert.Equal(t, "k/l", pairs[3].Value.Content[0].Value)
}

func TestParseJSON(t *testing.T) {
	t.Parallel()
	node, err := ParseJSON("{\"a\": \"1\",\n \"b\": [1, 2.5, 1e3, true, false, null, NaN, -Infinity, Infinity, \"NaN \\\" Infinity\"],\n\"c\": {\"d\": \"\\u00e9\"}, \"c\": 7}")
	require.NoError(t, err)
	pairs, err := Pairs(node)
	require.NoError(t, err)
	require.Len(t, pairs, 4)
	assert.Equal(t, "1", pairs[0].Value.Value)
	assert.Equal(t, []int{1, 2, 3, 3}, []int{pairs[0].Key.Line, pairs[1].Key.Line, pairs[2].Key.Line, pairs[3].Key.Line})
	var tags []string
	for _, item := range pairs[1].Value.Content {
		tags = append(tags, item.ShortTag()+" "+item.Value)
	}
	assert.Equal(t, []string{
		"!!int 1", "!!float 2.5", "!!float 1e3", "!!bool true", "!!bool false", "!!null null", "!!null null", "!!null null", "!!null null", `!!str NaN " Infinity`,
	}, tags)
	assert.True(t, IsMapping(pairs[2].Value))
	for text, want := range map[string]string{
		"": "line 1: not valid JSON: it is empty", " \n ": "line 1: not valid JSON: it is empty", "{": "line 1: not valid JSON", "{\"a\":1,\n}": "line 2: not valid JSON",
		"{'a': 1}": "not valid JSON", "{} x": "not valid JSON", strings.Repeat(" ", MaxSize+1): "larger than", "{\"a\": nan}": "not valid JSON",
	} {
		_, err := ParseJSON(text)
		var known *Error
		require.ErrorAs(t, err, &known, "%.40q", text)
		assert.ErrorContains(t, err, want)
	}
	for _, text := range []string{strings.Repeat(" ", MaxSize-2) + "{}", `[NaN]`, `[-Infinity]`} {
		_, err = ParseJSON(text)
		require.NoError(t, err, "%.40q", text)
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{a: 1, b: 2}":                       "a=1 b=2",
		"[[a, 1], [b, 2]]":                   "a=1 b=2",
		"[]":                                 "",
		"{a: &x 1, b: *x}":                   "a=1 b=1",
		"{<<: {a: 1, b: 2}, a: 3}":           "a=1* b=2* a=3",
		"{a: 3, <<: {a: 1}}":                 "a=1* a=3",
		"{<<: [{a: 1, b: 1}, {a: 2, c: 2}]}": "a=2* c=2* a=1* b=1*",
		"{<<: {<<: {a: 1}, b: 2}}":           "a=1* b=2*",
		"{'<<': 1}":                          "<<=1",
		"!!map {a: 1}":                       "a=1",
		"5":                                  "must be a mapping (key: value), not a number",
		"text":                               "must be a mapping (key: value), not a string",
		"[a]":                                "must be a mapping (key: value), not a list",
		"[[a]]":                              "must be a mapping (key: value), not a list",
		"[[a, b, c]]":                        "must be a mapping (key: value), not a list",
		"[{a: b}]":                           "must be a mapping (key: value), not a list",
		"!x {a: 1}":                          "has a YAML tag, which no section has",
		"!!omap [a: 1]":                      "has a YAML tag, which no section has",
		"{<<: 5}":                            "<< must name a mapping, not a number",
		"{<<: [[a, b]]}":                     "<< must name a mapping, not a list",
		"&a {<<: *a}":                        "merges too much, or itself",
		"&a {b: 1, <<: [*a, *a]}":            "merges too much, or itself",
	} {
		pairs, err := Pairs(parse(t, text))
		if err != nil {
			assert.EqualError(t, err, want, text)
			continue
		}
		var got []string
		for _, pair := range pairs {
			mark := ""
			if pair.Merged {
				mark = "*"
			}
			got = append(got, pair.Key.Value+"="+pair.Value.Value+mark)
		}
		assert.Equal(t, want, strings.Join(got, " "), text)
	}
}

// A panickingDecoder stands for what the parser may not be ready for.
type panickingDecoder struct{}

func (panickingDecoder) Decode(any) error { panic("boom") }

// TestPanicOfTheParser is an error.
func TestPanicOfTheParser(t *testing.T) {
	t.Parallel()
	require.EqualError(t, decodeYAML(panickingDecoder{}, &Node{}), "yaml: boom")
}

// TestMergesAreBounded checks the limits of depth and number, and that what is just
// within them passes.
func TestMergesAreBounded(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string { return strings.Repeat("{<<: ", depth) + "{a: 1}" + strings.Repeat("}", depth) }
	_, err := Pairs(parse(t, nested(maxMergeDepth)))
	require.NoError(t, err)
	_, err = Pairs(parse(t, nested(maxMergeDepth+1)))
	require.ErrorContains(t, err, "merges too much")
	many := func(n int) string {
		return "{b: &b {" + strings.Repeat("k: v, ", 1000) + "}, <<: [" + strings.TrimSuffix(strings.Repeat("*b, ", n), ", ") + "]}"
	}
	_, err = Pairs(parse(t, many(11)))
	require.NoError(t, err, "there are no more than 10,000 before the last")
	_, err = Pairs(parse(t, many(12)))
	require.ErrorContains(t, err, "merges too much")
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		kind                             string
		isFalsy, isNull, isEmpty, holder bool
	}{
		"a:":           {kind: "nothing", isFalsy: true, isNull: true, isEmpty: true},
		"a: ~":         {kind: "nothing", isFalsy: true, isNull: true},
		"a: null":      {kind: "nothing", isFalsy: true, isNull: true},
		"a: ''":        {kind: "a string", isFalsy: true, isEmpty: true},
		"a: x":         {kind: "a string"},
		"a: 0":         {kind: "a number", isFalsy: true},
		"a: 0.0":       {kind: "a number", isFalsy: true},
		"a: 5":         {kind: "a number"},
		"a: -1.5":      {kind: "a number"},
		"a: '0'":       {kind: "a string"},
		"a: false":     {kind: "true or false", isFalsy: true},
		"a: False":     {kind: "true or false", isFalsy: true},
		"a: true":      {kind: "true or false"},
		"a: no":        {kind: "a string", isFalsy: true},
		"a: OFF":       {kind: "a string", isFalsy: true},
		"a: yes":       {kind: "a string"},
		"a: 'no'":      {kind: "a string"},
		"a: \"false\"": {kind: "a string"},
		"a: []":        {kind: "a list", isFalsy: true, holder: true},
		"a: [x]":       {kind: "a list", holder: true},
		"a: {}":        {kind: "a mapping", isFalsy: true, holder: true},
		"a: {b: }":     {kind: "a mapping", holder: true},
		"a: &x 5":      {kind: "a number"},
		"a: .nan":      {kind: "a number"},
	} {
		node := value(t, text)
		assert.Equal(t, want.kind, KindName(node), text)
		assert.Equal(t, want.isFalsy, IsFalsy(node), text)
		assert.Equal(t, want.isNull, IsNull(node), text)
		assert.Equal(t, want.isEmpty, IsEmptyText(node), text)
		assert.Equal(t, want.holder, IsHolder(node), text)
		assert.Equal(t, !want.holder, IsScalar(node), text)
		assert.Equal(t, want.kind == "a mapping", IsMapping(node), text)
	}
	assert.True(t, IsNull(nil))
	alias := parse(t, "[&x 1, *x]").Content[1]
	assert.Equal(t, "an alias", KindName(alias))
}

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: !!str 5": "5", "a: !!int '7'": "7", "a: !!float 1": "1", "a: !!bool x": "x", "a: 2020-01-01": "2020-01-01", "a: ~": "~",
		"a: !!binary aGk=": "", "a: !x y": "", "a: [b]": "", "a: {b: c}": "",
	} {
		got, err := Text(value(t, text))
		assert.Equal(t, want, got, text)
		assert.Equal(t, want == "", err != nil, text)
	}
}

// FuzzParse checks that no document makes the parser panic, and no mapping never ends.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: &a {<<: *a}\n", "a: [[b, c]]\n", "? [a]\n: b\n", "a: \"\\/\"\n", `{"a": [1, NaN]}`, "&a [*a]", "a: !!binary x\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		node, err := Parse([]byte(text))
		if known := (*Error)(nil); err != nil && !errors.As(err, &known) {
			t.Fatalf("%T: %v", err, err)
		}
		if err == nil && !IsFalsy(node) {
			_, _ = Pairs(node)
			_, _ = Text(node)
		}
		if node, err := ParseJSON(text); err == nil && !IsFalsy(node) {
			_, _ = Pairs(node)
		}
	})
}
