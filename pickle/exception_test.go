// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMessagesAreThoseOfPython(t *testing.T) {
	for _, c := range readFixtures(t).Messages {
		v, err := Decode(fromBase64(t, c.B64))
		require.NoError(t, err)
		e, ok := asException(v)
		require.True(t, ok, "%T", v)
		assert.Equal(t, c.Type, e.TypeName())
		if c.Message != nil {
			assert.Equal(t, *c.Message, e.Message(), "%#v", e.Args)
		}
	}
}

func TestMessagesOfTheLibrary(t *testing.T) {
	for want, e := range map[string]*Exception{
		"g (1 sub-exception)":                                   {Module: builtins, Class: "ExceptionGroup", Args: Tuple{"g", []any{&Exception{}}}},
		"g (2 sub-exceptions)":                                  {Module: builtins, Class: "BaseExceptionGroup", Args: Tuple{"g", Tuple{&Exception{}, &Exception{}}}},
		"Expecting value: line 2 column 3 (char 5)":             {Module: "json.decoder", Class: "JSONDecodeError", Args: Tuple{"Expecting value", "é,\n[,", int64(5)}},
		"Extra data: line 1 column 1 (char 0)":                  {Module: "json.decoder", Class: "JSONDecodeError", Args: Tuple{"Extra data", "", int64(0)}},
		"Command '['a', 'b']' returned non-zero exit status 3.": {Module: "subprocess", Class: "CalledProcessError", Args: Tuple{int64(3), []any{"a", "b"}}},
		"Command 'x' died with <Signals.SIGKILL: 9>.":           {Module: "subprocess", Class: "CalledProcessError", Args: Tuple{int64(-9), "x"}},
		"('g', [])":        {Module: builtins, Class: "ExceptionGroup", Args: Tuple{"g", []any{}}},
		"('m', 'd', None)": {Module: "json.decoder", Class: "JSONDecodeError", Args: Tuple{"m", "d", nil}},
	} {
		assert.Equal(t, want, e.Message())
	}
}

func TestExcInfoIsThatOfPython(t *testing.T) {
	for _, c := range readFixtures(t).ExcInfo {
		t.Run(c.Tblib+" "+c.Name, func(t *testing.T) {
			info, err := ParseExcInfo(c.Literal)
			require.NoError(t, err)
			if c.Name == "fallback" {
				assertFallback(t, info)
				return
			}
			require.NotNil(t, info.Exception)
			assert.Same(t, info.Exception, errors.Unwrap(info))
			if c.Name == "handler" {
				assert.True(t, info.Handler)
				assert.Equal(t, "Function exceeded maximum time of 5 seconds and was killed", info.Message)
				return
			}
			assert.False(t, info.Handler)
			assert.Equal(t, c.Text, info.Traceback)
		})
	}
}

func assertFallback(t *testing.T, info *ExcInfo) {
	t.Helper()
	assert.Nil(t, info.Exception)
	assert.NoError(t, errors.Unwrap(info), "there is no exception to find")
	assert.Equal(t, "ValueError", info.Type)
	assert.Equal(t, "bad value", info.Message)
	assert.Equal(t, "TypeError: cannot pickle 'socket' object", info.PickleError)
	assert.Equal(t, "Traceback (most recent call last):\n"+
		"  File \"/function/handler.py\", line 7, in chained\nValueError: bad value\n", info.Traceback)
}

func TestExcInfoOfSomethingElse(t *testing.T) {
	for _, v := range []any{
		nil, int64(1),
		Tuple{},
		Tuple{Global{"builtins", "ValueError"}, int64(1), nil},
		&Dict{},
		Tuple{"ValueError", &Exception{}, nil},
		Tuple{Global{"builtins", "E"}, &Exception{}, int64(3)},
	} {
		_, err := NewExcInfo(v)
		assert.ErrorIs(t, err, ErrMalformed, "%#v", v)
	}
}

func TestEncodeExcInfo(t *testing.T) {
	data, err := EncodeExcInfo(&Exception{Module: "builtins", Class: "ValueError", Args: Tuple{"boom", int64(5)}})
	require.NoError(t, err)
	info, err := DecodeExcInfo(data)
	require.NoError(t, err)
	assert.Equal(t, "ValueError", info.Type)
	assert.Equal(t, "('boom', 5)", info.Message)
	assert.EqualError(t, info, "ValueError: ('boom', 5)")

	_, err = EncodeExcInfo(&Exception{Module: "os", Class: "system", Args: Tuple{"ls"}})
	assert.ErrorIs(t, err, ErrUnsupported)
	_, err = EncodeExcInfo(nil)
	assert.ErrorIs(t, err, ErrUnsupported)
}

func TestTracebackCountsRepeatedFrames(t *testing.T) {
	frame := Frame{"f.py", 1, "f"}
	line := "  File \"f.py\", line 1, in f\n"
	assert.Equal(t, line+line+line, Traceback{frame, frame, frame}.String())
	assert.Equal(t, line+line+line+"  [Previous line repeated 1 more time]\n",
		Traceback{frame, frame, frame, frame}.String())
}
