// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// notMeasured is in the place of a figure.
const notMeasured = "not measured yet on a quiet machine"

// verdicts are the rows of the targets.
func (r *report) verdicts() []string {
	var rows []string
	for _, t := range targets() {
		rows = append(rows, r.judge(&t))
	}
	return rows
}

func (r *report) result(scenario string) *result {
	i := slices.IndexFunc(r.Results, func(found result) bool { return found.Scenario == scenario })
	if i < 0 {
		return nil
	}
	return &r.Results[i]
}

// judge is a target's row.
func (r *report) judge(t *target) string {
	than := t.than
	if than == absolute {
		return r.judgeAbsolute(t)
	}
	if t.in != "" {
		than += " in `" + t.in + "`"
	}
	atMost := fmt.Sprintf("%.2f × %s", t.atMost, than)
	worst, measured := 0.0, notMeasured
	for i := range r.Results {
		found := &r.Results[i]
		if isMatch, _ := path.Match(t.scenario, found.Scenario); !isMatch {
			continue
		}
		ratio, other := r.compare(t, found)
		if other == nil || ratio < worst {
			continue
		}
		worst, measured = ratio, fmt.Sprintf("%.2f × %s", ratio, other.Name)
		if ratio < 1 {
			measured += fmt.Sprintf(" (%.1f times less)", 1/ratio)
		}
		if t.scenario != found.Scenario {
			measured += ", in `" + found.Scenario + "`"
		}
	}
	return t.row(measured, atMost, worst <= t.atMost)
}

// compare returns this package's part of another's value, and whose. The other is
// nil where one of both was not measured.
func (r *report) compare(t *target, found *result) (ratio float64, other *clientResult) {
	in := found
	if t.in != "" {
		in = r.result(t.in)
	}
	ours := found.client(t.own)
	if in == nil || ours == nil {
		return 0, nil
	}
	other = t.other(in)
	if other == nil {
		return 0, nil
	}
	return ours.median(t.metric) / other.median(t.metric), other
}

func (r *report) judgeAbsolute(t *target) string {
	atMost := formatMetric(t.metric, t.atMost)
	if found := r.result(t.scenario); found != nil && found.client(t.own) != nil {
		ours := found.client(t.own)
		return t.row(ours.spread(t.metric), atMost, ours.median(t.metric) <= t.atMost)
	}
	return t.row(notMeasured, atMost, false)
}

func (t *target) row(measured, atMost string, isReached bool) string {
	reached := "yes"
	if !isReached {
		reached = strings.TrimSpace("**no** " + t.missed)
	}
	if measured == notMeasured {
		reached = "–"
	}
	tuned := ""
	if t.own == ownTuned {
		tuned = " (tuned)"
	}
	return fmt.Sprintf("| %s | `%s` %s%s | %s | %s | %s |\n", cmp.Or(t.row16, "–"), t.scenario, t.metric, tuned, measured, atMost, reached)
}

// other is the client to compare with: of a group the one with the least wall
// time, or the least of what is compared where that is not the time.
func (t *target) other(r *result) *clientResult {
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
