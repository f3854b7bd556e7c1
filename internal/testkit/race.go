// SPDX-License-Identifier: Apache-2.0

//go:build race

package testkit

// isRace reports whether the race detector is on.
const isRace = true
