// SPDX-License-Identifier: Apache-2.0

// Command bench compares this package with its peers, against an S3 server on
// loopback that has the latency and bandwidth of S3. It writes docs/performance.md.
// On a machine that does nothing else, "go run ." takes about 75 minutes; see -help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "client":
		err = clientMain(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "server":
		err = serverMain(os.Args[2])
	default:
		err = benchMain()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	quick   bool
	rounds  int
	run     string
	peers   string
	folder  string
	results string
	docs    string
	merge   bool
	render  bool
	profile string
}

func parseOptions() options {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "do little of everything, as a test of the bench; writes no docs")
	flag.IntVar(&o.rounds, "rounds", 0, "measure each scenario so often (default 3, 1 with -quick)")
	flag.StringVar(&o.run, "run", "", "measure only the scenarios whose names match this expression")
	flag.StringVar(&o.peers, "peers", "", "measure only these clients, by names with commas between")
	flag.StringVar(&o.folder, "dir", "/dev/shm", "keep files in this folder; in memory, so that no disk is measured")
	flag.StringVar(&o.results, "results", "results/results.json", "write the measurements to this file and figures.md next to it; nothing with -quick, -run or -peers unless given")
	flag.StringVar(&o.docs, "docs", "../docs", "write performance.md and performance.svg to this folder, likewise")
	flag.BoolVar(&o.merge, "merge", false, "write the results also with -run, and keep what the file has of other scenarios, if it is of the same machine")
	flag.BoolVar(&o.render, "render", false, "measure nothing; write the tables, the plot and the docs from the results again")
	flag.StringVar(&o.profile, "profile", "", "write CPU profiles of the clients in Go to this folder")
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if o.quick && o.rounds == 0 {
		o.rounds = 1
	}
	if given["quick"] || given["peers"] || given["run"] && !o.merge {
		if !given["results"] {
			o.results = ""
		}
		if !given["docs"] {
			o.docs = ""
		}
	}
	return o
}

func benchMain() error {
	o := parseOptions()
	if o.render {
		report, err := readReport(o.results)
		if err != nil {
			return err
		}
		return report.write(o.results, o.docs)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	all, err := selected(o)
	if err != nil {
		return err
	}
	report := newReport(ctx, o)
	r, stop, err := newRunner(ctx, o, report)
	if err != nil {
		return err
	}
	defer stop()
	var failures error
	if report.Results, failures = r.run(ctx, all, o.rounds); ctx.Err() != nil {
		return ctx.Err()
	}
	if o.merge {
		report.keep(o.results)
	}
	fmt.Println(report.markdown())
	return errors.Join(failures, report.write(o.results, o.docs))
}

func selected(o options) ([]scenario, error) {
	pattern, err := regexp.Compile(o.run)
	if err != nil {
		return nil, err
	}
	var all []scenario
	for _, s := range scenarios(o.quick) {
		if pattern.MatchString(s.name) {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no scenario matches %q", o.run)
	}
	return all, nil
}

// newRunner starts the server and finds the clients. stop ends and removes what
// it made.
func newRunner(ctx context.Context, o options, report *report) (r *runner, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	if o.profile != "" {
		if err := os.MkdirAll(o.profile, 0o700); err != nil {
			return nil, nil, err
		}
	}
	if _, err := os.Stat(o.folder); err != nil {
		o.folder = ""
	}
	folder, err := os.MkdirTemp(o.folder, "lithops-bench-")
	if err != nil {
		return nil, nil, err
	}
	at, stopServer, err := startServer(ctx, self, folder)
	stop = func() { _ = os.RemoveAll(folder) }
	if err != nil {
		stop()
		return nil, nil, err
	}
	programs, err := os.MkdirTemp("", "lithops-bench-")
	stop = func() { stopServer(); _ = errors.Join(os.RemoveAll(folder), os.RemoveAll(programs)) }
	if err != nil {
		stop()
		return nil, nil, err
	}
	r = &runner{server: at, folder: folder, self: self, profiles: o.profile, log: log.New(os.Stderr, "", 0), sums: map[string]seen{}}
	only := strings.Split(o.peers, ",")
	r.wanted = func(name string) bool { return o.peers == "" || slices.Contains(only, name) }
	for _, t := range findTools(ctx) {
		if t.path == "" {
			r.log.Println(t.name, "is not on this machine")
			continue
		}
		report.Versions = append(report.Versions, t.describe(ctx))
		r.tools = append(r.tools, t)
	}
	if r.starters, err = buildStarters(ctx, folder, programs); err != nil {
		stop()
		return nil, nil, err
	}
	return r, stop, nil
}
