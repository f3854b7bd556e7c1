// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// MaxMemory is how much memory the tests of a package may need at their peak, in bytes. It
// is twice what they need on two CPUs: how many of them hold their memory at the same time
// depends on the machine.
const MaxMemory = 3 << 29

// collectFrom is how much of Go's memory has garbage collected more often, so that
// the peak is what the tests need, and not what the collector left until later.
const collectFrom = 640 << 20

// Bounded returns m with a failure if the process needed more than [MaxMemory], where
// the system tells that (Linux). The race detector, benchmarks and fuzzing need memory
// of their own, and are not measured.
func Bounded(m Main) Main { return bounded{m, MaxMemory} }

type bounded struct {
	Main
	limit int64
}

// Run runs the tests.
func (b bounded) Run() int {
	flag.Parse()
	if hasOwnNeeds() {
		return b.Main.Run()
	}
	if debug.SetMemoryLimit(-1) == math.MaxInt64 { // GOMEMLIMIT is not set
		debug.SetMemoryLimit(collectFrom)
	}
	code := b.Main.Run()
	if peak := peakMemory(); peak > b.limit {
		_, _ = fmt.Fprintf(os.Stderr, "FAIL: the tests needed %d MiB of memory at their peak; %d MiB are allowed\n", peak/MiB, b.limit/MiB)
		return max(code, 1)
	}
	return code
}

func hasOwnNeeds() bool {
	if isRace {
		return true
	}
	for _, name := range []string{"test.bench", "test.fuzz", "test.fuzzworker"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != f.DefValue {
			return true
		}
	}
	return false
}

// peakMemory returns the most memory that this process ever held, in bytes, and 0
// where the system does not tell.
func peakMemory() int64 {
	status, err := openfiles.Read("/proc/self/status", MiB)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "VmHWM:")
		if !ok {
			continue
		}
		size, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(text, "kB")), 10, 64)
		return size << 10
	}
	return 0
}
