// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed" // the licences
	"fmt"
	"io"
	"runtime/debug"
)

// versionFlag prints the version and ends the command.
type versionFlag bool

func (versionFlag) inform(out io.Writer) error {
	_, err := fmt.Fprintln(out, "lithops-s3", version())
	return err
}

//go:embed licenses.txt
var licenses string

// licensesFlag prints the licences and ends the command.
type licensesFlag bool

func (licensesFlag) inform(out io.Writer) error {
	_, err := io.WriteString(out, licenses)
	return err
}

// version returns what the build recorded.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	return versionOf(info)
}

// versionOf returns the module's version, or the commit, and Go's version.
func versionOf(info *debug.BuildInfo) string {
	text := info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && (text == "" || text == "(devel)") {
			text = setting.Value
		}
	}
	return text + " " + info.GoVersion
}
