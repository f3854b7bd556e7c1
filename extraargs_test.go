// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var codeName = regexp.MustCompile("`([A-Za-z.]+)`") // without those that end with …

// names returns the names in code style of a cell of a table.
func names(cell string) []string {
	var found []string
	for _, match := range codeName.FindAllStringSubmatch(cell, -1) {
		found = append(found, match[1])
	}
	return found
}

// TestExtraArgsTable checks the table of docs/compatibility.md that maps Python's
// extra_args: boto3's names are fields of the SDK's inputs, the names on the other side
// are fields of this package's options, and none of these is missing.
func TestExtraArgsTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/compatibility.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(page), "| `extra_args` of a put |")
	require.True(t, ok)
	mapped := map[string]bool{}
	check := func(args, options string, input reflect.Type, types ...reflect.Type) {
		for _, arg := range names(args) {
			_, isField := input.FieldByName(arg)
			assert.True(t, isField, "%s has no %s", input, arg)
		}
		if strings.Contains(options, "the same") {
			options = args
		}
		for _, option := range names(options) {
			inType, inTypes := option, types
			if name, ok := strings.CutPrefix(option, "Options."); ok {
				inType, inTypes = name, []reflect.Type{reflect.TypeFor[Options]()}
			}
			for _, one := range inTypes {
				_, isField := one.FieldByName(inType)
				assert.True(t, isField, "%s has no %s", one, inType)
			}
			mapped[types[0].Name()+"."+option] = true
		}
	}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 6 || strings.HasPrefix(line, "|---") || !strings.HasPrefix(line, "| ") {
			if strings.TrimSpace(line) == "" {
				break // the end of the table
			}
			continue
		}
		check(cells[1], cells[2], reflect.TypeFor[s3.PutObjectInput](), reflect.TypeFor[PutOptions]())
		check(cells[4], cells[5], reflect.TypeFor[s3.GetObjectInput](), reflect.TypeFor[GetOptions](),
			reflect.TypeFor[DownloadOptions](), reflect.TypeFor[ReaderAtOptions]())
	}
	for option := range optionHeaders {
		assert.True(t, mapped["PutOptions."+option], "the table lacks PutOptions.%s", option)
	}
	for _, option := range []string{"VersionID", "SSECustomerKey", "Options.RequesterPays", "Options.Customize"} {
		assert.True(t, mapped["GetOptions."+option], "the table lacks %s of a get", option)
	}
}
