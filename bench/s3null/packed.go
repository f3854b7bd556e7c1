// SPDX-License-Identifier: Apache-2.0

package s3null

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// packed are layouts whose keys are sorted after they are made: the i-th key of n.
// No two may be the same.
var packed = map[string]func(i, n int) string{
	"numbers":  func(i, _ int) string { return fmt.Sprintf("data/part-%08d", i) },
	"unpadded": func(i, _ int) string { return fmt.Sprintf("data/part-%d", i) },
	"uuid": func(i, _ int) string {
		a, b := mix(uint64(i)), mix(mix(uint64(i)))
		return fmt.Sprintf("uploads/%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
	},
	"base64": func(i, _ int) string { return "blobs/" + base64Of(mix(uint64(i))) },
	"executors": func(i, _ int) string { // of 100 calls each
		executor, call := i/300, i/3%100
		name := []string{"output.pickle", "status.json", fmt.Sprintf("%012x.init", mix(uint64(i))>>16)}[i%3]
		return fmt.Sprintf("lithops.jobs/%06x-%d-M000/%05d/%s", mix(uint64(executor))>>40, executor, call, name)
	},
	"folders": func(i, _ int) string { return fmt.Sprintf("run/%05d/part-%08d", i/1000, i) },
	"restart": func(i, _ int) string { return fmt.Sprintf("run/%05d/part-%05d", i/1000, i%1000) },
	"hive": func(i, n int) string {
		country, rest := countries[i%len(countries)], i/len(countries)
		days := max(1, n/len(countries)/20)
		return fmt.Sprintf("sales/country=%s/dt=%s/part-%05d.snappy.parquet", country, dayOf(rest%days).Format(time.DateOnly), rest/days)
	},
	"logs": func(i, n int) string {
		at := dayOf(0).Add(time.Duration(i) * (365 * 24 * time.Hour / time.Duration(n)))
		return at.Format("logs/2006/01/02/15/") + fmt.Sprintf("%08x.log.gz", mix(uint64(i))>>32)
	},
	"zarr": func(i, _ int) string {
		return fmt.Sprintf("cube.zarr/%s/%d.%d.%d", variables[i%len(variables)], i/len(variables)/400, i/len(variables)/20%20, i/len(variables)%20)
	},
	"words": func(i, _ int) string {
		key := "docs"
		for at, left := i, true; left; left = at > 0 {
			key += separators[at%len(separators)] + words[mix(uint64(at))%uint64(len(words))] + words[at%len(words)]
			at /= len(words)
		}
		return key + ".txt"
	},
	"users": func(i, n int) string { // 20, with as many keys each
		each := max(1, n/20)
		return fmt.Sprintf("home/%s/%07d.jpg", words[i/each%len(words)]+fmt.Sprint(i/each), i%each)
	},
	"nested": func(i, _ int) string { // each folder has twice as many keys as the one above
		key := []byte("tree/")
		for n := i + 1; n > 1; n /= 2 {
			key = append(key, "a/"...)
		}
		return fmt.Sprintf("%sf%07d", key, i)
	},
}

// PackedLayouts are the names of the layouts that people's keys were taken for, sorted.
func PackedLayouts() []string {
	names := make([]string, 0, len(packed))
	for name := range packed {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var (
	countries  = []string{"AR", "BR", "CA", "CN", "DE", "ES", "FR", "GB", "IN", "IT", "JP", "KR", "MX", "NL", "PL", "PT", "SE", "TR", "US", "ZA"}
	variables  = []string{"t2m", "u10", "v10", "tp"}
	separators = []string{"/", "-", "_", " "}
	words      = []string{
		"annual", "apple", "bridge", "budget", "cedar", "draft", "early", "field", "final", "garden", "harbor", "invoice", "june", "kitchen",
		"letter", "march", "notes", "october", "paper", "quarter", "report", "summer", "table", "urgent", "valley", "winter", "yearly", "zebra",
	}
)

func dayOf(n int) time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

func base64Of(n uint64) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	key := make([]byte, 0, 11)
	for range 11 {
		key = append(key, alphabet[n&63])
		n >>= 6
	}
	return string(key)
}

var packedOnce sync.Map // from a bucket's name to its func() Layout

// packedLayout returns a layout of packed with n keys, which it makes only once: to
// sort 300,000 keys takes longer than to list them. They are kept in one text,
// which costs the collector nothing.
func packedLayout(kind string, n int) (Layout, bool) {
	key, ok := packed[kind]
	if !ok {
		return Layout{}, false
	}
	layout, _ := packedOnce.LoadOrStore(fmt.Sprint(kind, n), sync.OnceValue(func() Layout {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = key(i, n)
		}
		slices.Sort(keys)
		text, ends := []byte(nil), make([]int, n+1)
		for i, key := range keys {
			text = append(text, key...)
			ends[i+1] = len(text)
		}
		return Layout{n, smallSize, func(dst []byte, i int) []byte { return append(dst, text[ends[i]:ends[i+1]]...) }}
	}))
	made, _ := layout.(func() Layout)
	return made(), true
}
