// Command mutate changes one place of a package at a time and runs the package's own
// tests. A change that no test notices marks a rule that no test holds.
//
//	go run ./.ci/mutate                         # a sample of each room in rooms.txt
//	go run ./.ci/mutate -n 40 ./internal/s3xml  # 40 changes of one package, each survivor listed
//
// It fails if a room notices a smaller share than rooms.txt demands. Survivors that
// are equivalent, or matter to speed only, stand in allowed.txt with their reason.
// The tree is not written to: changes reach the compiler through go test -overlay.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A room is a package and the share of changes, in percent, that its tests must notice.
type room struct {
	dir   string
	share int
}

func main() {
	log.SetFlags(0)
	sample := flag.Int("n", 8, "changes per package")
	seed := flag.Uint64("seed", 1, "of the choice of changes")
	limit := flag.Duration("timeout", time.Minute, "for the tests of one change; a change that exceeds it is noticed")
	flag.Parse()
	if err := run(flag.Args(), *sample, *seed, *limit); err != nil {
		log.Fatal("mutate: ", err)
	}
}

func run(dirs []string, sample int, seed uint64, limit time.Duration) error {
	rooms := make([]room, len(dirs))
	for i, dir := range dirs {
		rooms[i] = room{dir: dir}
	}
	if len(rooms) == 0 {
		var err error
		if rooms, err = readRooms(".ci/mutate/rooms.txt"); err != nil {
			return err
		}
	}
	allowed, err := readAllowed(".ci/mutate/allowed.txt")
	if err != nil {
		return err
	}
	var errs []error
	for _, room := range rooms {
		if err := room.try(sample, seed, limit, allowed); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", room.dir, err))
		}
	}
	return errors.Join(errs...)
}

// try makes a sample of the room's changes, one after the other, and reports those
// that no test notices. It returns an error if their share is too large.
func (r room) try(sample int, seed uint64, limit time.Duration, allowed map[string]bool) error {
	changes, err := packageChanges(r.dir)
	if err != nil {
		return err
	}
	if out, err := test(r.dir, "", limit); err != nil {
		return fmt.Errorf("the tests fail without a change: %w\n%s", err, out)
	}
	random := rand.New(rand.NewPCG(seed, seed))
	random.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	tried, noticed := 0, 0
	for _, change := range changes {
		if tried == sample {
			break
		}
		if allowed[change.String()] {
			continue
		}
		switch survived, err := change.survives(r.dir, limit); {
		case errors.Is(err, errNotCompiled):
			continue
		case err != nil:
			return err
		case survived:
			fmt.Println("survived:", change)
		default:
			noticed++
		}
		tried++
	}
	share := 100 * noticed / max(tried, 1)
	fmt.Printf("%s: %d of %d changes noticed (%d %%), of %d possible\n", r.dir, noticed, tried, share, len(changes))
	if share < r.share {
		return fmt.Errorf("%d %% of the changes were noticed, not %d %%", share, r.share)
	}
	return nil
}

var errNotCompiled = errors.New("the change does not compile")

// survives reports whether the package's tests pass with the change.
func (c change) survives(dir string, limit time.Duration) (bool, error) {
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
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
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
	out, err := test(dir, overlayPath, limit)
	if err != nil && (strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]")) {
		return false, errNotCompiled
	}
	return err == nil, nil
}

// test runs the package's short tests and returns what they print.
func test(dir, overlay string, limit time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit+time.Minute)
	defer cancel()
	args := []string{"test", "-short", "-vet=off", "-failfast", "-timeout", limit.String()}
	if overlay != "" {
		args = append(args, "-count=1", "-overlay", overlay)
	}
	command := exec.CommandContext(ctx, "go", append(args, dir)...)
	command.WaitDelay = 5 * time.Second
	out, err := command.CombinedOutput()
	return string(out), err
}

// readRooms reads lines of a package and a share in percent.
func readRooms(path string) ([]room, error) {
	var rooms []room
	err := readLines(path, func(line string) error {
		dir, text, _ := strings.Cut(line, " ")
		share, err := strconv.Atoi(strings.TrimSpace(text))
		rooms = append(rooms, room{dir, share})
		return err
	})
	return rooms, err
}

// readAllowed reads changes that may survive, as they are printed, each followed by
// a tab and the reason.
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
