// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testkit.Bounded(testkit.Isolated(m))) }

// readGolden reads an answer of Python's that was recorded.
func readGolden(t *testing.T, name string, into any) {
	t.Helper()
	testkit.Golden(t, "..", name, into)
}
