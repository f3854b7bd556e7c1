// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
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
	Measured string `json:",omitempty"` // when, and of which commit
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

// values returns a client's measurements in a metric, sorted: seconds, bytes or requests.
func (c *clientResult) values(metric string) []float64 {
	values := make([]float64, len(c.Samples))
	for i, s := range c.Samples {
		values[i] = map[string]float64{
			metricWall: s.Wall, metricCPU: s.CPU, metricHeap: float64(s.Heap), metricRSS: float64(s.RSS),
			metricRequests: float64(s.Requests), metricAllocs: float64(s.Allocs), metricConnections: float64(s.Connections),
			metricFailed: float64(s.Seen.Failed),
		}[metric]
	}
	slices.Sort(values)
	return values
}

func (c *clientResult) median(metric string) float64 { return median(c.values(metric)) }

// spread returns the median with the least and the most: "1.20 s (1.10–1.35)".
func (c *clientResult) spread(metric string) string {
	values := c.values(metric)
	text := formatMetric(metric, median(values))
	if least, most := values[0], values[len(values)-1]; least < most {
		unit := text[strings.LastIndexByte(text, ' ')+1:]
		text += fmt.Sprintf(" (%s–%s)", strings.TrimSuffix(formatMetric(metric, least), " "+unit), strings.TrimSuffix(formatMetric(metric, most), " "+unit))
	}
	return text
}

// formatMetric writes a value of a metric with its unit.
func formatMetric(metric string, value float64) string {
	switch metric {
	case metricWall, metricCPU:
		return formatSeconds(value)
	case metricHeap, metricRSS:
		return formatBytes(int64(value))
	}
	if metric == metricAllocs && value == 0 { // of a client that is not in Go
		return "–"
	}
	return formatCount(int(value))
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

func readReport(path string) (*report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	found := &report{}
	return found, json.Unmarshal(data, found)
}

// keep adds what a file of results has of scenarios that were not measured now, in
// the order of all scenarios. Results of another machine are not kept.
func (r *report) keep(path string) {
	for i := range r.Results {
		r.Results[i].Measured = r.Date + " " + r.commit()
	}
	old, err := readReport(path)
	if err != nil || old.Machine != r.Machine {
		return
	}
	for i := range old.Results {
		if r.result(old.Results[i].Scenario) == nil {
			r.Results = append(r.Results, old.Results[i])
		}
	}
	order := map[string]int{}
	for i, s := range scenarios(false) {
		order[s.name] = i
	}
	slices.SortStableFunc(r.Results, func(a, b result) int { return cmp.Compare(order[a.Scenario], order[b.Scenario]) })
}

// commit returns the commit of this package that was measured.
func (r *report) commit() string {
	for _, version := range r.Versions {
		if name, commit, _ := strings.Cut(version, " "); name == "lithops-go/lithopss3" {
			return commit
		}
	}
	return ""
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
	file := filepath.Join(docs, "performance.md")
	page, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, hasBegin := strings.Cut(string(page), beginMark)
	_, after, hasEnd := strings.Cut(rest, endMark)
	if !hasBegin || !hasEnd {
		return fmt.Errorf("%s %w", file, errNoMarks)
	}
	text := before + beginMark + "\n\n" + r.markdown() + "\n" + endMark + after
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
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
	text.WriteString("\nMedians of n measurements. In brackets: the least and the most.\n")
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
		text.WriteString("\n### Targets\n\n| row | scenario | this package | at most | reached |\n|---|---|---|---|---|\n")
		text.WriteString(strings.Join(verdicts, ""))
	}
	return text.String()
}

// writeTable writes a row for each client, with its figures as it comes and tuned.
func (r *result) writeTable(text *strings.Builder) {
	if len(r.Clients) == 0 {
		return
	}
	measured := ""
	if r.Measured != "" {
		measured = ", measured on " + r.Measured
	}
	fmt.Fprintf(text, "\n**%s** (`%s`%s)\n\n", r.Title, r.Scenario, measured)
	text.WriteString("| client | wall | wall, tuned | client CPU | CPU, tuned | peak memory | memory, tuned | peak heap | allocations | requests | connections | n |\n")
	text.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	var done []string
	for i := range r.Clients {
		name := strings.TrimSuffix(r.Clients[i].Name, tunedSuffix)
		if slices.Contains(done, name) {
			continue
		}
		done = append(done, name)
		r.writeRow(text, name)
	}
	if len(r.Failures) > 0 {
		fmt.Fprintf(text, "\nFailed, and left out: %s.\n", strings.Join(r.Failures, ", "))
	}
}

func (r *result) writeRow(text *strings.Builder, name string) {
	asItComes, tuned := r.client(name), r.client(name+tunedSuffix)
	fmt.Fprintf(text, "| %s", name)
	for _, metric := range []string{metricWall, metricCPU, metricRSS} {
		for _, c := range []*clientResult{asItComes, tuned} {
			fmt.Fprintf(text, " | %s", r.cell(c, metric))
		}
	}
	c := asItComes
	if c == nil {
		c = tuned
	}
	for _, metric := range []string{metricHeap, metricAllocs, metricRequests, metricConnections} {
		cell := formatMetric(metric, c.median(metric))
		if metric == metricRequests && tuned != nil && tuned != c && tuned.median(metric) != c.median(metric) {
			cell += ", tuned " + formatMetric(metric, tuned.median(metric))
		}
		fmt.Fprintf(text, " | %s", cell)
	}
	fmt.Fprintf(text, " | %d |\n", len(c.Samples))
}

// cell is empty where there was no measurement.
func (r *result) cell(c *clientResult, metric string) string {
	if c == nil {
		return ""
	}
	cell := c.spread(metric)
	if failed := c.median(metricFailed); metric == metricWall && failed > 0 {
		cell += fmt.Sprintf(", %s failed", formatCount(int(failed)))
	}
	return cell
}

func groupOf(client string) string {
	client = strings.TrimSuffix(client, tunedSuffix)
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
	case n%1024 == 0 && n < 1<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	case n%(1<<20) == 0 || n >= 100<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// formatCount writes a number with commas: 1,000,000.
func formatCount(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
