// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

var errNotCompiled = errors.New("the change does not compile")

// tryAll tries the changes of the rooms, which take turns, until each has its sample or
// ctx ends. What ctx interrupts does not count.
func tryAll(ctx context.Context, rooms []*room, opts options) error {
	var mu sync.Mutex
	var group sync.WaitGroup
	var errs []error
	for range opts.atOnce {
		group.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			for ctx.Err() == nil {
				r, c, ok := next(rooms, opts.sample)
				if !ok {
					return
				}
				mu.Unlock()
				survived, err := c.survives(ctx, r.dir, opts.limit)
				mu.Lock()
				if err := r.note(ctx, c, survived, err); err != nil {
					errs = append(errs, err)
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// next returns a change of the room that has started the fewest.
func next(rooms []*room, sample int) (*room, change, bool) {
	var least *room
	for _, r := range rooms {
		if len(r.changes) > 0 && r.started < sample && (least == nil || r.started < least.started) {
			least = r
		}
	}
	if least == nil {
		return nil, change{}, false
	}
	c := least.changes[0]
	least.changes = least.changes[1:]
	least.started++
	return least, c, true
}

// note counts what became of a change.
func (r *room) note(ctx context.Context, c change, survived bool, err error) error {
	switch {
	case ctx.Err() != nil, errors.Is(err, errNotCompiled):
		r.started--
		return nil //nolint:nilerr // what was interrupted says nothing
	case err != nil:
		return err
	case survived:
		r.survivors = append(r.survivors, c)
	default:
		r.noticed++
	}
	r.tried++
	return nil
}

// survives reports whether the package's tests pass with the change.
func (c change) survives(ctx context.Context, dir string, limit time.Duration) (bool, error) {
	scratch, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	code, err := os.ReadFile(c.path)
	if err != nil {
		return false, err
	}
	changed := filepath.Join(scratch, "changed.go")
	text := string(code[:c.start]) + c.new + string(code[c.end:])
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil { //nolint:gosec // in a folder of its own
		return false, err
	}
	absolute, err := filepath.Abs(c.path)
	if err != nil {
		return false, err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {absolute: changed}})
	if err != nil {
		return false, err
	}
	overlayPath := filepath.Join(scratch, "overlay.json")
	if err := os.WriteFile(overlayPath, overlay, 0o600); err != nil {
		return false, err
	}
	return passes(ctx, dir, overlayPath, limit)
}

// passes runs the package's short tests with an overlay.
func passes(ctx context.Context, dir, overlay string, limit time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, limit+time.Minute) // which compiling takes at most
	defer cancel()
	args := []string{"test", "-short", "-vet=off", "-failfast", "-count=1", "-ldflags=-w", "-timeout", limit.String(), "-overlay", overlay, dir}
	command := exec.CommandContext(ctx, "go", args...)          //nolint:gosec // the folder is a package of this module
	command.Env = append(os.Environ(), "RAPID_NOFAILFILE=true") // the tree is not written to
	command.WaitDelay = 5 * time.Second
	out, err := command.CombinedOutput()
	if strings.Contains(string(out), "[build failed]") || strings.Contains(string(out), "[setup failed]") {
		return false, errNotCompiled
	}
	if strings.Contains(string(out), "[no test files]") {
		return false, fmt.Errorf("%s has no tests", dir)
	}
	return err == nil, nil
}
