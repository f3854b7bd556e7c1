// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

// picks returns what happens to a number of equal requests.
func picks(proxy *Proxy, r *http.Request, count int) []Kind {
	var found []Kind
	for range count {
		found = append(found, proxy.pick(r))
	}
	return found
}

// TestRules checks which requests a rule breaks.
func TestRules(t *testing.T) {
	t.Parallel()
	hasKey := func(r *http.Request) bool { return r.URL.Path == "/bucket/key" }
	for name, test := range map[string]struct {
		rules []Rule
		want  []Kind
	}{
		"one":                   {[]Rule{{Fault: SlowDown}}, []Kind{SlowDown, None, None, None}},
		"two":                   {[]Rule{{Fault: SlowDown, Times: 2}}, []Kind{SlowDown, SlowDown, None, None}},
		"all":                   {[]Rule{{Fault: SlowDown, Times: -1}}, []Kind{SlowDown, SlowDown, SlowDown, SlowDown}},
		"after one":             {[]Rule{{Fault: SlowDown, Skip: 1}}, []Kind{None, SlowDown, None, None}},
		"two after two":         {[]Rule{{Fault: SlowDown, Skip: 2, Times: 2}}, []Kind{None, None, SlowDown, SlowDown}},
		"one after another":     {[]Rule{{Fault: SlowDown}, {Fault: Moved}}, []Kind{SlowDown, Moved, None, None}},
		"the operation":         {[]Rule{{Fault: SlowDown, Operation: "PutObject"}}, []Kind{SlowDown, None, None, None}},
		"another operation":     {[]Rule{{Fault: SlowDown, Operation: "GetObject"}}, []Kind{None, None, None, None}},
		"a match":               {[]Rule{{Fault: SlowDown, Match: hasKey}}, []Kind{SlowDown, None, None, None}},
		"no match":              {[]Rule{{Fault: SlowDown, Match: func(*http.Request) bool { return false }}}, []Kind{None, None, None, None}},
		"a match of another's":  {[]Rule{{Fault: SlowDown, Match: hasKey, Operation: "GetObject"}}, []Kind{None, None, None, None}},
		"the first that passes": {[]Rule{{Fault: SlowDown, Operation: "GetObject"}, {Fault: Moved}}, []Kind{Moved, None, None, None}},
	} {
		proxy := start(t, &target{}, Options{Rules: test.rules})
		put := incoming(t, "PUT", "/bucket/key", "body")
		assert.Equal(t, test.want, picks(proxy, put, 4), name)
		assert.Equal(t, 4, proxy.Requests("PutObject"), name)
		assert.Equal(t, test.rules, proxy.options.Rules, "the caller's are not changed")

		proxy.Break(test.rules...)
		assert.Zero(t, proxy.Requests("PutObject"), name)
		assert.Equal(t, test.want, picks(proxy, put, 4), "again: %s", name)
	}
}

// TestHeal checks that a proxy breaks nothing when it was healed, until it is told to.
func TestHeal(t *testing.T) {
	t.Parallel()
	proxy := start(t, &target{}, Options{Rules: []Rule{{Fault: SlowDown, Times: -1}}, Rates: map[Kind]float64{Moved: 1}})
	get := incoming(t, "GET", "/bucket/key", "")
	assert.Equal(t, SlowDown, proxy.pick(get))
	proxy.Heal()
	assert.Equal(t, []Kind{None, None}, picks(proxy, get, 2))
	assert.Equal(t, 3, proxy.Requests("GetObject"), "they are counted")
	proxy.Break()
	assert.Equal(t, Moved, proxy.pick(get), "by chance")
	faults := proxy.Faults()
	assert.Equal(t, map[Kind]int{SlowDown: 1, Moved: 1}, faults)
	faults[Skew] = 1
	assert.NotContains(t, proxy.Faults(), Skew, "they are the caller's own")
}

// TestChances checks what is broken by chance, and that a call succeeds in the end.
func TestChances(t *testing.T) {
	t.Parallel()
	always := map[Kind]float64{SlowDown: 1}
	get := incoming(t, "GET", "/bucket/key", "", "Amz-Sdk-Invocation-Id", "a")
	other := incoming(t, "GET", "/bucket/key", "", "Amz-Sdk-Invocation-Id", "b")
	proxy := start(t, &target{}, Options{Rates: always})
	assert.Equal(t, []Kind{SlowDown, SlowDown}, picks(proxy, get, 2))
	assert.Equal(t, []Kind{SlowDown, SlowDown, SlowDown, None, SlowDown}, picks(proxy, other, 5), "three attempts in a row")
	assert.Equal(t, []Kind{SlowDown, None, SlowDown, SlowDown, SlowDown, None}, picks(proxy, get, 6))

	spared := start(t, &target{}, Options{Rates: always, Spare: func(kind Kind, operation string) bool {
		return kind == SlowDown && operation == "GetObject"
	}})
	assert.Equal(t, None, spared.pick(get))
	assert.Equal(t, SlowDown, spared.pick(incoming(t, "PUT", "/bucket/key", "body")))

	unfit := start(t, &target{}, Options{Rates: map[Kind]float64{FlipRequest: 1}})
	assert.Equal(t, None, unfit.pick(get), "it has no body")
	assert.Empty(t, unfit.Faults())
	assert.Empty(t, start(t, &target{}, Options{Rates: map[Kind]float64{SlowDown: 0}}).pick(get))
}

// TestSeeds checks that a seed says what happens, and that kinds have their shares.
func TestSeeds(t *testing.T) {
	t.Parallel()
	get := incoming(t, "GET", "/bucket/key", "")
	run := func(seed uint64) []Kind {
		proxy := start(t, &target{}, Options{Seed: seed, Rates: map[Kind]float64{SlowDown: 0.25, Moved: 0.25}})
		return picks(proxy, get, 200)
	}
	first := run(1)
	assert.Equal(t, first, run(1))
	assert.NotEqual(t, first, run(2))
	count := map[Kind]int{}
	for _, kind := range first {
		count[kind]++
	}
	assert.Len(t, count, 3, "two kinds, and none")
	for kind, times := range count {
		assert.Greater(t, times, 20, kind)
	}
	assert.Greater(t, count[None], count[Moved])
}

// TestEachKindByChance checks that all kinds that break something can happen by chance.
func TestEachKindByChance(t *testing.T) {
	t.Parallel()
	put := incoming(t, "PUT", "/bucket/key", "body")
	get := incoming(t, "GET", "/bucket/key", "", "X-Amz-Checksum-Mode", "ENABLED")
	seen := map[Kind]bool{}
	for _, kind := range kinds {
		proxy := start(t, &target{}, Options{Rates: map[Kind]float64{kind: 1}})
		assert.Contains(t, append(picks(proxy, put, 1), picks(proxy, get, 1)...), kind)
		assert.False(t, seen[kind], kind)
		seen[kind] = true
	}
	assert.Len(t, seen, 27)
}
