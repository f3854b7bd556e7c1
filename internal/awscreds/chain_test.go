// SPDX-License-Identifier: Apache-2.0

package awscreds

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func provider(name string, found *aws.Credentials, err error) Provider {
	return Provider{name, func(context.Context) (*aws.Credentials, error) { return found, err }}
}

func TestChain(t *testing.T) {
	t.Parallel()
	keys := &aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}
	away := errors.New("away")
	for name, test := range map[string]struct {
		chain    Chain
		found    string
		skipped  []Skipped
		err      error
		provider string
	}{
		"first":             {chain: Chain{provider("a", keys, nil), provider("b", nil, away)}, found: "a", skipped: []Skipped{}},
		"second":            {chain: Chain{provider("a", nil, skip("why")), provider("b", keys, nil)}, found: "b", skipped: []Skipped{{"a", "why"}}},
		"error ends it":     {chain: Chain{provider("a", nil, away), provider("b", keys, nil)}, err: away, skipped: []Skipped{}},
		"error is named":    {chain: Chain{provider("a", nil, failure("K", "x: %w", away))}, err: away, provider: "a", skipped: []Skipped{}},
		"inner name stays":  {chain: Chain{provider("a", nil, &Error{Provider: "inner", Err: away})}, err: away, provider: "inner", skipped: []Skipped{}},
		"keys are checked":  {chain: Chain{provider("a", &aws.Credentials{AccessKeyID: "A K"}, nil)}, provider: "a", skipped: []Skipped{}},
		"none":              {chain: Chain{provider("a", nil, skip("why"))}, err: ErrNone, skipped: []Skipped{{"a", "why"}}},
		"none without any":  {err: ErrNone, skipped: []Skipped{}},
		"an empty key pair": {chain: Chain{provider("a", &aws.Credentials{}, nil)}, found: "a", skipped: []Skipped{}},
	} {
		found, skipped, err := test.chain.Ask(t.Context())
		assert.Equal(t, test.skipped, skipped, name)
		if test.found != "" {
			require.NoError(t, err, name)
			assert.Equal(t, test.found, found.Source, name)
			continue
		}
		require.Error(t, err, name)
		assert.Nil(t, found, name)
		if test.err != nil {
			require.ErrorIs(t, err, test.err, name)
		}
		var failed *Error
		if test.provider != "" {
			require.ErrorAs(t, err, &failed, name)
			assert.Equal(t, test.provider, failed.Provider, name)
		}
	}
}

// TestProvidersOfAProfile checks that a source_profile is looked into in the order of
// the chain.
func TestProvidersOfAProfile(t *testing.T) {
	t.Parallel()
	var names []string
	for _, provider := range noSettings().ofProfile("p") {
		names = append(names, provider.Name)
	}
	assert.Equal(t, []string{nameWebIdentity, nameSSO, nameCredentialsFile, nameLogin, nameProcess, nameConfigFile}, names)
}
