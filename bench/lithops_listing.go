// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/lithops-go/lithopss3"
)

// parallelListings is how many requests of a parallel listing may be in flight.
const parallelListings = 32

func listInParallel(opts *lithopss3.ListOptions) { opts.Parallel = parallelListings }

func (c *lithopsClient) removePrefix(ctx context.Context, bucket, prefix string) error {
	_, err := c.store.DeletePrefix(ctx, bucket, prefix, nil)
	return err
}
