// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExceptionArguments encodes exceptions that Python's classes can be made with, and no
// others, since a client of Python's makes them again.
func TestExceptionArguments(t *testing.T) {
	t.Parallel()
	var golden struct {
		Classes []string
		Cases   []struct {
			Repr, Args string
			Refused    []string
		}
	}
	readJSON(t, "exception_arguments.json", &golden)
	require.Len(t, golden.Classes, 69)
	require.Len(t, golden.Cases, 340)
	for _, c := range golden.Cases {
		args, err := Decode(fromBase64(t, c.Args))
		require.NoError(t, err, c.Repr)
		for _, class := range golden.Classes {
			want := !slices.Contains(c.Refused, class)
			if strings.HasSuffix(c.Repr, ", 'abcd')") && len(args.(Tuple)) == 2 && isOneOf(any(class), []string{"SyntaxError", "IndentationError", "TabError"}) {
				want = false // the four characters of a str are no place in a source
			}
			exception := &Exception{Module: "builtins", Class: class, Args: args.(Tuple)}
			_, err := Encode(exception)
			_, err2 := EncodeExcInfo(exception)
			assert.Equal(t, []bool{want, want}, []bool{err == nil, err2 == nil}, "%s%s", class, c.Repr)
		}
	}
}

// TestExceptionArgumentsOfGo has types that only a Go program gives.
func TestExceptionArgumentsOfGo(t *testing.T) {
	t.Parallel()
	type text string
	builtin := func(class string, args ...any) *Exception {
		return &Exception{Module: "builtins", Class: class, Args: args}
	}
	decode := func(args ...any) *Exception { return builtin("UnicodeDecodeError", args...) }
	blocked := func(written any) *Exception { return builtin("BlockingIOError", 11, "x", written) }
	for _, taken := range []*Exception{
		decode(text("utf-8"), [2]byte{1, 2}, uint8(0), int16(1), "r"), decode("utf-8", []byte(nil), uint64(math.MaxInt64), big.NewInt(1), "r"),
		blocked(uint64(1)), blocked(time.Second), blocked(nil), blocked("f"), blocked([]any{}), blocked(big.NewInt(5)),
		builtin("BlockingIOError", 11, "x", 1.5, nil, nil, nil), // more than an OSError reads
		builtin("SyntaxError", "m", Tuple{"f", 1, 2, "t"}), builtin("ExceptionGroup", "m", Tuple{builtin("ValueError")}),
	} {
		_, err := EncodeExcInfo(taken)
		assert.NoError(t, err, "%+v", taken.Args)
	}
	for _, refused := range []*Exception{
		decode(Decimal("1"), []byte("a"), 0, 1, "r"), decode("utf-8", []byte("a"), time.Second, 1, "r"), decode("utf-8", []byte("a"), nil, 1, "r"),
		decode("utf-8", []int{1}, 0, 1, "r"), decode("utf-8", nil, 0, 1, "r"), decode("utf-8", []byte("a"), uint64(math.MaxInt64)+1, 1, "r"),
		decode("utf-8", []byte("a"), 0, (*big.Int)(nil), "r"), decode("utf-8", []byte("a"), 0, 1, nil),
		blocked(uint64(math.MaxUint64)), blocked(float32(1)), blocked(1i), blocked(Decimal("1")), blocked(new(big.Int).Lsh(big.NewInt(1), 63)),
		builtin("SyntaxError", "m", Tuple{"f", 1, 2, "t", 3}), builtin("ExceptionGroup", "m", Tuple{}),
		builtin("ExceptionGroup", "m", []any{(*Exception)(nil)}), builtin("BaseExceptionGroup", "m", []any{nil}),
	} {
		_, err := EncodeExcInfo(refused)
		assert.ErrorIs(t, err, ErrUnsupported, "%+v", refused.Args)
	}
}
