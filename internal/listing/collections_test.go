// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// collections are layouts of n keys or so of what people and institutes collect. All were
// written before it was measured how fast they are listed.
var collections = map[string]func(n int) []string{
	"COGs of Sentinel": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 1))
		files := strings.Fields("AOT.tif B01.tif B02.tif B03.tif B04.tif B08.tif B11.tif B12.tif L2A_PVI.tif SCL.tif TCI.tif WVP.tif")
		var keys []string
		for len(keys) < n {
			zone, band, square := 31+random.IntN(8), 'Q'+random.IntN(6), fmt.Sprintf("%c%c", 'A'+random.IntN(20), 'A'+random.IntN(20))
			for day := random.IntN(9); day < 30+random.IntN(500); day += 5 {
				at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day)
				scene := fmt.Sprintf("S2%c_%d%c%s_%s_0_L2A", 'A'+day%2, zone, band, square, at.Format("20060102"))
				for _, file := range append(files, scene+".json") {
					keys = append(keys, fmt.Sprintf("sentinel-s2-l2a-cogs/%d/%c/%s/%s/%s/%s", zone, band, square, at.Format("2006/1"), scene, file))
				}
			}
		}
		return compact(keys[:n])
	},
	"images of GOES": func(n int) []string {
		products := strings.Fields("ABI-L1b-RadC ABI-L2-CMIPC ABI-L2-MCMIPC GLM-L2-LCFA")
		return apply(n, func(i int) string {
			at := time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i/40) * 5 * time.Minute)
			product, channel := products[i%4], ""
			if i%4 < 2 {
				channel = fmt.Sprintf("C%02d", 1+i/4%10)
			}
			stamp := fmt.Sprintf("%d%03d%s", at.Year(), at.YearDay(), at.Format("1504"))
			return fmt.Sprintf("%s/%d/%03d/%02d/OR_%s-M6%s_G16_s%s%03d_e%s%03d_c%s%03d.nc", product, at.Year(), at.YearDay(), at.Hour(), product, channel, stamp, 170+i/4%10, stamp, 400+i%97, stamp, 500+i%89)
		})
	},
	"runs of a forecast": func(n int) []string {
		var keys []string
		for day := 0; len(keys) < n; day++ {
			at := time.Date(2022, 7, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day)
			for hour := range 24 {
				for _, kind := range []string{"wrfnat", "wrfprs", "wrfsfc", "wrfsubh"} {
					for lead := range 19 + hour%6/5*30 {
						file := fmt.Sprintf("hrrr.%s/conus/hrrr.t%02dz.%sf%02d.grib2", at.Format("20060102"), hour, kind, lead)
						keys = append(keys, file, file+".idx")
					}
				}
			}
		}
		return keys[:n]
	},
	"models of the climate": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 2))
		models := strings.Fields("CCCma/CanESM5 CNRM-CERFACS/CNRM-CM6-1 EC-Earth-Consortium/EC-Earth3 MPI-M/MPI-ESM1-2-HR NOAA-GFDL/GFDL-ESM4")
		var keys []string
		for member := 0; len(keys) < n; member++ {
			for _, variable := range strings.Fields("day/pr day/tas Amon/hfls Amon/psl Amon/ta Omon/tos") {
				name := variable[strings.Index(variable, "/")+1:]
				folder := fmt.Sprintf("CMIP6/ScenarioMIP/%s/ssp%d/r%di1p1f1/%s/gn/v2019%02d%02d/", models[member%5], []int{126, 245, 370, 585}[member/5%4], 1+member/20, variable, 1+random.IntN(12), 1+random.IntN(28))
				for _, file := range strings.Fields(".zattrs .zgroup .zmetadata lat/.zarray lat/0 lon/.zarray lon/0 time/.zarray time/0") {
					keys = append(keys, folder+file)
				}
				for chunk := range 4 + random.IntN(500) {
					keys = append(keys, fmt.Sprintf("%s%s/%d.0.0", folder, name, chunk))
				}
			}
		}
		return keys[:n]
	},
	"a cohort": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 3))
		chromosomes := strings.Fields("1 10 11 12 13 14 15 16 17 18 19 2 20 21 22 3 4 5 6 7 8 9 X Y")
		var keys []string
		for sample := 0; len(keys) < n; sample++ {
			id := fmt.Sprintf("%s%05d", []string{"HG", "HG", "NA"}[sample%3], 96+sample*3+random.IntN(3))
			for _, chromosome := range chromosomes {
				for _, end := range []string{"g.vcf.gz", "g.vcf.gz.tbi"} {
					keys = append(keys, fmt.Sprintf("cohort-2024/%s/chr%s/%s.chr%s.%s", id, chromosome, id, chromosome, end))
				}
			}
			keys = append(keys, "cohort-2024/"+id+"/"+id+".cram", "cohort-2024/"+id+"/"+id+".cram.crai")
		}
		return keys[:n]
	},
	"plates of microscopes": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 4))
		var keys []string
		for plate := 0; len(keys) < n; plate++ {
			at := time.Date(2022, 6, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(plate*7) * time.Hour)
			folder := fmt.Sprintf("images/BR%08d__%s-Measurement %d/Images/", 117_000+plate*9, at.Format("2006-01-02T15_04_05"), 1+plate%2)
			for well := range 96 + 288*random.IntN(2) {
				for field := range 9 {
					for channel := range 5 {
						keys = append(keys, fmt.Sprintf("%sr%02dc%02df%02dp01-ch%dsk1fk1fl1.tiff", folder, 1+well/24, 1+well%24, 1+field, 1+channel))
					}
				}
			}
		}
		return keys[:n]
	},
	"subjects of BIDS": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 5))
		tasks := strings.Fields("emotion gambling motor nback rest social")
		var keys []string
		for study := 0; len(keys) < n; study++ {
			for subject := range 10 + int(400*random.Float64()*random.Float64()) {
				for session := range 1 + random.IntN(3) {
					id := fmt.Sprintf("sub-%02d_ses-%d", subject+1, session+1)
					folder := fmt.Sprintf("openneuro/ds%06d/sub-%02d/ses-%d/", 1000+study*53, subject+1, session+1)
					keys = append(keys, folder+"anat/"+id+"_T1w.json", folder+"anat/"+id+"_T1w.nii.gz")
					for _, task := range tasks[:1+study%6] {
						for run := range 2 {
							for _, end := range []string{"bold.json", "bold.nii.gz", "events.tsv"} {
								keys = append(keys, fmt.Sprintf("%sfunc/%s_task-%s_run-%d_%s", folder, id, task, run+1, end))
							}
						}
					}
				}
			}
		}
		return keys[:n]
	},
	"photos with copies": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 6))
		at, number := time.Date(2009, 5, 1, 0, 0, 0, 0, time.UTC), 1
		var keys []string
		for len(keys) < n {
			at = at.AddDate(0, 0, 1+random.IntN(3))
			for range 1 + int(400*random.Float64()*random.Float64()*random.Float64()) {
				number = number%9999 + 1
				name := fmt.Sprintf("My Photos/%s/IMG_%04d", at.Format("2006/01/02"), number)
				keys = append(keys, name+".JPG")
				switch random.IntN(12) {
				case 0:
					keys = append(keys, name+" (1).JPG")
				case 1:
					keys = append(keys, name+".MOV")
				case 2:
					keys = append(keys, name+"-edited.JPG")
				}
			}
		}
		return compact(keys[:n])
	},
	"avatars by address": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 7))
		words := someWords(4000)
		domains := strings.Fields("aol.com gmail.com gmail.com gmail.com hotmail.com outlook.com yahoo.com")
		return compact(apply(n, func(int) string {
			name := words[random.IntN(900)] + []string{".", "", "_", ""}[random.IntN(4)] + words[random.IntN(4000)]
			if random.IntN(3) == 0 {
				name += strconv.Itoa(random.IntN(100))
			}
			return "avatars/" + name + "@" + domains[random.IntN(7)] + ".png"
		}))
	},
	"tenants with UUIDs by time": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 8))
		zipf := rand.NewZipf(random, 1.15, 3, 2000)
		return apply(n, func(i int) string {
			h := md5Of(i)
			id := fmt.Sprintf("%012x", int64(1_690_000_000_000)+int64(i)*37_003)
			return fmt.Sprintf("tenants/%s/documents/%s-%s-7%s-9%s-%s.pdf", uuidOf(int(zipf.Uint64())), id[:8], id[8:], h[:3], h[3:6], h[6:18])
		})
	},
	"ids in base 36": func(n int) []string {
		return apply(n, func(i int) string {
			h, _ := strconv.ParseUint(md5Of(i)[:14], 16, 64)
			at := int64(1_650_000_000_000) + int64(i)*211_007
			return fmt.Sprintf("attachments/c%s%04s%s", strconv.FormatInt(at, 36), strconv.FormatInt(int64(i%1_679_616), 36), strconv.FormatUint(h, 36))
		})
	},
	"names in Chinese": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 9))
		families := []rune("王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗")
		given := []rune("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉红建国文志")
		kinds := strings.Fields("体检报告 劳动合同 学历证明 工资单 身份证 报销单")
		return compact(apply(n, func(int) string {
			name := string([]rune{families[random.IntN(20)], given[random.IntN(30)], given[random.IntN(30)]})
			return fmt.Sprintf("人事档案/%s%d/%s_%d年%d月.pdf", name, random.IntN(20), kinds[random.IntN(6)], 2015+random.IntN(9), 1+random.IntN(12))
		}))
	},
	"names in Russian": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 10))
		starts := strings.Fields("Абрам Алексе Борис Васил Волк Григор Дмитри Егор Захар Ивано Козл Кузнец Лебед Макар Никола Орл Павл Петр Роман Сергее Смирн Степан Тихон Фёдор Яковл")
		return compact(apply(n, func(int) string {
			name := starts[random.IntN(25)] + []string{"ов", "ева", "ова", "ев", "енко"}[random.IntN(5)]
			return fmt.Sprintf("архив/%s %c.%c./договор №%d от %02d.%02d.%d.docx", name, 'А'+rune(random.IntN(28)), 'А'+rune(random.IntN(28)), 1+random.IntN(900), 1+random.IntN(28), 1+random.IntN(12), 2010+random.IntN(14))
		}))
	},
	"GUIDs of two programs": func(n int) []string {
		return apply(n, func(i int) string {
			id := uuidOf(i)
			switch i % 3 {
			case 0:
				id = "{" + strings.ToUpper(id) + "}"
			case 1:
				id = strings.ToUpper(id)
			}
			return "dms/blobs/" + id + ".bin"
		})
	},
	"mails by their ids": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 11))
		words := someWords(400)
		return apply(n, func(i int) string {
			at := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 400 * time.Second)
			id := ""
			switch h := md5Of(i); random.IntN(4) {
			case 0:
				id = "CA" + base62Of([]byte(h)[:30], 48) + "@mail.gmail.com"
			case 1:
				id = fmt.Sprintf("%s%04X@%s.prod.outlook.com", "AM0PR04MB"+h[:4], i%65536, strings.ToUpper(h[4:16]))
			case 2:
				id = at.Format("20060102150405.") + h[:10] + "@" + words[random.IntN(400)] + ".org"
			default:
				id = fmt.Sprintf("%d.%d.%d@%s.com", random.IntN(2_000_000_000), random.IntN(999), at.UnixMilli(), words[random.IntN(400)])
			}
			return at.Format("journal/2006/01/") + "<" + id + ">.eml"
		})
	},
	"renditions of videos": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 12))
		var keys []string
		for video := 48_000; len(keys) < n; video += 1 + random.IntN(5) {
			segments := 10 + int(900*random.Float64()*random.Float64()*random.Float64())
			for _, quality := range strings.Fields("v0_1080p v1_720p v2_480p v3_360p") {
				for segment := range segments {
					keys = append(keys, fmt.Sprintf("media/%d/hls/%s/segment_%05d.m4s", video, quality, segment))
				}
				keys = append(keys, fmt.Sprintf("media/%d/hls/%s/init.mp4", video, quality), fmt.Sprintf("media/%d/hls/%s/playlist.m3u8", video, quality))
			}
			keys = append(keys, fmt.Sprintf("media/%d/hls/master.m3u8", video), fmt.Sprintf("media/%d/poster.jpg", video))
		}
		return keys[:n]
	},
	"devices, newest first": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 13))
		zipf := rand.NewZipf(random, 1.1, 8, 3000)
		return compact(apply(n, func(int) string {
			device := zipf.Uint64()
			return fmt.Sprintf("telemetry/dev-%05d/%d-%04x.json", device*7%30_011, int64(8_319_999_999)-int64(random.IntN(20_000_000)), random.IntN(65_536))
		}))
	},
	"receipts of clients": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 14))
		words := someWords(700)
		return compact(apply(n, func(int) string {
			client := int(600 * random.Float64() * random.Float64())
			word := words[client]
			name := strings.ToUpper(word[:1]) + word[1:] + []string{" & Sons", " (UK) Ltd.", " GmbH", ", Inc.", " S.p.A."}[client%5]
			at := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, random.IntN(2800))
			return fmt.Sprintf("Clients/%s/%s/%s Invoice #%d%s.pdf", name, at.Format("2006"), at.Format("01-02-2006"), 10_000+random.IntN(90_000), []string{"", "", "", " (paid)", " - Final (2)"}[random.IntN(5)])
		}))
	},
	"shuffles of Lithops": func(n int) []string {
		random := rand.New(rand.NewPCG(72, 15))
		var keys []string
		for job := 0; len(keys) < n; job++ {
			id := fmt.Sprintf("%s-%d-M%03d", md5Of(job / 3)[:6], job/3%2, job%3)
			calls := 1 + int(1500*random.Float64()*random.Float64()*random.Float64())
			keys = append(keys, "lithops.jobs/"+id+"/aggdata.pickle", "lithops.jobs/"+id[:8]+"/"+md5Of(job)+".func.pickle")
			for call := range calls {
				folder := fmt.Sprintf("lithops.jobs/%s/%05d/", id, call)
				keys = append(keys, folder+"output.pickle", folder+"status.json")
				for part := range calls / 100 {
					keys = append(keys, fmt.Sprintf("shuffle/%s/%05d/part-%05d", id, call, part))
				}
			}
		}
		return compact(keys[:n])
	},
	"a table with entropy": func(n int) []string {
		return apply(n, func(i int) string {
			h, _ := strconv.ParseUint(md5Of(i)[:5], 16, 64)
			bits := fmt.Sprintf("%020b", h)
			day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%200)
			return fmt.Sprintf("lake/data/%s/%s/%s/%s/ts_day=%s/%05d-%d-%s-00001.parquet", bits[:4], bits[4:8], bits[8:12], bits[12:], day.Format("2006-01-02"), i%300, i%977, uuidOf(i/300))
		})
	},
}
