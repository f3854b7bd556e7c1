// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed" // the licences
	"fmt"
	"io"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// versionFlag prints the version and ends the command.
type versionFlag bool

// BeforeApply is called by kong where the flag is given.
func (versionFlag) BeforeApply(app *kong.Kong) error {
	_, err := fmt.Fprintln(app.Stdout, "lithops-s3", version())
	app.Exit(0)
	return err
}

//go:embed licenses.txt
var licenses string

// licensesFlag prints the licences and ends the command.
type licensesFlag bool

// BeforeApply is called by kong where the flag is given.
func (licensesFlag) BeforeApply(app *kong.Kong) error {
	_, err := io.WriteString(app.Stdout, licenses)
	app.Exit(0)
	return err
}

// version returns what the build recorded: the module's version, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	text := info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && (text == "" || text == "(devel)") {
			text = setting.Value
		}
	}
	return text + " " + info.GoVersion
}
