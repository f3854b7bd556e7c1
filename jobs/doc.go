// SPDX-License-Identifier: Apache-2.0

// Package jobs reads and writes what a Lithops executor keeps in a bucket: functions
// and their data, the marks and statuses of calls, results, CloudObjects and runtime
// metadata, in Python's own keys and formats and on any [lithopss3.Storage].
// It needs no *lithopss3.Store, no SDK and no AWS.
// Start reading at Client and the keys in keys.go.
//
// # What is in the bucket
//
// An executor ("4b99c1-0", [NewExecutorID]) runs jobs ("M000" is its first map,
// [FormatJobID]), and a job has calls ("00000", [Calls]). Each leaves objects whose keys
// say what they are; [ParseKey] reads them, and an [ID] selects among them:
//
//	lithops.jobs/4b99c1-0/HASH.func.pickle             the function             FunctionKey
//	lithops.jobs/4b99c1-0-M000/aggdata.pickle          the calls' arguments     DataKey
//	lithops.jobs/4b99c1-0-M000/00000/ACTIVATION.init   an attempt has begun     Call.InitKey
//	lithops.jobs/4b99c1-0-M000/00000/output.pickle     a result of 8 KiB and up Call.OutputKey
//	lithops.jobs/4b99c1-0-M000/00000/status.json       the call has ended       Call.StatusKey
//	lithops.jobs/tmp/4b99c1-0-M000-00000/cloudobject_0 what the call stored     CloudObjectKey
//	lithops.runtimes/RUNTIME.meta.json                 a runtime's metadata     RuntimeKey
//
// # Read the jobs of others
//
// [Client.List] and [Client.Find] say how far jobs are from their keys alone,
// [Client.Watch] follows them, [Client.Statuses] reads how many calls ended, and
// [ResultAs] or [Client.Result] what one returned. The exception of a call that failed
// is a [*CallError]. It makes no difference whether Python or Go ran the call.
//
// # Write an executor
//
// The one that submits a job:
//
//  1. takes an id from [NewExecutorID], and stores the function, if its workers load it
//     from the bucket, with [Client.PutFunction];
//  2. stores the arguments with [Client.PutArguments], and passes each worker its [Call]
//     and its range of them;
//  3. follows the calls with [Client.Watch], whose WatchOptions.Calls says how many there
//     are, and reads the results with [Client.Statuses] and [ResultOfAs].
//
// A worker, for each of its calls:
//
//  1. marks each attempt with [Client.PutInit] under a [NewActivationID];
//  2. reads its arguments with [Client.Arguments], and runs the function; CloudObjects
//     that it stores through [Client.In] belong to the call;
//  3. ends the call once with [Client.Finish], which stores the result or the failure and
//     then the status. A call whose worker dies before that is lost after
//     [Options].LostAfter.
//
// [Client.Clean] deletes what is left. The program examples/executor does all of this.
//
// # What it holds in memory
//
// All methods of a Client together read up to 32 MiB at once, or one object that is
// larger, of at most 1 GiB (a status: 64 MiB). [Client.Statuses] and
// [Client.GetCloudObjects] say what they hold ahead of their consumer.
// Requests are bounded too: a listing makes up to 32 at once, Statuses 64, CloudObjects 16.
// [lithopss3.WithLimit] bounds those of all together, and [lithopss3.WithPrefix] gives an
// executor a part of a bucket.
package jobs
