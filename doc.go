// SPDX-License-Identifier: Apache-2.0

// Package lithopss3 is the storage backend "AWS S3" of Lithops for Go: the same
// configuration file, the same credentials, the same bucket, the same keys and
// the same bytes as Python Lithops, so that Go and Python work on the same jobs.
//
// # Open
//
// [Open] opens the storage that the user's Lithops configuration describes, and
// [New] one that a [Config] describes. Both return a [Store], which is safe for
// concurrent use. [Store.EnsureBucket] returns the user's bucket and makes it if it is
// missing. [Storage] is the small interface that other code should take; [WithPrefix] and
// [WithLimit] wrap any Storage. Close drops the connections.
//
// # Move bytes
//
// [Store.PutObject] stores what a reader yields, in parts if it is large. [NewWriter]
// stores what is written to it. [Store.GetObject] returns a body that resumes after a
// broken connection and is compared with the object's checksum. [Store.UploadFile] and
// [Store.DownloadFile] transfer files, [Store.PutDir] and [Store.GetDir] folders.
// [Store.OpenReaderAt] reads anywhere in an object, and [NewFS] presents a bucket as an
// [io/fs.FS]. [Store.CopyObject] and [Store.MoveObject] copy on the server.
// [Store.PresignGet] and [Store.PresignPut] return requests for clients without
// credentials.
//
// # List
//
// [Store.ListObjects] is a sequence of all objects, in order, with prefix, delimiter or
// glob; [ListOptions].Parallel makes it faster from some thousand keys on. A listing is
// complete, or ends with an error. [Store.DeletePrefix] deletes what it lists.
//
// # Errors
//
// errors.Is answers for [io/fs.ErrNotExist], [io/fs.ErrExist], [io/fs.ErrPermission] and
// for the sentinels of this package, such as [ErrPrecondition] and [ErrNoSuchBucket].
// *[Error] has what S3 answered, *[DeleteError] the keys that were not deleted. A wrong
// configuration is a *[ConfigError] with its line, a wrong setting of AWS's a
// *[SettingsError]. What may pass is retried; a success needs the server's proof.
//
// # Credentials
//
// The configuration's keys come first, then boto3's chain: environment, profiles, roles,
// web identity, SSO, aws login, processes, containers, instances. [Options].Credentials
// and [Options].AWS replace both, in this order, and Anonymous replaces all; Profile
// chooses the profile of the chain. [Store.AWSConfig] gives what was found to other
// clients of AWS's SDK. [Store.Identity] says where the credentials are from, and a
// *[CredentialsError] why there are none and what was tried. No secret is printed or
// logged.
//
// # Jobs
//
// Package jobs reads and writes what an executor keeps in the bucket, package partition
// cuts objects as Lithops' map does, and package pickle decodes Python's values without
// running them. All of them work on any Storage.
//
// # Tests
//
// Package memstore is a Storage in memory, package lithopstest an S3 server in the
// process, and package storagetest holds any implementation of Storage to its contract.
//
// # What it costs
//
// A small request is signed and sent without the SDK's middleware, with about a tenth of
// its allocations. A transfer has 24 parts of 8 MiB in flight, a stream at most eight
// buffers of 5 MiB. A program that imports this package links AWS's SDK for S3, STS and
// SSO, and neither its config package nor a test server. [Options].Logger and
// [Options].Observer cost nothing if they are nil. Module otel, next to this one, turns
// the Observer into OpenTelemetry traces and metrics.
//
// Where this package differs from Python on purpose, docs/compatibility.md says so.
package lithopss3
