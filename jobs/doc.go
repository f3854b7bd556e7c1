// Package jobs reads and writes what a Lithops executor keeps in a bucket: functions
// and their data, the marks and statuses of calls, results, CloudObjects and runtime
// metadata, in Python's own keys and formats and on any [lithopss3.Storage].
// It must not know *lithopss3.Store, the SDK or AWS.
// Start reading at Client and the keys in keys.go.
package jobs
