// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"crypto/sha1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// people are layouts of n keys or so, as people have them.
var people = map[string]func(n int) []string{
	"flat numbers":          func(n int) []string { return numbered(n, "%08d") },
	"flat numbers in a dir": func(n int) []string { return numbered(n, "data/part-%08d") },
	"flat unpadded":         func(n int) []string { return numbered(n, "img_%d.jpg") },
	"random hex":            func(n int) []string { return apply(n, md5Of) },
	"uuid4":                 layouts["UUIDs"],
	"uuid4 flat":            func(n int) []string { return apply(n, uuidOf) },
	"a job":                 layouts["a job"],
	"small executors": func(n int) []string {
		return apply(n, func(i int) string {
			return fmt.Sprintf("lithops.jobs/%s-0-M000/%05d/%s", md5Of(i / 300)[:6], i%300/3, []string{"a.init", "output.pickle", "status.json"}[i%3])
		})
	},
	"folders of 1000, numbers go on": func(n int) []string {
		return apply(n, func(i int) string { return fmt.Sprintf("dir-%05d/file-%08d", i/1000, i) })
	},
	"folders of 1000, names restart": func(n int) []string {
		return apply(n, func(i int) string { return fmt.Sprintf("data/dir-%05d/file-%04d", i/1000, i%1000) })
	},
	"folders of 1000, unpadded": func(n int) []string {
		return apply(n, func(i int) string { return fmt.Sprintf("data/%d/%d.bin", i/1000, i) })
	},
	"hive": func(n int) []string {
		countries := strings.Fields("AE AR AT AU BE BR CA CH CN CZ DE DK ES FI FR GB GR HU IE IN IT JP KR MX NL NO PL PT SE US")
		return apply(n, func(i int) string {
			country := i % len(countries)
			day := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i/len(countries)%365)
			return fmt.Sprintf("warehouse/events/country=%s/dt=%s/part-%05d.parquet", countries[country], day.Format("2006-01-02"), i/len(countries)/365)
		})
	},
	"hive, skewed": func(n int) []string {
		random := rand.New(rand.NewPCG(3, 4))
		countries := strings.Fields("US DE CN IN FR GB BR JP CA IT ES AU AE AR AT BE CH CZ DK FI GR HU IE KR MX NL NO PL PT SE")
		return apply(n, func(i int) string {
			country := min(int(random.ExpFloat64()*4), len(countries)-1)
			day := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, random.IntN(900))
			return fmt.Sprintf("events/country=%s/dt=%s/part-%05d.parquet", countries[country], day.Format("2006-01-02"), i)
		})
	},
	"logs y/m/d/h": func(n int) []string {
		return apply(n, func(i int) string {
			at := time.Date(2022, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(float64(i) / float64(n) * 600 * 24 * float64(time.Hour)))
			return at.Format("logs/2006/01/02/15/") + md5Of(i)[:8] + ".gz"
		})
	},
	"AWS logs": func(n int) []string {
		regions := strings.Fields("eu-west-1 eu-central-1 us-east-1 us-west-2")
		return apply(n, func(i int) string {
			at := time.Date(2022, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(float64(i) / float64(n) * 400 * 24 * float64(time.Hour)))
			region := regions[i%4]
			return "AWSLogs/123456789012/CloudTrail/" + region + at.Format("/2006/01/02/") + "123456789012_CloudTrail_" + region + at.Format("_20060102T1504Z_") + md5Of(i)[:16] + ".json.gz"
		})
	},
	"zarr": func(n int) []string {
		var keys []string
		for _, array := range strings.Fields("air temp/surface wind/u wind/v precip") {
			for i := range n / 5 {
				keys = append(keys, fmt.Sprintf("store.zarr/%s/%d.%d.%d", array, i/1200, i/40%30, i%40))
			}
		}
		return keys
	},
	"zarr, nested": func(n int) []string {
		return apply(n, func(i int) string { return fmt.Sprintf("cube.zarr/c/%d/%d/%d", i/6000, i/100%60, i%100) })
	},
	"words":           layouts["words"],
	"words, skewed":   func(n int) []string { return wordsOf(n, "") },
	"words, in a dir": func(n int) []string { return wordsOf(n, "corpus/en/") },
	"documents": func(n int) []string { // with a few separators
		words := strings.Fields("annual apple bridge budget cedar draft early field final garden harbor invoice june kitchen letter march notes october paper quarter report summer table urgent valley winter yearly zebra")
		random := rand.New(rand.NewPCG(7, 1))
		return compact(apply(n, func(i int) string {
			key := "docs"
			for rest := i; ; rest /= len(words) {
				key += "/-_ "[rest%4:][:1] + words[random.IntN(len(words))] + words[rest%len(words)]
				if rest < len(words) {
					return key + ".txt"
				}
			}
		}))
	},
	"20 users": func(n int) []string {
		names := strings.Fields("alice bob carol dave erin frank grace heidi ivan judy karl leo mallory nina oscar peggy quinn rupert sybil trent")
		return apply(n, func(i int) string { return fmt.Sprintf("home/%s/photo_%d.jpg", names[i%20], 1000+i/20) })
	},
	"base64": func(n int) []string {
		return apply(n, func(i int) string {
			sum := sha1.Sum([]byte(strconv.Itoa(i)))
			return base64.RawURLEncoding.EncodeToString(sum[:])
		})
	},
	"base64 in a dir": func(n int) []string {
		return apply(n, func(i int) string {
			sum := sha1.Sum([]byte(strconv.Itoa(i)))
			return "blobs/img-" + base64.RawURLEncoding.EncodeToString(sum[:9]) + ".png"
		})
	},
	"standard base64": func(n int) []string {
		return apply(n, func(i int) string {
			sum := sha1.Sum([]byte(strconv.Itoa(i)))
			return base64.StdEncoding.EncodeToString(sum[:])
		})
	},
	"base32 in capitals": func(n int) []string {
		return apply(n, func(i int) string {
			sum := sha1.Sum([]byte(strconv.Itoa(i)))
			return "cas/" + base32.StdEncoding.EncodeToString(sum[:])
		})
	},
	"ULIDs of a year":  func(n int) []string { return ulids(n, 365*24*time.Hour) },
	"ULIDs of an hour": func(n int) []string { return ulids(n, time.Hour) },
	"unix times": func(n int) []string {
		return apply(n, func(i int) string { return fmt.Sprintf("metrics/%d.%03d.json", 1_690_000_000+i*100, i%1000) })
	},
	"ISO times": func(n int) []string {
		return apply(n, func(i int) string {
			at := time.Date(2023, 5, 17, 3, 0, 0, 0, time.UTC).Add(time.Duration(i) * 97 * time.Second)
			return "sensor/" + at.Format(time.RFC3339) + ".csv"
		})
	},
	"a prefix of 100 bytes": func(n int) []string {
		prefix := strings.Repeat("a-common-prefix/", 6) + "and-more"
		return apply(n, func(i int) string { return prefix + md5Of(i) })
	},
	"a prefix of 100 bytes, numbers": func(n int) []string { return numbered(n, strings.Repeat("common.prefix-", 8)+"%d") },
	"a few huge among tiny folders": func(n int) []string {
		keys := make([]string, 0, n)
		for i := range 4000 {
			for j := range 5 {
				keys = append(keys, fmt.Sprintf("projects/%s/f%d", md5Of(i)[:8], j))
			}
		}
		for i := range 3 {
			for j := range (n - 20_000) / 3 {
				keys = append(keys, fmt.Sprintf("projects/%s/%s.bin", md5Of(i + 5000)[:8], md5Of(j)[:12]))
			}
		}
		return keys
	},
	"tiny folders": func(n int) []string {
		return apply(n, func(i int) string { return fmt.Sprintf("t/%s/f%d", md5Of(i / 5)[:10], i%5) })
	},
	"folders of 60 with random names": func(n int) []string {
		return apply(n, func(i int) string { return fmt.Sprintf("t/%s/f%d", md5Of(i / 60)[:10], i%60) })
	},
	"folders of any size": func(n int) []string {
		random := rand.New(rand.NewPCG(7, 8))
		var keys []string
		for i := 0; len(keys) < n; i++ {
			for j := range min(int(1/(random.Float64()+1e-5)), n/8) {
				keys = append(keys, fmt.Sprintf("sets/%s/item-%06d.json", md5Of(i)[:6], j))
			}
		}
		return keys[:n]
	},
	"a deep chain": func(n int) []string {
		return apply(n, func(i int) string { return strings.Repeat("deeper/", 25) + fmt.Sprintf("%d/%d", i/2500, i%2500) })
	},
	"a deep chain with keys": func(n int) []string {
		return apply(n, func(i int) string { return strings.Repeat("d/", 1+i/(n/30)) + fmt.Sprintf("f%07d", i) })
	},
	"nested":       layouts["nested"],
	"two clusters": layouts["two clusters"],
	"unicode words": func(n int) []string {
		random := rand.New(rand.NewPCG(5, 6))
		return apply(n, func(int) string {
			var key strings.Builder
			key.WriteString("документы/")
			for range 6 {
				key.WriteRune('а' + rune(random.IntN(32)))
			}
			return key.String() + ".txt"
		})
	},
	"CJK names": func(n int) []string {
		random := rand.New(rand.NewPCG(5, 6))
		return apply(n, func(i int) string {
			return string([]rune{0x4e00 + rune(random.IntN(0x5000)), 0x4e00 + rune(random.IntN(0x5000))}) + strconv.Itoa(i%100)
		})
	},
	"unicode folders": func(n int) []string {
		names := strings.Fields("北京 上海 東京 大阪 서울 부산 Москва Αθήνα köln münchen")
		return apply(n, func(i int) string { return fmt.Sprintf("städte/%s/%06d", names[i%10], i/10) })
	},
	"git objects": func(n int) []string {
		return apply(n, func(i int) string {
			sum := sha1.Sum([]byte(strconv.Itoa(i)))
			h := hex.EncodeToString(sum[:])
			return "repo.git/objects/" + h[:2] + "/" + h[2:]
		})
	},
	"two levels of fan-out": layouts["folders of hashes"],
	"restic": func(n int) []string {
		keys := apply(n-10_000, func(i int) string { h := md5Of(i) + md5Of(i+n); return "data/" + h[:2] + "/" + h })
		return append(append(keys, apply(8000, func(i int) string { return "index/" + md5Of(i+1) + md5Of(i) })...), apply(2000, func(i int) string { return "snapshots/" + md5Of(i+9) })...)
	},
	"names of cameras": func(n int) []string {
		return apply(n, func(i int) string {
			at := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 7 * time.Minute)
			return at.Format("Pictures/2006/2006-01/") + fmt.Sprintf("DSC%05d.JPG", i%10_000)
		})
	},
	"tiles": func(n int) []string {
		var keys []string
		for z := 0; len(keys) < n; z++ {
			for x := 0; x < 1<<z && len(keys) < n; x++ {
				for y := 0; y < 1<<z && len(keys) < n; y++ {
					keys = append(keys, fmt.Sprintf("tiles/%d/%d/%d.png", z, x, y))
				}
			}
		}
		return keys
	},
	"e-mails": func(n int) []string {
		random := rand.New(rand.NewPCG(9, 9))
		words := vocabulary()
		return apply(n, func(int) string {
			return fmt.Sprintf("mail/%s.%s@%s.com/%d.eml", words[random.IntN(40)], words[random.IntN(60)], words[random.IntN(5)], random.IntN(1_000_000))
		})
	},
	"numbers from the end": func(n int) []string {
		return apply(n, func(i int) string { return fmt.Sprintf("q/%016x", ^uint64(i*i)) })
	},
}

// manyKinds has folders with another layout in each.
func manyKinds(n int) []string {
	var keys []string
	for _, part := range []string{"random hex", "logs y/m/d/h", "20 users", "base64", "words, skewed", "flat unpadded"} {
		for _, key := range people[part](n / 6) {
			keys = append(keys, strings.ReplaceAll(part, "/", "-")+"/"+key)
		}
	}
	return keys
}

func uuidOf(i int) string {
	h := md5Of(i)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

func ulids(n int, over time.Duration) []string {
	crockford := base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)
	begin := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	return apply(n, func(i int) string {
		var id [20]byte // 4 bytes of zeros, 6 of time, 10 of chance
		at := uint64(begin) + uint64(float64(over.Milliseconds())*float64(i)/float64(n))
		binary.BigEndian.PutUint64(id[2:], at)
		sum := sha1.Sum([]byte(strconv.Itoa(i)))
		copy(id[10:], sum[:])
		return "events/" + crockford.EncodeToString(id[:])[6:]
	})
}

// vocabulary are words as frequent as their letters.
func vocabulary() []string {
	random := rand.New(rand.NewPCG(1, 2))
	return apply(20_000, func(int) string {
		var word strings.Builder
		for range 3 + random.IntN(7) {
			word.WriteByte("eeeeeeeeeeeetttttttttaaaaaaaaoooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrddddllllcccuuummmwwffggyyppbbvk"[random.IntN(98)])
		}
		return word.String()
	})
}

func wordsOf(n int, prefix string) []string {
	random := rand.New(rand.NewPCG(1, 2))
	words := vocabulary()
	return apply(n, func(int) string {
		first := int(float64(len(words)) * random.Float64() * random.Float64())
		return prefix + words[first] + "_" + words[random.IntN(len(words))] + ".txt"
	})
}
