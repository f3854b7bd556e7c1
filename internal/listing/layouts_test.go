// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// layouts are sets of n keys or so, as people have them.
var layouts = map[string]func(n int) []string{
	"numbers":               func(n int) []string { return numbered(n, "data/part-%08d") },
	"numbers without zeros": func(n int) []string { return numbered(n, "data/part-%d") },
	"numbers, few digits": func(n int) []string {
		return numbered(n, strings.Repeat("a very long prefix/", 20)+"%0"+strconv.Itoa(len(strconv.Itoa(n-1)))+"d")
	},
	"a job": func(n int) []string {
		var keys []string
		for i := range n / 3 {
			call := fmt.Sprintf("lithops.jobs/4b99c1-0-M000/%05d/", i)
			keys = append(keys, call+md5Of(i)[:12]+".init", call+"status.json", call+"output.pickle")
		}
		return keys
	},
	"hashes": func(n int) []string { return apply(n, md5Of) },
	"UUIDs": func(n int) []string {
		return apply(n, func(i int) string {
			h := md5Of(i)
			return "uploads/" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:] + "/body.bin"
		})
	},
	"folders of hashes": func(n int) []string {
		return apply(n, func(i int) string { h := md5Of(i); return "objects/" + h[:2] + "/" + h[2:4] + "/" + h[4:] })
	},
	"dates": func(n int) []string {
		return apply(n, func(i int) string {
			at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(float64(i) / float64(n) * 2 * 365 * 24 * float64(time.Hour)))
			return at.Format("year=2006/month=01/day=02/hour=15/") + fmt.Sprintf("part-%05d.parquet", i%137)
		})
	},
	"words": func(n int) []string {
		random := rand.New(rand.NewPCG(1, 2))
		syllables := strings.Fields("an be co du el fa go hi in jo ka lo mi no ow pe qu ra so ti un ve wo xy ya ze")
		return apply(n, func(int) string {
			var key strings.Builder
			for range 2 + random.IntN(5) {
				key.WriteString(syllables[random.IntN(len(syllables))])
				if random.IntN(4) == 0 {
					key.WriteByte('/')
				}
			}
			return key.String()
		})
	},
	"nested": func(n int) []string { // each folder has twice as many keys as the one above
		return apply(n, func(i int) string {
			depth := len(strconv.FormatInt(int64(i+1), 2))
			return strings.Repeat("a/", depth) + fmt.Sprintf("f%07d", i)
		})
	},
	"two clusters": func(n int) []string {
		return append(numbered(n/2, "aaaa/%07d"), numbered(n/2, "zzzz/%07d")...)
	},
}

func md5Of(i int) string {
	sum := md5.Sum([]byte(strconv.Itoa(i)))
	return hex.EncodeToString(sum[:])
}

func numbered(n int, format string) []string {
	return apply(n, func(i int) string { return fmt.Sprintf(format, i) })
}

func apply(n int, key func(int) string) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = key(i)
	}
	return keys
}

func utf16Of(text string) []uint16 { return utf16.Encode([]rune(text)) }

// compact leaves out what comes again.
func compact(keys []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(keys, func(key string) bool {
		again := seen[key]
		seen[key] = true
		return again
	})
}

func sorted(keys []string) []string {
	slices.Sort(keys)
	return slices.Compact(keys)
}
