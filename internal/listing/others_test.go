// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// others are layouts of n keys or so that were written before it was measured how fast they are
// listed. The algorithm was not changed for them.
var others = map[string]func(n int) []string{
	"weeks": func(n int) []string {
		people := someWords(120)
		return apply(n, func(i int) string {
			year, week := time.Date(2017, 1, 2, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%2500).ISOWeek()
			return fmt.Sprintf("timesheets/%d-W%02d/%s_%d.xlsx", year, week, people[i/2500%120], i%2500%7)
		})
	},
	"days without zeros": func(n int) []string {
		random := rand.New(rand.NewPCG(41, 1))
		zipf := rand.NewZipf(random, 1.2, 3, 400)
		return compact(apply(n, func(i int) string {
			day := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, random.IntN(900))
			return fmt.Sprintf("lake/tenant_id=%d/year=%d/month=%d/day=%d/%s.parquet", 17+zipf.Uint64()*31, day.Year(), int(day.Month()), day.Day(), md5Of(i)[:10])
		}))
	},
	"UUIDs in UUIDs": func(n int) []string {
		random := rand.New(rand.NewPCG(41, 2))
		return apply(n, func(i int) string {
			tenant := int(600 * random.Float64() * random.Float64() * random.Float64())
			return "tenants/" + uuidOf(tenant) + "/documents/" + uuidOf(i+1000) + ".pdf"
		})
	},
	"names in Japanese": func(n int) []string {
		random := rand.New(rand.NewPCG(41, 3))
		family := strings.Fields("佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 林 斎藤 清水")
		given := strings.Fields("翔太 さくら 健一 美咲 大輔 ひなた 陽子 蓮 結衣 誠 あおい 直樹")
		return apply(n, func(i int) string {
			return fmt.Sprintf("社員/%s%s/%d年/給与明細_%02d月_%d.pdf", family[random.IntN(20)], given[random.IntN(12)], 2015+i%9, 1+random.IntN(12), i)
		})
	},
	"names in Greek": func(n int) []string {
		random := rand.New(rand.NewPCG(41, 4))
		return compact(apply(n, func(i int) string {
			var name strings.Builder
			for range 4 + random.IntN(5) {
				name.WriteRune([]rune("αβγδεζηθικλμνξοπρστυφχψω")[random.IntN(24)])
			}
			return fmt.Sprintf("αρχεία/%s-%d.doc", name.String(), i%50)
		}))
	},
	"a hash, then a path": func(n int) []string {
		users := someWords(800)
		return apply(n, func(i int) string {
			day := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%300)
			return fmt.Sprintf("%s/users/%s/%s/event-%d.json", md5Of(i)[:4], users[i*7%800], day.Format("2006/01/02"), i)
		})
	},
	"versions of models": func(n int) []string {
		random := rand.New(rand.NewPCG(41, 5))
		names := someWords(150)
		var keys []string
		for model := 0; len(keys) < n; model++ {
			for version := range 1 + random.IntN(25) {
				shards := 1 << random.IntN(7)
				for shard := range shards {
					keys = append(keys, fmt.Sprintf("models/%s-%dB/v%d.%d/model-%05d-of-%05d.safetensors", names[model%150], 1+model/150, 1+version/10, version%10, shard+1, shards))
				}
			}
		}
		return compact(keys[:n])
	},
	"buckets of tables": func(n int) []string {
		tables := strings.Fields("customer lineitem nation orders part partsupp region supplier")
		sizes := []int{25, 600, 1, 150, 20, 80, 1, 3} // of 880
		var keys []string
		for i, table := range tables {
			for j := range n * sizes[i] / 880 {
				keys = append(keys, fmt.Sprintf("tpch/sf1000/%s/bucket=%d/part-%05d-of-%05d.zstd.parquet", table, j%64, j/64, n*sizes[i]/880/64))
			}
		}
		return keys
	},
	"checkpoints": func(n int) []string {
		random := rand.New(rand.NewPCG(41, 6))
		var keys []string
		for run := 0; len(keys) < n; run++ {
			ranks := []int{8, 64, 256}[run%3]
			for step := range 2 + random.IntN(60) {
				folder := fmt.Sprintf("experiments/%s/global_step%d/", base62Of([]byte(md5Of(run))[:6], 8), (step+1)*250)
				for rank := range ranks {
					keys = append(keys, fmt.Sprintf("%szero_pp_rank_%d_mp_rank_00_optim_states.pt", folder, rank))
				}
				keys = append(keys, folder+"mp_rank_00_model_states.pt", folder+"latest")
			}
		}
		return keys[:n]
	},
	"names of people's files": func(n int) []string {
		random := rand.New(rand.NewPCG(41, 7))
		words := strings.Fields("Budget Contract Draft Final Holiday Invoice Letter Meeting Minutes Notes Offer Plan Photo Project Report Scan Slides Summary Tax Todo Vertrag agenda backup copy cv export logo old photos proposal receipt review screenshot template test workshop")
		separators := []string{" ", " ", "_", "-", " - ", "."}
		return compact(apply(n, func(int) string {
			separator := separators[random.IntN(len(separators))]
			name := words[random.IntN(len(words))]
			for range 1 + random.IntN(3) {
				name += separator + words[random.IntN(len(words))]
			}
			return fmt.Sprintf("Shared/%s%s%d%s", name, separator, 1990+random.IntN(40), strings.Fields(".docx .pdf .xlsx .PDF .jpg .pptx")[random.IntN(6)])
		}))
	},
	"very long keys": func(n int) []string {
		words := someWords(90)
		random := rand.New(rand.NewPCG(41, 8))
		return compact(apply(n, func(i int) string {
			key := "archive"
			for level := range 8 {
				key += "/" + strings.Repeat(words[random.IntN(3+level*level)]+"-", 8) + "x"
			}
			return key + fmt.Sprintf("/%s.txt", md5Of(i))
		}))
	},
	"escaped URLs": func(n int) []string {
		random := rand.New(rand.NewPCG(41, 9))
		words := someWords(3000)
		return compact(apply(n, func(int) string {
			host := words[int(60*random.Float64()*random.Float64())]
			return fmt.Sprintf("snapshots/https%%3A%%2F%%2F%s.org%%2F%s%%2F%s%%3Fpage%%3D%d", host, words[random.IntN(80)], words[random.IntN(3000)], random.IntN(40))
		}))
	},
	"Iceberg": func(n int) []string {
		return apply(n, func(i int) string {
			if i%10 == 0 {
				return fmt.Sprintf("warehouse/db.db/events/metadata/%05d-%s.metadata.json", i/10, uuidOf(i))
			}
			return fmt.Sprintf("warehouse/db.db/events/data/ts_day=%s/%05d-%d-%s-00001.parquet",
				time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%400).Format("2006-01-02"), i/400%200, i%977, uuidOf(i/200))
		})
	},
	"topics of Kafka": func(n int) []string {
		random := rand.New(rand.NewPCG(41, 10))
		names := someWords(25)
		var keys []string
		for topic := 0; len(keys) < n; topic++ {
			name := names[topic%25] + "." + names[topic/25%25]
			partitions := []int{1, 6, 12, 48}[topic%4]
			segments := int(4000*random.Float64()*random.Float64()*random.Float64())/partitions + 1
			for partition := range partitions {
				for segment := range segments {
					keys = append(keys, fmt.Sprintf("topics/%s/partition=%d/%s+%d+%010d.avro", name, partition, name, partition, segment*1000))
				}
			}
		}
		return keys[:n]
	},
	"segments of videos": func(n int) []string {
		random := rand.New(rand.NewPCG(41, 11))
		var keys []string
		for video := 0; len(keys) < n; video++ {
			id := base64.RawURLEncoding.EncodeToString([]byte(md5Of(video))[:8])
			segments := 5 + int(600*random.Float64()*random.Float64())
			for _, quality := range strings.Fields("1080p 240p 480p 720p audio") {
				for segment := range segments {
					keys = append(keys, fmt.Sprintf("vod/%s/%s/seg_%d.ts", id, quality, segment))
				}
				keys = append(keys, fmt.Sprintf("vod/%s/%s/index.m3u8", id, quality))
			}
		}
		return keys[:n]
	},
	"OIDs": func(n int) []string {
		random := rand.New(rand.NewPCG(41, 12))
		var keys []string
		for len(keys) < n {
			study := fmt.Sprintf("dicom/1.2.840.113619.2.%d.%d.%d", random.IntN(400), random.IntN(100), random.Uint32())
			for series := range 1 + random.IntN(8) {
				for instance := range 1 + int(300*random.Float64()*random.Float64()) {
					keys = append(keys, fmt.Sprintf("%s/%d/%d.dcm", study, series+1, instance+1))
				}
			}
		}
		return keys[:n]
	},
}

// someWords returns the first words of the vocabulary.
func someWords(n int) []string { return vocabulary()[:n] }
