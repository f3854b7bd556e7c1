// SPDX-License-Identifier: Apache-2.0

// Package lithopss3 is the storage backend "AWS S3" of Lithops for Go: the same
// configuration file, the same credentials, the same bucket, the same keys and
// the same bytes as Python Lithops, so that Go and Python work on the same jobs.
//
// [Open] opens the storage that the user's Lithops configuration describes, and
// [New] one that a [Config] describes. Both give a [Store], whose methods are
// the verbs: EnsureBucket, PutObject, GetObject, HeadObject, DeleteObjects,
// ListObjects. [Storage] is the small interface that other code takes; package
// storagetest holds any implementation to it. See the examples of
// Store.EnsureBucket, Store.GetObject, Store.ListObjects and ParseConfig.
//
// Errors answer errors.Is for fs.ErrNotExist, fs.ErrExist, fs.ErrPermission and
// the sentinels of this package; *[Error] has what S3 answered. A
// *[CredentialsError] says why there is nothing to sign with and what was tried.
//
// Where this package differs from Python on purpose, docs/compatibility.md says so.
package lithopss3
