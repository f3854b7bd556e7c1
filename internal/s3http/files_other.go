// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !darwin

package s3http

// openFilesLimit returns 0, because there is no limit that matters or it is not known.
func openFilesLimit() int { return 0 }
