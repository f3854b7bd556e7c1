// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lithops-go/lithopss3/pickle"
)

// PutStatus marks a call as ended, as the worker does. Type, WorkerEnd and WorkerStart,
// without which Python's futures fail, are filled in where they are zero. The result,
// if it has an object of its own, must be there before. A status that could not be read
// again, because of its Extra, of a number, or because it has more than 64 MiB, is an error,
// and not stored.
func (c *Client) PutStatus(ctx context.Context, status *Status) error {
	status.Type = StatusEnd
	if status.WorkerEnd.IsZero() {
		status.WorkerEnd = time.Now()
	}
	if status.WorkerStart.IsZero() {
		status.WorkerStart = status.FuncStart
	}
	if status.WorkerStart.IsZero() {
		status.WorkerStart = status.WorkerEnd
	}
	data, err := status.MarshalJSON()
	if err != nil {
		return fmt.Errorf("%s: %w: %w", status.StatusKey(), errUnreadable, err)
	}
	if int64(len(data)) > c.limits.status {
		return fmt.Errorf("%w: %w", errUnreadable, tooLarge(status.StatusKey(), c.limits.status))
	}
	if _, err := parseStatus(status.Call, data); err != nil {
		return fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return c.PutData(ctx, status.StatusKey(), bytes.NewReader(data))
}

// errUnreadable is a status that [Client.Status] would refuse.
var errUnreadable = errors.New("the status can't be stored")

// Finish stores what a call returned, or failed with, and then its status, so
// that Python's get_result finds it. The result may be what [pickle.Encode] takes;
// below 8 KiB it goes into the status, else under [Call.OutputKey]. Python reads
// failure as an Exception with its text, or as the exception that a
// *pickle.Exception within it is.
//
// Finish always stores a status, as Python's worker does, because clients wait for it. A
// result that has no pickle or can't be stored is stored as the call's failure, and
// returned as an error too, and so is a status that PutStatus refuses. If ctx ends, or
// has ended, Finish continues for up to 30 seconds.
func (c *Client) Finish(ctx context.Context, status *Status, result any, failure error) error {
	ctx, cancel := withGrace(ctx, finishGrace)
	defer cancel()
	err := c.finish(ctx, status, result, failure)
	if errors.Is(err, errUnreadable) { // then what can be told without the rest of it
		told := err
		if failure != nil {
			told = fmt.Errorf("%w; the call failed: %.*s", err, maxTold, failure.Error())
		}
		return errors.Join(err, c.finishFailed(ctx, &Status{Call: status.Call}, told))
	}
	return err
}

// maxTold is how many characters are told of a failure whose status can't be stored.
const maxTold = 1000

func (c *Client) finish(ctx context.Context, status *Status, result any, failure error) error {
	if failure != nil {
		return c.finishFailed(ctx, status, failure)
	}
	err := c.putResult(ctx, status, result)
	if err != nil {
		return errors.Join(err, c.finishFailed(ctx, status, err))
	}
	return c.PutStatus(ctx, status)
}

// finishGrace is how long Finish continues after its context has ended.
const finishGrace = 30 * time.Second

// withGrace returns a context that ends some time after ctx, with its cause.
func withGrace(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	var timer *time.Timer
	armed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		timer = time.AfterFunc(grace, func() { cancel(context.Cause(ctx)) }) //nolint:forbidigo // it stays a cause
		close(armed)
	})
	return late, func() {
		if !stop() {
			<-armed
			timer.Stop()
		}
		cancel(nil)
	}
}

// clearOutcome forgets what the status told before.
func (s *Status) clearOutcome() {
	s.result, s.excInfo, s.newFutures, s.ResultSize = "", "", "", 0
	s.Exception, s.noResult, s.excPickleFail = false, false, false
}

// finishFailed stores the status of a call that failed.
func (c *Client) finishFailed(ctx context.Context, status *Status, failure error) error {
	status.clearOutcome()
	status.Exception = true
	data, err := pickle.EncodeExcInfo(asException(failure))
	if err != nil { // the exception's arguments have no pickle: its text has
		data, err = pickle.EncodeExcInfo(textException(failure))
	}
	if err != nil {
		return fmt.Errorf("the exception of call %s: %w", status.Call, err)
	}
	status.excInfo = pickle.FormatBytesLiteral(data)
	return c.PutStatus(ctx, status)
}

// putResult puts a result into the status, or into an object of its own.
func (c *Client) putResult(ctx context.Context, status *Status, result any) error {
	status.clearOutcome()
	if result == nil {
		return nil
	}
	data, err := pickle.Encode(result)
	if err != nil {
		return fmt.Errorf("the result of call %s: %w", status.Call, err)
	}
	status.ResultSize = int64(len(data))
	if len(data) < maxInlineResult {
		status.result = pickle.FormatBytesLiteral(data)
		return nil
	}
	start := time.Now()
	if err := c.PutData(ctx, status.OutputKey(), bytes.NewReader(data)); err != nil {
		return fmt.Errorf("the result of call %s: %w", status.Call, err)
	}
	status.UploadTime = time.Since(start)
	return nil
}

// asException finds the exception of Python that an error is, or makes one of its text.
func asException(failure error) *pickle.Exception {
	if exception := (*pickle.Exception)(nil); errors.As(failure, &exception) && exception.Module == "builtins" {
		return exception
	}
	return textException(failure)
}

// textException makes an exception of an error's text.
func textException(failure error) *pickle.Exception {
	return &pickle.Exception{Module: "builtins", Class: "Exception", Args: pickle.Tuple{strings.ToValidUTF8(failure.Error(), "\uFFFD")}}
}
