// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// later are layouts of n keys or so that were written before it was measured how fast they are
// listed. That the model tells words apart was measured with them first.
var later = map[string]func(n int) []string{
	"objects of LFS": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 1))
		words := someWords(120)
		return apply(n, func(i int) string {
			owner := int(9 * random.Float64() * random.Float64())
			repo := words[owner*13+int(13*random.Float64()*random.Float64())]
			h := sha256Of(i)
			return fmt.Sprintf("lfs/%s/%s/objects/%s/%s/%s", words[owner], repo, h[:2], h[2:4], h)
		})
	},
	"files of PyPI": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 2))
		words := someWords(4000)
		var keys []string
		for len(keys) < n {
			name := words[random.IntN(4000)]
			if random.IntN(2) == 0 {
				name = []string{"django-", "flask-", "py", "pytest-", "types-"}[random.IntN(5)] + name
			}
			keys = append(keys, "pypi/simple/"+name+"/index.html")
			for version := range 1 + int(40*random.Float64()*random.Float64()) {
				h := sha256Of(len(keys))
				file := fmt.Sprintf("%s-%d.%d.%d", strings.ReplaceAll(name, "-", "_"), version/20, version/4%5, version%4)
				for _, end := range []string{"-py3-none-any.whl", ".tar.gz"} {
					keys = append(keys, "pypi/packages/"+h[:2]+"/"+h[2:4]+"/"+h[4:]+"/"+file+end)
				}
			}
		}
		return compact(keys[:n])
	},
	"scenes of Landsat": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 3))
		bands := strings.Fields("ANG.txt MTL.json MTL.txt QA_PIXEL.TIF QA_RADSAT.TIF SR_B1.TIF SR_B2.TIF SR_B3.TIF SR_B4.TIF SR_B5.TIF SR_B6.TIF SR_B7.TIF ST_B10.TIF thumb_large.jpeg")
		var keys []string
		for len(keys) < n {
			path, row := 170+random.IntN(30), 15+random.IntN(40)
			for range 1 + random.IntN(40) {
				day := time.Date(2014, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, random.IntN(3600))
				scene := fmt.Sprintf("LC0%d_L2SP_%03d%03d_%s_%s_02_T%d", 8+random.IntN(2), path, row, day.Format("20060102"), day.AddDate(0, 0, 9+random.IntN(9)).Format("20060102"), 1+random.IntN(2))
				for _, band := range bands {
					keys = append(keys, fmt.Sprintf("collection02/level-2/standard/oli-tirs/%d/%03d/%03d/%s/%s_%s", day.Year(), path, row, scene, scene, band))
				}
			}
		}
		return compact(keys[:n])
	},
	"states of Terraform": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 4))
		words := someWords(700)
		var keys []string
		for len(keys) < n {
			team, service := words[int(40*random.Float64()*random.Float64())], words[random.IntN(700)]
			for _, place := range strings.Fields("dev prod/eu-west-1 prod/us-east-1 staging") {
				folder := "tf/" + team + "/" + service + "/" + place
				keys = append(keys, folder+"/terraform.tfstate")
				for serial := range int(60 * random.Float64() * random.Float64()) {
					keys = append(keys, fmt.Sprintf("%s/history/terraform.tfstate.%d.backup", folder, serial+1))
				}
			}
		}
		return compact(keys[:n])
	},
	"segments of Borg": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 5))
		words := someWords(50)
		var keys []string
		for host := 0; len(keys) < n; host++ {
			repo := fmt.Sprintf("borg/%s-%02d", words[host%50], host/7)
			for segment := range 200 + int(90_000*random.Float64()*random.Float64()*random.Float64()) {
				if segment%11 < 9 {
					keys = append(keys, fmt.Sprintf("%s/data/%d/%d", repo, segment/1000, segment))
				}
			}
			keys = append(keys, repo+"/config", repo+"/hints.7", repo+"/integrity.7", repo+"/README")
		}
		return keys[:n]
	},
	"accounts by e-mail": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 6))
		words := someWords(9000)
		domains := strings.Fields("gmail.com gmail.com gmail.com hotmail.com icloud.com outlook.com proton.me web.de yahoo.com yahoo.co.uk")
		var keys []string
		for len(keys) < n {
			name := words[random.IntN(9000)] + []string{"", ".", "", "_", "%2B"}[random.IntN(5)] + words[random.IntN(200)]
			if random.IntN(2) == 0 {
				name += fmt.Sprint(random.IntN(100))
			}
			folder := "accounts/" + name + "%40" + domains[random.IntN(10)]
			keys = append(keys, folder+"/profile.json")
			for upload := range int(25 * random.Float64() * random.Float64() * random.Float64()) {
				keys = append(keys, fmt.Sprintf("%s/uploads/%d.jpg", folder, upload))
			}
		}
		return compact(keys[:n])
	},
	"runs of sequencers": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 7))
		var keys []string
		for run := 0; len(keys) < n; run++ {
			day := time.Date(2019, 1, 7, 0, 0, 0, 0, time.UTC).AddDate(0, 0, run*5)
			folder := fmt.Sprintf("runs/%s_A0%04d_%04d_%cH%sDSX%c", day.Format("060102"), 100+run%3*417, run+1, 'A'+run%2, strings.ToUpper(md5Of(run)[:4]), 'X'+run%3)
			for lane := range 2 + 2*random.IntN(2) {
				for cycle := range 100 + 50*random.IntN(3) {
					for surface := range 2 {
						keys = append(keys, fmt.Sprintf("%s/Data/Intensities/BaseCalls/L%03d/C%d.1/L%03d_%d.cbcl", folder, lane+1, cycle+1, lane+1, surface+1))
					}
				}
			}
			for sample := range 24 + random.IntN(300) {
				for _, read := range strings.Fields("I1 R1 R2") {
					keys = append(keys, fmt.Sprintf("%s/fastq/S%d-%s_S%d_%s_001.fastq.gz", folder, 20_000+run*97+sample, md5Of(sample)[:2], sample+1, read))
				}
			}
		}
		return keys[:n]
	},
	"a site's bucket": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 8))
		words := someWords(2000)
		return compact(apply(n, func(i int) string {
			word := words[int(2000*random.Float64()*random.Float64())]
			switch random.IntN(10) {
			case 0:
				return fmt.Sprintf("_next/static/chunks/%d-%s.js", random.IntN(9999), md5Of(i)[:16])
			case 1:
				return "_next/static/media/" + word + "." + md5Of(i)[:8] + []string{".woff2", ".png"}[i%2]
			case 2, 3:
				return fmt.Sprintf("blog/%s-%s-%s/index.html", word, words[random.IntN(2000)], words[random.IntN(300)])
			case 4:
				return fmt.Sprintf("sitemaps/sitemap-%d.xml.gz", random.IntN(40_000))
			case 5:
				return fmt.Sprintf("videos/%s/hls/%d/%05d.ts", uuidOf(random.IntN(60)), []int{360, 720, 1080}[i%3], random.IntN(600))
			}
			return fmt.Sprintf("images/20%02d/%02d/%s/w_%d.webp", 15+random.IntN(9), 1+random.IntN(12), uuidOf(i/4), []int{1280, 320, 640, 960}[i%4])
		}))
	},
	"a radar's days": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 9))
		var stations []string
		for len(stations) < 60 {
			stations = append(stations, "K"+string([]byte{byte('A' + random.IntN(26)), byte('A' + random.IntN(26)), byte('A' + random.IntN(26))}))
		}
		var keys []string
		for day := 0; len(keys) < n; day++ {
			at := time.Date(2021, 11, 20, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day)
			for _, station := range stations {
				step := 250 + random.IntN(500)
				for second := random.IntN(step); second < 86_400; second += step - 9 + random.IntN(19) {
					keys = append(keys, at.Format("2006/01/02/")+station+"/"+station+at.Add(time.Duration(second)*time.Second).Format("20060102_150405")+"_V06")
				}
			}
		}
		return compact(keys[:n])
	},
	"albums": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 10))
		places := strings.Fields("Amsterdam Berlin Christmas Dublin Easter Florence Garden Hamburg Italy Japan Kids Lisbon Mountains Norway Oma Party Rome School Toskana Urlaub Venice Wedding Zoo")
		number := 1
		var keys []string
		for len(keys) < n {
			at := time.Date(2004, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, random.IntN(7000))
			album := fmt.Sprintf("Photos/%d/%s %s", at.Year(), at.Format("2006-01-02"), places[random.IntN(23)])
			kind := []string{"DSC_%04d", "IMG_%04d", "P101%04d", "_MG_%04d"}[at.Year()%4]
			for range 5 + int(900*random.Float64()*random.Float64()*random.Float64()) {
				number = number%9999 + 1
				name := album + "/" + fmt.Sprintf(kind, number)
				keys = append(keys, name+".JPG")
				if at.Year() > 2012 {
					keys = append(keys, name+".NEF", name+".xmp")
				}
			}
		}
		return compact(keys[:n])
	},
	"slugs": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 11))
		words := someWords(3000)
		starts := strings.Fields("a 10 5 best can do does first free how-to how-do i is my new people the the the top what what-is when where who why why-do you your")
		return compact(apply(n, func(int) string {
			slug := starts[random.IntN(len(starts))]
			for range 3 + random.IntN(4) {
				slug += "-" + words[int(3000*random.Float64()*random.Float64())]
			}
			return "articles/" + slug + ".html"
		}))
	},
	"organizations and projects": func(n int) []string {
		random := rand.New(rand.NewPCG(61, 12))
		words := someWords(500)
		zipf := rand.NewZipf(random, 1.2, 4, 499)
		return compact(apply(n, func(i int) string {
			owner := int(zipf.Uint64())
			at := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(random.IntN(600*86400)) * time.Second)
			folder := fmt.Sprintf("%s-%s/%s", words[owner], []string{"ag", "gmbh", "inc", "labs", "ltd"}[owner%5], uuidOf(owner*50+random.IntN(1+owner%40)))
			return folder + []string{"/exports/", "/exports/", "/uploads/", "/thumbs/"}[random.IntN(4)] + at.Format("2006-01-02T15:04:05Z") + fmt.Sprintf("-%d.csv", i%7)
		}))
	},
}
