// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"reflect"
	"testing"

	"github.com/lithops-go/lithopss3/internal/awsconfig"
	"github.com/lithops-go/lithopss3/internal/awscreds"
	"github.com/lithops-go/lithopss3/internal/testkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestChainOrder checks that the chain has every provider, in boto3's order
// (botocore.credentials.create_credential_resolver).
func TestChainOrder(t *testing.T) {
	t.Parallel()
	providers := &awscreds.Providers{Settings: &awsconfig.Environment{Lookup: testkit.Env(nil)}}
	var names []string
	for _, provider := range newChain(&Config{}, &Options{}, providers) {
		names = append(names, provider.Name)
	}
	assert.Equal(t, []string{
		"env", "assume-role", "assume-role-with-web-identity", "sso", "shared-credentials-file", "login", "custom-process", "config-file",
		"ec2-credentials-file", "boto-config", "container-role", "iam-role",
	}, names)
	made := 0
	for i := range reflect.ValueOf(providers).NumMethod() {
		if _, ok := reflect.ValueOf(providers).Method(i).Interface().(func() awscreds.Provider); ok {
			made++
		}
	}
	assert.Len(t, names, made, "a provider is not in the chain")

	explicit := newChain(&Config{SessionToken: NewSecret("T")}, &Options{}, providers)
	require.Len(t, explicit, 1, "any part of a key in the configuration switches off the others")
	assert.Equal(t, "explicit", explicit[0].Name)
}

// TestPublicError checks that a wrong setting is no credentials error, whoever
// notices it, and that the cause stays.
func TestPublicError(t *testing.T) {
	t.Parallel()
	require.NoError(t, publicError(nil))
	require.ErrorIs(t, publicError(ErrOffline), ErrOffline)
	setting := &awsconfig.Error{Kind: "InvalidConfigError", Reason: "r"}
	var settings *SettingsError
	var credentials *CredentialsError
	require.ErrorAs(t, publicError(&awscreds.Error{Kind: "K", Err: setting}), &settings)
	assert.NotErrorAs(t, publicError(&awscreds.Error{Kind: "K", Err: setting}), &credentials)
	err := publicError(&awscreds.Error{Kind: "K", Provider: "env", Reason: "r", Err: ErrOffline, Skipped: []awscreds.Skipped{{Name: "n", Reason: "why"}}})
	require.ErrorAs(t, err, &credentials)
	require.ErrorIs(t, err, ErrOffline)
	assert.EqualError(t, err, "credentials: env: r (tried n: why)")
}
