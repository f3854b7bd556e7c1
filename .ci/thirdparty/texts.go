// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// texts returns the licences and notices of the command and of all that is linked
// into it, each text once.
func texts() (string, error) {
	out, err := output("list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}} {{.Dir}}{{end}}", "./cmd/lithops-s3")
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	users := map[string][]string{}
	var order []string
	add := func(user, path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := strings.TrimSpace(strings.ReplaceAll(string(data), "\r", ""))
		if users[text] == nil {
			order = append(order, text)
		}
		users[text] = append(users[text], user)
		return nil
	}
	for _, line := range slices.Compact(lines) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		user, dir := strings.Join(fields[:len(fields)-1], " "), fields[len(fields)-1]
		for _, path := range legalFiles(dir) {
			if err := add(user, path); err != nil {
				return "", err
			}
		}
	}
	root, err := output("env", "GOROOT")
	if err != nil {
		return "", err
	}
	if err := add("Go's standard library", filepath.Join(strings.TrimSpace(string(root)), "LICENSE")); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("The licences of lithops-s3 and of what is in it. THIRD_PARTY.md has the list.\n")
	for _, text := range order {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(users[text], "\n"), text)
	}
	return b.String(), nil
}

// legalFiles are a module's licences and notices.
func legalFiles(dir string) (found []string) {
	for _, pattern := range []string{"LICEN[SC]E*", "COPYING*", "License*", "NOTICE*"} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err == nil {
			found = append(found, paths...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
