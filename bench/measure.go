// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clientMain is the process of one measurement: a job in, a sample out.
func clientMain(text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	j.prepare()
	if j.Profile != "" {
		file, err := os.Create(j.Profile)
		if err != nil {
			return err
		}
		defer func() { pprof.StopCPUProfile(); _ = file.Close() }()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
	}
	result, err := measure(func() (seen, error) { return j.do(context.Background()) })
	if errors.Is(err, errUnsupported) {
		result, err = &measured{Skipped: err.Error()}, nil
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// measured holds the figures that a process can measure of itself.
type measured struct {
	Wall    float64 // seconds
	CPU     float64 // seconds, user and system
	Heap    int64   `json:",omitempty"` // bytes of objects at the peak above the start, of a client in Go
	RSS     int64   // bytes resident at the peak
	Allocs  int64   `json:",omitempty"` // objects allocated, of a client in Go
	Seen    seen
	Skipped string `json:",omitempty"` // why it was not measured
}

func measure(work func() (seen, error)) (*measured, error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	peak := watchHeap()
	cpu, begin := cpuTime(), time.Now()
	found, err := work()
	result := &measured{Wall: time.Since(begin).Seconds(), CPU: (cpuTime() - cpu).Seconds(), Seen: found}
	if err != nil {
		return nil, err
	}
	result.Heap = max(0, peak()-int64(before.HeapAlloc))
	runtime.ReadMemStats(&after)
	result.Allocs = int64(after.Mallocs - before.Mallocs)
	result.RSS = peakRSS("self")
	return result, nil
}

// watchHeap looks at the heap every two milliseconds; what it returns ends that
// and tells the most that was seen.
func watchHeap() func() int64 {
	stop, peak := make(chan struct{}), make(chan int64)
	go func() {
		heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		for most := int64(0); ; {
			metrics.Read(heap)
			most = max(most, int64(heap[0].Value.Uint64()))
			select {
			case <-ticker.C:
			case <-stop:
				peak <- most
				return
			}
		}
	}()
	return func() int64 { close(stop); return <-peak }
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// peakRSS is a process's peak, 0 if it can't be told.
func peakRSS(process string) int64 {
	status, err := os.ReadFile("/proc/" + process + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
