// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// convertTo returns the value in a type, as any.
func convertTo[T any](value any) (any, error) {
	var made T
	err := Convert(value, &made)
	return made, err
}

type base struct{ ID int }

type word struct {
	base
	Text      string
	WordCount *int
	Other     any `pickle:"else"`
	Skipped   int `pickle:"-"`
	hidden    int
}

type octet byte

type person struct {
	Name string
	Age  uint8
}

func pointerTo[T any](v T) *T { return &v }

func floats(shape ...int) *NumpyArray {
	array := &NumpyArray{DType: "<f8", Shape: shape, dtype: numpyType{order: '<', kind: 'f', size: 8}}
	for i := range array.Len() {
		bits := math.Float64bits(float64(i) / 2)
		for range 8 {
			array.Data = append(array.Data, byte(bits))
			bits >>= 8
		}
	}
	return array
}

func TestConvert(t *testing.T) {
	t.Parallel()
	large, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	now := time.Date(2026, 11, 27, 3, 0, 0, 0, time.FixedZone("", 3600))
	dict := NewDict("a", int64(1), "b", int64(2))
	for name, c := range map[string]struct {
		convert func(any) (any, error)
		value   any
		want    any
	}{
		"any":                   {convertTo[any], dict, dict},
		"any None":              {convertTo[any], nil, nil},
		"own type":              {convertTo[*Dict], dict, dict},
		"tuple":                 {convertTo[Tuple], Tuple{"a"}, Tuple{"a"}},
		"bool":                  {convertTo[bool], true, true},
		"int":                   {convertTo[int], int64(-7), -7},
		"int8":                  {convertTo[int8], int64(-128), int8(-128)},
		"uint64":                {convertTo[uint64], new(big.Int).SetUint64(math.MaxUint64), uint64(math.MaxUint64)},
		"big.Int of a small":    {convertTo[*big.Int], int64(7), big.NewInt(7)},
		"big.Int":               {convertTo[big.Int], large, *large},
		"float":                 {convertTo[float32], 0.5, float32(0.5)},
		"float of an int":       {convertTo[float64], int64(1) << 53, float64(1 << 53)},
		"infinite":              {convertTo[float32], math.Inf(1), float32(math.Inf(1))},
		"complex":               {convertTo[complex128], int64(2), complex(2, 0)},
		"string":                {convertTo[string], "é", "é"},
		"decimal":               {convertTo[string], Decimal("1.50"), "1.50"},
		"decimal as a rational": {convertTo[*big.Rat], Decimal("1.50"), big.NewRat(3, 2)},
		"text":                  {convertTo[netip.Addr], "127.0.0.1", netip.MustParseAddr("127.0.0.1")},
		"address":               {convertTo[netip.Addr], &Object{Module: "ipaddress", Name: "IPv4Address", Args: Tuple{int64(127<<24 + 1)}}, netip.MustParseAddr("127.0.0.1")},
		"path":                  {convertTo[string], &Object{Module: "pathlib", Name: "PosixPath", Args: Tuple{"/", "a", "b"}}, "/a/b"},
		"bytes":                 {convertTo[[]byte], []byte("ab"), []byte("ab")},
		"bytearray":             {convertTo[[2]byte], ByteArray("ab"), [2]byte{'a', 'b'}},
		"bytes of a list":       {convertTo[[]byte], []any{int64(1), int64(2)}, []byte{1, 2}},
		"slice":                 {convertTo[[]int], []any{int64(1), int64(2)}, []int{1, 2}},
		"slice of a tuple":      {convertTo[[]string], Tuple{"a"}, []string{"a"}},
		"slice of a set":        {convertTo[[]string], Set{"a"}, []string{"a"}},
		"slice of None":         {convertTo[[]string], nil, []string(nil)},
		"empty slice":           {convertTo[[]string], []any{}, []string{}},
		"deque":                 {convertTo[[]int], &Object{Module: "collections", Name: "deque", Args: Tuple{Tuple{}, nil}, List: []any{int64(3)}}, []int{3}},
		"array":                 {convertTo[[2]bool], []any{true, false}, [2]bool{true, false}},
		"numpy array":           {convertTo[[]float64], floats(3), []float64{0, 0.5, 1}},
		"array of bytes":        {convertTo[[2]octet], []byte{1, 2}, [2]octet{1, 2}},
		"rows of nothing":       {convertTo[[][]int], floats(2, 0), [][]int{{}, {}}},
		"no rows":               {convertTo[[][]int], floats(0, 1<<31-1), [][]int{}},
		"rows as any":           {convertTo[[]any], floats(2, 1, 2), []any{[]any{[]any{0.0, 0.5}}, []any{[]any{1.0, 1.5}}}},
		"numpy matrix":          {convertTo[[][]float32], floats(2, 2), [][]float32{{0, 0.5}, {1, 1.5}}},
		"numpy scalar":          {convertTo[int32], NumpyScalar{"<i8", int64(5)}, int32(5)},
		"numpy of no dimension": {convertTo[float64], floats(), 0.0},
		"map":                   {convertTo[map[string]int], dict, map[string]int{"a": 1, "b": 2}},
		"map of any":            {convertTo[map[any]any], dict, map[any]any{"a": int64(1), "b": int64(2)}},
		"counter":               {convertTo[map[string]uint], &Object{Module: "collections", Name: "Counter", Args: Tuple{dict}}, map[string]uint{"a": 1, "b": 2}},
		"empty OrderedDict":     {convertTo[map[string]uint], &Object{Module: "collections", Name: "OrderedDict"}, map[string]uint{}},
		"set as a map":          {convertTo[map[int]struct{}], FrozenSet{int64(1)}, map[int]struct{}{1: {}}},
		"struct": {
			convertTo[word], NewDict("id", int64(3), "text", "x", "word_count", int64(4), "else", 1.5, "more", nil, "skipped", int64(1), "hidden", int64(1)),
			word{base: base{3}, Text: "x", WordCount: pointerTo(4), Other: 1.5, hidden: 0},
		},
		"struct without keys": {convertTo[word], &Dict{}, word{}},
		"struct of a tuple":   {convertTo[person], Tuple{"Ada", int64(36)}, person{"Ada", 36}},
		"namedtuple":          {convertTo[person], &Object{Module: "m", Name: "Person", Args: Tuple{"Ada", int64(36)}}, person{"Ada", 36}},
		"dataclass":           {convertTo[person], &Object{Module: "m", Name: "Person", State: NewDict("name", "Ada", "age", int64(36))}, person{"Ada", 36}},
		"slots":               {convertTo[person], &Object{Module: "m", Name: "Person", State: Tuple{nil, NewDict("name", "Ada", "age", int64(36))}}, person{"Ada", 36}},
		"attributes":          {convertTo[map[string]any], &Object{Module: "m", Name: "P", State: NewDict("x", int64(1))}, map[string]any{"x": int64(1)}},
		"pointer":             {convertTo[*string], "x", pointerTo("x")},
		"pointer of None":     {convertTo[*string], nil, (*string)(nil)},
		"pointers":            {convertTo[**int], int64(1), pointerTo(pointerTo(1))},
		"time":                {convertTo[time.Time], now, now},
		"time without a zone": {convertTo[time.Time], NaiveTime{Time: now.UTC()}, now.UTC()},
		"date":                {convertTo[time.Time], Date{2026, 11, 27}, time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)},
		"duration":            {convertTo[time.Duration], Timedelta{Days: -1, Seconds: 86399}, -time.Second},
		"deep":                {convertTo[map[string][]person], NewDict("a", []any{Tuple{"Ada", int64(1)}}), map[string][]person{"a": {{"Ada", 1}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.convert(c.value)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

// An error names the path, both types and the reason.
func TestConvertErrors(t *testing.T) {
	t.Parallel()
	large := new(big.Int).Lsh(big.NewInt(1), 64)
	for name, c := range map[string]struct {
		convert func(any) (any, error)
		value   any
		want    string
	}{
		"str to int":       {convertTo[int], "x", "str does not fit into int"},
		"bool to int":      {convertTo[int], true, "bool does not fit into int"},
		"float to int":     {convertTo[int], 1.0, "float does not fit into int"},
		"int to bool":      {convertTo[bool], int64(1), "int does not fit into bool"},
		"int to string":    {convertTo[string], int64(1), "int does not fit into string"},
		"bytes to string":  {convertTo[string], []byte("x"), "bytes does not fit into string"},
		"str to bytes":     {convertTo[[]byte], "x", "str does not fit into []uint8"},
		"int to duration":  {convertTo[time.Duration], int64(1), "int does not fit into time.Duration: it takes a timedelta"},
		"str to time":      {convertTo[time.Time], "2026-01-01T00:00:00Z", "str does not fit into time.Time"},
		"str to big.Int":   {convertTo[*big.Int], "12", "str does not fit into big.Int"},
		"None":             {convertTo[int], nil, "NoneType does not fit into int: only a pointer, a slice, a map or an interface can be nil"},
		"overflow":         {convertTo[int8], int64(128), "int does not fit into int8: overflow: it is 128"},
		"large":            {convertTo[int64], large, "int does not fit into int64: overflow: it is 18446744073709551616"},
		"very large":       {convertTo[int64], new(big.Int).Lsh(large, 1000), "int does not fit into int64: overflow: it is a number of 1065 bits"},
		"negative":         {convertTo[uint], int64(-1), "int does not fit into uint: it is negative: -1"},
		"unsigned":         {convertTo[uint64], large, "int does not fit into uint64: overflow: it is 18446744073709551616"},
		"inexact":          {convertTo[float64], int64(1)<<53 + 1, "int does not fit into float64: it has no exact float: 9007199254740993"},
		"inexact, 32 bits": {convertTo[float32], int64(1)<<24 + 1, "int does not fit into float32: it has no exact float: 16777217"},
		"beyond floats":    {convertTo[float64], new(big.Int).Lsh(large, 2000), "int does not fit into float64: it has no exact float: a number of 2065 bits"},
		"small float":      {convertTo[float32], 1e-50, "float does not fit into float32: underflow: it is 1e-50"},
		"small complex":    {convertTo[complex64], complex(1, -1e-50), "complex does not fit into complex64: underflow: it is (1-1e-50i)"},
		"rows of nothing":  {convertTo[[][]float64], floats(maxEmptyRows+1, 0), "numpy.ndarray does not fit into [][]float64: it has 4097 rows and no element"},
		"rows within":      {convertTo[[]any], floats(2, 1<<31-1, 1<<31-1, 0), "numpy.ndarray does not fit into []interface {}: it has 4294967294 rows and no element"},
		"large float":      {convertTo[float32], 1e300, "float does not fit into float32: overflow: it is 1e+300"},
		"long timedelta":   {convertTo[time.Duration], Timedelta{Days: 200_000}, "datetime.timedelta does not fit into time.Duration: overflow: it has 200000 days"},
		"array":            {convertTo[[2]int], []any{int64(1)}, "list does not fit into [2]int: it has 1 items"},
		"bytes' length":    {convertTo[[2]byte], []byte("abc"), "bytes does not fit into [2]uint8: it has 3 bytes"},
		"dict to slice":    {convertTo[[]int], NewDict("a", int64(1)), "dict does not fit into []int"},
		"list to map":      {convertTo[map[string]int], []any{}, "list does not fit into map[string]int"},
		"function":         {convertTo[func()], "x", "str does not fit into func()"},
		"not this text":    {convertTo[netip.Addr], "x", `str does not fit into netip.Addr: ParseAddr("x"): unable to parse IP`},
		"item":             {convertTo[[]int], []any{int64(1), "x"}, "[1]: str does not fit into int"},
		"matrix":           {convertTo[[]float64], floats(2, 2), "[0]: numpy.ndarray does not fit into float64"},
		"value":            {convertTo[map[string]int], NewDict("a", "x"), "['a']: str does not fit into int"},
		"key":              {convertTo[map[int]int], NewDict("a", int64(1)), "key ['a']: str does not fit into int"},
		"deep":             {convertTo[[]map[string]person], []any{NewDict("a", NewDict("name", "Ada", "age", int64(300)))}, "[0]['a']['age']: int does not fit into uint8: overflow: it is 300"},
		"attribute":        {convertTo[person], &Object{Module: "m", Name: "P", State: NewDict("age", "x")}, ".age: str does not fit into uint8"},
		"tuple":            {convertTo[person], Tuple{"Ada"}, "tuple does not fit into pickle.person: it has 1 items, and the struct 2 fields"},
		"tuple's item":     {convertTo[person], Tuple{"Ada", "x"}, "[1]: str does not fit into uint8"},
		"two keys":         {convertTo[person], NewDict("NAME", "a", "na_me", "b"), "dict does not fit into pickle.person: the keys 'NAME' and 'na_me' are both for the field Name"},
		"object":           {convertTo[int], &Object{Module: "m", Name: "P"}, "m.P does not fit into int"},
		"key of a list":    {convertTo[map[any]int], dictOf(Tuple{"a"}, int64(1)), "key [('a',)]: tuple does not fit into interface {}: Go can't compare it, so that it can't be a key"},
		"equal keys":       {convertTo[map[float32]int], dictOf(0.1, int64(1), 0.10000000000000002, int64(2)), "key [0.10000000000000002]: float does not fit into float32: another key becomes the same"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.convert(c.value)
			var failed *ConvertError
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, c.want, err.Error())
		})
	}
}

// The target stays as it was after an error, and is replaced, not merged, by a value.
func TestConvertReplaces(t *testing.T) {
	t.Parallel()
	target := map[string]int{"old": 1}
	require.Error(t, Convert(NewDict("a", int64(1), "b", "x"), &target))
	assert.Equal(t, map[string]int{"old": 1}, target)
	require.NoError(t, Convert(NewDict("a", int64(1)), &target))
	assert.Equal(t, map[string]int{"a": 1}, target)

	for _, bad := range []any{nil, 1, map[string]int{}, (*int)(nil)} {
		require.ErrorContains(t, Convert(int64(1), bad), "must be a pointer that is not nil", "%T", bad)
	}
}

// TestNilPointers takes a nil pointer, as the Cause of most exceptions is, for None, and a
// nil Dict for an empty one.
func TestNilPointers(t *testing.T) {
	t.Parallel()
	for _, v := range []any{(*Exception)(nil), (*Object)(nil), (*CloudObject)(nil), (*NumpyArray)(nil), (*big.Int)(nil), nil} {
		assert.Equal(t, "None", Repr(v), "%T", v)
		assert.Equal(t, "[None]", Repr([]any{v}), "%T", v)
		target := &person{Name: "old"}
		require.NoError(t, Convert(v, &target), "%T", v)
		assert.Nil(t, target, "%T", v)
		var number int
		require.ErrorContains(t, Convert(v, &number), "None", "%T", v)
	}
	assert.Equal(t, "{}", Repr((*Dict)(nil)))
	target := person{Name: "old"}
	require.NoError(t, Convert((*Dict)(nil), &target))
	assert.Equal(t, person{}, target)
}

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	data, err := Encode([]any{NewDict("name", "Ada", "age", 36)})
	require.NoError(t, err)
	var people []person
	require.NoError(t, Unmarshal(data, &people))
	assert.Equal(t, []person{{"Ada", 36}}, people)
	require.ErrorIs(t, Unmarshal(data[:len(data)-1], &people), ErrMalformed)
}

// Whatever Decode gives goes into any, and into the type that it has.
func TestConvertTakesEveryValue(t *testing.T) {
	t.Parallel()
	for _, c := range readFixtures(t).Values {
		name := c.Name
		value, err := Decode(fromBase64(t, c.B64))
		require.NoError(t, err, name)
		var whatever any
		require.NoError(t, Convert(value, &whatever), name)
		if value == nil {
			continue
		}
		own := reflect.New(reflect.TypeOf(value))
		require.NoError(t, Convert(value, own.Interface()), name)
		assert.NotPanics(t, func() {
			for _, target := range []any{new(int), new(string), new([]any), new(map[any]any), new(word), new([2]any), new(*complex64), new(time.Time), new(netip.Addr)} {
				if err := Convert(value, target); err != nil {
					var failed *ConvertError
					assert.True(t, errors.As(err, &failed), "%s: %v", name, err)
				}
			}
		}, name)
	}
}

// TestManyRows checks that only rows without elements are bounded.
func TestManyRows(t *testing.T) {
	t.Parallel()
	var rows [][]float64
	require.NoError(t, Convert(floats(maxEmptyRows+1, 1), &rows))
	require.Len(t, rows, maxEmptyRows+1)
}
