package lithopss3

import "time"

// InHaste has stores that are opened with opts wait for the server as long as
// timeout says, instead of ten seconds, and between two attempts a hundredth.
func InHaste(opts *Options, timeout time.Duration) *Options {
	opts.pace = pace{io: timeout, divide: 100}
	return opts
}
