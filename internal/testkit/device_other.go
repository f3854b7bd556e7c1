// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package testkit

import (
	"os"
	"testing"
)

// Device returns the path of the null device.
func Device(testing.TB) string { return os.DevNull }
