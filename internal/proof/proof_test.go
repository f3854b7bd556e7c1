// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryOperationHasAProof finds every call of an operation of S3 or STS in this
// module. One without a row in operations would take any answer for success.
func TestEveryOperationHasAProof(t *testing.T) {
	t.Parallel()
	methods := map[string]bool{}
	for _, client := range []reflect.Type{reflect.TypeFor[*s3.Client](), reflect.TypeFor[*sts.Client]()} {
		for i := range client.NumMethod() {
			methods[client.Method(i).Name] = true
		}
	}
	delete(methods, "Options")
	used := map[string]bool{"CreateSession": true}
	require.NoError(t, filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "../../bench") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			selector, ok := node.(*ast.SelectorExpr)
			if ok && methods[selector.Sel.Name] && isClient(selector.X) {
				used[selector.Sel.Name] = true
			}
			return true
		})
		return nil
	}))
	assert.Greater(t, len(used), 15, "the test finds them")
	for operation := range used {
		assert.Contains(t, operations, operation)
	}
	for operation := range operations {
		assert.True(t, used[operation] || strings.HasPrefix(operation, "AssumeRole"), "%s is not used", operation)
	}
}

// isClient reports whether an expression is named like a client of the SDK's.
func isClient(expression ast.Expr) bool {
	name := ""
	switch expression := expression.(type) {
	case *ast.SelectorExpr:
		name = expression.Sel.Name
	case *ast.Ident:
		name = expression.Name
	case *ast.CallExpr:
		return isClient(expression.Fun)
	}
	switch strings.ToLower(name) {
	case "client", "hot", "sts", "sdk", "api":
		return true
	}
	return false
}

// TestContentLength is read as decimal, whatever it looks like.
func TestContentLength(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "10": 10, "0100000": 100000, " 7 ": 7, "": -1, "9223372036854775807": 1<<63 - 1,
		"0x10": -2, "-1": -2, "+1": -2, "1 2": -2, "1,1": -2, "ten": -2, "9223372036854775808": -2, "1e3": -2, "0b1": -2, "1_0": -2,
	} {
		length, err := ContentLength(http.Header{"Content-Length": {text}})
		if want == -2 {
			require.Error(t, err, text)
			continue
		}
		require.NoError(t, err, text)
		assert.Equal(t, want, length, text)
	}
	length, err := ContentLength(nil)
	require.NoError(t, err)
	assert.EqualValues(t, -1, length)
}

// TestNormalizedHeaders checks that what the SDK is strict about is written as it reads
// it, or left out.
func TestNormalizedHeaders(t *testing.T) {
	t.Parallel()
	const date = "Tue, 24 Nov 2026 02:00:00 GMT"
	for name, rows := range map[string]map[string]string{
		"Content-Length": {"0": "0", "00": "0", "010": "10", "\t3": "3", "x": "", "": ""},
		"Last-Modified": {
			date: date, "2026-11-24T02:00:00Z": date, "2026-11-24T02:00:00.123+00:00": date, "Tue, 24 Nov 2026 02:00:00 UTC": date,
			"Tue, 24 Nov 2026 02:00:00 +0000": date, "Tue, 24 Nov 2026 03:00:00 +0100": date, "1795485600": date, "": "", "yesterday": "",
		},
		"X-Amz-Object-Lock-Retain-Until-Date":             {date: "2026-11-24T02:00:00Z", "never": ""},
		"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": {"True": "true", "FALSE": "false", "": "", "yes": ""},
		"X-Amz-Tagging-Count":                             {"010": "10", "": "", "many": "", "2147483647": "2147483647", "2147483648": ""},
	} {
		for text, want := range rows {
			header := http.Header{name: {text}, "X-Other": {"as it is"}}
			normalizeHeader(header)
			assert.Equal(t, want, header.Get(name), "%s: %q", name, text)
			_, ok := header[name]
			assert.Equal(t, want != "", ok, "%s: %q", name, text)
			assert.Equal(t, "as it is", header.Get("X-Other"))
		}
	}
	header := http.Header{"Last-Modified": nil}
	normalizeHeader(header)
	assert.Empty(t, header.Get("Last-Modified"))
}
