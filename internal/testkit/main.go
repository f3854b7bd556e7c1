// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"flag"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A Main runs the tests of a package, as [testing.M] does.
type Main interface{ Run() int }

// AtOnce returns m with count parallel tests at a time, for packages whose tests wait
// more than they compute. It changes nothing if -parallel is given.
func AtOnce(m Main, count int) Main { return atOnce{m, count} }

type atOnce struct {
	Main
	count int
}

// Run runs the tests.
func (a atOnce) Run() int {
	flag.Parse()
	isGiven := false
	flag.Visit(func(f *flag.Flag) { isGiven = isGiven || f.Name == parallelFlag })
	if !isGiven {
		if err := flag.Set(parallelFlag, strconv.Itoa(a.count)); err != nil {
			panic(err)
		}
	}
	return a.Main.Run()
}

const parallelFlag = "test.parallel"

// Isolated returns m without the settings that the environment has, of AWS, Lithops,
// proxies, terminals and languages: whoever runs the tests has some, and the tests' own
// are others. It changes nothing if LITHOPSS3_TEST_ENDPOINT names a server, because the
// keys are for that.
func Isolated(m Main) Main { return isolated{m} }

type isolated struct{ Main }

// Run runs the tests.
func (i isolated) Run() int {
	if os.Getenv("LITHOPSS3_TEST_ENDPOINT") == "" {
		for _, pair := range os.Environ() {
			if name, _, _ := strings.Cut(pair, "="); isSetting(name) {
				if err := os.Unsetenv(name); err != nil {
					panic(err)
				}
			}
		}
	}
	return i.Main.Run()
}

// isSetting reports whether a variable has settings of this module's code, of the SDK's, or
// of a shell's that a test starts.
func isSetting(name string) bool {
	name = strings.ToUpper(name)
	for _, prefix := range []string{"AWS_", "_X_AMZN_", "BOTO_", "LITHOPS_", "__LITHOPS_", "LC_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return strings.HasSuffix(name, "_PROXY") || slices.Contains([]string{"COLUMNS", "LANG", "NO_COLOR", "TERM"}, name)
}
