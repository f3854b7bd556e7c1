// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// products are layouts of n keys or so that products write. All were written before it was
// measured how fast they are listed.
var products = map[string]func(n int) []string{
	"Hudi": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 1))
		begin := time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC)
		var keys []string
		for day := 0; len(keys) < n; day++ {
			at := begin.AddDate(0, 0, day)
			for commit := range 4 {
				instant := at.Add(time.Duration(commit*6)*time.Hour+time.Duration(random.IntN(3_600_000))*time.Millisecond).Format("20060102150405") + fmt.Sprintf("%03d", random.IntN(1000))
				for _, end := range []string{"commit", "commit.requested", "inflight"} {
					keys = append(keys, "hudi/trips/.hoodie/"+instant+"."+end)
				}
				for city := range 1 + random.IntN(25) {
					folder := fmt.Sprintf("hudi/trips/city=%s/date=%s", []string{"ams", "bcn", "chi", "nyc", "sao"}[city%5], at.Format("2006-01-02"))
					keys = append(keys, folder+"/.hoodie_partition_metadata")
					for file := range 1 + random.IntN(9) {
						keys = append(keys, fmt.Sprintf("%s/%s-0_%d-%d-%d_%s.parquet", folder, uuidOf(day*31+city*7+file), file, 20+commit, 400+random.IntN(900), instant))
					}
				}
			}
		}
		return compact(keys[:n])
	},
	"runs of MLflow": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 2))
		files := strings.Fields("MLmodel conda.yaml input_example.json model.pkl python_env.yaml requirements.txt")
		var keys []string
		for run := 0; len(keys) < n; run++ {
			folder := fmt.Sprintf("mlflow/%d/%s/artifacts/", int(60*random.Float64()*random.Float64()), md5Of(run))
			for _, file := range files {
				keys = append(keys, folder+"model/"+file)
			}
			for plot := range random.IntN(20) {
				keys = append(keys, fmt.Sprintf("%splots/epoch_%d.png", folder, plot))
			}
			for step := range int(40 * random.Float64() * random.Float64()) {
				keys = append(keys, fmt.Sprintf("%scheckpoints/step-%d/weights.pt", folder, step*500))
			}
		}
		return keys[:n]
	},
	"a cache of DVC": func(n int) []string {
		return apply(n, func(i int) string {
			h, end := md5Of(i), ""
			if i%40 == 0 {
				end = ".dir"
			}
			if i%5 == 0 { // of versions before 3
				return "dvc/" + h[:2] + "/" + h[2:] + end
			}
			return "dvc/files/md5/" + h[:2] + "/" + h[2:] + end
		})
	},
	"packs of Kopia": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 3))
		keys := []string{"kopia.blobcfg", "kopia.maintenance", "kopia.repository"}
		for i := 0; len(keys) < n; i++ {
			session := "s" + md5Of(i / 300)[:16]
			switch kind := random.IntN(40); {
			case kind < 30:
				keys = append(keys, "p"+md5Of(i)+"-"+session)
			case kind < 36:
				keys = append(keys, "q"+md5Of(i)+"-"+session)
			case kind < 38:
				keys = append(keys, fmt.Sprintf("xn%d_%s-%s-c1", i/20_000, md5Of(i), session))
			default:
				at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 90 * time.Second)
				keys = append(keys, fmt.Sprintf("_log_%s_%s_%d_%d_1_%s", at.Format("20060102150405"), md5Of(i)[:4], at.Unix(), at.Unix()+60, md5Of(i+1)))
			}
		}
		return keys
	},
	"blocks of Tempo": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 4))
		var keys []string
		for block := 0; len(keys) < n; block++ {
			folder := fmt.Sprintf("traces/%s/%s/", []string{"single-tenant", "team-a", "team-b", "team-payments"}[random.IntN(4)], uuidOf(block))
			for bloom := range 1 + random.IntN(12) {
				keys = append(keys, fmt.Sprintf("%sbloom-%d", folder, bloom))
			}
			keys = append(keys, folder+"data.parquet", folder+"index", folder+"meta.json")
		}
		return keys[:n]
	},
	"flow logs": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 5))
		var keys []string
		for account := 0; len(keys) < n; account++ {
			id := fmt.Sprintf("%012d", (int64(account)*738_033_988_749+204_222_333_444)%1_000_000_000_000)
			region := []string{"eu-central-1", "us-east-1", "us-west-2"}[account%3]
			flows := 1 + random.IntN(4)
			for slot := range 288 * (3 + random.IntN(60)) {
				at := time.Date(2024, 2, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(slot) * 5 * time.Minute)
				for flow := range flows {
					keys = append(keys, fmt.Sprintf("vpc/AWSLogs/%s/vpcflowlogs/%s/%s/%s_vpcflowlogs_%s_fl-0%s_%s_%s.log.gz", id, region, at.Format("2006/01/02"), id, region, md5Of(account*10 + flow)[:16], at.Format("20060102T1504Z"), md5Of(slot*4 + flow)[:8]))
				}
			}
		}
		return keys[:n]
	},
	"backups of WAL-G": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 6))
		var keys []string
		for cluster := 0; len(keys) < n; cluster++ {
			name := fmt.Sprintf("spilo/%s-%d/%s/wal/15/", []string{"acid-orders", "acid-users", "zalando-main"}[cluster%3], cluster/3, uuidOf(cluster))
			first := random.IntN(100_000)
			for segment := range 1000 + int(60_000*random.Float64()*random.Float64()) {
				at := first + segment
				keys = append(keys, fmt.Sprintf("%swal_005/%08X%08X%08X.lz4", name, 3, at/256, at%256))
				if segment%4000 == 0 {
					backup := fmt.Sprintf("%sbasebackups_005/base_%08X%08X%08X", name, 3, at/256, at%256)
					keys = append(keys, backup+"_backup_stop_sentinel.json", backup+"/files_metadata.json", backup+"/metadata.json")
					for part := range 10 + random.IntN(300) {
						keys = append(keys, fmt.Sprintf("%s/tar_partitions/part_%03d.tar.lz4", backup, part+1))
					}
				}
			}
		}
		return keys[:n]
	},
	"backups of Velero": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 7))
		words := someWords(60)
		files := strings.Fields("csi-volumesnapshots.json.gz logs.gz podvolumebackups.json.gz resource-list.json.gz results.gz volumesnapshots.json.gz")
		var keys []string
		for backup := range n / 30 {
			at := time.Date(2023, 1, 1, 3, 0, 0, 0, time.UTC).Add(time.Duration(backup/3) * 6 * time.Hour)
			name := []string{"daily", "hourly-critical", "weekly-full"}[backup%3] + at.Format("-20060102150405")
			keys = append(keys, "velero/backups/"+name+"/velero-backup.json", "velero/backups/"+name+"/"+name+".tar.gz")
			for _, file := range files {
				keys = append(keys, "velero/backups/"+name+"/"+name+"-"+file)
			}
		}
		for len(keys) < n {
			space := words[int(60*random.Float64()*random.Float64()*random.Float64())]
			keys = append(keys, "velero/kopia/"+space+"/"+[]string{"p", "p", "p", "q", "xn0_"}[random.IntN(5)]+md5Of(len(keys))+"-s"+md5Of(len(keys) / 50)[:17])
		}
		return compact(keys)
	},
	"logs of Airflow": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 8))
		words := someWords(300)
		var keys []string
		for dag := 0; len(keys) < n; dag++ {
			name := "etl_" + words[dag%300] + "_" + words[dag*7%300]
			tasks, runs, step := 2+random.IntN(20), 20+random.IntN(400), []time.Duration{time.Hour, 24 * time.Hour, 15 * time.Minute}[dag%3]
			for run := range runs {
				at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(run) * step)
				id := at.Format("scheduled__2006-01-02T15:04:05+00:00")
				if random.IntN(30) == 0 {
					id = at.Add(time.Duration(random.IntN(1e9)) * time.Microsecond).Format("manual__2006-01-02T15:04:05.000000+00:00")
				}
				for task := range tasks {
					for attempt := range 1 + random.IntN(8)/7 {
						keys = append(keys, fmt.Sprintf("airflow/dag_id=%s/run_id=%s/task_id=%s_%s/attempt=%d.log", name, id, []string{"load", "extract", "check"}[task%3], words[(dag+task)%300], attempt+1))
					}
				}
			}
		}
		return compact(keys[:n])
	},
	"logs of pods": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 9))
		words := someWords(200)
		var keys []string
		for pod := 0; len(keys) < n; pod++ {
			space := int(25 * random.Float64() * random.Float64())
			app := words[space*8+random.IntN(8)]
			folder := fmt.Sprintf("k8s/prod-eu/%s/%s-%s-%s/%s/", words[space], app, md5Of(pod / 3)[:10], base62Of([]byte(md5Of(pod))[:8], 5), app)
			begin := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(random.IntN(90*24)) * time.Hour)
			for hour := range 1 + int(150*random.Float64()*random.Float64()) {
				keys = append(keys, folder+begin.Add(time.Duration(hour)*time.Hour).Format("2006/01/02/15_")+md5Of(hour)[:8]+".log.gz")
			}
		}
		return compact(keys[:n])
	},
	"repositories of Harbor": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 10))
		words := someWords(400)
		var keys []string
		for repo := 0; len(keys) < n; repo++ {
			folder := fmt.Sprintf("docker/registry/v2/repositories/%s/%s/", words[int(30*random.Float64()*random.Float64())], words[repo%400])
			for image := range 3 + int(100*random.Float64()*random.Float64()) {
				h := sha256Of(repo*1000 + image)
				keys = append(keys, folder+"_manifests/revisions/sha256/"+h+"/link")
				tag := fmt.Sprintf("v%d.%d.%d", image/40, image/8%5, image%8)
				keys = append(keys, folder+"_manifests/tags/"+tag+"/current/link", folder+"_manifests/tags/"+tag+"/index/sha256/"+h+"/link")
				for layer := range random.IntN(9) {
					keys = append(keys, folder+"_layers/sha256/"+sha256Of(repo*9000+image*9+layer)+"/link")
				}
			}
		}
		return compact(keys[:n])
	},
	"crates": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 11))
		words := someWords(3000)
		var keys []string
		for len(keys) < n {
			name := words[random.IntN(3000)]
			if random.IntN(3) > 0 {
				name += []string{"-", "_", "-rs-", "-"}[random.IntN(4)] + words[random.IntN(900)]
			}
			for version := range 1 + int(60*random.Float64()*random.Float64()*random.Float64()) {
				keys = append(keys, fmt.Sprintf("crates/%s/%s-0.%d.%d.crate", name, name, version/6, version%6))
			}
		}
		return compact(keys[:n])
	},
	"modules of Go": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 12))
		words := someWords(2500)
		hosts := strings.Fields("github.com github.com github.com github.com github.com gitlab.com golang.org/x gopkg.in k8s.io go.uber.org")
		var keys []string
		for len(keys) < n {
			host := hosts[random.IntN(10)]
			if host == "github.com" || host == "gitlab.com" {
				host += []string{"/", "/", "/!"}[random.IntN(3)] + words[int(2500*random.Float64()*random.Float64())]
			}
			folder := "goproxy/" + host + "/" + words[random.IntN(2500)] + []string{"", "", "", "/v2", "/v3"}[random.IntN(5)] + "/@v/"
			for version := range 1 + int(50*random.Float64()*random.Float64()) {
				for _, end := range []string{"info", "mod", "zip"} {
					keys = append(keys, fmt.Sprintf("%sv%d.%d.%d.%s", folder, version/30, version/5%6, version%5, end))
				}
			}
		}
		return compact(keys[:n])
	},
	"histories of Pulumi": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 13))
		words := someWords(80)
		var keys []string
		for stack := 0; len(keys) < n; stack++ {
			name := []string{"dev", "prod", "staging"}[stack%3]
			folder := ".pulumi/history/" + words[stack/3%80] + strings.Repeat("-infra", stack/240) + "/" + name + "/" + name + "-"
			at := int64(1_640_000_000_000_000_000) + int64(random.IntN(1e9))*10_000_000
			for range 10 + int(4000*random.Float64()*random.Float64()*random.Float64()) {
				at += int64(random.IntN(100_000)) * 1_000_000_007
				keys = append(keys, folder+strconv.FormatInt(at, 10)+".checkpoint.json", folder+strconv.FormatInt(at, 10)+".history.json")
			}
		}
		return compact(keys[:n])
	},
	"artifacts of GitLab": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 14))
		job := 4_000_000
		var keys []string
		for len(keys) < n {
			h := sha256Of(int(400 * random.Float64() * random.Float64()))
			job += 1 + random.IntN(9)
			at := time.Date(2023, 9, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(job-4_000_000) * 20 * time.Second)
			folder := fmt.Sprintf("%s/%s/%s/%s/%d/", h[:2], h[2:4], h, at.Format("2006_01_02"), job)
			keys = append(keys, fmt.Sprintf("%s%d/job.log", folder, job*3), fmt.Sprintf("%s%d/metadata.gz", folder, job*3+1))
			if random.IntN(2) == 0 {
				keys = append(keys, fmt.Sprintf("%s%d/artifacts.zip", folder, job*3+2))
			}
		}
		return keys[:n]
	},
	"replicas of Litestream": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 15))
		var keys []string
		for db := 0; len(keys) < n; db++ {
			for generation := range 1 + random.IntN(4) {
				folder := fmt.Sprintf("tenants/%05d/db.sqlite/generations/%s/", 10_000+db*37, md5Of(db*9 + generation)[:16])
				for index := range 1 + int(200*random.Float64()*random.Float64()) {
					for offset := range 1 + random.IntN(12) {
						keys = append(keys, fmt.Sprintf("%swal/%08x_%08x.wal.lz4", folder, index, offset*4152))
					}
					if index%24 == 0 {
						keys = append(keys, fmt.Sprintf("%ssnapshots/%08x.snapshot.lz4", folder, index))
					}
				}
			}
		}
		return keys[:n]
	},
	"state of Flink": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 16))
		var keys []string
		for job := 0; len(keys) < n; job++ {
			folder := "flink/checkpoints/" + md5Of(job)
			last := 1000 + random.IntN(90_000)
			for checkpoint := range 1 + random.IntN(20) {
				for file := range 2 + random.IntN(60) {
					keys = append(keys, fmt.Sprintf("%s/chk-%d/%s", folder, last+checkpoint, uuidOf(job*999+checkpoint*70+file)))
				}
				keys = append(keys, fmt.Sprintf("%s/chk-%d/_metadata", folder, last+checkpoint))
			}
			for file := range int(6000 * random.Float64() * random.Float64()) {
				keys = append(keys, folder+"/shared/"+uuidOf(job*7919+file))
			}
		}
		return compact(keys[:n])
	},
	"disks of ClickHouse": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 17))
		return apply(n, func(int) string {
			name := make([]byte, 32)
			for i := range name {
				name[i] = byte('a' + random.IntN(26))
			}
			return "clickhouse/disks/s3/" + string(name[:3]) + "/" + string(name[3:])
		})
	},
	"segments of Druid": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 18))
		var keys []string
		for source := 0; len(keys) < n; source++ {
			name := []string{"ad_clicks", "ad_views", "billing", "metrics", "wikipedia"}[source%5] + strings.Repeat("_v2", source/5)
			for hour := range 500 + random.IntN(6000) {
				at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(hour) * time.Hour)
				version := at.Add(time.Duration(random.IntN(90_000_000)) * time.Millisecond)
				for part := range 1 + random.IntN(6) {
					const layout = "2006-01-02T15:04:05.000Z"
					keys = append(keys, fmt.Sprintf("druid/segments/%s/%s_%s/%s/%d/%s/index.zip", name, at.Format(layout), at.Add(time.Hour).Format(layout), version.Format(layout), part, uuidOf(hour*6+part)))
				}
			}
		}
		return keys[:n]
	},
	"events of Segment": func(n int) []string {
		random := rand.New(rand.NewPCG(71, 19))
		var keys []string
		for source := 0; len(keys) < n; source++ {
			id := base62Of([]byte(md5Of(source))[:16], 22)
			perDay := 1 + int(200*random.Float64()*random.Float64())
			for day := range 20 + random.IntN(300) {
				at := int64(1_672_531_200_000) + int64(day)*86_400_000
				for file := range perDay {
					keys = append(keys, fmt.Sprintf("segment-logs/%s/%d/%s.%s.gz", id, at, base62Of([]byte(md5Of(day*200 + file))[:12], 16), md5Of(file)[:7]))
				}
			}
		}
		return keys[:n]
	},
}
