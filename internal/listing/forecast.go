// SPDX-License-Identifier: Apache-2.0

package listing

const (
	// mostKeys bounds what is expected.
	mostKeys = 1e12
	// larger is how many times as many keys as in the branches before are believed to be in
	// the last key's own: a large one is more likely the one that is being listed.
	larger = 4
	// nearlyAll is the share of the expected keys before a key that is after all of them.
	nearlyAll = 0.9
	// tiny is a share of keys that makes no difference.
	tiny = 1e-6
)

// A forecast tells how many keys are expected in a shard after its last key: for each
// character of that key, how many have a greater one there.
type forecast struct {
	model *model
	last  string
	until string
	low   int       // the first character that may differ
	begin int       // the first one that differs from where the shard began
	spots []spot    // of the characters of the last key
	keys  []float64 // with a greater one
	rest  float64   // keys in all
	wide  bool      // others of a kind are as likely
}

// forecast estimates the rest of a shard up to a key. In each node that the last key is in,
// the branches after it are as long as those before it, on average.
func (m *model) forecast(s *shard, until string, wide bool) *forecast {
	f := &forecast{model: m, last: s.last, until: until, wide: wide, begin: commonLength(s.after, s.last)}
	f.spots, f.keys = make([]spot, len(s.last)), make([]float64, len(s.last))
	at := spot{}
	for i := range len(s.last) {
		f.spots[i] = at
		at = at.after(s.last[i])
	}
	if until != "" {
		f.low = commonLength(s.last, until)
	}
	share := 1.0 // of the last key's own branch that is in the shard
	for i := min(len(s.last), len(s.counts)) - 1; i >= f.low; i-- {
		if p := m.at(f.spots[i]); p != nil {
			share = f.add(s, i, p, share)
		}
	}
	return f
}

// add adds the branches at a character of the last key. It takes and returns the share of
// the branch, and of the node, that is in the shard.
func (f *forecast) add(s *shard, i int, p *place, share float64) float64 {
	c := int(f.last[i])
	others := f.others(p, c)
	before, after := others*f.sum(p, 0, c), others*f.sum(p, c+1, 256)
	own := 1.0 // keys that came in its own branch
	if i+1 < len(s.counts) {
		own = float64(s.counts[i+1])
	}
	came := float64(s.counts[i]) - own
	own += f.rest
	passed := 0.0
	if came > 0 {
		passed = f.passed(s, i, p, before, others)
		if passed < 1 {
			more := f.more(p, c, others, passed)
			others, after = others*more, after*more
		}
		passed = max(1, passed)
		own = min(own, larger*came/passed)
	}
	greater := after
	if i == f.low && f.until != "" {
		greater = others * f.upTo(p, c)
	}
	f.keys[i] = min((came+own)/(passed+share)*greater, mostKeys)
	f.rest += f.keys[i]
	if i > f.begin {
		return 1
	}
	return min(1, (share+passed+after)/(before+1+after))
}

// more returns by what the other branches of a node are multiplied if there is one before the
// last key's own though fewer than one were expected: it is a node with many. No branch gets
// more likely than certain.
func (f *forecast) more(p *place, c int, others, passed float64) float64 {
	likeliest := float32(tiny)
	for _, w := range f.weights(p)[c+1:] {
		likeliest = max(likeliest, w)
	}
	return max(1, min(1/max(passed, tiny), 1/max(others*float64(likeliest), tiny)))
}

// passed returns how many branches a shard has passed before its last key's own.
func (f *forecast) passed(s *shard, i int, p *place, before, others float64) float64 {
	if i != f.begin || i >= len(s.after) {
		return before
	}
	from := s.after[i]
	first := float64(f.weights(p)[from]) * (1 - f.below(s.after[i+1:], f.spots[i].after(from)))
	return others * (first + f.sum(p, int(from)+1, int(f.last[i])))
}

// upTo returns the weight of what has a character greater than c at f.low and comes before
// the end.
func (f *forecast) upTo(p *place, c int) float64 {
	if f.low >= len(f.until) {
		return 0
	}
	end := f.until[f.low]
	part := float64(f.weights(p)[end]) * f.below(f.until[f.low+1:], f.spots[f.low].after(end))
	return f.sum(p, c+1, int(end)) + part
}

// others corrects the weights of a node that has one character for certain: on average,
// it has one other fewer than nodes have characters.
func (f *forecast) others(p *place, c int) float64 {
	total := f.sum(p, 0, 256)
	return max(0, total-1) / max(total-float64(f.weights(p)[c]), tiny)
}

func (f *forecast) weights(p *place) *[256]float32 {
	if f.wide {
		return &p.wide
	}
	return &p.weights
}

// sum returns the weight of the characters in [from, to).
func (f *forecast) sum(p *place, from, to int) float64 {
	sum := float32(0)
	for _, w := range f.weights(p)[from:max(from, to)] {
		sum += w
	}
	return float64(sum)
}

// below returns the share of the keys before rest, of those that have what stands before it.
func (f *forecast) below(rest string, at spot) float64 {
	share, sum := 1.0, 0.0
	for i := 0; i < len(rest) && share > tiny; i++ {
		p := f.model.at(at)
		if p == nil {
			break
		}
		total := max(f.sum(p, 0, 256), tiny)
		sum += share * f.sum(p, 0, int(rest[i])) / total
		share *= float64(f.weights(p)[rest[i]]) / total
		at = at.after(rest[i])
	}
	return sum
}

// ahead returns a key so many keys on, or "", and how many branches are expected after it.
// What has fewer than each keys is not divided.
func (f *forecast) ahead(keys, each float64) (at string, branches float64) {
	for i := len(f.keys) - 1; i >= f.low; i-- {
		if keys < f.keys[i] {
			key := f.divide(i, keys, each)
			return f.valid(key), f.after(i, key)
		}
		keys -= f.keys[i]
	}
	return "", 0
}

// divide returns a key so many keys after the first that has a greater character at i.
func (f *forecast) divide(i int, keys, each float64) []byte {
	p := f.model.at(f.spots[i])
	c, end := int(f.last[i]), 256
	greater := f.sum(p, c+1, end)
	if i == f.low && f.until != "" {
		greater, end = f.upTo(p, c), int(f.until[i])+1
	}
	density := f.keys[i] / max(greater, tiny)
	for c++; c < end-1; c++ {
		size := float64(f.weights(p)[c]) * density
		if keys < size {
			break
		}
		keys -= size
	}
	key := append([]byte(f.last[:i]), byte(c)) //nolint:gosec // c is at most 255
	size := float64(f.weights(p)[c]) * density
	if size == 0 {
		return key
	}
	return f.descend(key, f.spots[i].after(key[i]), keys/size, size, each)
}

// descend appends to a key what stands at a share of the keys that begin with it.
func (f *forecast) descend(key []byte, at spot, share, size, each float64) []byte {
	for size > each && len(key) < maxGuess {
		p := f.model.at(at)
		if p == nil {
			break
		}
		total := max(f.sum(p, 0, 256), tiny)
		c, w := 0, 0.0
		for ; c < 256; c++ {
			w = float64(f.weights(p)[c]) / total
			if share < w {
				break
			}
			share -= w
		}
		if c == 256 {
			break
		}
		share /= w
		size *= w
		key = append(key, byte(c))
		at = at.after(byte(c))
	}
	return key
}

// after returns how many branches are expected after a key that differs from the last one at i.
func (f *forecast) after(i int, key []byte) float64 {
	const half = 0.5
	branches := 0.0
	for j := i; j >= f.low; j-- {
		p := f.model.at(f.spots[j])
		if p == nil {
			continue
		}
		from, to := int(f.last[j])+1, 256
		if j == i {
			from = int(key[i])
		}
		if j == i && len(key) > i+1 {
			branches += half * float64(f.weights(p)[from])
			from++
		}
		if j == f.low && j < len(f.until) {
			to = int(f.until[j])
		}
		if j == f.low && j+1 < len(f.until) {
			branches += half * float64(f.weights(p)[to])
		}
		branches += f.others(p, int(f.last[j])) * f.sum(p, from, to)
	}
	return branches
}

// valid returns a key if it is within the shard, or "".
func (f *forecast) valid(key []byte) string {
	at := toValid(key)
	if at <= f.last || (f.until != "" && at >= f.until) || len(at) > maxGuess {
		return ""
	}
	return at
}

// beyond returns a key after nearly all that is expected: the end of the deepest node that
// has it.
func (f *forecast) beyond() string {
	sum := 0.0
	for i := len(f.keys) - 1; i >= f.low; i-- {
		if sum >= nearlyAll*f.rest && f.last[i] < 0xff {
			if at := f.valid(append([]byte(f.last[:i]), f.last[i]+1)); at != "" {
				return at
			}
		}
		sum += f.keys[i]
	}
	return ""
}
