// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A room is a package and what its tests notice.
type room struct {
	dir     string
	share   int // in percent, that the tests must notice
	changes []change

	started, tried, noticed int
	survivors               []change
}

// String says what was noticed.
func (r *room) String() string {
	return fmt.Sprintf("%s: %d of %d changes noticed (%d %%)", r.dir, r.noticed, r.tried, 100*r.noticed/max(r.tried, 1))
}

// check returns an error if the tests notice too little.
//
// A sample of a few changes says little: of a room that notices its 90 %, four changes
// may well hit two that it does not. So a room fails only if its sample is one that a
// room with its share would have less often than once in five hundred. With four changes
// and 90 % that is no noticed change, with eight three or fewer, and with forty 29 or
// fewer.
func (r *room) check() error {
	if chanceOf(r.noticed, r.tried, float64(r.share)/100) >= 0.002 {
		return nil
	}
	return fmt.Errorf("%s: %d of %d changes were noticed, too few for a share of %d %%", r.dir, r.noticed, r.tried, r.share)
}

// chanceOf returns the chance that at most noticed of tried changes are noticed, if
// each is with the chance share.
func chanceOf(noticed, tried int, share float64) float64 {
	sum, ways := 0.0, 1.0
	for k := range noticed + 1 {
		sum += ways * math.Pow(share, float64(k)) * math.Pow(1-share, float64(tried-k))
		ways *= float64(tried-k) / float64(k+1)
	}
	return sum
}

// chooseRooms returns the rooms to try with their changes in the order to try them.
func chooseRooms(ctx context.Context, dirs []string, opts options) ([]*room, error) {
	known, err := readRooms(".ci/mutate/rooms.txt")
	if err != nil {
		return nil, err
	}
	var lines changedLines
	if opts.since != "" {
		if lines, err = linesSince(ctx, opts.since); err != nil {
			return nil, err
		}
	}
	switch {
	case len(dirs) == 0 && opts.since != "":
		dirs = lines.dirs()
	case len(dirs) == 0:
		dirs = known.dirs
	}
	allowed, err := readAllowed(".ci/mutate/allowed.txt")
	if err != nil {
		return nil, err
	}
	var rooms []*room
	for _, dir := range dirs {
		r := &room{dir: dir, share: known.shares[filepath.Clean(dir)]}
		all, err := packageChanges(dir)
		if err != nil {
			return nil, err
		}
		for _, change := range all {
			if !allowed[change.String()] && (lines == nil || lines.has(change)) {
				r.changes = append(r.changes, change)
			}
		}
		random := rand.New(rand.NewPCG(opts.seed, opts.seed))
		random.Shuffle(len(r.changes), func(i, j int) { r.changes[i], r.changes[j] = r.changes[j], r.changes[i] })
		rooms = append(rooms, r)
	}
	return rooms, nil
}

// shares are the rooms of rooms.txt.
type shares struct {
	dirs   []string
	shares map[string]int
}

// readRooms reads lines of a package and a share in percent.
func readRooms(path string) (shares, error) {
	known := shares{shares: map[string]int{}}
	err := readLines(path, func(line string) error {
		dir, text, _ := strings.Cut(line, " ")
		share, err := strconv.Atoi(strings.TrimSpace(text))
		known.dirs = append(known.dirs, dir)
		known.shares[filepath.Clean(dir)] = share
		return err
	})
	return known, err
}

// readAllowed reads changes that may survive, as they are printed, each followed by a
// tab and the reason.
func readAllowed(path string) (map[string]bool, error) {
	allowed := map[string]bool{}
	err := readLines(path, func(line string) error {
		change, reason, found := strings.Cut(line, "\t")
		if !found || strings.TrimSpace(reason) == "" {
			return errors.New("no tab and reason after the change")
		}
		allowed[change] = true
		return nil
	})
	return allowed, err
}

// readLines calls read with each line that is neither empty nor a # comment.
func readLines(path string, read func(line string) error) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if line = strings.TrimRight(line, "\n"); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := read(line); err != nil {
			return fmt.Errorf("%s:%d: %w", path, number, err)
		}
	}
	return nil
}
