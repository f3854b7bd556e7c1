// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type resultCase struct {
	Name, Repr, B64 string
	Protocol        int
}

func readResults(t *testing.T) []resultCase {
	t.Helper()
	var cases []resultCase
	readJSON(t, "results.json", &cases)
	require.NotEmpty(t, cases)
	return cases
}

// asThePickleHolds are the texts that differ from Python's repr: arrays are on one
// line and have their dtype, classes have their module, and what is not in the pickle
// (the names of a namedtuple's fields, an Enum's value) is missing.
var asThePickleHolds = map[string]string{
	"namedtuple":            "shop.Point(1, 'y')",
	"NamedTuple":            "shop.Typed(1, 'x')",
	"dataclass":             "shop.Item(name='nut', price=1.5, tags=['a'])",
	"slotted dataclass":     "shop.Slotted(state=[1, 'b'])",
	"Enum":                  "shop.Color.RED",
	"Enum str":              "shop.Color.BLUE",
	"IntEnum":               "shop.Level.LOW",
	"Flag":                  "shop.Perm.R|shop.Perm.W",
	"object":                "shop.Plain(a=1, b=[2])",
	"empty object":          "shop.Empty()",
	"bare object":           "object()",
	"reduced":               "shop.Reduced(1, 'a')",
	"state":                 "shop.State(state=(1, 2))",
	"list subclass":         "shop.MyList([1, 2], note='n')",
	"dict subclass":         "shop.MyDict({'a': 1})",
	"int subclass":          "shop.MyInt(5)",
	"str subclass":          "shop.MyStr('a')",
	"rebuilt":               "shop.Rebuilt(5)",
	"made":                  "object(5)",
	"method":                "[].append",
	"iterator":              "object([1, 2], state=0)",
	"memo":                  "[shop.Color.RED, shop.Color.RED]",
	"np array int":          "array([1, 2, 3], dtype=int64)",
	"np array float":        "array([1.0, 2.5, -3e+20], dtype=float64)",
	"np array 2d":           "array([[0, 1, 2], [3, 4, 5]], dtype=int64)",
	"np array fortran":      "array([[0, 1, 2], [3, 4, 5]], dtype=int64)",
	"np array int8":         "array([1, -2], dtype=int8)",
	"np array big endian":   "array([1, 256], dtype='>i4')",
	"np array bool":         "array([True, False], dtype=bool)",
	"np array f2":           "array([0.5, 65500.0], dtype=float16)",
	"np array complex":      "array([(1+2j)], dtype=complex128)",
	"np array M8":           "array(['2024-02-29', 'NaT'], dtype='datetime64[D]')",
	"np array 0d":           "array(5, dtype=int64)",
	"np array 3d":           "array([[[0.0, 0.0]], [[0.0, 0.0]]], dtype=float64)",
	"np array nan":          "array([nan, inf, -inf], dtype=float64)",
	"np array long":         "array([0, 1, 2, ..., 1997, 1998, 1999], shape=(2000,), dtype=int64)",
	"np matrix":             "numpy.matrix([[1, 2]], dtype=int64)",
	"np in dict":            "{'mean': 0.5, 'a': array([1], dtype=int64)}",
	"pd Timestamp tz":       "Timestamp('2024-02-29 11:00:00+0000', tz='Europe/Berlin')",
	"pd Series":             "Series([1.5, 2.5], index=['a', 'b'], name='s')",
	"pd DataFrame":          "DataFrame({'a': [1, 2], 'b': ['x', 'y']})",
	"pd Index":              "pandas.core.indexes.numeric.Int64Index(data=array([1, 2, 3], dtype=int64), name=None)",
	"pd RangeIndex":         "pandas.core.indexes.range.RangeIndex(name=None, start=0, stop=3, step=1)",
	"pd DatetimeIndex":      "pandas.core.indexes.datetimes.DatetimeIndex(data=DatetimeArray(['2024-01-01T00:00:00.000000000'], dtype='datetime64[ns]'), name=None)",
	"pd Interval":           "pandas._libs.interval.Interval(0, 1, 'right')",
	"pd Period":             "pandas._libs.tslibs.period.Period(None, pandas._libs.tslibs.offsets.MonthEnd(1, False), 648)",
	"cloudpickle object":    "__main__.Local(x=1)",
	"cloudpickle dataclass": "__main__.LocalData(x=1)",
	"cloudpickle enum":      "__main__.LocalColor.RED",
	"cloudpickle function":  "<function <lambda>>",
}

// beginnings are those of texts that are too long for the table above.
var beginnings = map[string]string{
	"np structured": "numpy.ndarray(", "np masked": "numpy.ma.core.MaskedArray(", "pd Categorical": "pandas.core.arrays.categorical.Categorical(",
}

// TestResultsReadAsPythonsRepr has what functions return, whatever its class.
func TestResultsReadAsPythonsRepr(t *testing.T) {
	for _, c := range readResults(t) {
		v, err := Decode(fromBase64(t, c.B64))
		require.NoError(t, err, c.Name)
		got := Repr(v)
		if begin, ok := beginnings[c.Name]; ok {
			assert.True(t, strings.HasPrefix(got, begin), "%s: %s", c.Name, got)
			continue
		}
		want, differs := asThePickleHolds[c.Name]
		if !differs {
			want = c.Repr
		}
		if c.Protocol < 4 {
			want = strings.Replace(want, ", fold=1", "", 1) // Python drops it
		}
		assert.Equal(t, want, got, "%s, protocol %d", c.Name, c.Protocol)
		for _, function := range []string{"_reconstruct", "_frombuffer", "npickle", "_new_", "rebuild", "make_thing", "_compile", "getattr", "_p("} {
			assert.NotContains(t, got, function, c.Name)
		}
	}
}

// TestNumpyArrays covers the elements, the shape and the raw bytes of typed arrays.
func TestNumpyArrays(t *testing.T) {
	nan := math.NaN()
	want := map[string]*NumpyArray{
		"np array int":        {DType: "<i8", Shape: []int{3}},
		"np array 2d":         {DType: "<i8", Shape: []int{2, 3}},
		"np array fortran":    {DType: "<i8", Shape: []int{2, 3}, Fortran: true},
		"np array big endian": {DType: ">i4", Shape: []int{2}},
		"np array u8":         {DType: "<u8", Shape: []int{1}},
		"np array bool":       {DType: "|b1", Shape: []int{2}},
		"np array f2":         {DType: "<f2", Shape: []int{2}},
		"np array complex":    {DType: "<c16", Shape: []int{1}},
		"np array str":        {DType: "<U3", Shape: []int{3}},
		"np array bytes":      {DType: "|S2", Shape: []int{2}},
		"np array object":     {DType: "|O8", Shape: []int{3}},
		"np array M8":         {DType: "<M8[D]", Shape: []int{2}},
		"np array 0d":         {DType: "<i8", Shape: []int{}},
		"np array empty 2d":   {DType: "<f8", Shape: []int{0, 3}},
		"np array nan":        {DType: "<f8", Shape: []int{3}},
	}
	elements := map[string][]any{
		"np array int": {int64(1), int64(2), int64(3)}, "np array 2d": countTo(6), "np array fortran": countTo(6), "np array big endian": {int64(1), int64(256)},
		"np array u8": {new(big.Int).SetUint64(math.MaxUint64)}, "np array bool": {true, false}, "np array f2": {0.5, 65504.0}, "np array complex": {1 + 2i},
		"np array str": {"a", "bc", "ñ\x00x"}, "np array bytes": {[]byte("a"), []byte("bc")}, "np array object": {int64(1), "a", nil},
		"np array M8": {int64(19782), int64(math.MinInt64)}, "np array 0d": {int64(5)}, "np array empty 2d": {}, "np array nan": {nan, math.Inf(1), math.Inf(-1)},
	}
	seen := 0
	for _, c := range readResults(t) {
		if want[c.Name] == nil {
			continue
		}
		seen++
		v, err := Decode(fromBase64(t, c.B64))
		require.NoError(t, err)
		a, ok := v.(*NumpyArray)
		require.True(t, ok, "%s: %T", c.Name, v)
		assert.Equal(t, want[c.Name].DType, a.DType, c.Name)
		assert.Equal(t, want[c.Name].Shape, a.Shape, c.Name)
		assert.Equal(t, want[c.Name].Fortran, a.Fortran, "%s, protocol %d", c.Name, c.Protocol)
		require.Equal(t, len(elements[c.Name]), a.Len(), c.Name)
		for i, element := range elements[c.Name] {
			if f, isFloat := element.(float64); isFloat && math.IsNaN(f) {
				assert.True(t, math.IsNaN(a.At(i).(float64)))
				continue
			}
			assert.Equal(t, element, a.At(i), "%s %d", c.Name, i)
		}
		if a.Objects == nil {
			assert.Len(t, a.Data, a.Len()*a.dtype.size, c.Name)
		}
	}
	assert.Equal(t, 3*len(want), seen)
}

// TestHalfFloats checks that each value of 16 bits is read back from its shortest form.
func TestHalfFloats(t *testing.T) {
	for bits, want := range map[uint16]float64{
		0: 0, 1: 5.960464477539063e-08, 0x3ff: 6.097555160522461e-05, 0x400: 6.103515625e-05, 0x3c00: 1, 0x3c01: 1.0009765625, 0x7bff: 65504,
		0x7c00: math.Inf(1), 0xfc00: math.Inf(-1), 0xc000: -2, 0x3555: 0.333251953125,
	} {
		assert.Equal(t, want, halfFloat(bits), "%#x", bits)
	}
	assert.True(t, math.IsNaN(halfFloat(0x7e00)))
	assert.True(t, math.Signbit(halfFloat(0x8000)))
	for bits := range uint16(0x7c00) {
		value := halfFloat(bits)
		require.Equal(t, value, nearestHalf(value), "%#x", bits)
	}
	assert.Equal(t, "0.3333", reprFloatOf(halfFloat(0x3555), 2))
	assert.Equal(t, "0.1", reprFloatOf(float64(float32(0.1)), 4))
	assert.Equal(t, "0.1", reprFloatOf(0.1, 8))
}

// TestMalformedNumpyStaysAnObject checks that what does not fit together is shown as the
// pickle has it, and no element is read beyond the bytes.
func TestMalformedNumpyStaysAnObject(t *testing.T) {
	dtype := func(code string, order any) *Object {
		return &Object{Module: "numpy", Name: "dtype", Args: Tuple{code, false, true}, State: Tuple{int64(3), order, nil, nil, nil, int64(-1), int64(-1), int64(0)}}
	}
	good := func() Tuple {
		return Tuple{[]byte{1, 0, 0, 0, 2, 0, 0, 0}, dtype("i4", "<"), Tuple{int64(2)}, "C"}
	}
	call := func(args Tuple) any {
		v, err := interpret(&Object{Module: "numpy.core.numeric", Name: "_frombuffer", Args: args})
		require.NoError(t, err)
		return v
	}
	require.IsType(t, &NumpyArray{}, call(good()))
	for name, change := range map[string]func(Tuple){
		"too few bytes":   func(a Tuple) { a[0] = []byte{1, 0, 0, 0} },
		"half an element": func(a Tuple) { a[0] = []byte{1, 0, 0, 0, 2, 0, 0} },
		"no bytes":        func(a Tuple) { a[0] = "text" },
		"other shape":     func(a Tuple) { a[2] = Tuple{int64(3)} },
		"negative":        func(a Tuple) { a[2] = Tuple{int64(-2), int64(-1)} },
		"huge":            func(a Tuple) { a[2] = Tuple{int64(1) << 31, int64(1) << 31, int64(1) << 31} },
		"overflow":        func(a Tuple) { a[2] = Tuple{int64(1) << 32, int64(1) << 32, int64(2)} },
		"zero and huge":   func(a Tuple) { a[2] = Tuple{int64(0), int64(1) << 30} },
		"many dimensions": func(a Tuple) { a[2] = make(Tuple, 65) },
		"no numbers":      func(a Tuple) { a[2] = Tuple{"2"} },
		"no shape":        func(a Tuple) { a[2] = int64(2) },
		"order":           func(a Tuple) { a[3] = "K" },
		"no type":         func(a Tuple) { a[1] = "i4" },
		"objects":         func(a Tuple) { a[1] = dtype("O8", "|") },
		"unknown type":    func(a Tuple) { a[1] = dtype("i3", "<") },
		"empty type":      func(a Tuple) { a[1] = dtype("", "<") },
		"negative size":   func(a Tuple) { a[1] = dtype("S-1", "|") },
		"no size":         func(a Tuple) { a[1] = dtype("S0", "|") },
		"byte order":      func(a Tuple) { a[1] = dtype("i4", "=") },
		"no unit":         func(a Tuple) { a[1] = dtype("M8", "<") },
	} {
		args := good()
		change(args)
		v := call(args)
		assert.IsType(t, &Object{}, v, name)
		assert.NotContains(t, Repr(v), "_frombuffer", name)
	}
}

// TestObjectsReadAsTheirClass checks that objects are shown from what the pickle holds,
// whatever builds them.
func TestObjectsReadAsTheirClass(t *testing.T) {
	class := Global{"shop", "Item"}
	for want, o := range map[string]*Object{
		"shop.Item()":                              {Module: "shop", Name: "Item"},
		"shop.Item(1, 'a')":                        {Module: "shop", Name: "Item", Args: Tuple{int64(1), "a"}},
		"shop.Item(1, x=2)":                        {Module: "shop", Name: "Item", Args: Tuple{int64(1)}, State: dictOf("x", int64(2))},
		"shop.Item(k=1, x=2)":                      {Module: "shop", Name: "Item", Kwargs: dictOf("k", int64(1)), State: dictOf("x", int64(2))},
		"shop.Item([1], {2: 3})":                   {Module: "shop", Name: "Item", List: []any{int64(1)}, Items: dictOf(int64(2), int64(3))},
		"shop.Item(state=5)":                       {Module: "shop", Name: "Item", State: int64(5)},
		"shop.Item(state={'a b': 1})":              {Module: "shop", Name: "Item", State: dictOf("a b", int64(1))},
		"shop.Item(state={'1a': 1})":               {Module: "shop", Name: "Item", State: dictOf("1a", int64(1))},
		"shop.Item(state={1: 1})":                  {Module: "shop", Name: "Item", State: dictOf(int64(1), int64(1))},
		"shop.Item(a=1, b=2)":                      {Module: "shop", Name: "Item", State: Tuple{dictOf("a", int64(1)), dictOf("b", int64(2))}},
		"shop.Item(_b9=2)":                         {Module: "shop", Name: "Item", State: Tuple{nil, dictOf("_b9", int64(2))}},
		"shop.Item(state=(5, {'b': 2}))":           {Module: "shop", Name: "Item", State: Tuple{int64(5), dictOf("b", int64(2))}},
		"shop.item()":                              {Module: "shop", Name: "item"},
		"object(5)":                                {Module: "shop", Name: "item", Args: Tuple{int64(5)}},
		"object(<class 'shop.Item'>)":              {Module: "shop", Name: "item", Args: Tuple{class}},
		"shop.Item(5)":                             {Module: "shop", Name: "make_item", Args: Tuple{class, int64(5)}},
		"shop.Item(6)":                             {Module: "shop", Name: "_load", Args: Tuple{class, int64(6)}},
		"shop.Box(7)":                              {Module: "shop", Name: "Box._load", Args: Tuple{int64(7)}},
		"shop.Box.Inner(8)":                        {Module: "shop", Name: "Box.Inner", Args: Tuple{int64(8)}},
		"object(9)":                                {Callable: int64(1), Args: Tuple{int64(9)}},
		"shop.Item(10)":                            {Callable: class, Args: Tuple{int64(10)}},
		"range(0, 5)":                              {Module: builtins, Name: "range", Args: Tuple{int64(0), int64(5), int64(1)}},
		"range(1)":                                 {Module: builtins, Name: "range", Args: Tuple{int64(1)}},
		"collections.deque(1, 2, 3)":               {Module: "collections", Name: "deque", Args: Tuple{int64(1), int64(2), int64(3)}},
		"collections.Counter(1)":                   {Module: "collections", Name: "Counter", Args: Tuple{int64(1)}},
		"uuid.UUID(int=-1)":                        {Module: "uuid", Name: "UUID", State: dictOf("int", int64(-1))},
		"fractions.Fraction('x')":                  {Module: "fractions", Name: "Fraction", Args: Tuple{"x"}},
		"Fraction(-1, 3)":                          {Module: "fractions", Name: "Fraction", Args: Tuple{"-1/3"}},
		"ipaddress.IPv4Address(-1)":                {Module: "ipaddress", Name: "IPv4Address", Args: Tuple{int64(-1)}},
		"time.struct_time((1, 2))":                 {Module: "time", Name: "struct_time", Args: Tuple{Tuple{int64(1), int64(2)}}},
		"os.terminal_size([80, 24])":               {Module: "os", Name: "terminal_size", Args: Tuple{[]any{int64(80), int64(24)}}},
		"collections.ChainMap(maps=5)":             {Module: "collections", Name: "ChainMap", State: dictOf("maps", int64(5))},
		"collections.UserList(data=[], x=1)":       {Module: "collections", Name: "UserList", State: dictOf("data", []any{}, "x", int64(1))},
		"type(5)":                                  {Module: builtins, Name: "type", Args: Tuple{int64(5)}},
		"type(<class 'int'>)":                      {Module: builtins, Name: "type", Args: Tuple{Global{builtins, "int"}}},
		"IPv6Address('::1')":                       {Module: "ipaddress", Name: "IPv6Address", Args: Tuple{int64(1)}},
		"pathlib.PosixPath(1)":                     {Module: "pathlib", Name: "PosixPath", Args: Tuple{int64(1)}},
		"re.compile(b'a', re.ASCII|512)":           {Module: "re", Name: "_compile", Args: Tuple{[]byte("a"), int64(256 | 512)}},
		"Timestamp('1970-01-01 00:00:01.500000')":  {Module: "pandas._libs.tslibs.timestamps", Name: "_unpickle_timestamp", Args: Tuple{int64(1500), nil, nil, int64(8)}},
		"Timedelta('-1 days +23:59:59.999999999')": {Module: "pandas._libs.tslibs.timedeltas", Name: "_timedelta_unpickle", Args: Tuple{int64(-1), int64(10)}},
	} {
		assert.Equal(t, want, Repr(o))
	}
}

// TestReprIsBounded checks that values that share others many times over don't grow beyond
// the bound.
func TestReprIsBounded(t *testing.T) {
	var v any = "x"
	for range 60 {
		v = &Object{Module: "shop", Name: "Pair", Args: Tuple{v, v}, State: dictOf("a", v)}
	}
	assert.Less(t, len(Repr(v)), 2*maxRepr)
	v = &Exception{Module: builtins, Class: "ValueError", Args: Tuple{"x"}}
	for range 60 {
		v = &Exception{Module: "subprocess", Class: "TimeoutExpired", Args: Tuple{v, v}}
	}
	assert.Less(t, len(strOf(v)), 3*maxRepr)
	a := &NumpyArray{DType: "|O8", Shape: []int{1}, Objects: []any{nil}, dtype: parseNumpyType("|O8")}
	a.Objects[0] = "x"
	for range 300 {
		a = &NumpyArray{DType: "|O8", Shape: []int{2}, Objects: []any{a, a}, dtype: a.dtype}
	}
	assert.Less(t, len(Repr(a)), 2*maxRepr)
}

// TestClassesOfThePythonLibrary covers classes with the names of functions, and those
// that cloudpickle finds in Python's module types.
func TestClassesOfThePythonLibrary(t *testing.T) {
	for want, text := range map[string]string{
		"time.struct_time(tm_year=1970, tm_mon=1, tm_mday=1, tm_hour=0, tm_min=0, tm_sec=0, tm_wday=3, tm_yday=1, tm_isdst=0)": "gASVVAAAAAAAAACMBHRpbWWUjAtzdHJ1Y3RfdGltZZSTlChNsgdLAUsBSwBLAEsASwNLAUsAdJR9lCiMB3RtX3pvbmWUjANHTVSUjAl0bV9nbXRvZmaUSwB1hpRSlC4=",
		"types.SimpleNamespace(a=1, b=types.SimpleNamespace())":                                                                "gAWVXQAAAAAAAACMF2Nsb3VkcGlja2xlLmNsb3VkcGlja2xllIwNX2J1aWx0aW5fdHlwZZSTlIwPU2ltcGxlTmFtZXNwYWNllIWUUpQpUpR9lCiMAWGUSwGMAWKUaAUpUpR9lGJ1Yi4=",
	} {
		v, err := Decode(fromBase64(t, text))
		require.NoError(t, err)
		assert.Equal(t, want, Repr(v))
	}
}
