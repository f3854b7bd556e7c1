// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// machine describes the machine, with the instructions that decide what signatures,
// checksums and TLS cost.
func machine() string {
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo")
	model := cmp.Or(field(string(cpuinfo), "model name"), runtime.GOARCH)
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	version, _, _ := strings.Cut(strings.TrimSpace(string(kernel)), "-")
	meminfo, _ := os.ReadFile("/proc/meminfo")
	kib, _ := strconv.ParseInt(strings.TrimSuffix(field(string(meminfo), "MemTotal"), " kB"), 10, 64)
	return fmt.Sprintf("%d × %s (%s), %s of memory, %s %s", runtime.NumCPU(), model, instructions(string(cpuinfo), os.Getenv("GODEBUG")),
		formatBytes(kib<<10), runtime.GOOS, version)
}

// field returns the value of the first line "name : value".
func field(text, name string) string {
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// instructions says which instructions for SHA-256, AES and CRC32 the processor has.
// GODEBUG (cpu.sha=off) takes them from programs in Go.
func instructions(cpuinfo, godebug string) string {
	flags := " " + cmp.Or(field(cpuinfo, "flags"), field(cpuinfo, "Features")) + " "
	if flags == "  " {
		return "instructions not known"
	}
	var all []string
	for _, kind := range []struct{ name, amd64, arm64 string }{{"SHA", "sha_ni", "sha2"}, {"AES", "aes", "aes"}, {"carry-less multiplication", "pclmulqdq", "pmull"}} {
		verb := "without "
		if strings.Contains(flags, " "+kind.amd64+" ") || strings.Contains(flags, " "+kind.arm64+" ") {
			verb = "with "
		}
		all = append(all, verb+kind.name)
	}
	text := strings.Join(all, ", ") + " instructions"
	if strings.Contains(godebug, "cpu.") {
		text += ", GODEBUG=" + godebug
	}
	return text
}
