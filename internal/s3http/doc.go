// SPDX-License-Identifier: Apache-2.0

// Package s3http carries the requests of the SDK's clients: connections with their
// proxies, certificates and time-outs, answers that are bounded, the retry policy,
// the server's clock, and what is refused before a request is sent.
// It must not know buckets, the inputs of operations or where settings are from.
// Start reading at Client.Send, which every request of S3, STS and SSO passes, and
// at Peer.AddSteps, which puts the rules into a client of the SDK.
package s3http
