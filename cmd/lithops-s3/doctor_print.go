// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lithops-go/lithopss3"
)

// publicAccess is "unknown" wherever something that would tell is.
func publicAccess(status *lithopss3.BucketStatus) string {
	is := func(flag *bool) bool { return flag != nil && *flag }
	switch {
	case is(status.PublicAccessBlocked):
		return "blocked"
	case is(status.PublicPolicy), is(status.PublicACL):
		return "public"
	case status.PublicAccessBlocked == nil:
		return "unknown"
	}
	return "not blocked"
}

func (d *diagnosis) print(t *terminal) error {
	report := &reportPrinter{out: t.stdout}
	line := report.line
	line("configuration", "%s", orElse(d.ConfigSource, "none"))
	if d.Region != "" {
		line("region", "%s (%s)", d.Region, d.RegionSource)
		line("S3", "%s (%s, %s addressing)", d.Endpoint.S3, orElse(d.Endpoint.S3Source, "AWS's own"), d.Endpoint.Addressing)
		line("STS", "%s (%s)", d.Endpoint.STS, orElse(d.Endpoint.STSSource, "AWS's own"))
	}
	if c := d.Credentials; c.Source != "" {
		line("credentials", "%s from %s, profile %s", c.AccessKeyID, c.Source, c.Profile)
		if c.Expires != nil {
			line("expire", "%s", formatTime(*c.Expires))
		}
	}
	for _, tried := range d.Credentials.Tried {
		line("not from", "%s: %s", tried.Source, tried.Reason)
	}
	if d.Put != nil {
		line("a put", "PUT %s", d.Put.URL)
		for _, name := range slices.Sorted(maps.Keys(d.Put.Headers)) {
			line("", "%s: %s", name, d.Put.Headers[name])
		}
	}
	if s := d.Storage; s != nil {
		line("bucket", "%s (exists: %v, permitted: %v, public access: %s)", s.Bucket, s.Exists, s.Permitted, s.PublicAccess)
		line("owner", "%s", s.owner())
		if s.Conditions != conditionsKept {
			line("conditions", "%s for puts", s.Conditions)
		}
		if s.PartConditions != conditionsKept {
			line("conditions", "%s for multipart uploads", s.PartConditions)
		}
		if s.RoundTripMS > 0 {
			line("round trip", "%.1f ms", s.RoundTripMS)
		}
		line("clock skew", "%.0f s", d.ClockSkewS+0) // no "-0"
	}
	for _, warning := range d.Warnings {
		report.styled(doubt, "warning", warning)
	}
	if d.Error == nil {
		report.styled(d.verdictStyle(), "verdict", d.verdict())
		return report.err
	}
	report.styled(bad, "WRONG", orElse(d.Error.Cause, d.Error.Kind)+": "+d.Error.Message)
	if d.Error.Fix != "" {
		report.styled(good, "fix", d.Error.Fix)
	}
	return report.err
}

// A reportPrinter prints lines of a heading and its value.
type reportPrinter struct {
	out *output
	err error // the first
}

func (r *reportPrinter) line(name, format string, args ...any) {
	r.styled("", name, fmt.Sprintf(format, args...))
}

// styled prints a line whose heading has a style.
func (r *reportPrinter) styled(s style, name, text string) {
	heading := fmt.Sprintf("%-15s", name+":")
	r.err = firstError(r.err, r.out.styled(s, heading))
	_, err := fmt.Fprintf(r.out, " %s\n", indented(text, 16))
	r.err = firstError(r.err, err)
}

func (d *diagnosis) verdictStyle() style {
	if len(d.Warnings) > 0 {
		return doubt
	}
	return good
}

func (d *diagnosis) verdict() string {
	if len(d.Warnings) > 0 {
		return "nothing wrong found, but see the warnings"
	}
	return "nothing wrong found"
}

// owner says whose the bucket is and whether requests depend on it.
func (s *storageDiagnosis) owner() string {
	switch {
	case !s.Permitted || s.OwnerUnknown != "":
		return "unknown"
	case s.OwnerDemanded:
		return s.Owner + ", demanded with each request"
	}
	return s.Owner + ", not demanded: the configuration names the bucket"
}

func orElse(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}
