// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"encoding/json"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testkit.Bounded(m)) }

// readGolden reads an answer of Python's that was recorded.
func readGolden(t *testing.T, name string, into any) {
	t.Helper()
	testkit.Golden(t, "..", name, into)
}

// readGoldenCases reads the cases of one function.
func readGoldenCases[T any](t *testing.T, name, function string, into *[]T) {
	t.Helper()
	var golden struct {
		Cases []json.RawMessage `json:"cases"`
	}
	readGolden(t, name, &golden)
	for _, text := range golden.Cases {
		var head struct {
			Fn string `json:"fn"`
		}
		require.NoError(t, json.Unmarshal(text, &head))
		if head.Fn != function {
			continue
		}
		var c T
		require.NoError(t, json.Unmarshal(text, &c))
		*into = append(*into, c)
	}
}
