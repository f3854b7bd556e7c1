// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// languages are layouts of n keys or so with names in languages whose letters take several
// bytes. The model was given pairs of bytes for the last eight; nothing was changed for the first
// eight, which were written before it was measured how fast they are listed.
var languages = map[string]func(n int) []string{
	"Bulgarian minutes": func(n int) []string {
		random := rand.New(rand.NewPCG(82, 1))
		word := wordsIn(random, strings.Fields("на ри за ед то не ска при об щи на съ вет про ток ол ре ше ние град ло веч Со фи я бю джет"))
		return compact(apply(n, func(int) string {
			return fmt.Sprintf("общини/%s/%d/Протокол %s № %d.pdf", word(2, 3), 2005+random.IntN(19), word(1, 3), random.IntN(60))
		}))
	},
	"Greek shops": func(n int) []string {
		random := rand.New(rand.NewPCG(82, 2))
		word := wordsIn(random, strings.Fields("κα το σι πα ρα με λο νι ά τη ση ς ου που δι αν έ λι ό φω θε ρ ού χα"))
		return compact(apply(n, func(int) string {
			return "προϊόντα/" + word(2, 3) + "-" + word(2, 4) + "/" + strconv.Itoa(random.IntN(6)) + ".webp"
		}))
	},
	"Arabic articles": func(n int) []string {
		random := rand.New(rand.NewPCG(82, 3))
		word := wordsIn(random, strings.Fields("ال م ي ن ت ر ب ل و ها ان كت د س ع ق ف ج ح ة ط ش"))
		return compact(apply(n, func(int) string { return "مقالات/" + word(3, 3) + "_" + word(3, 4) + "_" + word(2, 3) + ".html" }))
	},
	"Japanese songs": func(n int) []string {
		random := rand.New(rand.NewPCG(82, 4))
		word := wordsIn(random, strings.Fields("の あ い か 恋 空 夜 花 風 ラ ブ ス タ ー ン ル 夢 君 東京 海 月 雨 と を 星 青 春"))
		return compact(apply(n, func(int) string {
			return "音楽/" + word(2, 3) + "/" + word(1, 4) + "/" + fmt.Sprintf("%02d %s.flac", 1+random.IntN(14), word(2, 3))
		}))
	},
	"Polish people": func(n int) []string {
		random := rand.New(rand.NewPCG(82, 5))
		word := wordsIn(random, strings.Fields("ski ka wa ło no ś cie ra mi ą ża ko z dro gó rze szcz ę wie ja ń ów"))
		return compact(apply(n, func(int) string {
			return fmt.Sprintf("akta/%s %s/%04d-%02d umowa.pdf", word(2, 3), word(2, 2), 2000+random.IntN(24), 1+random.IntN(12))
		}))
	},
	"Georgian archives": func(n int) []string {
		random := rand.New(rand.NewPCG(82, 6))
		word := wordsIn(random, strings.Fields("ა ბი გე დო ვა ზ თი კა ლი მა ნი ო რ სა ტ უ ფ ქა შვილი ძე"))
		return compact(apply(n, func(int) string {
			return "არქივი/" + word(3, 3) + "/" + word(2, 3) + fmt.Sprintf("-%d.tif", random.IntN(50))
		}))
	},
	"Vietnamese files": func(n int) []string {
		random := rand.New(rand.NewPCG(82, 7))
		word := wordsIn(random, strings.Fields("ng nh à tr ư ờ h ọ c ế ạ đ i b ộ m ã l n ơ t ấ"))
		return compact(apply(n, func(int) string {
			return "tài liệu/" + word(2, 2) + " " + word(2, 3) + "/" + word(2, 2) + fmt.Sprintf(" (%d).docx", 1+random.IntN(40))
		}))
	},
	"Kazakh names": func(n int) []string {
		random := rand.New(rand.NewPCG(82, 8))
		word := wordsIn(random, strings.Fields("ай бек нұр лан қа ры әл сұл тан ғ ша гүл жан дос е р хан ова ев м"))
		return compact(apply(n, func(int) string {
			return fmt.Sprintf("құжаттар/%s %s/%d.%02d.jpg", word(2, 2), word(2, 3), 2012+random.IntN(12), 1+random.IntN(12))
		}))
	},
	"Korean payrolls": func(n int) []string {
		random := rand.New(rand.NewPCG(81, 1))
		families, given := []rune("김이박최정강조윤장임한오서신권황안송류홍"), []rune("민서준지현우영수진경은희성호미정숙철동훈재혜연")
		return compact(apply(n, func(int) string {
			name := string([]rune{families[random.IntN(20)], given[random.IntN(23)], given[random.IntN(23)]})
			return fmt.Sprintf("직원/%s/%d년/급여명세서_%02d월_%d.pdf", name, 2010+random.IntN(14), 1+random.IntN(12), random.IntN(4))
		}))
	},
	"Hebrew documents": func(n int) []string {
		random := rand.New(rand.NewPCG(81, 2))
		word := wordsIn(random, strings.Split("אבגדהוזחטיךכלםמןנסעףפץצקרשת", ""))
		return compact(apply(n, func(int) string { return "מסמכים/" + word(2, 4) + " " + word(2, 4) + "/" + word(2, 4) + ".pdf" }))
	},
	"Ukrainian books": func(n int) []string {
		random := rand.New(rand.NewPCG(81, 3))
		word := wordsIn(random, strings.Fields("ба ко ма ні ро ст та ві ле ко пе ри са ду ть ен ка ли на ой що я є ї"))
		return compact(apply(n, func(int) string {
			return "книги/" + word(3, 3) + " - " + word(2, 4) + " (" + strconv.Itoa(1950+random.IntN(70)) + ").fb2"
		}))
	},
	"German files": func(n int) []string {
		random := rand.New(rand.NewPCG(81, 4))
		word := wordsIn(random, strings.Fields("ber gen schaft straße über für ge ver ung keit haus tür öl ä tz ein auf ab mit grün män kö nig wald berg tal bach"))
		return compact(apply(n, func(int) string { return fmt.Sprintf("Ablage/%s/%s_%d.docx", word(2, 3), word(1, 3), random.IntN(300)) }))
	},
	"Thai pictures": func(n int) []string {
		random := rand.New(rand.NewPCG(81, 5))
		word := wordsIn(random, strings.Fields("ก ข ค ฆ ง จ ฉ ช ซ ญ ฎ ฐ ณ ด ต ถ ท ธ น บ ป ผ ฝ พ ฟ ภ ม ย ร ล ว ศ ษ ส ห อ ฮ ะ า"))
		return compact(apply(n, func(int) string {
			return fmt.Sprintf("ภาพถ่าย/%d/%s/IMG_%04d.jpg", 2555+random.IntN(12), word(3, 5), random.IntN(40))
		}))
	},
	"Hindi songs": func(n int) []string {
		random := rand.New(rand.NewPCG(81, 6))
		word := wordsIn(random, strings.Fields("अ आ इ ई उ ऊ ए ऐ ओ क ख ग घ च छ ज झ ट ठ ड ढ त थ द ध न प फ ब भ म य र ल व श ष स ह ा ि ी ु े ो ्"))
		return compact(apply(n, func(int) string { return "गाने/" + word(3, 4) + "/" + word(3, 4) + ".mp3" }))
	},
	"Chinese novels": func(n int) []string {
		random := rand.New(rand.NewPCG(81, 7))
		word := func(length int) string {
			runes := make([]rune, length)
			for i := range runes {
				runes[i] = 0x4e00 + rune(3500*random.Float64()*random.Float64())*5
			}
			return string(runes)
		}
		return compact(apply(n, func(int) string {
			return fmt.Sprintf("小说/%s/第%d章 %s.txt", word(1+random.IntN(3)), 1+random.IntN(400), word(3))
		}))
	},
	"Russian films": func(n int) []string {
		random := rand.New(rand.NewPCG(81, 8))
		word := wordsIn(random, strings.Fields("при пере до ста ро во ка ло ние ть ся ный мо ре го лов пра вда жи знь бе лый чер ный дом за кон"))
		return compact(apply(n, func(int) string {
			return fmt.Sprintf("Фильмы/%s %s/Серия %02d.mkv", word(2, 2), word(1, 3), 1+random.IntN(30))
		}))
	},
}

// wordsIn returns words of syllables, at least so many and fewer than so many more. The first
// syllables are more frequent.
func wordsIn(random *rand.Rand, syllables []string) func(least, more int) string {
	return func(least, more int) string {
		var word strings.Builder
		for range least + random.IntN(more) {
			word.WriteString(syllables[int(float64(len(syllables))*random.Float64()*random.Float64())])
		}
		return word.String()
	}
}
