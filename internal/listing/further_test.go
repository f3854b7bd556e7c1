// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// further are more layouts like others.
var further = map[string]func(n int) []string{
	"photos of phones": func(n int) []string {
		random := rand.New(rand.NewPCG(42, 1))
		return compact(apply(n, func(int) string {
			at := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(random.Int64N(8*365*86400)) * time.Second)
			switch random.IntN(6) {
			case 0:
				return "DCIM/Camera/VID_" + at.Format("20060102_150405") + ".mp4"
			case 1:
				return "DCIM/Camera/PXL_" + at.Format("20060102_150405000") + ".jpg"
			case 2:
				return fmt.Sprintf("WhatsApp/Media/WhatsApp Images/IMG-%s-WA%04d.jpg", at.Format("20060102"), random.IntN(60))
			}
			return "DCIM/Camera/IMG_" + at.Format("20060102_150405") + ".jpg"
		}))
	},
	"artifacts of builds": func(n int) []string {
		random := rand.New(rand.NewPCG(42, 2))
		names := someWords(200)
		var keys []string
		for repo := 0; len(keys) < n; repo++ {
			for build := range 1 + int(3000*random.Float64()*random.Float64()*random.Float64()) {
				folder := fmt.Sprintf("ci/%s/%s/%d/", names[repo%12], names[12+repo%180], build+1)
				keys = append(keys, folder+"build/log.txt", folder+"test/junit.xml", folder+"test/coverage.out")
			}
		}
		return compact(keys[:n])
	},
	"scenes of MODIS": func(n int) []string {
		return apply(n, func(i int) string {
			day := time.Date(2000, 2, 18, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i/280*8)
			h, v := i%280/10, i%10+3
			return fmt.Sprintf("MOD13Q1.061/%s/MOD13Q1.A%s.h%02dv%02d.061.%s.hdf", day.Format("2006.01.02"), day.Format("2006002"), h, v, md5Of(i)[:9])
		})
	},
	"forecasts of the weather": func(n int) []string {
		return apply(n, func(i int) string {
			run := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i/129/5) * 6 * time.Hour)
			kind := strings.Fields("pgrb2.0p25 pgrb2.0p50 pgrb2.1p00 pgrb2b.0p25 sfluxgrbf")[i%5]
			return fmt.Sprintf("gfs.%s/%02d/atmos/gfs.t%02dz.%s.f%03d", run.Format("20060102"), run.Hour(), run.Hour(), kind, i/5%129*3)
		})
	},
	"ticks of stocks": func(n int) []string {
		random := rand.New(rand.NewPCG(42, 3))
		var keys []string
		for len(keys) < n {
			symbol := ""
			for range 1 + random.IntN(4) + random.IntN(2) {
				symbol += string(rune('A' + random.IntN(26)))
			}
			first := random.IntN(1500)
			for day := first; day < 1500; day++ {
				if at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day); at.Weekday()%6 != 0 {
					keys = append(keys, "ticks/"+symbol+"/"+at.Format("2006-01-02")+".csv.gz")
				}
			}
		}
		return compact(keys[:n])
	},
	"attachments of chats": func(n int) []string {
		random := rand.New(rand.NewPCG(42, 4))
		zipf := rand.NewZipf(random, 1.1, 5, 20_000)
		return apply(n, func(i int) string {
			channel := int64(700_000_000_000_000_000) + int64(zipf.Uint64())*8_388_608_123_457
			message := int64(1_000_000_000_000_000_000) + int64(i)*419_430_400_017
			return fmt.Sprintf("attachments/%d/%d/image%d.png", channel, message, i%3)
		})
	},
	"snapshots of Elasticsearch": func(n int) []string {
		random := rand.New(rand.NewPCG(42, 5))
		var keys []string
		for index := 0; len(keys) < n; index++ {
			id := base64.RawURLEncoding.EncodeToString([]byte(md5Of(index))[:16])
			for shard := range 1 + random.IntN(5) {
				for blob := range 3 + random.IntN(400) {
					keys = append(keys, fmt.Sprintf("es/indices/%s/%d/__%s", id, shard, base64.RawURLEncoding.EncodeToString([]byte(md5Of(index*7000 + shard*1000 + blob))[4:20])))
				}
			}
		}
		return keys[:n]
	},
	"media of Mastodon": func(n int) []string {
		return apply(n, func(i int) string {
			id := fmt.Sprintf("%018d", int64(109_200_000_000_000_000)+int64(i)*31_337_773_331)
			var path strings.Builder
			for j := 0; j < 18; j += 3 {
				path.WriteString(id[j:j+3] + "/")
			}
			return "media_attachments/files/" + path.String() + "original/" + md5Of(i)[:16] + ".png"
		})
	},
	"pages of books": func(n int) []string {
		random := rand.New(rand.NewPCG(42, 6))
		var keys []string
		for len(keys) < n {
			book := fmt.Sprintf("scans/%09d/", random.IntN(90_000_000))
			for page := range 20 + int(900*random.Float64()*random.Float64()) {
				keys = append(keys, fmt.Sprintf("%spage_%d.png", book, page+1))
			}
			keys = append(keys, book+"META.xml")
		}
		return keys[:n]
	},
	"threads": func(n int) []string {
		random := rand.New(rand.NewPCG(42, 7))
		paths := make([]string, 0, n)
		for i := range n { // each answers one of the ones before
			parent := "threads/"
			if i > 0 && random.IntN(12) > 0 {
				parent = paths[random.IntN(i)]
			}
			if len(parent) > 200 {
				parent = "threads/"
			}
			paths = append(paths, parent+md5Of(i)[:5]+"/")
		}
		return apply(n, func(i int) string { return paths[i] + "text.md" })
	},
	"backups in backups": func(n int) []string {
		words := someWords(4000)
		random := rand.New(rand.NewPCG(42, 8))
		return compact(apply(n, func(int) string {
			return strings.Repeat("backup/old/", random.IntN(9)) + "mails/" + words[random.IntN(4000)] + "/" + words[random.IntN(40)] + ".eml"
		}))
	},
	"Pascal and snake": func(n int) []string {
		words := someWords(400)
		random := rand.New(rand.NewPCG(42, 9))
		capital := func(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
		return compact(apply(n, func(int) string {
			a, b, c := words[random.IntN(60)], words[random.IntN(400)], words[random.IntN(400)]
			switch random.IntN(3) {
			case 0:
				return "src/" + capital(a) + "/" + capital(b) + capital(c) + ".java"
			case 1:
				return "src/" + a + "/" + b + "_" + c + ".py"
			}
			return "src/" + strings.ToUpper(a) + "/" + b + capital(c) + ".TXT"
		}))
	},
	"addresses": func(n int) []string {
		random := rand.New(rand.NewPCG(42, 10))
		return compact(apply(n, func(int) string {
			return fmt.Sprintf("flows/10.%d.%d.%d/%d.pcap", random.IntN(4), int(256*random.Float64()*random.Float64()), random.IntN(256), random.IntN(30))
		}))
	},
	"a prefix of letters": func(n int) []string {
		words := someWords(15_000)
		random := rand.New(rand.NewPCG(42, 11))
		return compact(apply(n, func(int) string {
			word := words[int(15_000*random.Float64()*random.Float64())]
			return "dictionary/" + word[:1] + "/" + word[:2] + "/" + word + "/" + words[random.IntN(60)] + ".mp3"
		}))
	},
	"sizes of pictures": func(n int) []string {
		return apply(n, func(i int) string {
			return fmt.Sprintf("media/catalog/product/%s/%s/%s_%s.jpg", md5Of(i / 5)[:1], md5Of(i / 5)[1:2], md5Of(i / 5)[:12], strings.Fields("large medium original small thumb")[i%5])
		})
	},
	"sequences of cars": func(n int) []string {
		return apply(n, func(i int) string {
			drive := i / 6000
			camera := strings.Fields("image_00 image_01 image_02 image_03 oxts velodyne_points")[i/1000%6]
			return fmt.Sprintf("kitti/2011_09_%02d/2011_09_%02d_drive_%04d_sync/%s/data/%010d.png", 26+drive%5, 26+drive%5, drive*3+1, camera, i%1000)
		})
	},
}
