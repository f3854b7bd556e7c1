// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"html"
	"strings"
)

// Sizes of the plot, in pixels.
const (
	plotWidth  = 860
	plotLeft   = 150 // where bars begin
	plotRight  = 110 // room for figures
	rowHeight  = 16
	titleRoom  = 30
	plotMargin = 16
)

var plotColors = map[string]string{groupOwn: "#0a6e5c", groupFloor: "#b9b9b9", groupSDK: "#e08a2e", groupGo: "#c9543f", groupOther: "#7a6aa8"}

// plot draws the wall times of the main scenarios as bars, each scenario on a
// scale of its own.
func (r *report) plot() string {
	var body strings.Builder
	y := plotMargin + 22
	fmt.Fprintf(&body, `<text x="%d" y="%d" class="head">Wall time, medians; shorter is better. Grey is plain HTTP, without signatures and checksums.</text>`+"\n", plotMargin, plotMargin+8)
	for i := range r.Results {
		if isPlotted(r.Results[i].Scenario) {
			y = r.Results[i].draw(&body, y)
		}
	}
	height := y + plotMargin
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="Wall times of the clients">
<style>text{font:12px system-ui,sans-serif;fill:#222}.head{fill:#555}.title{font-weight:600;font-size:13px}.name{text-anchor:end}</style>
<rect width="100%%" height="100%%" fill="#fff"/>
%s</svg>
`, plotWidth, height, plotWidth, height, body.String())
}

func isPlotted(name string) bool {
	s := scenarioOf(name)
	return s != nil && s.plot == s.at.name
}

// draw draws a scenario from y on, and returns where it ends.
func (r *result) draw(body *strings.Builder, y int) int {
	longest := 0.0
	for i := range r.Clients {
		longest = max(longest, r.Clients[i].median(metricWall))
	}
	if longest == 0 {
		return y
	}
	fmt.Fprintf(body, `<text x="%d" y="%d" class="title">%s</text>`+"\n", plotMargin, y+titleRoom-8, html.EscapeString(r.Title))
	y += titleRoom
	for i := range r.Clients {
		c := &r.Clients[i]
		wall := c.median(metricWall)
		width := max(1, wall/longest*(plotWidth-plotLeft-plotRight))
		fmt.Fprintf(body, `<text x="%d" y="%d" class="name">%s</text><rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/><text x="%.1f" y="%d">%s</text>`+"\n",
			plotLeft-8, y+rowHeight-4, html.EscapeString(c.Name), plotLeft, y+2, width, rowHeight-4, plotColors[groupOf(c.Name)],
			plotLeft+width+6, y+rowHeight-4, formatSeconds(wall))
		y += rowHeight
	}
	return y
}
