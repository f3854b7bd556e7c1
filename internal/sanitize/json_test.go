// SPDX-License-Identifier: Apache-2.0

package sanitize

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type inner struct {
	Name string `json:"name"`
	note string
}

// A Label is embedded, and no struct.
type Label string

type outer struct {
	inner
	Label  `json:"label"`
	Key    string            `json:"key"`
	Map    map[string]string `json:"map"`
	List   []any             `json:"list"`
	Inner  *inner            `json:"inner"`
	None   *inner            `json:"none"`
	Nils   []string          `json:"nils"`
	NilMap map[string]int    `json:"nil_map"`
	Pair   [2]string         `json:"pair"`
	Raw    json.RawMessage   `json:"raw"`
	Bytes  []byte            `json:"bytes"`
	Time   time.Time         `json:"time"`
	Any    any               `json:"any"`
	Count  int               `json:"count,omitempty"`
}

func TestJSONEscapesUnsafeText(t *testing.T) {
	t.Parallel()
	for _, r := range unsafe {
		for _, text := range []string{"a" + string(r) + "b", "\xff" + string(r)} {
			data, err := JSON(map[string]string{text: text}, "")
			require.NoError(t, err)
			for _, b := range string(data) {
				assert.False(t, isUnsafe(b), "%q", data)
			}
			if text[0] == 'a' {
				var back map[string]string
				require.NoError(t, json.Unmarshal(data, &back))
				assert.Equal(t, map[string]string{text: text}, back)
			}
		}
	}
}

// TestJSONIsIndented as encoding/json does it, up to a depth: of deeper values, the
// indentation would be thousands of times larger than the values.
func TestJSONIsIndented(t *testing.T) {
	t.Parallel()
	for _, value := range []any{
		nil, 1, "a", "",
		[]any{},
		map[string]any{},
		[]any{[]any{}, map[string]any{}, []any{1, "[{,:}]", "\"\\", "\\\""}, nil},
		map[string]any{"": []any{map[string]any{"a,b": 1.5, "c": []any{true}}}, "x": "y:z", "\"": map[string]any{"k": map[string]any{}}},
		nest(maxIndent),
	} {
		want, err := json.MarshalIndent(value, "", "  ")
		require.NoError(t, err)
		got, err := JSON(value, "  ")
		require.NoError(t, err)
		assert.Equal(t, string(want)+"\n", string(got))
	}
	got, err := JSON(nest(9000), "  ")
	require.NoError(t, err)
	assert.Less(t, len(got), 2*9000*(2*maxIndent+2))
	var back any
	require.NoError(t, json.Unmarshal(got, &back))
	assert.Equal(t, nest(9000), back)
}

// nest returns so many lists within each other.
func nest(depth int) any {
	value := any([]any{})
	for range depth - 1 {
		value = []any{value}
	}
	return value
}

func TestJSONOfBytesThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"k\xff":              `"k\udcff"`,
		"k\x80\xc3":          `"k\udc80\udcc3"`,
		"k\ufffd":            "\"k\ufffd\"",
		`k\ufffd`:            `"k\\ufffd"`,
		"k\ufffd\xff":        "\"k\ufffd\\udcff\"",
		"\uffff":             "\"\uffff\"",
		"\uffffdc80\x80":     `"\uffffdc80\udc80"`,
		"\u202e\xe2\x80":     `"\u202e\udce2\udc80"`,
		"<a> & \x1b\x7f\xa0": `"<a> & \u001b\u007f\udca0"`,
		"日\"\\\n":            `"日\"\\\n"`,
	} {
		data, err := JSON(text, "")
		require.NoError(t, err)
		assert.Equal(t, want, string(data), "%q", text)
	}
}

// Whatever holds a string, its bytes are kept, and the rest is as encoding/json has it.
func TestJSONOfEveryKindOfValue(t *testing.T) {
	t.Parallel()
	value := func(text string) *outer {
		return &outer{
			inner: inner{Name: text, note: text}, Label: Label(text), Key: text, Map: map[string]string{text: text}, List: []any{text, 1, nil, true, []string{text}},
			Inner: &inner{Name: text}, Pair: [2]string{text, "b"}, Raw: json.RawMessage(`{"a":1}`), Bytes: []byte{0xFF, 1},
			Time: time.Unix(0, 0).UTC(), Any: map[string]any{"x": text},
		}
	}
	safe := value("plain")
	want, err := json.MarshalIndent(safe, "", "  ")
	require.NoError(t, err)
	data, err := JSON(safe, "  ")
	require.NoError(t, err)
	assert.Equal(t, string(want)+"\n", string(data))

	data, err = JSON(value("\xff"), "")
	require.NoError(t, err)
	assert.Equal(t, `{"name":"\udcff","label":"\udcff","key":"\udcff","map":{"\udcff":"\udcff"},"list":["\udcff",1,null,true,["\udcff"]],"inner":{"name":"\udcff"},`+
		`"none":null,"nils":null,"nil_map":null,"pair":["\udcff","b"],"raw":{"a":1},"bytes":"/wE=","time":"1970-01-01T00:00:00Z","any":{"x":"\udcff"}}`, string(data))
	before := value("\xff")
	_, err = JSON(before, "")
	require.NoError(t, err)
	assert.Equal(t, value("\xff"), before, "it is left alone")
}

func TestJSONReportsErrors(t *testing.T) {
	t.Parallel()
	_, err := JSON([]any{"\xff", math.NaN()}, "")
	require.Error(t, err)
	data, err := JSON(nil, "")
	require.NoError(t, err)
	assert.Equal(t, "null", string(data))
}
