// SPDX-License-Identifier: Apache-2.0

package lithopss3

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/lithops-go/lithopss3/internal/sanitize"
)

// A Secret is a string that never prints: every verb of fmt, slog, JSON, YAML and
// text encoders write "[redacted]" (nothing for an empty one). It is held in a
// closure, because printers that walk values by reflection, also through an
// unexported field, then find a function and not the string.
//
// The zero value is the empty secret. A Secret is safe for concurrent use.
type Secret struct {
	reveal func() string
}

// NewSecret keeps text from being printed. An empty text gives the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return text }}
}

// Reveal returns the secret itself. Call it seldom: a secret can leak only where it is
// called.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether the secret is empty. YAML and JSON encoders ask it for omitempty and omitzero.
func (s Secret) IsZero() bool { return s.reveal == nil }

// String returns "[redacted]", or "" for an empty secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return sanitize.Redacted
}

// Format writes String, quoted where the verb quotes, whatever the verb.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'q' || (verb == 'v' && f.Flag('#')) {
		text = fmt.Sprintf("%q", text)
	}
	_, _ = io.WriteString(f, text)
}

// GoString returns the quoted String, as %#v prints it.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// MarshalText returns String, for JSON and other text encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML returns String, for YAML encoders.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue returns String, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
