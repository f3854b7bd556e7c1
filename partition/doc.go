// SPDX-License-Identifier: Apache-2.0

// Package partition cuts objects into byte ranges as Lithops' partitioner does, and
// reads the lines of such a range, on any [lithopss3.Storage].
// It needs no *lithopss3.Store, no package jobs, no SDK and no AWS.
// Start reading at Objects, which cuts, and Partition.Open, which reads.
package partition
