// Package lithopss3 is the storage backend "AWS S3" of Lithops for Go: the same
// configuration file, the same credentials, the same bucket, the same keys and
// the same bytes as Python Lithops.
package lithopss3
