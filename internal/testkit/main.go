// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"flag"
	"strconv"
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
