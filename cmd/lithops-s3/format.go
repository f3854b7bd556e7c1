// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// formatSize returns a number of bytes in the largest unit that fits.
func formatSize(bytes int64) string {
	size, unit := float64(bytes), 0
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	for size >= 1024 && unit < len(units)-1 {
		size /= 1024
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", size, units[unit])
}

// formatPath returns the path of a file as it is shown in a line of text: with slashes,
// which Windows reads too, because its own separators would have to be quoted.
func formatPath(path string) string { return sanitize.Name(filepath.ToSlash(path)) }

// formatTime returns a time in the local zone, with that zone: "2026-11-27 00:04:05Z".
// A time that is not known is "unknown".
func formatTime(when time.Time) string {
	if when.IsZero() {
		return "unknown"
	}
	return when.Local().Format("2006-01-02 15:04:05Z07:00")
}

// tableTime is how a table has times whose zone its heading names.
const tableTime = "2006-01-02 15:04:05"

// formatTableTime returns a time for a table whose heading has formatZone(zone).
func formatTableTime(when time.Time, zone *time.Location) string {
	return when.In(zone).Format(tableTime)
}

// formatClock returns the time of the day in the local zone: "00:04:05".
func formatClock(when time.Time) string { return when.Local().Format(time.TimeOnly) }

// formatCount returns a number of things: "1 object", "2 objects".
func formatCount[N int | int64](count N, thing string) string {
	if count == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", count, thing)
}

// indented returns text for a place after a heading of width columns. All its lines begin
// in the same column, so that none is taken for a heading.
func indented(text string, width int) string {
	return strings.ReplaceAll(sanitize.Text(strings.TrimSpace(text)), "\n", "\n"+strings.Repeat(" ", width))
}

// formatZone returns a zone for a heading: "(UTC)", "(UTC+01:00)".
func formatZone(zone *time.Location) string {
	offset := time.Now().In(zone).Format("-07:00")
	if offset == "+00:00" {
		return "(UTC)"
	}
	return "(UTC" + offset + ")"
}
