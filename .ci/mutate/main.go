// SPDX-License-Identifier: Apache-2.0

// Command mutate changes one place of a package at a time and runs the package's own
// short tests. A change that no test notices marks a rule that no test holds.
//
//	go run ./.ci/mutate -since main             # each change of a line that differs from main
//	go run ./.ci/mutate -n 40 ./internal/s3xml  # 40 changes of one package
//	go run ./.ci/mutate -budget 60s             # a sample of each room in rooms.txt, as in .ci/run
//
// It must not know the packages that it changes. Start reading at run.
//
// Survivors are printed. Those that are equivalent, or matter to speed only, are listed
// in allowed.txt with their reason. The tree is not written to: changes reach the
// compiler through go test -overlay. It is better not run as root, because a changed
// package may write where its tests let it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	sample int
	seed   uint64
	since  string
	budget time.Duration
	limit  time.Duration
	atOnce int
}

func main() {
	log.SetFlags(0)
	var opts options
	flag.IntVar(&opts.sample, "n", 40, "changes per package, at most")
	flag.Uint64Var(&opts.seed, "seed", 1, "of the choice of changes; the same seed and code give the same choice")
	flag.StringVar(&opts.since, "since", "", "change only lines that differ from this commit")
	flag.DurationVar(&opts.budget, "budget", time.Hour, "start and wait no longer than this; packages take turns")
	flag.DurationVar(&opts.limit, "timeout", 30*time.Second, "for the tests of one change; a change that exceeds it is noticed")
	flag.IntVar(&opts.atOnce, "j", runtime.NumCPU(), "changes that are tried at once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, flag.Args(), opts)
	stop()
	if err != nil {
		log.Fatal("mutate: ", err)
	}
}

// run tries changes of the packages in dirs, or else of those with changed lines, or
// else of all rooms.
func run(ctx context.Context, dirs []string, opts options) error {
	rooms, err := chooseRooms(ctx, dirs, opts)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, opts.budget)
	defer cancel()
	fmt.Printf("mutate: seed %d, at most %d changes of each of %d packages, %s\n", opts.seed, opts.sample, len(rooms), opts.budget)
	if err := tryAll(ctx, rooms, opts); err != nil {
		return err
	}
	return report(rooms)
}

// report prints what became of each room, and returns an error for those with too few
// noticed changes.
func report(rooms []*room) error {
	var errs []error
	all := room{dir: "all"}
	shares := 0
	for _, r := range rooms {
		for _, change := range r.survivors {
			fmt.Println("survived:", change)
		}
		fmt.Println(r)
		all.tried += r.tried
		all.noticed += r.noticed
		shares += r.tried * r.share
		errs = append(errs, r.check())
	}
	all.share = shares / max(all.tried, 1)
	fmt.Println(&all)
	return errors.Join(append(errs, all.check())...)
}
