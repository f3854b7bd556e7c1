//go:build !listing

package main

import "github.com/lithops-go/lithopss3"

// listInParallel does nothing: the package cannot yet.
func listInParallel(*lithopss3.ListOptions) {}
