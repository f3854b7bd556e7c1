// SPDX-License-Identifier: Apache-2.0

package awsconfig

import (
	"strings"

	"github.com/lithops-go/lithopss3/internal/sanitize"
)

const maxRegionLength = 63

// isRegion reports whether botocore.utils.validate_region_name accepts a name. It is no
// regular expression, because every process would compile it at its start.
func isRegion(name string) bool {
	if name == "" || len(name) > maxRegionLength || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	isNumber := true
	for i := range len(name) {
		c := name[i]
		isDigit := '0' <= c && c <= '9'
		isLetter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !isDigit && !isLetter && c != '-' {
			return false
		}
		isNumber = isNumber && isDigit
	}
	return !isNumber
}

// RegionProblem says why botocore would refuse a region's name, or "". It shows the
// name unless that may be a secret.
func RegionProblem(region string) string {
	if region == "" {
		return "is empty; leave the key out to use the region of AWS's own settings"
	}
	if !isRegion(region) {
		return sanitize.SettingValue(region) + " is not a region name" + sanitize.SettingProblem(region) + ": letters, digits and inner dashes, at most 63"
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
// us-east-2-fips stands for, and reports whether region is one
// (botocore.client.ClientCreator._normalize_fips_region).
func SplitFIPS(region string) (real string, isFIPS bool) {
	real = strings.ReplaceAll(strings.ReplaceAll(region, "fips-", ""), "-fips", "")
	return real, real != region
}
