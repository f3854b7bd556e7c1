// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRequestPayer checks that requests say who pays, also if the option has the value that aws
// wants.
func TestRequestPayer(t *testing.T) {
	newSession(t)
	payers := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		payers <- r.Header.Get("X-Amz-Request-Payer")
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	for line, want := range map[string]string{
		"head bucket key":                                  "",
		"head bucket key --request-payer":                  "requester",
		"head --request-payer bucket key":                  "requester",
		"head bucket key --request-payer requester":        "requester",
		"head --request-payer requester bucket key":        "requester",
		"--request-payer requester head bucket key":        "requester",
		"head bucket key --request-payer requester --json": "requester",
	} {
		code, _, problems := command(t.Context(), strings.Fields(line)...)
		assert.Equal(t, exitNotFound, code, "%s: %s", line, problems)
		assert.Equal(t, want, <-payers, line)
	}
}

// TestCompletionWithPayer checks that the value of --request-payer is no argument.
func TestCompletionWithPayer(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{}, argumentMappers()...)
	require.NoError(t, err)
	for line, want := range map[string][]string{
		"lithops-s3 cat --request-payer requester b k": {"b"},
		"lithops-s3 cat --request-payer b k":           {"b"},
		"lithops-s3 cat requester k":                   {"requester"},
		"lithops-s3 --request-payer requester cat b k": {"b"},
	} {
		words, _ := splitLine(line)
		c := newCompletion(t.Context(), parser.Model.Node, words)
		assert.Equal(t, want, c.others, line)
		assert.Equal(t, "cat", c.node.Name, line)
		assert.Equal(t, strings.Contains(line, "-payer"), c.flags.RequestPayer, line)
	}
}
