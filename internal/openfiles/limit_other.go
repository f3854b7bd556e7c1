// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !darwin

package openfiles

// Limit returns 0, because there is no limit that matters or it is not known.
func Limit() int { return 0 }
