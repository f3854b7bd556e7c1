// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// readJSON fills target from a file of testdata.
func readJSON(tb testing.TB, name string, target any) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(tb, err)
	require.NoError(tb, json.Unmarshal(data, target))
}

func fromBase64(tb testing.TB, text string) []byte {
	tb.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	require.NoError(tb, err)
	return data
}

type pickledCase struct {
	Name     string
	Protocol int
	B64      string
}

type excInfoCase struct {
	Tblib, Name, Literal, Text string
}

type messageCase struct {
	B64, Type string
	Message   *string
}

// fixtures has the values that testdata/generate.py wrote with Python.
type fixtures struct {
	Values   []pickledCase
	Messages []messageCase
	ExcInfo  []excInfoCase `json:"exc_info"`
}

func readFixtures(tb testing.TB) fixtures {
	tb.Helper()
	var f fixtures
	readJSON(tb, "values.json", &f)
	require.NotEmpty(tb, f.Values)
	require.NotEmpty(tb, f.Messages)
	require.NotEmpty(tb, f.ExcInfo)
	return f
}

// dictOf is NewDict for keys of any type.
func dictOf(pairs ...any) *Dict {
	d := &Dict{}
	for i := 0; i < len(pairs); i += 2 {
		if err := d.Set(pairs[i], pairs[i+1]); err != nil {
			panic(err)
		}
	}
	return d
}
