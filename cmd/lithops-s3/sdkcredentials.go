// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/lithops-go/lithopss3"
	"github.com/lithops-go/lithopss3/internal/awscreds"
)

// credentialsSDK is the value of --credentials for the chain of the SDK.
const credentialsSDK = "sdk"

// useSDK has the store sign with what the default chain of AWS's SDK for Go finds, and
// use its region unless the Lithops configuration has one. Endpoints, certificates and
// time-outs stay those of Lithops.
func useSDK(ctx context.Context, profile string, opts *lithopss3.Options) error {
	var options []func(*config.LoadOptions) error
	if profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	if opts.Offline {
		options = append(options, config.WithHTTPClient(offlineClient()),
			config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
			// A container's credentials are fetched by a client of their own.
			config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient = offlineClient() }))
	}
	hideInput()
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return &lithopss3.SettingsError{Kind: "SDKConfigError", Reason: "the SDK's configuration: " + err.Error(), Err: err}
	}
	opts.AWS = &aws.Config{Region: loaded.Region, Credentials: loaded.Credentials}
	return nil
}

// hideInput keeps standard input from the credential processes that the SDK starts, unless
// they may have it.
func hideInput() {
	if awscreds.IsInteractive(os.Stdin) {
		return
	}
	if nothing, err := os.OpenFile(os.DevNull, os.O_RDONLY, 0); err == nil {
		os.Stdin = nothing //nolint:reassign // the SDK has no option for it
	}
}

// offlineClient returns a client that sends nothing. It has the SDK's own type, because the
// SDK gives no other the certificates of AWS_CA_BUNDLE. The SDK may replace its dialer, but
// not its choice of a proxy.
func offlineClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = func(*http.Request) (*url.URL, error) { return nil, lithopss3.ErrOffline }
	})
}
