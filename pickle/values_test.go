// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func bigPower(base, exponent int64) *big.Int {
	return new(big.Int).Exp(big.NewInt(base), big.NewInt(exponent), nil)
}

func countTo(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = int64(i)
	}
	return out
}

func allBytes() []byte {
	out := make([]byte, 256)
	for i := range out {
		out[i] = byte(i)
	}
	return out
}

func longDict() *Dict {
	d := &Dict{}
	for i := range int64(20) {
		_ = d.Set(i, fmt.Sprint(i))
	}
	return d
}

func utcWall(t time.Time, fold bool) NaiveTime { return NaiveTime{t, fold} }

// wantValues returns the value of each fixture, the same at every protocol.
func wantValues() map[string]any {
	cloudObject := &CloudObject{Backend: "aws_s3", Bucket: "bkt", Key: "a/kéy"}
	partition := *cloudObject
	partition.Attrs = dictOf("data_byte_range", Tuple{int64(0), int64(9)}, "chunk_size", int64(10),
		"part", int64(1), "total_parts", int64(2), "newline", "\n")
	shared := []any{"s"}
	return map[string]any{
		"none": nil, "true": true, "false": false, "zero": int64(0), "minus one": int64(-1),
		"byte": int64(255), "word": int64(65535), "int32": int64(math.MinInt32),
		"int64 max": int64(math.MaxInt64), "int64 min": int64(math.MinInt64), "big": bigPower(2, 63),
		"big negative": new(big.Int).Neg(bigPower(2, 200)), "long1 limit": bigPower(256, 255),
		"float": 1.5, "negative zero": math.Copysign(0, -1), "inf": math.Inf(1), "small float": 5e-324,
		"complex": 1 - 2.5i, "text": "héllo\n\\u0041 \U0001f600", "empty text": "", "quotes": "'\"",
		"long text": strings.Repeat("x", 300), "surrogate": "\xed\xb2\x80x",
		"bytes": allBytes(), "empty bytes": []byte{}, "long bytes": bytes.Repeat([]byte("ab"), 200),
		"bytearray": ByteArray{0, 255}, "empty bytearray": ByteArray{},
		"list": []any{int64(1), []any{int64(2), []any{}}, "a"}, "empty list": []any{}, "long list": countTo(1500),
		"tuples": []any{Tuple{}, Tuple(countTo(2)[1:]), Tuple(countTo(3)[1:]), Tuple(countTo(4)[1:]), Tuple(countTo(5)[1:])},
		"set":    Set{int64(1)}, "empty set": Set{}, "frozenset": FrozenSet{int64(1)}, "empty frozenset": FrozenSet{},
		"dict": dictOf("a", int64(1), int64(2), "b", Tuple{int64(1), "x"}, nil, nil, 1.5,
			[]byte("a"), int64(3), FrozenSet{int64(3)}, int64(4)),
		"empty dict": &Dict{}, "long dict": longDict(), "shared": []any{shared, shared, Tuple{shared}},
		"datetime":            utcWall(time.Date(2024, 2, 29, 12, 34, 56, 789012000, time.UTC), false),
		"datetime fold":       utcWall(time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC), true),
		"datetime utc":        time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
		"datetime zone":       time.Date(2024, 2, 29, 12, 0, 0, 0, time.FixedZone("", 19800)),
		"datetime named zone": time.Date(1, 1, 1, 0, 0, 0, 0, time.FixedZone("ART", -3*3600)),
		"date":                Date{9999, 12, 31}, "time": TimeOfDay{23, 59, 1, 2, false}, "timedelta": Timedelta{-1, 0, 5},
		"decimal": Decimal("-1.50"), "decimal nan": Decimal("NaN"), "decimal exponent": Decimal("1E+3"),
		"cloudobject": cloudObject, "partition": &partition,
		"object": &Object{
			Module: "shop.model", Name: "Point", Args: Tuple{},
			State: dictOf("x", int64(1), "y", []any{int64(2)}),
		},
		"class": Global{"shop.model", "Point"}, "builtin class": Global{"builtins", "dict"},
		"function":   Global{"builtins", "len"},
		"ValueError": &Exception{Module: "builtins", Class: "ValueError", Args: Tuple{"bad", int64(1)}},
		"KeyError":   &Exception{Module: "builtins", Class: "KeyError", Args: Tuple{"k"}},
		"custom error": &Object{
			Module: "shop.errors", Name: "StockError",
			Args: Tuple{"gone", int64(3)},
		},
		"numpy f8": NumpyScalar{"<f8", 1.5}, "numpy i4": NumpyScalar{">i4", int64(-7)},
		"numpy u8": NumpyScalar{"<u8", new(big.Int).SetUint64(math.MaxUint64)}, "numpy bool": NumpyScalar{"|b1", true}, "numpy f2": NumpyScalar{"<f2", 0.0},
	}
}

// looseValues are those whose form differs by protocol: what they are named.
var looseValues = map[string]string{
	"uuid": "uuid.UUID", "ordered dict": "collections.OrderedDict", "deque": "collections.deque",
	"defaultdict": "collections.defaultdict", "range": "range", "slice": "slice",
	"OSError": "FileNotFoundError",
}

func TestDecodeWhatPythonPickles(t *testing.T) {
	want := wantValues()
	for _, c := range readFixtures(t).Values {
		t.Run(fmt.Sprintf("%s %d", c.Name, c.Protocol), func(t *testing.T) {
			got, err := Decode(fromBase64(t, c.B64))
			require.NoError(t, err)
			if name, ok := looseValues[c.Name]; ok {
				// Python 3 reads protocol 2's names for OSErrors and range back to these.
				got := strings.NewReplacer("xrange", "range").Replace(kindName(got))
				if c.Name == "OSError" && c.Protocol < 3 {
					name = "OSError"
				}
				assert.Equal(t, name, got)
				return
			}
			require.Contains(t, want, c.Name)
			if stamp, ok := want[c.Name].(time.Time); ok {
				requireSameTime(t, stamp, got)
				return
			}
			if c.Name == "datetime fold" && c.Protocol < 4 { // Python drops it
				assert.Equal(t, utcWall(time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC), false), got)
				return
			}
			assert.Equal(t, want[c.Name], got)
		})
	}
}

func requireSameTime(t *testing.T, want time.Time, got any) {
	t.Helper()
	stamp, ok := got.(time.Time)
	require.True(t, ok, "%T", got)
	assert.Equal(t, want.Format(time.RFC3339Nano), stamp.Format(time.RFC3339Nano))
	wantName, _ := want.Zone()
	gotName, _ := stamp.Zone()
	assert.Equal(t, wantName, gotName)
}

func TestDecodeKeepsSharing(t *testing.T) {
	v, err := Decode([]byte("\x80\x04]\x94(]\x94h\x01h\x01e."))
	require.NoError(t, err)
	list := v.([]any)
	require.Len(t, list, 3)
	assert.Equal(t, []any{}, list[1])
}

func TestItemsOfUnknownClasses(t *testing.T) {
	for _, c := range readFixtures(t).Values {
		if c.Protocol != 4 || c.Name != "ordered dict" && c.Name != "deque" {
			continue
		}
		v, err := Decode(fromBase64(t, c.B64))
		require.NoError(t, err)
		o := v.(*Object)
		if c.Name == "deque" {
			assert.Equal(t, []any{int64(1), int64(2)}, o.List)
			assert.Equal(t, Tuple{Tuple{}, int64(3)}, o.Args)
			continue
		}
		assert.Equal(t, dictOf("b", int64(1), "a", []any{int64(2)}), o.Items)
	}
}
