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

// TestSignals has the name of each signal that may have ended a process.
func TestSignals(t *testing.T) {
	t.Parallel()
	const names = "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGSTKFLT " +
		"SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS"
	for i, name := range strings.Fields(names) {
		assert.Equal(t, name, signals[int64(i+1)])
	}
	assert.Equal(t, []string{"SIGRTMIN", "SIGRTMAX"}, []string{signals[34], signals[64]})
	assert.Len(t, signals, 33)
	for status, want := range map[int64]string{
		0: "returned non-zero exit status 0.", 1: "returned non-zero exit status 1.", -9: "died with <Signals.SIGKILL: 9>.", -32: "died with unknown signal 32.",
	} {
		text, ok := (&Exception{Args: []any{status, "ls"}}).processMessage()
		assert.True(t, ok)
		assert.Equal(t, "Command 'ls' "+want, text)
	}
}

// TestNumpyTimes writes a time in each unit as numpy does.
func TestNumpyTimes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		n    int64
		unit string
		want string
	}{
		{54, "Y", "2024"},
		{-70, "Y", "1900"},
		{1<<31 - 1, "Y", "2147485617"},
		{1 << 31, "Y", "2147483648 Y since 1970"},
		{-1 << 31, "Y", "-2147483648 Y since 1970"},
		{650, "M", "2024-03"},
		{-1, "M", "1969-12"},
		{1 << 31, "M", "2147483648 M since 1970"},
		{-1 << 31, "M", "-2147483648 M since 1970"},
		{2, "W", "1970-01-15"},
		{59, "D", "1970-03-01"},
		{25, "h", "1970-01-02T01"},
		{61, "m", "1970-01-01T01:01"},
		{61, "s", "1970-01-01T00:01:01"},
		{1001, "ms", "1970-01-01T00:00:01.001"},
		{1_000_001, "us", "1970-01-01T00:00:01.000001"},
		{1_000_000_001, "ns", "1970-01-01T00:00:01.000000001"},
		{-1, "ms", "1969-12-31T23:59:59.999"},
		{1, "ps", "1 ps since 1970"},
		{1, "2s", "1 2s since 1970"},
		{1 << 36, "s", "4147-08-20T07:32:16"},
		{1<<36 + 1, "s", "68719476737 s since 1970"},
		{-1<<36 - 1, "s", "-68719476737 s since 1970"},
		{math.MinInt64, "s", "NaT"},
		{math.MinInt64 + 1, "ns", "1677-09-21T00:12:43.145224193"},
	} {
		assert.Equal(t, test.want, numpyTime(test.n, test.unit), "%+v", test)
	}
	assert.Equal(t, []string{"'NaT'", "-7"}, []string{numpySpan(math.MinInt64), numpySpan(-7)})
}

// TestNumpyUnits reads the unit at the end of the state of a type.
func TestNumpyUnits(t *testing.T) {
	t.Parallel()
	state := func(parts ...any) Tuple { return Tuple{3, "<", Tuple{NewDict(), Tuple(parts)}} }
	for _, test := range []struct {
		state Tuple
		want  string
		ok    bool
	}{
		{state([]byte("ns"), int64(1), int64(1), int64(1)), "ns", true},
		{state([]byte("ns"), int64(1)), "ns", true},
		{state([]byte("D"), int64(25)), "25D", true},
		{state([]byte("generic"), int64(1)), "", true},
		{state([]byte("s"), int64(0)), "", false},
		{state([]byte("s")), "", false},
		{state(int64(1), int64(1)), "", false},
		{state([]byte("s"), "1"), "", false},
		{Tuple{Tuple{NewDict()}}, "", false},
		{Tuple{Tuple{NewDict(), "ns"}}, "", false},
		{Tuple{"ns"}, "", false},
	} {
		unit, ok := numpyUnit(test.state)
		assert.Equal(t, test.want, unit, "%v", test.state)
		assert.Equal(t, test.ok, ok, "%v", test.state)
	}
	for value, want := range map[any]bool{int64(0): true, int64(maxItemSize): true, int64(maxItemSize + 1): false, int64(-1): false, "1": false} {
		_, ok := numpyItemSize(value)
		assert.Equal(t, want, ok, "%v", value)
	}
	for value, want := range map[any][2]bool{true: {true, true}, false: {false, true}, int64(1): {true, true}, int64(0): {false, true}, "1": {false, false}} {
		is, ok := numpyBool(value)
		assert.Equal(t, want, [2]bool{is, ok}, "%v", value)
	}
}

// TestDecimals has what Python writes of a Decimal, and what it does not.
func TestDecimals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"1": true, "-1": true, "0.5": true, "1E+5": true, "1E-5": true, "1.5E5": true, "NaN": true, "-NaN": true, "sNaN12": true, "Infinity": true,
		"": false, "-": false, ".5": false, "1.": false, "1.x": false, "x": false, "1E": false, "1E+": false, "1Ex": false, "E5": false,
		"Infinity1": false, "NaNx": false, "1.2.3": false, "--1": false,
	} {
		assert.Equal(t, want, isDecimal(text), text)
	}
}

// TestNumbersOfLibrary has the least and the largest UUID and address.
func TestNumbersOfLibrary(t *testing.T) {
	t.Parallel()
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1))
	tooLarge := new(big.Int).Lsh(big.NewInt(1), 128)
	for _, test := range []struct {
		n             any
		uuid, address string
	}{
		{int64(0), "00000000-0000-0000-0000-000000000000", "::"},
		{int64(1), "00000000-0000-0000-0000-000000000001", "::1"},
		{largest, "ffffffff-ffff-ffff-ffff-ffffffffffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{tooLarge, "", ""},
		{int64(-1), "", ""},
	} {
		uuid, _ := uuidText(&Object{Module: "uuid", Name: "UUID", State: NewDict("int", test.n)})
		assert.Equal(t, test.uuid, uuid)
		address, _ := addressText(&Object{Module: "ipaddress", Name: "IPv6Address", Args: []any{test.n}})
		assert.Equal(t, test.address, address)
	}
	for n, want := range map[int64]string{0: "0.0.0.0", 1<<32 - 1: "255.255.255.255", 1 << 32: "", -1: ""} {
		address, ok := addressText(&Object{Module: "ipaddress", Name: "IPv4Address", Args: []any{n}})
		assert.Equal(t, want, address)
		assert.Equal(t, want != "", ok)
	}
}

// TestPartsOfFrames reads which columns of a pandas frame a block holds.
func TestPartsOfFrames(t *testing.T) {
	t.Parallel()
	slice := func(args ...any) *Object { return &Object{Name: "slice", Args: args} }
	for _, test := range []struct {
		places any
		want   []int
	}{
		{slice(int64(0), int64(3), int64(1)), []int{0, 1, 2}},
		{slice(int64(1), int64(6), int64(2)), []int{1, 3, 5}},
		{slice(int64(9_999), int64(maxColumns), int64(1)), []int{9_999}},
		{slice(int64(9_999), int64(maxColumns+1), int64(1)), nil},
		{slice(int64(-1), int64(3), int64(1)), nil},
		{slice(int64(0), int64(3), int64(0)), nil},
		{slice(int64(0), int64(0), int64(1)), nil},
		{slice(nil, int64(3), int64(1)), nil},
		{slice(int64(0), nil, int64(1)), nil},
		{slice(int64(0), int64(3), nil), nil},
		{slice(int64(0), int64(3)), nil},
		{&Object{Name: "range", Args: []any{int64(0), int64(3), int64(1)}}, nil},
		{"0", nil},
	} {
		places, ok := blockPlaces(test.places)
		assert.Equal(t, len(test.want) > 0, ok, "%v", test)
		if ok {
			assert.Equal(t, test.want, places)
		}
	}
	two := slice(int64(0), int64(2), int64(1))
	for _, test := range []struct {
		values any
		places *Object
		want   int
	}{
		{floats(2, 3), two, 2},
		{floats(3, 2), two, 0},
		{floats(2), two, 0},
		{floats(2, 1, 1), two, 0},
		{"other", two, 0},
		{"other", slice(int64(0), int64(1), int64(1)), 1},
	} {
		columns := map[int]pandasColumn{}
		ok := addBlock(columns, &Object{Name: "_unpickle_block", Args: []any{test.values, test.places, int64(2)}})
		assert.Equal(t, test.want > 0, ok, "%v", test)
		assert.Len(t, columns, test.want)
	}
}

// TestPlainStr is Python's str(): a KeyError shows its key as repr() does.
func TestPlainStr(t *testing.T) {
	t.Parallel()
	for want, value := range map[string]any{
		"a":            "a",
		"message":      &Exception{Module: builtins, Class: "ValueError", Args: Tuple{"message"}},
		"'key'":        &Exception{Module: builtins, Class: "KeyError", Args: Tuple{"key"}},
		"5":            &Exception{Module: builtins, Class: "ValueError", Args: Tuple{int64(5)}},
		"ValueError()": &Exception{Module: builtins, Class: "ValueError"},
	} {
		assert.Equal(t, want, plainStr(value))
	}
}

// TestPickleLinesThatAreWrong refuses what a line or the stack does not hold, though it
// has a value in place of it.
func TestPickleLinesThatAreWrong(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"NpA\n.", "Npx\n.", "Np-1\n.", "N0p0\n.", "gA\n.", "I0x1\n.", "K\x01K\x02\x93.", "K\x01\x8c\x01a\x93.", "\x8c\x01aK\x02\x93.", "(1.",
	} {
		_, err := Decode([]byte(text))
		require.Error(t, err, "%q", text)
	}
	value, err := Decode([]byte("Np10\n0g10\n."))
	require.NoError(t, err)
	assert.Nil(t, value)
	value, err = Decode([]byte("I10\np11\n0I1\n0g11\n."))
	require.NoError(t, err)
	assert.Equal(t, int64(10), value)
}
