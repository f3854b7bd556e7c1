package lithopss3

import "time"

// InHaste has stores that are opened with opts wait a second where others wait
// ten, and a hundredth of the time between two attempts.
func InHaste(opts *Options) *Options {
	opts.pace = pace{io: time.Second, divide: 100}
	return opts
}
