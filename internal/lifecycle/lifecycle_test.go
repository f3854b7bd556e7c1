// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
)

var (
	temporary = Rule{ID: "temporary", Prefix: "lithops.jobs/tmp/", ExpireDays: 7}
	uploads   = Rule{ID: "uploads", UploadsDays: 7}
)

const (
	open           = `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`
	end            = `</LifecycleConfiguration>`
	temporaryXML   = `<Rule><ID>temporary</ID><Status>Enabled</Status><Filter><Prefix>lithops.jobs/tmp/</Prefix></Filter><Expiration><Days>7</Days></Expiration></Rule>`
	uploadsXML     = `<Rule><ID>uploads</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>`
	othersXML      = "<Rule>\n <ID>theirs</ID><Filter><And><Prefix>a</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter><Status>Disabled</Status><Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition><New x='1'/></Rule>"
	asServersWrite = `<Rule><Expiration><Days>7</Days><ExpiredObjectDeleteMarker>false</ExpiredObjectDeleteMarker></Expiration><ID>temporary</ID><Filter><Prefix>lithops.jobs/tmp/</Prefix></Filter><Status>Enabled</Status></Rule>`
)

func TestMerge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, want string }{
		"none":                {"", open + temporaryXML + uploadsXML + end},
		"empty":               {`<LifecycleConfiguration/>`, open + temporaryXML + uploadsXML + end},
		"no rules":            {open + end, open + temporaryXML + uploadsXML + end},
		"others":              {"<?xml version='1.0'?>\n" + open + othersXML + end + "\n", "<?xml version='1.0'?>\n" + open + othersXML + temporaryXML + uploadsXML + end + "\n"},
		"one is there":        {open + uploadsXML + othersXML + end, open + uploadsXML + othersXML + temporaryXML + end},
		"another age":         {open + `<Rule><ID>temporary</ID><Status>Enabled</Status><Filter><Prefix>lithops.jobs/tmp/</Prefix></Filter><Expiration><Days>8</Days></Expiration></Rule>` + othersXML + uploadsXML + end, open + othersXML + uploadsXML + temporaryXML + end},
		"disabled":            {open + `<Rule><ID>temporary</ID><Status>Disabled</Status><Prefix>lithops.jobs/tmp/</Prefix><Expiration><Days>7</Days></Expiration></Rule>` + uploadsXML + end, open + uploadsXML + temporaryXML + end},
		"does more":           {open + `<Rule><ID>temporary</ID><Status>Enabled</Status><Filter><Prefix>lithops.jobs/tmp/</Prefix></Filter><Expiration><Days>7</Days></Expiration><Transition/></Rule>` + uploadsXML + end, open + uploadsXML + temporaryXML + end},
		"expires markers too": {open + `<Rule><ID>temporary</ID><Status>Enabled</Status><Filter><Prefix>lithops.jobs/tmp/</Prefix></Filter><Expiration><Days>7</Days><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule>` + uploadsXML + end, open + uploadsXML + temporaryXML + end},
		"twice":               {open + temporaryXML + uploadsXML + temporaryXML + end, open + temporaryXML + uploadsXML + end},
	} {
		t.Run(name, func(t *testing.T) {
			merged, changed, err := Merge([]byte(c.before), []Rule{temporary, uploads})
			if err != nil || !changed || string(merged) != c.want {
				t.Fatalf("got %s, changed: %v, %v, want %s", merged, changed, err, c.want)
			}
			again, changed, err := Merge(merged, []Rule{temporary, uploads})
			if err != nil || changed || string(again) != string(merged) {
				t.Errorf("once is enough: got %s, changed: %v, %v", again, changed, err)
			}
			if Has([]byte(c.before), []Rule{temporary, uploads}) || !Has(merged, []Rule{temporary, uploads}) {
				t.Error("the rules are there after Merge, and not before")
			}
		})
	}
	same := open + asServersWrite + uploadsXML + end
	merged, changed, err := Merge([]byte(same), []Rule{temporary, uploads})
	if err != nil || changed || string(merged) != same {
		t.Errorf("got %s, changed: %v, %v, want %s", merged, changed, err, same)
	}
}

// What can't be kept is an error.
func TestMergeRefuses(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"another document": "<ListBucketResult></ListBucketResult>",
		"cut":              open + "<Rule>",
		"a prefix":         `<s3:LifecycleConfiguration xmlns:s3="x"></s3:LifecycleConfiguration>`,
		"text":             "nothing here",
		"two":              open + end + open + end,
		"days":             open + "<Rule><Expiration><Days>many</Days></Expiration></Rule>" + end,
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Merge([]byte(document), []Rule{temporary})
			if err == nil || !strings.Contains(err.Error(), "the bucket's lifecycle configuration can't be kept") {
				t.Errorf("got %v", err)
			}
			if Has([]byte(document), []Rule{temporary}) {
				t.Error("it has the rule")
			}
		})
	}
}

func TestRuleIsEscaped(t *testing.T) {
	t.Parallel()
	rules := []Rule{{ID: "a<b", Prefix: "x&y", ExpireDays: 1}}
	merged, _, err := Merge(nil, rules)
	if err != nil || !strings.Contains(string(merged), "<ID>a&lt;b</ID>") || !strings.Contains(string(merged), "<Prefix>x&amp;y</Prefix>") {
		t.Errorf("got %s and %v", merged, err)
	}
	if !Has(merged, rules) {
		t.Error("what is escaped is not found again")
	}
}
