// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// unseen are layouts of n keys or so that no change of the algorithm was measured with. How
// fast they are listed is how fast those of users are.
var unseen = map[string]func(n int) []string{
	"IPFS, base58": func(n int) []string {
		return apply(n, func(i int) string {
			sum := sha256.Sum256([]byte(strconv.Itoa(i)))
			return "blocks/Qm" + strings.NewReplacer("0", "1", "O", "P", "I", "J", "l", "m").Replace(base62Of(sum[:], 44))
		})
	},
	"IPFS, base32": func(n int) []string {
		return apply(n, func(i int) string {
			sum := sha256.Sum256([]byte(strconv.Itoa(i)))
			return "blocks/bafkrei" + lowerBase32.EncodeToString(sum[:])
		})
	},
	"Spark in one folder": func(n int) []string {
		return apply(n, func(i int) string {
			return fmt.Sprintf("out/orders/part-%05d-%s-c000.snappy.parquet", i, uuidOf(1))
		})
	},
	"a Maven repository": func(n int) []string {
		random := rand.New(rand.NewPCG(31, 1))
		words := vocabulary()
		var keys []string
		for len(keys) < n {
			group := strings.Fields("com org io net de fr")[random.IntN(6)]
			for range 1 + random.IntN(2) {
				group += "/" + words[random.IntN(400)]
			}
			artifact := words[random.IntN(20_000)]
			for version := range 1 + random.IntN(20) {
				folder := fmt.Sprintf("maven2/%s/%s/1.%d.%d/%s-1.%d.%d", group, artifact, version/5, version%5, artifact, version/5, version%5)
				keys = append(keys, folder+".jar", folder+".jar.md5", folder+".pom", folder+".pom.md5")
			}
			keys = append(keys, "maven2/"+group+"/"+artifact+"/maven-metadata.xml")
		}
		return compact(keys)
	},
	"tiles of a country": func(n int) []string {
		var keys []string
		for z := 6; len(keys) < n; z++ {
			for x := range 1 << (z - 4) {
				for y := range 1 << (z - 4) {
					keys = append(keys, fmt.Sprintf("osm/%d/%d/%d.pbf", z, 33<<(z-6)+x, 21<<(z-6)+y))
				}
			}
		}
		return keys[:n]
	},
	"a maildir": func(n int) []string {
		random := rand.New(rand.NewPCG(31, 2))
		words := vocabulary()
		return apply(n, func(i int) string {
			user := words[int(300*random.Float64()*random.Float64())]
			folder := strings.Fields("cur cur cur new .Sent/cur .Archive.2023/cur .Spam/cur")[random.IntN(7)]
			return fmt.Sprintf("vmail/example.org/%s/%s/%d.M%dP%d.mx%d,S=%d:2,S", user, folder, 1_600_000_000+random.IntN(120_000_000), random.IntN(999_999), random.IntN(32_768), i%3, random.IntN(90_000))
		})
	},
	"users and days": func(n int) []string {
		random := rand.New(rand.NewPCG(31, 3))
		var keys []string
		for user := 0; len(keys) < n; user++ {
			start := random.IntN(300)
			for day := range 1 + random.IntN(60) {
				at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, start+day)
				for event := range 1 + random.IntN(5) {
					keys = append(keys, fmt.Sprintf("app/user=%06d/day=%s/%d.json.gz", user*13, at.Format("2006-01-02"), event))
				}
			}
		}
		return keys
	},
	"hex without zeros": func(n int) []string { return numbered(n, "hdfs/blk_%x") },
	"two interleaved families": func(n int) []string {
		return apply(n, func(i int) string {
			if i%2 == 0 {
				return "in/" + md5Of(i)
			}
			return fmt.Sprintf("in/%08d.done", i*1000)
		})
	},
	"Firehose": func(n int) []string {
		return apply(n, func(i int) string {
			at := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 61 * time.Second)
			return "firehose/" + at.Format("2006/01/02/15/") + "clicks-3-" + at.Format("2006-01-02-15-04-05") + "-" + uuidOf(i)
		})
	},
	"backups by host": func(n int) []string {
		return apply(n, func(i int) string {
			host := i % 45
			day := time.Date(2023, 6, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i/45%250)
			kind := []string{"daily", "daily", "weekly"}[host%3]
			return fmt.Sprintf("backups/%s/%s-%02d/%s/disk%d.qcow2", kind, []string{"web", "db", "cache", "worker"}[host%4], host, day.Format("2006-01-02"), i/45/250)
		})
	},
	"packages of Node": func(n int) []string {
		random := rand.New(rand.NewPCG(31, 4))
		words := vocabulary()
		return compact(apply(n, func(int) string {
			key := "build/node_modules/" + []string{"", "", "@babel/", "@types/"}[random.IntN(4)] + words[int(900*random.Float64()*random.Float64())]
			for range random.IntN(3) {
				key += "/" + strings.Fields("lib dist src cjs esm test internal utils")[random.IntN(8)]
			}
			return key + "/" + words[random.IntN(3000)] + strings.Fields(".js .d.ts .js.map .mjs")[random.IntN(4)]
		}))
	},
	"articles of PubMed": func(n int) []string {
		return apply(n, func(i int) string {
			id := 176_500 + i*31
			return fmt.Sprintf("oa_comm/xml/all/PMC%d.xml", id)
		})
	},
	"scenes of Sentinel": func(n int) []string {
		return apply(n, func(i int) string {
			tile := i / 13 % 90
			scene := i / 13 / 90
			day := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, scene*3)
			return fmt.Sprintf("tiles/%d/%c/%c%c/%d/%d/%d/0/B%02d.jp2", 29+tile%6, 'S'+tile%4, 'A'+tile%17, 'C'+tile%11, day.Year(), int(day.Month()), day.Day(), i%13)
		})
	},
	"blocks of Thanos": func(n int) []string {
		var keys []string
		for i, id := range ulids(n/20, 700*24*time.Hour) {
			id = strings.TrimPrefix(id, "events/")
			for chunk := range 10 + i%17 {
				keys = append(keys, fmt.Sprintf("%s/chunks/%06d", id, chunk+1))
			}
			keys = append(keys, id+"/index", id+"/meta.json")
		}
		return keys
	},
	"releases": func(n int) []string {
		return apply(n, func(i int) string {
			return fmt.Sprintf("releases/tool-%d/v%d.%d.%d/%s", i/4000, i/800%5, i/80%10, i/5%16, strings.Fields("linux-amd64.tar.gz linux-arm64.tar.gz darwin-arm64.zip windows.zip SHA256SUMS")[i%5])
		})
	},
	"names in Arabic": func(n int) []string {
		random := rand.New(rand.NewPCG(31, 5))
		return compact(apply(n, func(i int) string {
			var name strings.Builder
			for range 3 + random.IntN(6) {
				name.WriteRune('ا' + rune(random.IntN(28)))
			}
			return "ملفات/" + name.String() + "/" + strconv.Itoa(i%7) + ".pdf"
		}))
	},
	"emojis": func(n int) []string {
		random := rand.New(rand.NewPCG(31, 6))
		return apply(n, func(i int) string {
			return fmt.Sprintf("chat/%c/%c-%d.webp", 0x1F600+random.IntN(70), 0x1F300+random.IntN(300), i)
		})
	},
	"executors of any size": func(n int) []string {
		random := rand.New(rand.NewPCG(31, 7))
		var keys []string
		for executor := 0; len(keys) < n; executor++ {
			for call := range int(10 + 20_000*random.Float64()*random.Float64()*random.Float64()) {
				folder := fmt.Sprintf("lithops.jobs/%s-%d-M000/%05d/", md5Of(executor)[:6], executor%4, call)
				keys = append(keys, folder+"output.pickle", folder+"status.json")
			}
		}
		return keys[:n]
	},
	"customers and their orders": func(n int) []string {
		random := rand.New(rand.NewPCG(31, 8))
		return compact(apply(n, func(int) string {
			customer := int(40_000 * random.Float64() * random.Float64() * random.Float64())
			return fmt.Sprintf("crm/%d/orders/%d/invoice.pdf", 100_000+customer*7, 5_000_000+random.IntN(4_000_000))
		}))
	},
	"mixed depths": func(n int) []string {
		random := rand.New(rand.NewPCG(31, 9))
		return compact(apply(n, func(i int) string {
			var key strings.Builder
			for range random.IntN(5) {
				fmt.Fprintf(&key, "%s/", strings.Fields("alpha beta gamma delta eps zeta eta theta")[int(8*random.Float64()*random.Float64())])
			}
			return key.String() + fmt.Sprintf("doc-%06d.txt", i)
		}))
	},
	"sensors by the minute": func(n int) []string {
		return apply(n, func(i int) string {
			at := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i/25) * time.Minute)
			return fmt.Sprintf("plant/line%d/sensor%d/", i%5+1, i/5%5+1) + at.Format("20060102_150405") + ".parquet"
		})
	},
	"Bazel's cache": func(n int) []string {
		keys := apply(n/4, func(i int) string { return "ac/" + sha256Of(i) })
		return append(keys, apply(n*3/4, func(i int) string { return "cas/" + sha256Of(i+n) })...)
	},
	"days, then hashes": func(n int) []string {
		return apply(n, func(i int) string {
			day := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%120)
			return "raw/" + day.Format("2006-01-02") + "/" + md5Of(i)[:1] + "/" + md5Of(i)
		})
	},
}

func sha256Of(i int) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(i)))
	return fmt.Sprintf("%x", sum)
}
