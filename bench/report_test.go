// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newTestReport() *report {
	up := result{Scenario: "up-20ms", Title: "1 GiB file up"}
	for name, walls := range map[string][]float64{"lithopss3": {1, 9, 1.2}, "net/http": {1, 1}, "gocloud": {2, 4}, "gocloud tuned": {2.5}, "manager": {5}} {
		for _, wall := range walls {
			up.add(name, sample{measured: measured{Wall: wall, Heap: int64(wall * (1 << 20))}})
		}
	}
	return &report{Date: "2026-11-25", Machine: "a machine", Versions: []string{"go1.26"}, Results: []result{up}}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	verdicts := newTestReport().verdicts()
	assert.Len(t, verdicts, len(targets()))
	for _, row := range []string{
		"| – | `up-20ms` wall | 0.48 × gocloud tuned (2.1 times less) | 0.50 × the fastest peer | yes |\n",
		"| – | `up-20ms` wall | 1.20 × net/http | 1.40 × net/http | yes |\n",
		"| – | `up-20ms` peak heap | 1.2 MiB (1–9) | 8 MiB | yes |\n",
		"| G | `watch-20ms` wall | not measured yet on a quiet machine | 1.00 s | – |\n",
		"| A | `list-*-40ms` wall (tuned) | not measured yet on a quiet machine | 0.12 × aws-sdk-go-v2 | – |\n",
		"| B | `crowd-1024-20ms` failures | not measured yet on a quiet machine | 0 | – |\n",
	} {
		assert.Contains(t, verdicts, row)
	}
	several := newTestReport()
	second := several.Results[0]
	second.Scenario, second.Clients = "up-40ms", []clientResult{*second.client(own), {floor, []sample{{measured: measured{Wall: 0.5}}}}}
	several.Results = append(several.Results, second)
	worst := target{row16: "A", scenario: "up-*", metric: metricWall, own: own, than: floor, atMost: 2}
	assert.Equal(t, "| A | `up-*` wall | 2.40 × net/http, in `up-40ms` | 2.00 × net/http | **no** |\n", several.judge(&worst))
	missed := target{row16: "K", scenario: "up-20ms", metric: metricWall, own: own, than: floor, atMost: 1, missed: "because"}
	assert.Contains(t, newTestReport().judge(&missed), "| **no** because |")
}

// TestScenarios checks that each target names a scenario that exists, because another
// would never be judged.
func TestScenarios(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, s := range scenarios(false) {
		assert.False(t, names[s.name], s.name)
		names[s.name] = true
	}
	for _, target := range targets() {
		matches := 0
		for name := range names {
			if ok, err := path.Match(target.scenario, name); assert.NoError(t, err) && ok {
				matches++
			}
		}
		assert.Positive(t, matches, target.scenario)
		if target.in != "" {
			assert.Contains(t, names, target.in)
		}
	}
	assert.Len(t, scenarios(true), len(names))
}

func TestWriteKeepsTheFrame(t *testing.T) {
	t.Parallel()
	docs := t.TempDir()
	path := filepath.Join(docs, "performance.md")
	report := newTestReport()
	require.ErrorIs(t, report.write("", docs), os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("no marks"), 0o600))
	require.ErrorIs(t, report.write("", docs), errNoMarks)

	require.NoError(t, os.WriteFile(path, []byte("before\n"+beginMark+"\nold\n"+endMark+"\nafter\n"), 0o600))
	results := filepath.Join(docs, "results", "results.json")
	require.NoError(t, report.write(results, docs))
	again, err := readReport(results)
	require.NoError(t, err)
	assert.Equal(t, report, again)
	require.NoError(t, again.write("", docs))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "before\n"+beginMark+"\n\n"+report.markdown()+"\n"+endMark+"\nafter\n", string(text))
	figures, err := os.ReadFile(filepath.Join(docs, "results", "figures.md"))
	require.NoError(t, err)
	assert.Equal(t, report.figures(), string(figures))
	assert.Contains(t, string(figures), "| gocloud | 3.00 s (2.00–4.00) | 2.50 s |")
	assert.Contains(t, string(figures), "| lithopss3 | 1.20 s (1.00–9.00) |  |")
	picture, err := os.ReadFile(filepath.Join(docs, "performance.svg"))
	require.NoError(t, err)
	assert.Contains(t, string(picture), "1.20 s</text>")
}

func TestFormat(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "1,234,567", formatCount(1234567))
	assert.Equal(t, "123", formatCount(123))
	assert.Equal(t, "12.3 ms", formatSeconds(0.01234))
	assert.Equal(t, "1 GiB", formatBytes(1<<30))
	assert.Equal(t, "1.5 MiB", formatBytes(3<<19))
	assert.Equal(t, "100 KiB", formatBytes(100<<10))
	assert.InDelta(t, 2.5, median([]float64{4, 1, 3, 2}), 0)
}

func TestInstructions(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "with SHA, with AES, without carry-less multiplication instructions", instructions("flags\t\t: fpu aes sha_ni\n", ""))
	assert.Equal(t, "without SHA, with AES, with carry-less multiplication instructions, GODEBUG=cpu.sha=off",
		instructions("Features\t: aes pmull\n", "cpu.sha=off"))
	assert.Equal(t, "instructions not known", instructions("", ""))
}

func TestKeep(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "results.json")
	old := newTestReport()
	old.Results = append(old.Results, result{Scenario: "read-20ms"}, result{Scenario: "up-0ms"})
	require.NoError(t, old.write(path, ""))
	merged := newTestReport()
	merged.Versions = []string{"go1.26", "lithops-go/lithopss3 abc"}
	merged.keep(path)
	var names []string
	for i := range merged.Results {
		names = append(names, merged.Results[i].Scenario+merged.Results[i].Measured)
	}
	assert.Equal(t, []string{"up-0ms", "up-20ms2026-11-25 abc", "read-20ms"}, names)
	other := newTestReport()
	other.Machine = "another machine"
	other.keep(path)
	assert.Len(t, other.Results, 1)
}
