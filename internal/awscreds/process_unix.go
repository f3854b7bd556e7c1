// SPDX-License-Identifier: Apache-2.0

//go:build unix

package awscreds

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/lithops-go/lithopss3/internal/openfiles"
)

// endWithChildren has a cancel end the process with the processes that it started.
//
// It gets a process group of its own, which one signal ends. If there is a
// terminal it stays in this process's group, because a group in the background may
// not read from the terminal, as tools do that ask for a code; Ctrl-C then reaches
// all of them by itself, and for any other cancel they are looked up.
func endWithChildren(process *exec.Cmd) {
	if hasTerminal() {
		process.Cancel = func() error {
			endTree(process.Process.Pid)
			return nil
		}
		return
	}
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process.Cancel = func() error { return syscall.Kill(-process.Process.Pid, syscall.SIGKILL) }
}

// hasTerminal reports whether this process has a controlling terminal.
func hasTerminal() bool {
	terminal, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	_ = terminal.Close()
	return true
}

// endTree ends a process and the processes that it started.
func endTree(pid int) {
	for _, each := range append([]int{pid}, descendants(pid)...) {
		_ = syscall.Kill(each, syscall.SIGKILL)
	}
}

// descendants returns the processes that pid started, and those that they started.
// It knows Linux's /proc, and finds none elsewhere.
func descendants(pid int) []int {
	var found []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		data, err := openfiles.Read(list, MaxFile)
		if err != nil {
			continue
		}
		for _, field := range strings.Fields(string(data)) {
			if child, err := strconv.Atoi(field); err == nil {
				found = append(append(found, child), descendants(child)...)
			}
		}
	}
	return found
}
