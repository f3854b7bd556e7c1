// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// last are layouts of n keys or so that were written before it was measured how fast they are
// listed, and for which nothing was changed.
var last = map[string]func(n int) []string{
	"work of Nextflow": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 1))
		names := strings.Fields("aligned.bam aligned.bam.bai counts.txt fastqc.html fastqc.zip report.json trimmed_1.fq.gz trimmed_2.fq.gz versions.yml")
		var keys []string
		for task := 0; len(keys) < n; task++ {
			h := md5Of(task)
			folder := "scratch/tasks/" + h[:2] + "/" + h[2:32]
			for _, file := range strings.Fields("begin err log out run sh trace") {
				keys = append(keys, folder+"/.command."+file)
			}
			keys = append(keys, folder+"/.exitcode")
			for range random.IntN(6) {
				keys = append(keys, folder+"/"+names[random.IntN(9)])
			}
		}
		return compact(keys[:n])
	},
	"packages with scopes": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 2))
		words := someWords(6000)
		var keys []string
		for len(keys) < n {
			name := words[int(6000*random.Float64()*random.Float64())]
			if random.IntN(2) == 0 {
				name += []string{"-", "-", ".", "_"}[random.IntN(4)] + words[random.IntN(300)]
			}
			folder := name
			if random.IntN(3) == 0 {
				folder = "@" + words[int(90*random.Float64()*random.Float64())] + "/" + name
			}
			keys = append(keys, "npm/"+folder+"/package.json")
			for version := range 1 + int(90*random.Float64()*random.Float64()*random.Float64()) {
				keys = append(keys, fmt.Sprintf("npm/%s/-/%s-%d.%d.%d.tgz", folder, name, version/12, version/3%4, version%3))
			}
		}
		return compact(keys[:n])
	},
	"feeds of transit": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 3))
		words := someWords(80)
		files := strings.Fields("agency.txt calendar.txt calendar_dates.txt feed_info.txt routes.txt shapes.txt stop_times.txt stops.txt transfers.txt trips.txt")
		var keys []string
		for agency := 0; len(keys) < n; agency++ {
			name := fmt.Sprintf("mdb-%d-%s", 10+agency*7, words[agency%80])
			for week := range 10 + random.IntN(150) {
				at := time.Date(2020, 1, 6, 3, 15, 0, 0, time.UTC).AddDate(0, 0, week*7)
				for _, file := range files {
					keys = append(keys, "gtfs/"+name+"/static/"+at.Format("2006-01-02")+"/"+file)
				}
			}
			for minute := range int(3000 * random.Float64() * random.Float64()) {
				at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(minute) * 5 * time.Minute)
				keys = append(keys, "gtfs/"+name+"/realtime/"+at.Format("2006/01/02/15-04")+".pb")
			}
		}
		return keys[:n]
	},
	"archives of WAL": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 4))
		var keys []string
		for cluster := 0; len(keys) < n; cluster++ {
			name := []string{"billing", "core", "events", "search", "users"}[cluster%5] + fmt.Sprint(cluster/5)
			first := random.IntN(900) * 256
			for segment := range 500 + int(80_000*random.Float64()*random.Float64()) {
				at := first + segment
				wal := fmt.Sprintf("%08X%08X", 1+segment/30_000, at/256)
				keys = append(keys, fmt.Sprintf("pgbackrest/archive/%s/15-1/%s/%s%08X-%s.zst", name, wal, wal, at%256, sha1Of(at)))
			}
			for backup := range 30 {
				label := time.Date(2023, 1, 1, 1, 30, 0, 0, time.UTC).AddDate(0, 0, backup*7).Format("20060102-150405") + "F"
				for file := range random.IntN(500) {
					keys = append(keys, fmt.Sprintf("pgbackrest/backup/%s/%s/pg_data/base/16384/%d.zst", name, label, 16_385+file*3))
				}
			}
		}
		return keys[:n]
	},
	"a cache of pages": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 5))
		words := someWords(1200)
		return compact(apply(n, func(int) string {
			host := []string{"", "www.", "m.", "blog."}[random.IntN(4)] + words[int(200*random.Float64()*random.Float64())] + []string{".com", ".org", ".de"}[random.IntN(3)]
			url := []string{"http", "https", "https"}[random.IntN(3)] + "%3A%2F%2F" + host
			for range 1 + random.IntN(3) {
				url += "%2F" + words[int(1200*random.Float64()*random.Float64())]
			}
			if random.IntN(2) == 0 {
				url += fmt.Sprintf("%%3Fid%%3D%d%%26lang%%3D%s", random.IntN(5000), []string{"de", "en", "fr"}[random.IntN(3)])
			}
			return url
		}))
	},
	"covers of books": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 6))
		return compact(apply(n, func(i int) string {
			group := []string{"0", "0", "0", "1", "1", "2", "3", "4", "7", "80", "84", "88", "90", "91", "957", "986"}[random.IntN(16)]
			publisher := fmt.Sprintf("%0*d", 2+random.IntN(4), int(100*random.Float64()*random.Float64()))
			isbn := "978" + group + publisher
			isbn += fmt.Sprintf("%0*d", 13-len(isbn), random.IntN(100_000))
			return "covers/" + isbn[:13] + []string{"-L.jpg", "-M.jpg", "-S.jpg"}[i%3]
		}))
	},
	"sinks of Kafka": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 7))
		words := someWords(90)
		var keys []string
		for topic := 0; len(keys) < n; topic++ {
			name := fmt.Sprintf("%s.%s.v%d", words[topic%9], words[9+topic%81], 1+topic/81)
			hours, partitions := 24+int(4000*random.Float64()*random.Float64()), 1<<random.IntN(5)
			offset := random.IntN(1_000_000)
			for hour := range hours {
				at := time.Date(2023, 9, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(hour) * time.Hour)
				for partition := range partitions {
					if random.IntN(3) > 0 {
						keys = append(keys, fmt.Sprintf("topics/%s/%s/%s+%d+%010d.json.gz", name, at.Format("year=2006/month=01/day=02/hour=15"), name, partition, offset+hour*311))
					}
				}
			}
		}
		return keys[:n]
	},
	"access logs": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 8))
		at := time.Date(2022, 2, 3, 0, 0, 0, 0, time.UTC)
		return apply(n, func(i int) string {
			busy := 20 + 400*random.Float64()*random.Float64()
			at = at.Add(time.Duration(busy*random.Float64()) * time.Second)
			return "s3-access/" + at.Format("2006-01-02-15-04-05-") + strings.ToUpper(md5Of(i)[:16])
		})
	},
	"trails of an organization": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 9))
		regions := strings.Fields("ap-southeast-2 eu-central-1 eu-north-1 eu-west-1 sa-east-1 us-east-1 us-east-2 us-west-2")
		var keys []string
		for account := 0; len(keys) < n; account++ {
			id := fmt.Sprintf("%012d", (int64(account)*618_033_988_749+111_222_333_444)%1_000_000_000_000)
			for r := range random.IntN(9) {
				perDay := 1 + int(40*random.Float64()*random.Float64()*random.Float64())
				for day := range 30 + random.IntN(200) {
					at := time.Date(2023, 6, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day)
					for file := range perDay {
						stamp := at.Add(time.Duration(file*1440/perDay) * time.Minute).Format("20060102T1504Z")
						keys = append(keys, fmt.Sprintf("AWSLogs/o-x1y2z3/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz", id, regions[r%8], at.Format("2006/01/02"), id, regions[r%8], stamp, base62Of([]byte(md5Of(len(keys)))[:12], 16)))
					}
				}
			}
		}
		return keys[:n]
	},
	"a pool of Debian": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 10))
		words := someWords(9000)
		var keys []string
		for len(keys) < n {
			source := words[random.IntN(9000)]
			if random.IntN(5) == 0 {
				source = "lib" + source
			}
			letter := source[:1]
			if strings.HasPrefix(source, "lib") {
				letter = source[:4]
			}
			folder := fmt.Sprintf("debian/pool/%s/%s/%s/", []string{"contrib", "main", "main", "main", "main", "non-free"}[random.IntN(6)], letter, source)
			for version := range 1 + random.IntN(4) {
				text := fmt.Sprintf("%d.%d.%d-%d", random.IntN(4), version, random.IntN(9), 1+version)
				keys = append(keys, folder+source+"_"+text+".dsc", folder+source+"_"+text+".debian.tar.xz")
				for _, arch := range strings.Fields("amd64 arm64 armhf i386") {
					keys = append(keys, folder+source+"_"+text+"_"+arch+".deb", folder+source+"-dev_"+text+"_"+arch+".deb")
				}
			}
		}
		return compact(keys[:n])
	},
	"samples of drives": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 11))
		var keys []string
		for drive := 0; len(keys) < n; drive++ {
			at := time.Date(2018, 7, 18, 11, 7, 57, 0, time.UTC).Add(time.Duration(drive*37) * time.Hour)
			frames := 200 + random.IntN(900)
			for _, sensor := range strings.Fields("CAM_BACK CAM_BACK_LEFT CAM_BACK_RIGHT CAM_FRONT CAM_FRONT_LEFT CAM_FRONT_RIGHT LIDAR_TOP RADAR_FRONT") {
				for frame := range frames {
					keys = append(keys, fmt.Sprintf("sweeps/%s/n0%02d-%s+0800__%s__%d.jpg", sensor, 8+drive%9, at.Format("2006-01-02-15-04-05"), sensor, at.UnixMicro()+int64(frame)*83_331))
				}
			}
		}
		return keys[:n]
	},
	"tenants of Mimir": func(n int) []string {
		random := rand.New(rand.NewPCG(62, 12))
		blocks := ulids(n/4, 300*24*time.Hour)
		var keys []string
		for i := 0; len(keys) < n; i++ {
			tenant := fmt.Sprintf("tenant-%d", 1+int(40*random.Float64()*random.Float64()*random.Float64()))
			folder := "mimir-blocks/" + tenant + "/" + strings.TrimPrefix(blocks[i], "events/")
			for chunk := range 1 + random.IntN(6) {
				keys = append(keys, fmt.Sprintf("%s/chunks/%06d", folder, chunk+1))
			}
			keys = append(keys, folder+"/index", folder+"/meta.json")
			if random.IntN(9) == 0 {
				keys = append(keys, "mimir-blocks/"+tenant+"/markers/"+strings.TrimPrefix(blocks[i], "events/")+"-deletion-mark.json")
			}
		}
		return keys[:n]
	},
}
