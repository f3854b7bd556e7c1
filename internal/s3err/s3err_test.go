// SPDX-License-Identifier: Apache-2.0

package s3err

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestFinal(t *testing.T) {
	t.Parallel()
	cause := errors.New("the file shrank")
	err := fmt.Errorf("sending: %w", Final(cause))
	if !errors.Is(err, cause) || err.Error() != "sending: the file shrank" {
		t.Errorf("got %v, want the cause and its text", err)
	}
	if !IsFinal(err) || IsFinal(cause) {
		t.Errorf("IsFinal: got %v and %v, want true, and false of the cause", IsFinal(err), IsFinal(cause))
	}
	var marked interface{ RetryableError() bool }
	if !errors.As(err, &marked) || marked.RetryableError() {
		t.Error("the SDK would send the request again")
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("x", MaxText)
	for text, want := range map[string]string{"a\x1b[31m\u202e\nb": `a\x1b[31m\u202e\nb`, longest: longest, longest + "x": longest} {
		if got := Text(text); got != want {
			t.Errorf("Text(%q): got %q, want %q", text, got, want)
		}
	}
}
