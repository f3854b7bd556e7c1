package lithopss3

// Progress is how far a transfer has come.
type Progress struct {
	// Done is how many bytes were sent, or received and written. It never falls:
	// what a retry sends again does not count again.
	Done int64
	// Total is how many bytes there are, -1 where that is not known yet.
	Total int64
}

// reportTo adapts a callback of the public type; nil stays nil.
func reportTo(report func(Progress)) func(done, total int64) {
	if report == nil {
		return nil
	}
	return func(done, total int64) { report(Progress{Done: done, Total: total}) }
}
