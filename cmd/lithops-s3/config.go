// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lithops-go/lithopss3"
)

type configCommand struct {
	storageFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// A configReport is what "config --json" prints.
type configReport struct {
	Source          string   `json:"source"`
	Backend         string   `json:"backend"`
	Region          string   `json:"region"`
	RegionSource    string   `json:"region_source"`
	StorageBucket   string   `json:"storage_bucket"`
	AccessKeyID     string   `json:"access_key_id"`
	HasSecret       bool     `json:"has_secret"`
	HasSessionToken bool     `json:"has_session_token"`
	Warnings        []string `json:"warnings"`

	MonitoringInterval float64 `json:"monitoring_interval"` // in seconds
}

// Run prints the configuration, without secrets.
func (c *configCommand) Run(t *terminal) error {
	config, err := c.loader().Load()
	if err != nil {
		return err
	}
	report := newConfigReport(config)
	store, err := c.quietly(t, lithopss3.Options{})
	switch {
	case err == nil:
		defer func() { _ = store.Close() }()
		report.Region, report.RegionSource = store.Region(), store.RegionSource()
	case errors.Is(err, lithopss3.ErrNoConfiguration):
		return err
	default:
		// The Lithops configuration is sound; what AWS's own settings lack is
		// for the commands that need them.
		report.Warnings = append(report.Warnings, err.Error())
	}
	if c.JSON {
		return t.printJSON(report)
	}
	return report.print(t)
}

// Help is shown by config --help.
func (configCommand) Help() string {
	return `Examples:
  lithops-s3 config
  lithops-s3 config -c lithops.yaml --json`
}

func newConfigReport(config *lithopss3.Config) *configReport {
	return &configReport{
		Source: config.Source, Backend: lithopss3.Backend, Region: config.Region, RegionSource: config.RegionSource,
		StorageBucket: config.StorageBucket, AccessKeyID: config.AccessKeyID,
		HasSecret: !config.SecretAccessKey.IsZero(), HasSessionToken: !config.SessionToken.IsZero(),
		Warnings: append([]string{}, config.Warnings...), MonitoringInterval: cmp.Or(config.MonitoringInterval, lithopss3.DefaultMonitoringInterval).Seconds(),
	}
}

func (r *configReport) print(t *terminal) error {
	keys := "from AWS's own settings"
	if r.AccessKeyID != "" {
		keys = r.AccessKeyID + " with a secret key"
	}
	var out strings.Builder
	line := func(name, value string) { fmt.Fprintf(&out, "%-20s %s\n", name+":", indented(value, 21)) }
	line("source", orElse(r.Source, "none"))
	line("backend", r.Backend)
	line("region", r.Region+" ("+r.RegionSource+")")
	line("storage bucket", orElse(r.StorageBucket, "made for the user, see lithops-s3 bucket"))
	line("credentials", keys)
	line("monitoring interval", fmt.Sprintf("%g s", r.MonitoringInterval))
	for _, warning := range r.Warnings {
		line("warning", warning)
	}
	_, err := io.WriteString(t.stdout, out.String())
	return err
}
