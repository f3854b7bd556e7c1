// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"

	"github.com/lithops-go/lithopss3/pickle"
)

// ResultAs returns what a call returned as a T, converted as [pickle.Convert] does:
//
//	counts, err := jobs.ResultAs[map[string]int](ctx, client, call)
//
// A result that does not fit into a T is a *pickle.ConvertError, which names where in
// the result which types differ. Other errors are those of [Client.Result].
func ResultAs[T any](ctx context.Context, client *Client, call Call) (T, error) {
	status, err := client.Status(ctx, call)
	if err != nil {
		var none T
		return none, err
	}
	value, err := ResultOfAs[T](ctx, client, status)
	return value, hasEnded(err)
}

// ResultOfAs is [ResultAs] for a status that was read before. It makes a request only
// for a result that is not in the status.
func ResultOfAs[T any](ctx context.Context, client *Client, status *Status) (T, error) {
	var result T
	value, err := client.ResultOf(ctx, status)
	if err != nil {
		return result, err
	}
	if err := pickle.Convert(value, &result); err != nil {
		return result, fmt.Errorf("the result of call %s: %w", status.Call, err)
	}
	return result, nil
}
