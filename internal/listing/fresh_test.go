// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// fresh are layouts of n keys or so that were written before it was measured how fast they
// are listed. The algorithm was changed for some of them.
var fresh = map[string]func(n int) []string{
	"KSUIDs": func(n int) []string {
		return apply(n, func(i int) string {
			sum := sha256.Sum256([]byte(strconv.Itoa(i)))
			id := append(binaryOf(uint32(300_000_000+i*211)), sum[:16]...)
			return "uploads/" + base62Of(id, 27) + ".bin"
		})
	},
	"Mongo's object ids": func(n int) []string {
		return apply(n, func(i int) string {
			return fmt.Sprintf("files/%08x%s%06x", 1_650_000_000+i*317, md5Of(i % 3)[:10], 0x3fa000+i)
		})
	},
	"git objects at the top": func(n int) []string {
		return apply(n, func(i int) string { h := sha1Of(i); return h[:2] + "/" + h[2:] })
	},
	"zarr v3, several arrays": func(n int) []string {
		var keys []string
		for i, array := range strings.Fields("latent/mean latent/std mask raw/x raw/y tas") {
			size := int(int64([]int{20_000, 4000, 150_000, 60_000, 6000, 60_000}[i]) * int64(n) / 300_000)
			for j := range size {
				keys = append(keys, fmt.Sprintf("climate.zarr/%s/c/%d/%d/%d", array, j/400, j/20%20, j%20))
			}
			keys = append(keys, "climate.zarr/"+array+"/zarr.json")
		}
		return keys
	},
	"frames of shots": func(n int) []string {
		return apply(n, func(i int) string {
			return fmt.Sprintf("show/ep%02d/sc%03d_%04d/v%03d/beauty.%04d.exr", i/60_000+1, i/6000%10*10, i/1500%4*10, i/150%10+1, 1001+i%150)
		})
	},
	"URLs from the domain": func(n int) []string {
		words := vocabulary()
		random := rand.New(rand.NewPCG(21, 1))
		tops := strings.Fields("com com com com org org net de fr io co,uk edu")
		return compact(apply(n, func(int) string {
			host := words[int(3000*random.Float64()*random.Float64()*random.Float64())]
			path := ""
			for range 1 + random.IntN(3) {
				path += "/" + words[int(900*random.Float64()*random.Float64())]
			}
			return "surt/" + tops[len(host)*7%len(tops)] + "," + host + ")" + path + fmt.Sprintf("?id=%d", random.IntN(5000))
		}))
	},
	"a prefix of 200 bytes": func(n int) []string {
		return apply(n, func(i int) string {
			return strings.Repeat("organization/department/project/", 6) + "2024-exports/" + uuidOf(i) + "/part-0.csv"
		})
	},
	"numbers and their thumbnails": func(n int) []string {
		var keys []string
		for i := range n / 3 {
			keys = append(keys, fmt.Sprintf("gallery/%d.jpg", i), fmt.Sprintf("gallery/%d_thumb.jpg", i), fmt.Sprintf("gallery/meta_%d.json", i))
		}
		return keys
	},
	"one huge in the middle": func(n int) []string {
		keys := apply(n*9/10, func(i int) string { return "customers/" + md5Of(5)[:8] + "/" + uuidOf(i) + ".json" })
		return append(keys, apply(n/10, func(i int) string { return "customers/" + md5Of(i / 10)[:8] + "/" + strconv.Itoa(i%10) + ".json" })...)
	},
	"load balancers": func(n int) []string {
		return apply(n, func(i int) string {
			at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i/6) * 10 * time.Minute)
			account := []string{"111122223333", "444455556666"}[i%2]
			lb := []string{"app.public", "app.internal", "net.edge"}[i%3]
			return fmt.Sprintf("alb/AWSLogs/%s/elasticloadbalancing/eu-west-1/%s/%s_elasticloadbalancing_eu-west-1_%s.%s_%s_10.0.%d.%d_%s.log.gz",
				account, at.Format("2006/01/02"), account, lb, md5Of(i % 3)[:16], at.Format("20060102T1504Z"), i%4, i%250, base62Of([]byte(md5Of(i))[:6], 8))
		})
	},
	"runs of experiments": func(n int) []string {
		random := rand.New(rand.NewPCG(21, 2))
		words := vocabulary()
		var keys []string
		for run := 0; len(keys) < n; run++ {
			folder := fmt.Sprintf("mlruns/%s-%s-%d/", words[random.IntN(60)], words[60+random.IntN(60)], run)
			for step := range 1 + random.IntN(80) {
				for _, file := range strings.Fields("optimizer.pt scheduler.pt trainer_state.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors") {
					keys = append(keys, fmt.Sprintf("%scheckpoint-%d/%s", folder, (step+1)*500, file))
				}
			}
			keys = append(keys, folder+"config.json")
		}
		return keys
	},
	"papers by month": func(n int) []string {
		return apply(n, func(i int) string {
			month := i * 200 / n
			return fmt.Sprintf("arxiv/pdf/%02d%02d/%02d%02d.%05dv%d.pdf", 7+month/12, 1+month%12, 7+month/12, 1+month%12, i-month*n/200, 1+i%3)
		})
	},
	"geohashes": func(n int) []string {
		random := rand.New(rand.NewPCG(21, 3))
		return compact(apply(n, func(int) string {
			city := random.IntN(12)
			return "geo/" + geohashOf(float64(city*37%90)+random.NormFloat64()/10, float64(city*61%180)+random.NormFloat64()/10, 9) + ".json"
		}))
	},
	"regions of chromosomes": func(n int) []string {
		var keys []string
		for c := 1; c <= 24; c++ {
			name := strconv.Itoa(c)
			if c > 22 {
				name = []string{"X", "Y"}[c-23]
			}
			for i := range n * (30 - c) / 420 {
				keys = append(keys, fmt.Sprintf("gnomad/v4/chr%s/%d-%d.vcf.bgz", name, int64(i)*10_000+1, int64(i+1)*10_000))
			}
		}
		return keys
	},
	"music": func(n int) []string {
		random := rand.New(rand.NewPCG(21, 4))
		words := vocabulary()
		title := func(max int) string {
			name := strings.ToUpper(words[random.IntN(max)][:1]) + words[random.IntN(max)]
			for range random.IntN(3) {
				name += " " + words[random.IntN(max)]
			}
			return name
		}
		var keys []string
		for len(keys) < n {
			artist := title(20_000)
			for range 1 + random.IntN(8) {
				album := fmt.Sprintf("Music/%s/%s (%d)/", artist, title(20_000), 1960+random.IntN(60))
				for track := range 6 + random.IntN(12) {
					keys = append(keys, fmt.Sprintf("%s%02d - %s.flac", album, track+1, title(20_000)))
				}
			}
		}
		return keys
	},
	"chunks of Loki": func(n int) []string {
		return apply(n, func(i int) string {
			from := int64(0x18f0_0000_000) + int64(i/500)*3_600_000
			return fmt.Sprintf("fake/%s/%x:%x:%s", md5Of(i % 500)[:16], from, from+3_500_000, md5Of(i)[:8])
		})
	},
	"random numbers": func(n int) []string {
		random := rand.New(rand.NewPCG(21, 5))
		return compact(apply(n, func(int) string { return fmt.Sprintf("orders/%d.json", random.IntN(1_000_000_000)) }))
	},
	"one file each": func(n int) []string {
		return apply(n, func(i int) string { return fmt.Sprintf("site/%d/index.html", 10_000+i*3) })
	},
	"pages and posts": func(n int) []string {
		words := vocabulary()
		random := rand.New(rand.NewPCG(21, 6))
		return compact(apply(n, func(int) string {
			at := time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, random.IntN(4000))
			return "blog/" + at.Format("2006/01/") + words[random.IntN(8000)] + "-" + words[random.IntN(8000)] + "/index.html"
		}))
	},
	"reversed times": func(n int) []string {
		return apply(n, func(i int) string {
			return fmt.Sprintf("feed/%019d-%s", int64(math.MaxInt64)-(1_700_000_000_000+int64(i)*911), md5Of(i)[:8])
		})
	},
	"reversed hosts and days": func(n int) []string {
		return apply(n, func(i int) string {
			day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i/1000)
			return fmt.Sprintf("backup/%s/host-%d.db.internal/wal/%024X", day.Format("20060102"), i%10, i/10)
		})
	},
	"dates in American": func(n int) []string {
		return apply(n, func(i int) string {
			day := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%2000)
			return "scans/" + day.Format("01-02-2006") + "/" + fmt.Sprintf("scan%04d.tif", i/2000)
		})
	},
	"months by name": func(n int) []string {
		return apply(n, func(i int) string {
			day := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i%2000)
			return "invoices/" + day.Format("2006/January/02 Mon") + "/" + fmt.Sprintf("INV-%07d.pdf", i)
		})
	},
}

func sha1Of(i int) string {
	sum := sha1.Sum([]byte(strconv.Itoa(i)))
	return hex.EncodeToString(sum[:])
}

func binaryOf(n uint32) []byte { return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// base62Of returns a number in base 62, padded to a length.
func base62Of(number []byte, length int) string {
	value := new(big.Int).SetBytes(number)
	text := make([]byte, length)
	digit := new(big.Int)
	for i := length - 1; i >= 0; i-- {
		value.DivMod(value, big.NewInt(62), digit)
		text[i] = base62[digit.Int64()]
	}
	return string(text)
}

// geohashOf returns the geohash of a place.
func geohashOf(latitude, longitude float64, length int) string {
	const digits = "0123456789bcdefghjkmnpqrstuvwxyz"
	low, high := [2]float64{-180, -90}, [2]float64{180, 90}
	at := [2]float64{longitude, latitude}
	text := make([]byte, length)
	for bit := range 5 * length {
		axis := bit % 2
		middle := (low[axis] + high[axis]) / 2
		text[bit/5] <<= 1
		if at[axis] >= middle {
			text[bit/5]++
			low[axis] = middle
		} else {
			high[axis] = middle
		}
	}
	for i := range text {
		text[i] = digits[text[i]]
	}
	return string(text)
}

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
