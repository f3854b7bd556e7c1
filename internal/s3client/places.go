// SPDX-License-Identifier: Apache-2.0

package s3client

import "sync"

// maxKnown is how many buckets' regions are known at most, so that a service whose callers
// name the buckets does not grow with them. What is forgotten is asked for again.
const maxKnown = 10_000

// places are the regions of buckets that were found elsewhere than in Options.Region, and ""
// of those that were asked for and are there. They are forgotten by generations, so that what
// was learned just now is known. The zero value is ready to use.
type places struct {
	mu         sync.RWMutex
	young, old map[string]string
}

func (p *places) get(bucket string) (region string, isKnown bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if region, isKnown = p.young[bucket]; !isKnown {
		region, isKnown = p.old[bucket]
	}
	return region, isKnown
}

func (p *places) put(bucket, region string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, isKnown := p.young[bucket]; p.young == nil || !isKnown && len(p.young) >= maxKnown/2 {
		p.young, p.old = map[string]string{}, p.young
	}
	p.young[bucket] = region
}
