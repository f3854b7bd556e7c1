// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// programs are layouts of n keys or so, as programs write them.
var programs = map[string]func(n int) []string{
	"URLs": func(n int) []string {
		random := rand.New(rand.NewPCG(11, 1))
		words := vocabulary()
		return apply(n, func(i int) string {
			host := words[int(40*random.Float64()*random.Float64())]
			return fmt.Sprintf("crawl/https://www.%s.com/%s/%s-%d.html", host, words[random.IntN(30)], words[100+random.IntN(5000)], i%97)
		})
	},
	"dates from the day": func(n int) []string {
		return apply(n, func(i int) string {
			at := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%3650)
			return at.Format("reports/02-01-2006/") + fmt.Sprintf("report-%d.pdf", i/3650)
		})
	},
	"any characters": func(n int) []string {
		random := rand.New(rand.NewPCG(11, 2))
		letters := []rune("abcdefghij XYZ_-.()[]+&éèüßøñçжд漢字かな한글😀🚀")
		return apply(n, func(int) string {
			name := make([]rune, 4+random.IntN(12))
			for i := range name {
				name[i] = letters[random.IntN(len(letters))]
			}
			return string(name)
		})
	},
	"hive after a hash": func(n int) []string {
		return apply(n, func(i int) string {
			day := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%365)
			return fmt.Sprintf("%s/table=orders/dt=%s/part-%05d.snappy.parquet", md5Of(i % 16)[:4], day.Format("2006-01-02"), i)
		})
	},
	"Maven": func(n int) []string {
		random := rand.New(rand.NewPCG(11, 3))
		words := vocabulary()
		groups := strings.Fields("org/apache com/google io/netty org/springframework com/amazonaws net/java org/eclipse")
		var keys []string
		for len(keys) < n {
			artifact := words[int(3000*random.Float64()*random.Float64())]
			version := fmt.Sprintf("%d.%d.%d", random.IntN(5), random.IntN(20), random.IntN(10))
			folder := groups[int(7*random.Float64()*random.Float64())] + "/" + artifact + "/" + version + "/" + artifact + "-" + version
			for _, end := range strings.Fields(".jar .jar.sha1 .pom .pom.sha1 -sources.jar") {
				keys = append(keys, folder+end)
			}
		}
		return compact(keys)
	},
	"one huge among thousands of tiny folders": func(n int) []string {
		keys := apply(n*2/3, func(i int) string { return fmt.Sprintf("tenants/%s/blob-%s", md5Of(777)[:12], md5Of(i)) })
		return append(keys, apply(n/3, func(i int) string { return fmt.Sprintf("tenants/%s/blob-%s", md5Of(i / 8)[:12], md5Of(i)) })...)
	},
	"folders that halve": func(n int) []string {
		var keys []string
		for i, size := 0, n/2; size > 0; i, size = i+1, size/2 {
			keys = append(keys, numbered(size, fmt.Sprintf("set-%02d/", i)+"%d.npy")...)
		}
		return keys
	},
	"folders that double": func(n int) []string {
		var keys []string
		for i, size := 0, n/2; size > 0; i, size = i+1, size/2 {
			keys = append(keys, numbered(size, fmt.Sprintf("set-%02d/", 30-i)+"%d.npy")...)
		}
		return keys
	},
	"a chain, then a folder": func(n int) []string {
		return apply(n, func(i int) string {
			return "mnt/data/users/shared/projects/2024/experiments/run-7/outputs/final/" + md5Of(i)[:10] + ".bin"
		})
	},
	"UUIDs by time": func(n int) []string {
		return apply(n, func(i int) string {
			h := fmt.Sprintf("%012x", int64(1_700_000_000_000)+int64(i)*1711) + md5Of(i)
			return "v7/" + h[:8] + "-" + h[8:12] + "-7" + h[13:16] + "-a" + h[17:20] + "-" + h[20:32]
		})
	},
	"snowflakes": func(n int) []string {
		return apply(n, func(i int) string {
			return fmt.Sprintf("tweets/%d.json", (1_288_834_974+int64(i)*613)<<22|int64(i%4096))
		})
	},
	"a system's files": func(n int) []string {
		random := rand.New(rand.NewPCG(11, 4))
		words := vocabulary()
		tops := strings.Fields("etc usr/bin usr/lib/python3/dist-packages usr/lib/x86_64-linux-gnu usr/share/doc usr/share/man/man1 usr/share/locale var/lib/dpkg/info opt")
		return apply(n, func(int) string {
			key := "rootfs/" + tops[int(9*random.Float64())]
			for range random.IntN(4) {
				key += "/" + words[int(200*random.Float64()*random.Float64())]
			}
			return key + "/" + words[random.IntN(4000)] + strings.Fields(".py .so .txt .gz .mo .conf")[random.IntN(6)]
		})
	},
	"a registry of images": func(n int) []string {
		keys := apply(n*3/4, func(i int) string {
			h := md5Of(i) + md5Of(i+n)
			return "docker/registry/v2/blobs/sha256/" + h[:2] + "/" + h + "/data"
		})
		return append(keys, apply(n/4, func(i int) string {
			h := md5Of(i) + md5Of(i+n)
			return fmt.Sprintf("docker/registry/v2/repositories/team-%d/app-%d/_layers/sha256/%s/link", i%7, i%40, h)
		})...)
	},
	"classes of pictures": func(n int) []string {
		return apply(n, func(i int) string {
			class := fmt.Sprintf("n%08d", 1_440_764+(i%1000)*13_577)
			return fmt.Sprintf("imagenet/train/%s/%s_%d.JPEG", class, class, i/1000*37)
		})
	},
	"devices": func(n int) []string {
		return apply(n, func(i int) string {
			at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i/40) * 13 * time.Minute)
			return fmt.Sprintf("iot/device-%s/", md5Of(i % 40)[:6]) + at.Format("2006/01/02/15-04-05") + ".json"
		})
	},
	"tenants of any size": func(n int) []string {
		random := rand.New(rand.NewPCG(11, 5))
		zipf := rand.NewZipf(random, 1.3, 1, 5000)
		return apply(n, func(int) string {
			at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, random.IntN(200))
			return fmt.Sprintf("t-%d/", zipf.Uint64()) + at.Format("2006-01-02/") + fmt.Sprintf("%08x.json", random.Uint32())
		})
	},
	"samples": func(n int) []string {
		return apply(n, func(i int) string {
			return fmt.Sprintf("genomes/HG%05d/chr%d/reads.%d.bam", i/(24*25), i/25%24+1, i%25)
		})
	},
	"titles": func(n int) []string {
		words := vocabulary()
		random := rand.New(rand.NewPCG(11, 6))
		return apply(n, func(int) string {
			title := strings.ToUpper(words[random.IntN(500)][:1]) + words[random.IntN(2000)]
			for range random.IntN(4) {
				title += "_" + words[random.IntN(2000)]
			}
			return "wiki/" + title
		})
	},
	"parts of Spark": func(n int) []string {
		return apply(n, func(i int) string {
			return fmt.Sprintf("lake/silver/orders/date=%s/part-%05d-%s.c000.snappy.parquet",
				time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i/400).Format("2006-01-02"), i%400, uuidOf(i/400))
		})
	},
	"names and numbers": func(n int) []string {
		names := strings.Fields("Smith Jones Garcia Müller Rossi Dubois Kowalski Nguyen Kim Silva O'Brien")
		return apply(n, func(i int) string { return fmt.Sprintf("%s %d (copy).doc", names[(i%11)*(i%11)%11], i) })
	},
	"two sizes of numbers": func(n int) []string {
		return slices.Concat(numbered(n/2, "frames/%d"), numbered(n/2, "frames/%010d.meta"))
	},
	"logs by machine": func(n int) []string {
		return apply(n, func(i int) string {
			return fmt.Sprintf("logs/ip-10-0-%d-%d.ec2.internal/app.log.%d.gz", i%5, i/5%60, i/300)
		})
	},
	"by user, random": func(n int) []string {
		random := rand.New(rand.NewPCG(11, 7))
		return apply(n, func(int) string {
			return fmt.Sprintf("u/%d/%s.jpg", int(random.ExpFloat64()*3000), md5Of(int(random.Uint32()))[:8])
		})
	},
	"pairs of hashes": func(n int) []string {
		return apply(n, func(i int) string { return "cache/" + strings.ToUpper(md5Of(i % 200))[:6] + "-" + md5Of(i) })
	},
}
