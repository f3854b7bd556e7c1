// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"context"
	"log/slog"
	"testing"

	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDefaultsOfOptions checks that each option that can be nil gets its default, and
// that the caller's Options stay as they are.
func TestDefaultsOfOptions(t *testing.T) {
	t.Parallel()
	given := &Options{Endpoint: "http://127.0.0.1:1"}
	for _, opts := range []*Options{nil, given} {
		full := opts.withDefaults()
		assert.NotNil(t, full.Logger)
		assert.NotNil(t, full.LookupEnv)
		assert.Equal(t, usualPace, full.pace)
	}
	assert.Equal(t, "http://127.0.0.1:1", given.withDefaults().Endpoint)
	assert.Nil(t, given.Logger)
	assert.Nil(t, given.LookupEnv)
}

type contextKey struct{}

// contextHandler keeps what it finds in the context of a record.
type contextHandler struct {
	slog.Handler
	found *[]any
}

func (contextHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h contextHandler) Handle(ctx context.Context, _ slog.Record) error {
	*h.found = append(*h.found, ctx.Value(contextKey{}))
	return nil
}

// TestWarningsHaveTheContext checks that the Logger gets the context of New.
func TestWarningsHaveTheContext(t *testing.T) {
	t.Parallel()
	var found []any
	config := &Config{Region: "us-east-1", Warnings: []string{"one"}}
	opts := &Options{Endpoint: "http://storage.example", Logger: slog.New(contextHandler{slog.DiscardHandler, &found}), LookupEnv: testkit.Env(nil)}
	store, err := New(context.WithValue(t.Context(), contextKey{}, "trace"), config, opts)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	assert.Equal(t, []any{"trace", "trace"}, found)
}
