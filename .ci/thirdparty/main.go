// SPDX-License-Identifier: Apache-2.0

// Command thirdparty prints THIRD_PARTY.md: every module that go.mod names, with
// its licence and what it is part of.
//
//	go run ./.ci/thirdparty >THIRD_PARTY.md
//
// With "texts" it prints the licences' texts, which lithops-s3 --licenses shows:
//
//	go run ./.ci/thirdparty texts >cmd/lithops-s3/licenses.txt
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	write := page
	if len(os.Args) > 1 && os.Args[1] == "texts" {
		write = texts
	}
	text, err := write()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(text)
}

type module struct{ Path, Version, Dir string }

const head = `# Third-party modules

Every module that go.mod names, with its licence: made by ` + "`go run ./.ci/thirdparty`" + `, held to go.mod by
TestThirdPartyIsComplete. "Library" is in every program that imports this package, "command" in lithops-s3 as well,
"tests" in neither. The rest is only named by the go.mod of others, and built into nothing.

| module | version | licence | part of |
|---|---|---|---|
`

func page() (string, error) {
	var edited struct{ Require []module }
	if err := run(&edited, "mod", "edit", "-json"); err != nil {
		return "", err
	}
	parts := []string{"library", "command", "tests"}
	linked := map[string]string{}
	for i, pattern := range [][]string{{"."}, {"./cmd/lithops-s3"}, {"-test", "./..."}} {
		out, err := output(append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}, pattern...)...)
		if err != nil {
			return "", err
		}
		for path := range strings.FieldsSeq(string(out)) {
			if linked[path] == "" {
				linked[path] = parts[i]
			}
		}
	}
	var b strings.Builder
	b.WriteString(head)
	slices.SortFunc(edited.Require, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	for _, required := range edited.Require {
		var found module
		if err := run(&found, "mod", "download", "-json", required.Path+"@"+required.Version); err != nil {
			return "", err
		}
		licence, err := licenceOf(found.Dir)
		if err != nil {
			return "", fmt.Errorf("%s: %w", required.Path, err)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", required.Path, required.Version, licence, linked[required.Path])
	}
	return b.String(), nil
}

// licences are told by what only their texts have, in this order.
var licences = []struct{ text, name string }{
	{"covered by two different licenses: MIT and Apache", "MIT and Apache-2.0"},
	{"Mozilla Public License Version 2.0", "MPL-2.0"},
	{"Apache License", "Apache-2.0"},
	{"Neither the name of", "BSD-3-Clause"},
	{"Permission is hereby granted, free of charge", "MIT"},
	{"Redistributions in binary form", "BSD-2-Clause"},
}

func licenceOf(dir string) (string, error) {
	for _, pattern := range []string{"LICEN[SC]E*", "COPYING*", "License*"} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(paths) == 0 {
			continue
		}
		text, err := os.ReadFile(paths[0])
		if err != nil {
			return "", err
		}
		flat := strings.Join(strings.Fields(string(text)), " ")
		for _, licence := range licences {
			if strings.Contains(flat, licence.text) {
				return licence.name, nil
			}
		}
	}
	return "", errors.New("no licence that is known here")
}

func output(args ...string) ([]byte, error) {
	command := exec.Command("go", args...)
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, problems.String())
	}
	return out, nil
}

func run(into any, args ...string) error {
	out, err := output(args...)
	if err != nil {
		return err
	}
	return json.Unmarshal(out, into)
}
