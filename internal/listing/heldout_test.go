// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// heldOut are layouts of n keys or so that were written before it was measured how fast they are
// listed. No constant was chosen by them; calls showed what cuts at names cost.
var heldOut = map[string]func(n int) []string{
	"blobs of a registry": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 1))
		names := someWords(300)
		return compact(apply(n, func(i int) string {
			if i%3 == 0 {
				h := sha256Of(i)
				return "docker/registry/v2/blobs/sha256/" + h[:2] + "/" + h + "/data"
			}
			name := names[random.IntN(20)] + "/" + names[random.IntN(300)]
			return "docker/registry/v2/repositories/" + name + "/_layers/sha256/" + sha256Of(i/2) + "/link"
		}))
	},
	"CloudFront": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 2))
		return apply(n, func(i int) string {
			at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i/40) * time.Hour)
			return fmt.Sprintf("cdn/%s.%s.%s.gz", []string{"E2QWRTYUI0PLKJ", "EDFDVBD6EXAMPLE"}[i%2], at.Format("2006-01-02-15"), md5Of(int(random.Uint32()))[:8])
		})
	},
	"escaped names": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 3))
		people := someWords(400)
		return compact(apply(n, func(int) string {
			name := people[int(400*random.Float64()*random.Float64())]
			return fmt.Sprintf("drive/%s/%%E8%%B5%%84%%E6%%96%%99%%20%d/%%E%x%%%X%%%X.pdf", name, random.IntN(30), 4+random.IntN(6), 0x80+random.IntN(64), 0x80+random.IntN(64))
		}))
	},
	"hours without zeros": func(n int) []string {
		var keys []string
		for day := 0; len(keys) < n; day++ {
			for hour := range 24 {
				for part := range 6 {
					keys = append(keys, fmt.Sprintf("gh/%s-%d.%d.json.gz", time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day).Format("2006-01-02"), hour, part))
				}
			}
		}
		return keys[:n]
	},
	"traps": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 4))
		var keys []string
		for site := 0; len(keys) < n; site++ {
			for camera := range 1 + random.IntN(4) {
				number := 1 + random.IntN(9000)
				for visit := range 2 + random.IntN(8) {
					for range 1 + int(2000*random.Float64()*random.Float64()*random.Float64()) {
						keys = append(keys, fmt.Sprintf("S%d/cam%c/visit_%d/%03dRECNX/RCNX%04d.JPG", 1+site*7%193, 'A'+camera, visit+1, 100+number/1000, number))
						number = number%9999 + 1
					}
				}
			}
		}
		return compact(keys[:n])
	},
	"genomes": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 5))
		var keys []string
		for len(keys) < n {
			sample := fmt.Sprintf("%s%05d", []string{"HG", "NA"}[random.IntN(2)], random.IntN(30_000))
			for chromosome := range 24 {
				name := []string{"X", "Y"}[chromosome%2]
				if chromosome < 22 {
					name = fmt.Sprint(chromosome + 1)
				}
				for _, end := range []string{"bam", "bam.bai", "bam.bas"} {
					keys = append(keys, fmt.Sprintf("phase3/data/%s/alignment/%s.chrom%s.ILLUMINA.bwa.%s", sample, sample, name, end))
				}
			}
			for i := range 1 + random.IntN(10) {
				keys = append(keys, fmt.Sprintf("phase3/data/%s/sequence_read/ERR%06d_%d.filt.fastq.gz", sample, random.IntN(300_000), i%3))
			}
		}
		return compact(keys[:n])
	},
	"tiles of all zooms": func(n int) []string {
		var keys []string
		for zoom := 0; len(keys) < n; zoom++ {
			width := 1 << zoom
			for x := width / 3; x <= width/2; x++ {
				for y := width / 4; y <= width/2; y++ {
					keys = append(keys, fmt.Sprintf("osm/v3/%d/%d/%d.pbf", zoom, x, y))
				}
			}
		}
		return keys[:n]
	},
	"crawls": func(n int) []string {
		var keys []string
		for crawl := 0; len(keys) < n; crawl++ {
			begin := time.Date(2019, 1, 15, 0, 0, 0, 0, time.UTC).AddDate(0, crawl*2, 0)
			for segment := range 100 {
				at := begin.Add(time.Duration(segment*5903) * time.Second)
				for _, kind := range []string{"warc", "wat", "wet"} {
					for part := range 64 {
						keys = append(keys, fmt.Sprintf("crawl-data/CC-MAIN-%s/segments/%d.%d/%s/CC-MAIN-%s-%s-%05d.%s.gz", begin.Format("2006-01"), at.UnixMilli(), segment*37%100, kind,
							at.Format("20060102150405"), at.Add(3*time.Hour).Format("20060102150405"), part, kind))
					}
				}
			}
		}
		return keys[:n]
	},
	"days of channels": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 6))
		words := someWords(900)
		var keys []string
		for len(keys) < n {
			channel := []string{"", "proj-", "team-", "tmp-", "ext-"}[random.IntN(5)] + words[random.IntN(900)]
			if random.IntN(2) == 0 {
				channel += "-" + words[random.IntN(100)]
			}
			busy := random.Float64()
			for day := random.IntN(1800); day < 1800; day++ {
				if random.Float64() < busy*busy {
					keys = append(keys, "slack/"+channel+"/"+time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day).Format("2006-01-02")+".json")
				}
			}
		}
		return compact(keys[:n])
	},
	"invoices": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 7))
		return apply(n, func(i int) string {
			year := 2010 + int(14*(1-random.Float64()*random.Float64()))
			return fmt.Sprintf("invoices/%d/INV-%d-%06d.%s", year, year, i/2, []string{"pdf", "xml"}[i%2])
		})
	},
	"articles": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 8))
		colors := strings.Fields("BLK BLU BRN GRN GRY NVY ORG PNK RED WHT YEL")
		var keys []string
		for len(keys) < n {
			article := fmt.Sprintf("%c%c-%d", 'A'+random.IntN(20), 'A'+random.IntN(26), 100+random.IntN(99_000))
			for range 1 + random.IntN(4) {
				color := colors[random.IntN(len(colors))]
				for view := range 1 + random.IntN(9) {
					keys = append(keys, fmt.Sprintf("products/%s-%s_%d.webp", article, color, view+1), fmt.Sprintf("products/%s-%s_%d@2x.webp", article, color, view+1))
				}
			}
		}
		return compact(keys[:n])
	},
	"songs": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 9))
		words := someWords(2500)
		title := func(most int) string {
			name := ""
			for i := range 1 + random.IntN(most) {
				word := words[random.IntN(2500)]
				if i > 0 {
					name += " "
				}
				name += strings.ToUpper(word[:1]) + word[1:]
			}
			return name
		}
		var keys []string
		for len(keys) < n {
			artist := []string{"", "", "The "}[random.IntN(3)] + title(2)
			for range 1 + random.IntN(12) {
				album := fmt.Sprintf("%s (%d)", title(3), 1965+random.IntN(59))
				for track := range 6 + random.IntN(14) {
					keys = append(keys, fmt.Sprintf("Music/%s/%s/%02d - %s.flac", artist, album, track+1, title(4)))
				}
			}
		}
		return compact(keys[:n])
	},
	"a Delta table": func(n int) []string {
		return apply(n, func(i int) string {
			switch {
			case i%12 == 0:
				return fmt.Sprintf("delta/orders/_delta_log/%020d.json", i/12)
			case i%120 == 1:
				return fmt.Sprintf("delta/orders/_delta_log/%020d.checkpoint.parquet", i/12)
			case i%12 == 2:
				return fmt.Sprintf("delta/orders/_change_data/cdc-%05d-%s.c000.snappy.parquet", i%7, uuidOf(i))
			}
			return fmt.Sprintf("delta/orders/country=%s/part-%05d-%s.c000.snappy.parquet", strings.Fields("AT BE BR CA CH DE DE DE DK ES FR FR GB GB IE IT JP NL PL PT SE US US US US US")[i*7%26], i%200, uuidOf(i))
		})
	},
	"tables of Cassandra": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 10))
		words := someWords(60)
		var keys []string
		for node := 0; len(keys) < n; node++ {
			for table := range 40 {
				generation := random.IntN(3000)
				for range 1 + int(60*random.Float64()*random.Float64()) {
					generation += 1 + random.IntN(30)
					for _, part := range strings.Fields("CompressionInfo.db Data.db Digest.crc32 Filter.db Index.db Statistics.db Summary.db TOC.txt") {
						keys = append(keys, fmt.Sprintf("medusa/10.0.%d.%d/data/%s/%s-%s/md-%d-big-%s", node%4, 10+node/4, words[table%5], words[5+table], md5Of(table), generation, part))
					}
				}
			}
		}
		return compact(keys[:n])
	},
	"volumes": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 11))
		var keys []string
		for run := 0; len(keys) < n; run++ {
			at := time.Date(2020, 1, 5, 2, 17, 0, 0, time.UTC).AddDate(0, 0, run)
			kind, volumes := "inc."+at.AddDate(0, 0, -1).Format("20060102T150405Z")+".to", 1+random.IntN(80)
			if run%30 == 0 {
				kind, volumes = "full", 4000+run*3
			}
			for volume := range volumes {
				keys = append(keys, fmt.Sprintf("host1/duplicity-%s.%s.vol%d.difftar.gpg", kind, at.Format("20060102T150405Z"), volume+1))
			}
		}
		return keys[:n]
	},
	"Javadoc": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 12))
		words := someWords(700)
		capital := func(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
		return compact(apply(n, func(int) string {
			path := "api/" + []string{"com", "io", "org", "org"}[random.IntN(4)]
			for level := range 2 + random.IntN(4) {
				path += "/" + words[level*30+int(25*random.Float64()*random.Float64())]
			}
			name := capital(words[random.IntN(700)]) + capital(words[random.IntN(200)])
			return path + "/" + []string{"", "", "", "class-use/"}[random.IntN(4)] + name + []string{"", "Factory", "Exception", ".Builder"}[random.IntN(4)] + ".html"
		}))
	},
	"tiles of lasers": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 13))
		return compact(apply(n, func(int) string {
			return fmt.Sprintf("3dep/USGS_LPC_%s_%d/laz/tile_%d_%d.laz", strings.Fields("AZ_Pima CA_NoCAL CO_Denver TX_Houston WA_King")[random.IntN(5)], 2015+random.IntN(8), random.IntN(300)-150, 3000+random.IntN(900))
		}))
	},
	"queries": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 14))
		words := someWords(1000)
		return compact(apply(n, func(int) string {
			host := "www." + words[int(30*random.Float64()*random.Float64())] + ".com"
			switch random.IntN(4) {
			case 0:
				return fmt.Sprintf("cache/%s/index.php?id=%d&lang=%s", host, random.IntN(9000), strings.Fields("de en es fr")[random.IntN(4)])
			case 1:
				return fmt.Sprintf("cache/%s/search?q=%s+%s&page=%d", host, words[random.IntN(1000)], words[random.IntN(1000)], 1+random.IntN(5))
			}
			return fmt.Sprintf("cache/%s/%s/%s-%d.html", host, words[random.IntN(50)], words[random.IntN(1000)], random.IntN(900))
		}))
	},
	"calls": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 15))
		zipf := rand.NewZipf(random, 1.15, 8, 5000)
		return compact(apply(n, func(int) string {
			number := []string{"+4930", "+4989", "+331", "+1212", "+44207"}[zipf.Uint64()%5] + fmt.Sprintf("%07d", zipf.Uint64()*7919%10_000_000)
			at := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(random.Int64N(2*365*86400)) * time.Second)
			return "recordings/" + number + "/" + at.Format("2006-01-02T15-04-05") + "_" + []string{"in", "out"}[random.IntN(2)] + ".wav"
		}))
	},
	"sweeps": func(n int) []string {
		var keys []string
		for i := 0; len(keys) < n; i++ {
			run := fmt.Sprintf("sweep/lr=%g,bs=%d,seed=%d/", []float64{0.1, 0.03, 0.01, 0.003, 0.001, 3e-05}[i%6], 16<<(i/6%5), i/30)
			for epoch := range 40 + i%60 {
				keys = append(keys, fmt.Sprintf("%sepoch_%d/metrics.json", run, epoch), fmt.Sprintf("%sepoch_%d/weights.pt", run, epoch))
			}
		}
		return keys[:n]
	},
	"issues": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 16))
		words := someWords(500)
		projects := strings.Fields("API APP BILL CORE DATA DEVOPS HR INFRA IOS LEGAL MOB OPS QA SEC SUP UX WEB")
		return compact(apply(n, func(i int) string {
			project := int(17 * random.Float64() * random.Float64())
			return fmt.Sprintf("jira/%s/%s-%d/%d_%s.png", projects[project], projects[project], 1+random.IntN(900*(1+project*project)), 10_000+i, words[random.IntN(500)])
		}))
	},
	"saves": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 17))
		return compact(apply(n, func(int) string {
			player := 76561197960265728 + int64(1e9*random.Float64()*random.Float64())/20_000*20_000
			return fmt.Sprintf("saves/%d/slot%d/%s", player, random.IntN(4), strings.Fields("autosave.bin meta.json quick.bin thumb.png world/chunk_0.dat world/chunk_1.dat world/chunk_2.dat")[random.IntN(7)])
		}))
	},
	"mails by address": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 18))
		words := someWords(1500)
		return compact(apply(n, func(i int) string {
			domain := []string{"gmail.com", "gmail.com", "outlook.com", "acme.io", "uni-bonn.de"}[random.IntN(5)]
			user := words[int(1500*random.Float64()*random.Float64())] + []string{"", ".", "_", "-"}[random.IntN(4)] + words[random.IntN(30)]
			return fmt.Sprintf("mail/%s/%s/%s/%d.eml", domain, user, strings.Fields("Archive Archive INBOX Sent Trash")[random.IntN(5)], i)
		}))
	},
	"patches of slides": func(n int) []string {
		random := rand.New(rand.NewPCG(51, 19))
		var keys []string
		for len(keys) < n {
			slide := fmt.Sprintf("tcga/TCGA-%s-%04X-01Z-00-DX%d", strings.Fields("A1 A2 AR BH D8 E2 E9 GM LL")[random.IntN(9)], random.IntN(0xffff), 1+random.IntN(2))
			columns, rows := 10+random.IntN(70), 10+random.IntN(60)
			for x := range columns {
				for y := range rows {
					if random.IntN(3) > 0 {
						keys = append(keys, fmt.Sprintf("%s/20x/%d_%d.jpeg", slide, x*256, y*256))
					}
				}
			}
		}
		return compact(keys[:n])
	},
}
