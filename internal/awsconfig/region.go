// SPDX-License-Identifier: Apache-2.0

package awsconfig

import (
	"strings"

	"github.com/lithops-go/lithopss3/internal/lazyregexp"
	"github.com/lithops-go/lithopss3/internal/redact"
)

// regionFormat matches what botocore.utils.validate_region_name accepts, except for
// the length and for names of digits only. It does not count, because a repetition
// count makes the expression large and every start of the process slow.
var regionFormat = lazyregexp.New(`^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$`)

const maxRegionLength = 63

var allDigits = lazyregexp.New(`^[0-9]+$`)

// RegionProblem says why botocore would refuse a region's name, or "". It shows the
// name unless that may be a secret.
func RegionProblem(region string) string {
	if region == "" {
		return "is empty; leave the key out to use the region of AWS's own settings"
	}
	if len(region) > maxRegionLength || !regionFormat().MatchString(region) || allDigits().MatchString(region) {
		return redact.Value(region) + " is not a region name" + redact.Wrong(region) + ": letters, digits and inner dashes, at most 63"
	}
	return ""
}

// Region returns AWS_DEFAULT_REGION, or the profile's region. boto3 does not read
// AWS_REGION. Where neither is set, neither is the Value.
func (e *Environment) Region() (Value, error) {
	found := e.Setting("AWS_DEFAULT_REGION", "region")
	if !found.Set {
		return Value{}, nil
	}
	if err := e.checkNoBlock("region"); err != nil {
		return Value{}, err
	}
	if found.Text == "" { // botocore's "Invalid endpoint: https://s3..amazonaws.com"
		return Value{}, &Error{Kind: KindValue, Reason: found.Source + " is set, but empty: unset it, or name a region"}
	}
	if problem := RegionProblem(found.Text); problem != "" {
		return Value{}, &Error{Kind: "InvalidRegionError", Reason: found.Source + ": " + problem}
	}
	return found, nil
}

// SplitFIPS returns the region that a pseudo region such as fips-us-east-2 or
// us-east-2-fips stands for, and reports whether region is one.
func SplitFIPS(region string) (real string, isFIPS bool) {
	if rest, ok := strings.CutPrefix(region, "fips-"); ok {
		return rest, true
	}
	return strings.CutSuffix(region, "-fips")
}
