// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A report is everything that was measured in one run.
type report struct {
	Date     string
	Machine  string
	Versions []string
	Quick    bool `json:",omitempty"`
	Results  []result
}

// A result is what was measured of a scenario.
type result struct {
	Scenario string
	Title    string
	Clients  []clientResult
	Failures []string `json:",omitempty"` // clients, once for each measurement that failed
}

// A clientResult are the measurements of one client, in the order of the rounds.
type clientResult struct {
	Name    string
	Samples []sample
}

func (r *result) add(client string, s sample) {
	i := slices.IndexFunc(r.Clients, func(c clientResult) bool { return c.Name == client })
	if i < 0 {
		i = len(r.Clients)
		r.Clients = append(r.Clients, clientResult{Name: client})
	}
	r.Clients[i].Samples = append(r.Clients[i].Samples, s)
}

func (r *result) client(name string) *clientResult {
	for i := range r.Clients {
		if r.Clients[i].Name == name {
			return &r.Clients[i]
		}
	}
	return nil
}

// median is a client's median in a metric: seconds, bytes or requests.
func (c *clientResult) median(metric string) float64 {
	values := make([]float64, len(c.Samples))
	for i, s := range c.Samples {
		values[i] = map[string]float64{
			metricWall: s.Wall, metricCPU: s.CPU, metricHeap: float64(s.Heap), metricRSS: float64(s.RSS),
			metricRequests: float64(s.Requests), metricAllocs: float64(s.Allocs), metricConnections: float64(s.Connections),
		}[metric]
	}
	return median(values)
}

func median(values []float64) float64 {
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

func newReport(ctx context.Context, o options) *report {
	report := &report{Date: time.Now().UTC().Format(time.DateOnly), Machine: machine(), Quick: o.quick}
	report.Versions = append(report.Versions, runtime.Version())
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if slices.ContainsFunc(peers, func(p peer) bool { return p.module == module.Path }) {
			version := module.Version
			if module.Replace != nil { // this checkout
				commit, _ := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
				version = strings.TrimSpace(string(commit))
			}
			report.Versions = append(report.Versions, strings.TrimPrefix(module.Path, "github.com/")+" "+version)
		}
	}
	return report
}

func machine() string {
	model := runtime.GOARCH
	if file, err := os.Open("/proc/cpuinfo"); err == nil {
		defer func() { _ = file.Close() }()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	version, _, _ := strings.Cut(strings.TrimSpace(string(kernel)), "-")
	memory := ""
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			memory = formatBytes(kib << 10)
		}
	}
	return fmt.Sprintf("%d × %s, %s of memory, %s %s", runtime.NumCPU(), model, memory, runtime.GOOS, version)
}

func readReport(path string) (*report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	found := &report{}
	return found, json.Unmarshal(data, found)
}

// Marks between which the docs are written anew.
const (
	beginMark = "<!-- begin: written by bench -->"
	endMark   = "<!-- end: written by bench -->"
)

var errNoMarks = errors.New("has no place for the figures: " + beginMark + " … " + endMark)

// write writes the measurements with their tables, and the docs. An empty path is not written.
func (r *report) write(results, docs string) error {
	if results != "" {
		if err := r.writeResults(results); err != nil {
			return err
		}
	}
	if docs == "" {
		return nil
	}
	path := filepath.Join(docs, "performance.md")
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, hasBegin := strings.Cut(string(page), beginMark)
	_, after, hasEnd := strings.Cut(rest, endMark)
	if !hasBegin || !hasEnd {
		return fmt.Errorf("%s %w", path, errNoMarks)
	}
	text := before + beginMark + "\n\n" + r.markdown() + "\n" + endMark + after
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(docs, "performance.svg"), []byte(r.plot()), 0o600)
}

// writeResults writes the measurements as JSON, and next to them the table of each
// scenario in figures.md.
func (r *report) writeResults(path string) error {
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "figures.md"), []byte(r.figures()), 0o600)
}

// figures returns a page with the table of each scenario.
func (r *report) figures() string {
	var text strings.Builder
	text.WriteString("# Figures of the last run\n\nWritten by `go run .` in `bench`; see [docs/performance.md](../../docs/performance.md).\n\n")
	text.WriteString(r.heading())
	text.WriteString("\nMedians. In brackets: how many times this package's wall time.\n")
	for i := range r.Results {
		r.Results[i].writeTable(&text)
	}
	return text.String()
}

// heading returns when, where and with which versions the run was made.
func (r *report) heading() string {
	return fmt.Sprintf("Measured on %s, on %s.\n\nVersions: %s.\n", r.Date, r.Machine, strings.Join(r.Versions, ", "))
}

// markdown returns the part of docs/performance.md between the marks.
func (r *report) markdown() string {
	var text strings.Builder
	text.WriteString(r.heading())
	if verdicts := r.verdicts(); len(verdicts) > 0 && !r.Quick { // which has other sizes than the targets
		text.WriteString("\n### Targets\n\n| work | this package | at most | reached |\n|---|---|---|---|\n")
		text.WriteString(strings.Join(verdicts, ""))
	}
	return text.String()
}

func (r *result) writeTable(text *strings.Builder) {
	if len(r.Clients) == 0 {
		return
	}
	fmt.Fprintf(text, "\n**%s** (`%s`)\n\n| client | wall | client CPU | peak heap | peak memory | allocations | requests | connections | rounds |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n", r.Title, r.Scenario)
	own := r.client("lithopss3")
	for i := range r.Clients {
		c := &r.Clients[i]
		wall := formatSeconds(c.median(metricWall))
		if own != nil && c != own {
			wall += fmt.Sprintf(" (%.2f)", c.median(metricWall)/own.median(metricWall))
		}
		fmt.Fprintf(text, "| %s | %s | %s | %s | %s | %s | %s | %s | %d |\n", c.Name, wall, formatSeconds(c.median(metricCPU)),
			formatBytes(int64(c.median(metricHeap))), formatBytes(int64(c.median(metricRSS))), formatAllocs(c.median(metricAllocs)),
			formatCount(int(c.median(metricRequests))), formatCount(int(c.median(metricConnections))), len(c.Samples))
	}
	if len(r.Failures) > 0 {
		fmt.Fprintf(text, "\nFailed, and left out: %s.\n", strings.Join(r.Failures, ", "))
	}
}

// verdicts are the rows of the targets that were measured.
func (r *report) verdicts() []string {
	var rows []string
	for _, t := range targets {
		i := slices.IndexFunc(r.Results, func(found result) bool { return found.Scenario == t.scenario })
		if i < 0 {
			continue
		}
		if row := t.judge(&r.Results[i]); row != "" {
			rows = append(rows, row)
		}
	}
	return rows
}

// judge is a target's row, empty where the other side was not measured.
func (t target) judge(r *result) string {
	own := r.client("lithopss3")
	if own == nil {
		return ""
	}
	value := own.median(t.metric)
	if t.than == absolute {
		return t.row(r, formatBytes(int64(value)), formatBytes(int64(t.atMost)), value <= t.atMost)
	}
	other := t.other(r)
	if other == nil {
		return ""
	}
	ratio := value / other.median(t.metric)
	measured := fmt.Sprintf("%.2f × %s", ratio, other.Name)
	if ratio < 1 {
		measured += fmt.Sprintf(" (%.1f times less)", 1/ratio)
	}
	than := t.than
	if than == other.Name {
		than = ""
	}
	return t.row(r, measured, strings.TrimSpace(fmt.Sprintf("%.2f × %s", t.atMost, than)), ratio <= t.atMost)
}

func (t target) row(r *result, measured, atMost string, isReached bool) string {
	reached := map[bool]string{true: "yes", false: "**no**"}[isReached]
	return fmt.Sprintf("| %s: %s | %s | %s | %s |\n", r.Title, t.metric, measured, atMost, reached)
}

// other is the client to compare with: of a group the one with the least wall
// time, or the least of what is compared where that is not the time.
func (t target) other(r *result) *clientResult {
	groups := map[string][]string{
		fastestPeer: {groupSDK, groupGo, groupOther}, fastestGo: {groupSDK, groupGo}, bestOnSDK: {groupSDK},
	}[t.than]
	if groups == nil {
		return r.client(t.than)
	}
	var best *clientResult
	for i := range r.Clients {
		c := &r.Clients[i]
		if slices.Contains(groups, groupOf(c.Name)) && (best == nil || c.median(t.metric) < best.median(t.metric)) {
			best = c
		}
	}
	return best
}

func groupOf(client string) string {
	for _, p := range peers {
		if p.name == client {
			return p.group
		}
	}
	return groupOther
}

func formatSeconds(s float64) string {
	if s < 0.1 {
		return fmt.Sprintf("%.1f ms", 1000*s)
	}
	return fmt.Sprintf("%.2f s", s)
}

func formatBytes(n int64) string {
	switch {
	case n == 0:
		return "–"
	case n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n%(1<<20) == 0 || n >= 100<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

func formatAllocs(n float64) string {
	if n == 0 {
		return "–"
	}
	return formatCount(int(n))
}

// formatCount writes a number with commas: 1,000,000.
func formatCount(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
